"""The simulated jets: reproducible, one by one, and within the bounds that the feature table promises."""

import numpy as np
import pytest
from fairmodel.dataset import Samples

from {{ cookiecutter.package_name }}.data.features import PARTICLES, SCHEMA
from {{ cookiecutter.package_name }}.data.options import DataOptions
from {{ cookiecutter.package_name }}.data.simulation import simulate

EVENTS = np.arange(300)


@pytest.fixture(scope="module")
def jets() -> Samples:
    return simulate(EVENTS, DataOptions(), seed=1)


def values(samples: Samples, name: str) -> np.ndarray:
    """A feature of all slots, (jet, slot)."""
    return samples.inputs["particles"][:, :, PARTICLES.feature_names.index(name)]


def real(samples: Samples) -> np.ndarray:
    """Which slots hold a particle, (jet, slot)."""
    return np.arange(PARTICLES.slots) < samples.counts["particles"][:, None]


def same(left: Samples, right: Samples) -> bool:
    return (
        np.array_equal(left.inputs["particles"], right.inputs["particles"])
        and np.array_equal(left.counts["particles"], right.counts["particles"])
        and np.array_equal(left.labels, right.labels)
        and np.array_equal(left.event, right.event)
        and all(np.array_equal(left.spectators[name], right.spectators[name]) for name in left.spectators)
    )


def test_the_seed_decides(jets: Samples) -> None:
    assert same(simulate(EVENTS, DataOptions(), seed=1), jets)
    assert not same(simulate(EVENTS, DataOptions(), seed=2), jets)


def test_an_event_does_not_depend_on_the_others(jets: Samples) -> None:
    chosen = np.array([250, 3, 77])
    rows = np.concatenate([np.flatnonzero(jets.event == event) for event in chosen])
    assert same(simulate(chosen, DataOptions(), seed=1), jets.take(rows))


def test_every_event_has_two_jets(jets: Samples) -> None:
    assert jets.event.tolist() == np.repeat(EVENTS, 2).tolist()


def test_features_are_within_the_bounds_of_the_table(jets: Samples) -> None:
    for index, feature in enumerate(PARTICLES.features):
        column = jets.inputs["particles"][:, :, index][real(jets)]
        assert column.min() >= feature.low, feature.name
        assert column.max() <= feature.high, feature.name
        assert column.std() > 0, feature.name
    for feature in SCHEMA.spectators:
        column = jets.spectators[feature.name]
        assert feature.low <= column.min() < column.max() <= feature.high, feature.name


def test_empty_slots_are_zero_and_come_last(jets: Samples) -> None:
    assert not jets.inputs["particles"][~real(jets)].any()
    assert jets.inputs["particles"].any(axis=2).sum(axis=1).tolist() == jets.counts["particles"].tolist()


def test_the_particles_share_the_whole_momentum(jets: Samples) -> None:
    np.testing.assert_allclose(values(jets, "particle_ptrel").sum(axis=1), 1, atol=1e-5)
    assert (np.diff(values(jets, "particle_ptrel"), axis=1) <= 0).all()


def test_distance_is_that_of_the_two_angles(jets: Samples) -> None:
    expected = np.sqrt(values(jets, "particle_etarel") ** 2.0 + values(jets, "particle_phirel") ** 2.0)
    np.testing.assert_allclose(values(jets, "particle_deltaR"), expected, atol=1e-6)


def test_mass_is_that_of_the_sum_of_four_vectors(jets: Samples) -> None:
    """Massless particles at the jet's axis in azimuth and pseudorapidity 0: m^2 = (sum E)^2 - |sum p|^2."""
    pt = values(jets, "particle_ptrel").astype(np.float64) * jets.spectators["jet_pt"][:, None]
    eta, phi = values(jets, "particle_etarel").astype(np.float64), values(jets, "particle_phirel").astype(np.float64)
    momentum = np.stack([pt * np.cos(phi), pt * np.sin(phi), pt * np.sinh(eta)])
    energy = np.sqrt((momentum**2).sum(axis=0)).sum(axis=1)
    mass = np.sqrt(energy**2 - (momentum.sum(axis=2) ** 2).sum(axis=0))
    np.testing.assert_allclose(jets.spectators["jet_mass"], mass, rtol=1e-3)


def test_two_prongs_weigh_more_than_one(jets: Samples) -> None:
    """Prongs at distance d with shares z and 1 - z have m / pt = d sqrt(z (1 - z)), on top of the showers' own mass."""
    ratio = jets.spectators["jet_mass"] / jets.spectators["jet_pt"]
    shares = np.linspace(0.2, 0.8, 1000)
    expected = (0.35**2 * shares * (1 - shares)).mean() * (1 - 1 / 14)
    difference = (ratio[jets.labels == 1] ** 2.0).mean() - (ratio[jets.labels == 0] ** 2.0).mean()
    assert difference == pytest.approx(expected, rel=0.25)


def test_classes_and_momenta_are_balanced(jets: Samples) -> None:
    """The network shall learn the shape of a jet and not how often or how hard a class comes."""
    assert abs(jets.labels.mean() - 0.5) < 5 * 0.5 / np.sqrt(len(jets))
    pt = [jets.spectators["jet_pt"][jets.labels == label] for label in (0, 1)]
    error = np.sqrt(sum(part.var() / len(part) for part in pt))
    assert abs(pt[0].mean() - pt[1].mean()) < 5 * error


def test_the_number_of_particles_follows_the_options() -> None:
    few, many = (simulate(EVENTS, DataOptions(mean_particles=mean), seed=1) for mean in (4.0, 12.0))
    assert few.counts["particles"].mean() == pytest.approx(4.0, abs=0.5)
    assert many.counts["particles"].mean() == pytest.approx(12.0, abs=0.7)
