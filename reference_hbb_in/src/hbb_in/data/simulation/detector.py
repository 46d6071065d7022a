"""From particles to particle-flow candidates: pile-up, tracks and clusters, primary vertices. Lengths in cm.

Prompt tracks are clustered in z to primary vertices in the manner of arXiv:1405.6569, section 6; charged hadrons of
other vertices than the hard one are removed as in arXiv:1706.04965, section 3. z counts from the reconstructed hard
vertex.

Fresh pile-up collisions for every bunch crossing would cost more than all the rest, so they are drawn from a pool. No
collision is used twice in one bunch crossing. Each use turns it by another azimuth, may mirror it along the beam, and
puts it at another position, so that two uses share only the kinds, momenta and relative directions of their particles.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from .arrays import Columns, EventRecord, Particles
from .kinematics import PION_MASS, azimuth, four_momentum, pseudorapidity, transverse
from .tracker import D_SZ, D_XY, ELECTRON, MUON, VERTEX_RESOLUTION, Tracks, charge, efficiency, measure

__all__ = [
    "LUMINOUS_REGION",
    "Candidates",
    "Pileup",
    "PrimaryVertices",
    "Reconstruction",
    "find_primary_vertices",
    "from_pileup",
    "reconstruct",
    "visible_particles",
]

PHOTON = 22
NEUTRINOS = (12, 14, 16)
LEAST_PT, LARGEST_ETA = 0.3, 3.0
PROMPT = 5.0  # largest significance of d_xy of the tracks that make primary vertices
LEAST_TRACKS = 2
SEPARATION = 0.05  # collisions closer than this share a vertex
COMPATIBLE = 5.0  # largest distance of a track from its vertex, in units of the track's error
# longer than the detector: tells the vertices of one bunch crossing from those of the next
SPAN, FARTHEST = 1000.0, 400.0
# width in x, y, z, cm, of the region where the beams cross: that of the CMS simulation for 2016 (parameters
# Realistic25ns13TeV2016Collision of CMSSW: sigma_z = 3.65 cm; the emittance and beta* give the transverse width)
LUMINOUS_REGION = np.array([0.0010, 0.0010, 3.65])


@dataclass(frozen=True)
class Candidates(Columns):
    """Reconstructed particles: event, sorted; momentum (candidate, 4) GeV; track, its index or -1 for a cluster."""

    event: np.ndarray
    momentum: np.ndarray
    track: np.ndarray


@dataclass(frozen=True)
class Reconstruction:
    """Response of the detector to several bunch crossings; primary_vertices: their number in each, (event,)."""

    candidates: Candidates
    tracks: Tracks
    primary_vertices: np.ndarray


@dataclass(frozen=True)
class PrimaryVertices(Columns):
    """Vertices: event, sorted; z, rising within an event; hard, true if the hard collision is in it; all (vertex,)."""

    event: np.ndarray
    z: np.ndarray
    hard: np.ndarray


@dataclass(frozen=True)
class Pileup:
    """A pool of minimum-bias collisions, one after the other, and the mean number of them in a bunch crossing."""

    pool: Particles
    collisions: int
    mean: float

    @classmethod
    def of_records(cls, records: Iterable[EventRecord], mean: float) -> "Pileup":
        """Make the pool of the visible particles of generated collisions."""
        parts, collisions = [], 0
        for record in records:
            particles = visible_particles(record)
            parts.append(replace(particles, event=particles.event + collisions))
            collisions += record.events
        return cls(Particles.concatenate(parts), collisions, mean)

    def overlay(self, hard: Particles, events: int, generator: np.random.Generator) -> Particles:
        """Particles of `events` bunch crossings: those of the hard collisions, then those of pile-up.

        The number of pile-up collisions follows a Poisson distribution. Positions are relative to the hard collision.
        """
        number = np.minimum(generator.poisson(self.mean, events), self.collisions)
        chosen = [generator.choice(self.collisions, size, replace=False) for size in number]
        crossing = np.repeat(np.arange(events), number)
        interaction = np.concatenate([1 + np.arange(size) for size in number])
        origin = generator.normal(0, LUMINOUS_REGION, (events, 3))
        shift = generator.normal(0, LUMINOUS_REGION, (len(crossing), 3)) - origin[crossing]
        turn = _random_turns(len(crossing), generator)
        use, particles = self._particles(np.concatenate(chosen))
        pileup = Particles(
            event=crossing[use],
            interaction=interaction[use],
            pid=particles.pid,
            momentum=_turned(particles.momentum, turn[use]),
            vertex=_turned(particles.vertex, turn[use]) + shift[use],
        )
        return Particles.concatenate([hard, pileup])

    def _particles(self, collisions: np.ndarray) -> tuple[np.ndarray, Particles]:
        """Particles of the given collisions, and for each particle the index of its collision among them."""
        start, stop = (np.searchsorted(self.pool.event, collisions, side=side) for side in ("left", "right"))
        use = np.repeat(np.arange(len(collisions)), stop - start)
        rank = np.arange(len(use)) - np.searchsorted(use, use)
        return use, self.pool.take(start[use] + rank)


def visible_particles(record: EventRecord) -> Particles:
    """Particles of a record that the detector can see at all."""
    seen = record.final & ~np.isin(np.abs(record.pid), NEUTRINOS)
    seen &= (transverse(record.momentum) > LEAST_PT) & (np.abs(pseudorapidity(record.momentum)) < LARGEST_ETA)
    event = record.event[seen]
    return Particles(event, np.zeros_like(event), record.pid[seen], record.momentum[seen], record.vertex[seen])


def reconstruct(particles: Particles, events: int, generator: np.random.Generator) -> Reconstruction:
    """Simulate the response to the particles of `events` bunch crossings.

    Prompt charged hadrons of pile-up vertices are left out (charged-hadron subtraction); neutral pile-up stays.
    """
    primary = generator.normal(0, VERTEX_RESOLUTION, (events, 3))
    vertex = particles.vertex - primary[particles.event]
    pid, momentum = particles.pid, particles.momentum
    chance = efficiency(pid, transverse(momentum), pseudorapidity(momentum), vertex)
    tracked = (charge(pid) != 0) & (generator.random(len(pid)) < chance)
    tracks = measure(pid[tracked], momentum[tracked], vertex[tracked], generator)
    cluster_momentum, seen = _clusters(pid[~tracked], momentum[~tracked], generator)
    origin = particles.take(tracked)
    vertices = find_primary_vertices(tracks, origin, events)
    kept = np.flatnonzero(~from_pileup(tracks, origin.event, vertices))
    track_momentum = four_momentum(tracks.pt, np.arcsinh(np.tan(tracks.dip)), tracks.phi, tracks.mass)
    candidates = Candidates(
        event=np.concatenate([origin.event[kept], particles.event[~tracked][seen]]),
        momentum=np.concatenate([track_momentum[kept], cluster_momentum[seen]]),
        track=np.concatenate([kept, np.full(seen.sum(), -1)]),
    )
    candidates = candidates.take(transverse(candidates.momentum) > LEAST_PT)
    candidates = candidates.take(np.argsort(candidates.event, kind="stable"))
    return Reconstruction(candidates, tracks, np.bincount(vertices.event, minlength=events))


def find_primary_vertices(tracks: Tracks, origin: Particles, events: int) -> PrimaryVertices:
    """Find the hard vertex of each event and one of each pile-up collision with enough prompt tracks; merge near ones.

    `origin`: the particles that made the tracks, (track,).
    """
    used = _prompt(tracks) & (origin.interaction > 0)
    stride = 1 + int(origin.interaction.max(initial=0))
    collision, owner = np.unique(origin.event[used] * stride + origin.interaction[used], return_inverse=True)
    weight = 1 / _error_z(tracks)[used] ** 2
    z = np.bincount(owner, weight * tracks.d_z[used]) / np.bincount(owner, weight)
    enough = np.bincount(owner) >= LEAST_TRACKS
    event = np.concatenate([np.arange(events), collision[enough] // stride])
    return _merge(PrimaryVertices(event, np.concatenate([np.zeros(events), z[enough]]), np.arange(len(event)) < events))


def from_pileup(tracks: Tracks, event: np.ndarray, vertices: PrimaryVertices) -> np.ndarray:
    """True for prompt charged hadrons whose nearest vertex is not the hard one: bool (track,).

    event: (track,). A track that is compatible with no vertex belongs to none.
    """
    position = vertices.event * SPAN + np.clip(vertices.z, -FARTHEST, FARTHEST)
    halfway = (position[1:] + position[:-1]) / 2
    nearest = np.searchsorted(halfway, event * SPAN + np.clip(tracks.d_z, -FARTHEST, FARTHEST))
    compatible = np.abs(tracks.d_z - vertices.z[nearest]) < COMPATIBLE * _error_z(tracks)
    other: np.ndarray = ~vertices.hard[nearest] & compatible & _prompt(tracks) & (tracks.mass == PION_MASS)
    return other


def _clusters(pid: np.ndarray, momentum: np.ndarray, generator: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Massless clusters of particles without a track, and the mask of those above threshold; muons leave none."""
    electromagnetic = np.isin(np.abs(pid), (PHOTON, ELECTRON))
    energy = momentum[:, 3]
    stochastic, constant = np.where(electromagnetic, [[0.03], [0.01]], [[1.00], [0.06]])
    noise = generator.normal(size=(3, len(pid)))
    measured = energy + noise[0] * np.hypot(stochastic * np.sqrt(energy), constant * energy)
    cell = np.where(electromagnetic, 0.006, 0.025)
    eta, phi = pseudorapidity(momentum) + cell * noise[1], azimuth(momentum) + cell * noise[2]
    seen = (measured > np.where(electromagnetic, 0.3, 1.0)) & (np.abs(pid) != MUON)
    return four_momentum(measured / np.cosh(eta), eta, phi, np.zeros(len(pid))), seen


