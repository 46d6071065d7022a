"""Pile-up: what is laid over the hard collisions, and what charged-hadron subtraction leaves of it."""

from pathlib import Path

import numpy as np
import pytest

from hbb_in.data.chunks import plan, simulate_chunk
from hbb_in.data.options import DataOptions, Window
from hbb_in.data.ragged_file import RaggedFile
from hbb_in.data.simulation.arrays import Particles
from hbb_in.data.simulation.detector import (
    LUMINOUS_REGION,
    SEPARATION,
    Pileup,
    find_primary_vertices,
    from_pileup,
    reconstruct,
    visible_particles,
)
from hbb_in.data.simulation.kinematics import four_momentum, mass, transverse
from hbb_in.data.simulation.pipeline import simulate_batch
from hbb_in.data.simulation.tracker import Tracks, measure

from ..simulated import Simulated

COLLISIONS, EVENTS, MEAN = 40, 300, 6.0


def pions(number: int, generator: np.random.Generator, pt: float = 2.0) -> tuple[np.ndarray, np.ndarray]:
    """PDG codes and four-momenta of central charged pions."""
    eta, phi = generator.uniform(-2, 2, number), generator.uniform(-np.pi, np.pi, number)
    momentum = four_momentum(generator.exponential(pt, number) + 0.6, eta, phi, np.full(number, 0.1396))
    return generator.choice([211, -211], number), momentum


@pytest.fixture(scope="module")
def pileup() -> Pileup:
    """A pool of soft collisions with 5 to 24 pions each."""
    generator = np.random.default_rng(0)
    event = np.repeat(np.arange(COLLISIONS), generator.integers(5, 25, COLLISIONS))
    pid, momentum = pions(len(event), generator)
    vertex = generator.normal(0, 0.001, (len(event), 3))
    return Pileup(Particles(event, np.zeros_like(event), pid, momentum, vertex), COLLISIONS, MEAN)


@pytest.fixture(scope="module")
def hard() -> Particles:
    generator = np.random.default_rng(1)
    event = np.repeat(np.arange(EVENTS), 10)
    pid, momentum = pions(len(event), generator, pt=10.0)
    return Particles(event, np.zeros_like(event), pid, momentum, np.zeros((len(event), 3)))


@pytest.fixture(scope="module")
def crossing(pileup: Pileup, hard: Particles) -> Particles:
    return pileup.overlay(hard, EVENTS, np.random.default_rng(2))


def collision_key(particles: Particles) -> np.ndarray:
    key: np.ndarray = particles.event * 1000 + particles.interaction
    return key


def test_the_hard_collision_comes_first_and_unchanged(crossing: Particles, hard: Particles) -> None:
    first = crossing.take(np.arange(len(hard)))
    assert all(np.array_equal(getattr(first, name), getattr(hard, name)) for name in vars(hard))
    assert (crossing.interaction[len(hard) :] > 0).all()


def test_numbers_follow_a_poisson_distribution(crossing: Particles) -> None:
    overlaid = crossing.take(crossing.interaction > 0)
    event = np.unique(collision_key(overlaid)) // 1000
    number = np.bincount(event, minlength=EVENTS)
    assert number.mean() == pytest.approx(MEAN, abs=5 * np.sqrt(MEAN / EVENTS))
    assert number.var() == pytest.approx(MEAN, rel=0.4)


def test_a_collision_is_turned_and_moved_as_a_whole(crossing: Particles, pileup: Pileup) -> None:
    pool = {}
    for collision in range(COLLISIONS):
        members = pileup.pool.take(pileup.pool.event == collision)
        pool[len(members), round(float(members.momentum[:, 3].sum()), 6)] = members
    overlaid = crossing.take(crossing.interaction > 0)
    turns = []
    for event in range(20):
        used = []
        here = overlaid.take(overlaid.event == event)
        for interaction in np.unique(here.interaction):
            members = here.take(here.interaction == interaction)
            origin = pool[len(members), round(float(members.momentum[:, 3].sum()), 6)]
            used.append(origin.event[0])
            assert transverse(members.momentum) == pytest.approx(transverse(origin.momentum))
            assert mass(members.momentum.sum(axis=0)) == pytest.approx(mass(origin.momentum.sum(axis=0)))
            moved = members.vertex - members.vertex[0]
            assert np.linalg.norm(moved, axis=1) == pytest.approx(
                np.linalg.norm(origin.vertex - origin.vertex[0], axis=1), abs=1e-9
            )
            assert np.abs(members.momentum[:, 2]) == pytest.approx(np.abs(origin.momentum[:, 2]))
            turns.append(members.momentum[0, 2] * origin.momentum[0, 2] > 0)
        assert len(set(used)) == len(used)
    assert 0.3 < np.mean(turns) < 0.7


def test_places_scatter_as_twice_the_luminous_region(crossing: Particles) -> None:
    overlaid = crossing.take(crossing.interaction > 0)
    _, first = np.unique(collision_key(overlaid), return_index=True)
    # both the hard collision and the other one are somewhere in the region
    assert overlaid.vertex[first, 2].std() == pytest.approx(np.sqrt(2) * LUMINOUS_REGION[2], rel=0.1)


