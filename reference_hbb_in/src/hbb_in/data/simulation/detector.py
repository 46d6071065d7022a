"""From particles to particle-flow candidates: tracks where the tracker sees them, calorimeter clusters elsewhere."""

from dataclasses import dataclass

import numpy as np

from .arrays import Columns
from .kinematics import azimuth, four_momentum, pseudorapidity, transverse
from .primary import VERTEX_RESOLUTION, find_primary_vertices, from_pileup
from .record import EventRecord, Particles
from .tracker import ELECTRON, MUON, Tracks, charge, efficiency, measure

__all__ = ["Candidates", "Reconstruction", "reconstruct", "visible_particles"]

PHOTON = 22
NEUTRINOS = (12, 14, 16)
LEAST_PT, LARGEST_ETA = 0.3, 3.0


@dataclass(frozen=True)
class Candidates(Columns):
    """Reconstructed particles: event, sorted; momentum (candidate, 4) GeV; track, its index or -1 for a cluster."""

    event: np.ndarray
    momentum: np.ndarray
    track: np.ndarray


@dataclass(frozen=True)
class Reconstruction:
    """What the detector makes of several bunch crossings; primary_vertices: their number in each, (event,)."""

    candidates: Candidates
    tracks: Tracks
    primary_vertices: np.ndarray


def visible_particles(record: EventRecord) -> Particles:
    """The particles of a record that the detector can see at all."""
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
    found = (charge(pid) != 0) & (generator.random(len(pid)) < chance)
    tracks = measure(pid[found], momentum[found], vertex[found], generator)
    cluster_momentum, seen = _clusters(pid[~found], momentum[~found], generator)
    origin = particles.take(found)
    vertices = find_primary_vertices(tracks, origin, events)
    kept = np.flatnonzero(~from_pileup(tracks, origin.event, vertices))
    track_momentum = four_momentum(tracks.pt, np.arcsinh(np.tan(tracks.dip)), tracks.phi, tracks.mass)
    candidates = Candidates(
        event=np.concatenate([origin.event[kept], particles.event[~found][seen]]),
        momentum=np.concatenate([track_momentum[kept], cluster_momentum[seen]]),
        track=np.concatenate([kept, np.full(seen.sum(), -1)]),
    )
    candidates = candidates.take(transverse(candidates.momentum) > LEAST_PT)
    candidates = candidates.take(np.argsort(candidates.event, kind="stable"))
    return Reconstruction(candidates, tracks, np.bincount(vertices.event, minlength=events))


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
