"""Primary vertices along the beam line, and the subtraction of charged hadrons that come from pile-up.

In the manner of arXiv:1405.6569, section 6 (prompt tracks are clustered in z), and arXiv:1706.04965, section 3 (charged
hadrons of other vertices than the hard one are removed). Lengths in cm; z counts from the reconstructed hard vertex.
"""

from dataclasses import dataclass

import numpy as np

from .arrays import Columns
from .kinematics import PION_MASS
from .record import Particles
from .tracker import D_SZ, D_XY, Tracks

__all__ = ["VERTEX_RESOLUTION", "PrimaryVertices", "find_primary_vertices", "from_pileup"]

# error of the reconstructed hard vertex in x, y, z
VERTEX_RESOLUTION = np.array([0.0010, 0.0010, 0.0015])
PROMPT = 5.0  # largest significance of d_xy of the tracks that make primary vertices
LEAST_TRACKS = 2
SEPARATION = 0.05  # collisions closer than this share a vertex
COMPATIBLE = 5.0  # largest distance of a track from its vertex, in units of the track's error
# longer than the detector: tells the vertices of one bunch crossing from those of the next
SPAN, FARTHEST = 1000.0, 400.0


@dataclass(frozen=True)
class PrimaryVertices(Columns):
    """event, sorted; z, rising within an event; hard: whether the hard collision is (also) in it; all (vertex,)."""

    event: np.ndarray
    z: np.ndarray
    hard: np.ndarray


def find_primary_vertices(tracks: Tracks, origin: Particles, events: int) -> PrimaryVertices:
    """The hard vertex of every event, and one for each pile-up collision with enough prompt tracks; near ones merge.

    `origin`: the particles that made the tracks, (track,).
    """
    used = _prompt(tracks) & (origin.interaction > 0)
    stride = 1 + int(origin.interaction.max(initial=0))
    collision, place = np.unique(origin.event[used] * stride + origin.interaction[used], return_inverse=True)
    weight = 1 / _error_z(tracks)[used] ** 2
    z = np.bincount(place, weight * tracks.d_z[used]) / np.bincount(place, weight)
    enough = np.bincount(place) >= LEAST_TRACKS
    event = np.concatenate([np.arange(events), collision[enough] // stride])
    return _merge(PrimaryVertices(event, np.concatenate([np.zeros(events), z[enough]]), np.arange(len(event)) < events))


def _merge(vertices: PrimaryVertices) -> PrimaryVertices:
    """Join neighbours in z; the hard vertex stays where it is, others go to the mean."""
    vertices = vertices.take(np.lexsort((vertices.z, vertices.event)))
    apart = np.diff(vertices.event, prepend=-1) > 0
    apart |= np.diff(vertices.z, prepend=np.inf) > SEPARATION
    group = np.cumsum(apart) - 1
    hard = np.bincount(group, vertices.hard) > 0
    z = np.where(hard, 0.0, np.bincount(group, vertices.z) / np.bincount(group))
    return PrimaryVertices(vertices.event[apart], z, hard)


def from_pileup(tracks: Tracks, event: np.ndarray, vertices: PrimaryVertices) -> np.ndarray:
    """Which tracks are prompt charged hadrons whose nearest vertex is not the hard one, bool (track,).

    event: (track,). A track that is compatible with no vertex belongs to none.
    """
    place = vertices.event * SPAN + np.clip(vertices.z, -FARTHEST, FARTHEST)
    halfway = (place[1:] + place[:-1]) / 2
    nearest = np.searchsorted(halfway, event * SPAN + np.clip(tracks.d_z, -FARTHEST, FARTHEST))
    compatible = np.abs(tracks.d_z - vertices.z[nearest]) < COMPATIBLE * _error_z(tracks)
    other: np.ndarray = ~vertices.hard[nearest] & compatible & _prompt(tracks) & (tracks.mass == PION_MASS)
    return other


def _prompt(tracks: Tracks) -> np.ndarray:
    prompt: np.ndarray = np.abs(tracks.d_xy) < PROMPT * np.sqrt(tracks.covariance[:, D_XY, D_XY])
    return prompt


def _error_z(tracks: Tracks) -> np.ndarray:
    error: np.ndarray = np.sqrt(tracks.covariance[:, D_SZ, D_SZ]) / np.cos(tracks.dip)
    return error
