"""From particles to particle-flow candidates: tracks where the tracker sees them, calorimeter clusters elsewhere."""

from dataclasses import dataclass

import numpy as np

from .arrays import Columns
from .kinematics import azimuth, four_momentum, pseudorapidity, transverse
from .record import EventRecord
from .tracker import ELECTRON, MUON, Tracks, charge, efficiency, measure

__all__ = ["VERTEX_RESOLUTION", "Candidates", "reconstruct"]

# error of the reconstructed primary vertex in x, y, z, cm
VERTEX_RESOLUTION = np.array([0.0010, 0.0010, 0.0015])
PHOTON = 22
NEUTRINOS = (12, 14, 16)
LEAST_PT, LARGEST_ETA = 0.3, 3.0


@dataclass(frozen=True)
class Candidates(Columns):
    """Reconstructed particles: event, sorted; momentum (candidate, 4) GeV; track, its index or -1 for a cluster."""

    event: np.ndarray
    momentum: np.ndarray
    track: np.ndarray


def reconstruct(record: EventRecord, generator: np.random.Generator) -> tuple[Candidates, Tracks]:
    """Simulate the response to the visible particles of every event."""
    visible = record.final & ~np.isin(np.abs(record.pid), NEUTRINOS)
    visible &= (transverse(record.momentum) > LEAST_PT) & (np.abs(pseudorapidity(record.momentum)) < LARGEST_ETA)
    event, pid, momentum = record.event[visible], record.pid[visible], record.momentum[visible]
    primary = generator.normal(0, VERTEX_RESOLUTION, (record.events, 3))
    vertex = record.vertex[visible] - primary[event]
    chance = efficiency(pid, transverse(momentum), pseudorapidity(momentum), vertex)
    found = (charge(pid) != 0) & (generator.random(len(pid)) < chance)
    tracks = measure(pid[found], momentum[found], vertex[found], generator)
    cluster_momentum, seen = _clusters(pid[~found], momentum[~found], generator)
    track_momentum = four_momentum(tracks.pt, np.arcsinh(np.tan(tracks.dip)), tracks.phi, tracks.mass)
    candidates = Candidates(
        event=np.concatenate([event[found], event[~found][seen]]),
        momentum=np.concatenate([track_momentum, cluster_momentum[seen]]),
        track=np.concatenate([np.arange(len(tracks)), np.full(seen.sum(), -1)]),
    )
    candidates = candidates.take(transverse(candidates.momentum) > LEAST_PT)
    return candidates.take(np.argsort(candidates.event, kind="stable")), tracks


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