def test_the_same_seed_gives_the_same_crossings(crossing: Particles, pileup: Pileup, hard: Particles) -> None:
    again = pileup.overlay(hard, EVENTS, np.random.default_rng(2))
    assert all(np.array_equal(getattr(again, name), getattr(crossing, name)) for name in vars(again))


def tracks_at(places: dict[int, float], number: int, d_xy: float = 0.0) -> tuple[Tracks, Particles]:
    """One event: `number` tracks from each interaction, at its z on the beam line or `d_xy` beside it."""
    generator = np.random.default_rng(5)
    interaction = np.repeat(list(places), number)
    pid, momentum = pions(len(interaction), generator)
    z = np.array([places[key] for key in interaction.tolist()])
    aside = d_xy * np.stack([-momentum[:, 1], momentum[:, 0]], axis=-1) / transverse(momentum)[:, None]
    vertex = np.concatenate([aside, z[:, None]], axis=1)
    origin = Particles(np.zeros_like(interaction), interaction, pid, momentum, vertex)
    return measure(pid, momentum, vertex, generator), origin


def test_collisions_make_vertices_where_they_are_and_near_ones_merge() -> None:
    tracks, origin = tracks_at({0: 0.0, 1: 2.0, 2: -1.0, 3: 2.0 + SEPARATION / 5}, 12)
    vertices = find_primary_vertices(tracks, origin, 1)
    assert vertices.z == pytest.approx([-1.0, 0.0, 2.0 + SEPARATION / 10], abs=0.02)
    assert vertices.hard.tolist() == [False, True, False]


def test_a_single_track_and_displaced_tracks_make_no_vertex() -> None:
    for tracks, origin in (tracks_at({0: 0.0, 1: 2.0}, 1), tracks_at({1: 2.0}, 12, d_xy=0.5)):
        vertices = find_primary_vertices(tracks, origin, 1)
        assert vertices.z.tolist() == [0.0]
        assert not from_pileup(tracks, origin.event, vertices).any()


def test_prompt_charged_hadrons_of_other_vertices_are_subtracted_and_no_others() -> None:
    tracks, origin = tracks_at({0: 0.0, 1: 2.0}, 200)
    vertices = find_primary_vertices(tracks, origin, 1)
    removed = from_pileup(tracks, origin.event, vertices)
    assert not removed[origin.interaction == 0].any()
    assert removed[origin.interaction == 1].mean() > 0.93
    decay, _ = tracks_at({1: 2.0}, 50, d_xy=0.5)
    assert not from_pileup(decay, np.zeros(50, dtype=int), vertices).any()


def test_without_pileup_there_is_one_vertex_and_nothing_is_subtracted(simulated: Simulated) -> None:
    record = simulated.records["qcd"]
    particles = visible_particles(record)
    seen = reconstruct(particles, record.events, np.random.default_rng(0))
    assert (seen.primary_vertices == 1).all()
    used = seen.candidates.track[seen.candidates.track >= 0]
    soft = transverse(particles.momentum).min()
    # tracks that are missing among the candidates are those that were measured below threshold
    assert len(seen.tracks) - len(used) == np.count_nonzero(seen.tracks.pt <= soft) <= 0.01 * len(used)


def test_pileup_adds_neutral_candidates_to_jets_and_hardly_a_track(simulated: Simulated, pileup: Pileup) -> None:
    record, window = simulated.records["graviton"], Window()
    neutral = Pileup(Particles(**{**vars(pileup.pool), "pid": np.full(len(pileup.pool), 22)}), COLLISIONS, 20.0)
    charged = Pileup(pileup.pool, COLLISIONS, 20.0)
    clean, photons, hadrons = (
        simulate_batch(
            record, window, signal=True, first_event=0, generator=np.random.default_rng(5), pileup=pool
        ).columns
        for pool in (None, neutral, charged)
    )
    assert (clean["npv"] == 1).all()
    assert hadrons["npv"].mean() > 10
    assert hadrons["npv"].std() > 1
    assert photons["npv"].mean() == 1
    assert photons["npfcands"].mean() > clean["npfcands"].mean() + 5
    assert hadrons["ntracks"].mean() == pytest.approx(clean["ntracks"].mean(), rel=0.1)


@pytest.mark.slow
def test_a_chunk_with_minimum_bias_pileup(tmp_path: Path) -> None:
    options = DataOptions(background_chunks=1, signal_chunks=1, chunk_events=100, batch_events=50, pileup=20)
    chunk = plan(options, seed=3)[0]
    assert simulate_chunk(chunk, tmp_path) > 20
    with RaggedFile(chunk.path(tmp_path)) as jets:
        vertices = jets.column("npv")
    # diffractive collisions and those beside another one make no vertex of their own
    assert vertices.mean() == pytest.approx(0.74 * 21, rel=0.1)
    assert vertices.std() > 2