def _merge(vertices: PrimaryVertices) -> PrimaryVertices:
    """Join neighbours in z; the hard vertex stays where it is, others go to the mean."""
    vertices = vertices.take(np.lexsort((vertices.z, vertices.event)))
    apart = np.diff(vertices.event, prepend=-1) > 0
    apart |= np.diff(vertices.z, prepend=np.inf) > SEPARATION
    group = np.cumsum(apart) - 1
    hard = np.bincount(group, vertices.hard) > 0
    z = np.where(hard, 0.0, np.bincount(group, vertices.z) / np.bincount(group))
    return PrimaryVertices(vertices.event[apart], z, hard)


def _prompt(tracks: Tracks) -> np.ndarray:
    prompt: np.ndarray = np.abs(tracks.d_xy) < PROMPT * np.sqrt(tracks.covariance[:, D_XY, D_XY])
    return prompt


def _error_z(tracks: Tracks) -> np.ndarray:
    error: np.ndarray = np.sqrt(tracks.covariance[:, D_SZ, D_SZ]) / np.cos(tracks.dip)
    return error


def _random_turns(number: int, generator: np.random.Generator) -> np.ndarray:
    """Rotations about the beam, half of them with a reflection along it, (number, 3, 3)."""
    angle = generator.uniform(0, 2 * np.pi, number)
    turn = np.zeros((number, 3, 3))
    turn[:, 0, 0] = turn[:, 1, 1] = np.cos(angle)
    turn[:, 1, 0] = np.sin(angle)
    turn[:, 0, 1] = -turn[:, 1, 0]
    turn[:, 2, 2] = generator.choice([-1.0, 1.0], number)
    return turn


def _turned(vectors: np.ndarray, turn: np.ndarray) -> np.ndarray:
    """Vectors (particle, >= 3), whose first three components are turned."""
    turned: np.ndarray = vectors.copy()
    turned[:, :3] = np.einsum("pij,pj->pi", turn, vectors[:, :3])
    return turned
