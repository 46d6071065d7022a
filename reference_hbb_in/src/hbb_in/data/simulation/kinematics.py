"""Four-momenta, angles, and the helices of charged particles in the solenoid. Lengths in cm, momenta in GeV.

Momenta are (..., 4) arrays of (px, py, pz, energy). A helix is described at its perigee, the point closest to the z
axis, by (d_xy, d_z, phi, dip, pt, charge): d_xy = -x sin(phi) + y cos(phi) and d_z = z there, phi and dip (lambda) the
direction (arXiv:1405.6569).
"""

from dataclasses import dataclass

import numpy as np

from .arrays import Columns

__all__ = [
    "FIELD",
    "PION_MASS",
    "Helix",
    "Tangent",
    "azimuth",
    "curvature",
    "delta_phi",
    "delta_r",
    "four_momentum",
    "mass",
    "perigee",
    "pseudorapidity",
    "transverse",
]

PION_MASS = 0.13957039  # GeV
FIELD = 3.8  # tesla
GEV_PER_TESLA_CM = 0.00299792458


def delta_phi(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Difference of two azimuths, in [-pi, pi)."""
    difference: np.ndarray = (first - second + np.pi) % (2 * np.pi) - np.pi
    return difference


def delta_r(eta: np.ndarray, phi: np.ndarray, other_eta: np.ndarray, other_phi: np.ndarray) -> np.ndarray:
    """Distance in pseudorapidity and azimuth."""
    distance: np.ndarray = np.hypot(eta - other_eta, delta_phi(phi, other_phi))
    return distance


def transverse(momentum: np.ndarray) -> np.ndarray:
    """Transverse momentum."""
    pt: np.ndarray = np.hypot(momentum[..., 0], momentum[..., 1])
    return pt


def azimuth(momentum: np.ndarray) -> np.ndarray:
    """Azimuth of the momentum."""
    phi: np.ndarray = np.arctan2(momentum[..., 1], momentum[..., 0])
    return phi


def pseudorapidity(momentum: np.ndarray) -> np.ndarray:
    """Pseudorapidity of the momentum; huge, not infinite, along the beam."""
    eta: np.ndarray = np.arcsinh(momentum[..., 2] / np.maximum(transverse(momentum), 1e-9))
    return eta


def mass(momentum: np.ndarray) -> np.ndarray:
    """Invariant mass; rounding below zero counts as zero."""
    result: np.ndarray = np.sqrt(np.maximum(momentum[..., 3] ** 2 - np.sum(momentum[..., :3] ** 2, axis=-1), 0))
    return result


def four_momentum(pt: np.ndarray, eta: np.ndarray, phi: np.ndarray, mass: np.ndarray) -> np.ndarray:
    """(px, py, pz, energy) on the last axis."""
    px, py, pz = pt * np.cos(phi), pt * np.sin(phi), pt * np.sinh(eta)
    return np.stack([px, py, pz, np.sqrt(px**2 + py**2 + pz**2 + mass**2)], axis=-1)


@dataclass(frozen=True)
class Helix(Columns):
    """Perigee parameters, each (track,)."""

    d_xy: np.ndarray
    d_z: np.ndarray
    phi: np.ndarray
    dip: np.ndarray
    pt: np.ndarray
    charge: np.ndarray

    def point(self) -> np.ndarray:
        """The perigee, (..., 3)."""
        return np.stack([-self.d_xy * np.sin(self.phi), self.d_xy * np.cos(self.phi), self.d_z], axis=-1)

    def tangent(self, path: np.ndarray | float = 0.0) -> "Tangent":
        """The line that touches the helix at a transverse path length (cm) from the perigee."""
        bend = curvature(self.pt, self.charge)
        turn = bend * path
        # the chord of an arc: exact, and stable for straight tracks
        chord = path * np.sinc(turn / (2 * np.pi))
        middle, phi = self.phi + turn / 2, self.phi + turn
        offset = np.stack([chord * np.cos(middle), chord * np.sin(middle), path * np.tan(self.dip)], axis=-1)
        return Tangent(self.point() + offset, phi, np.broadcast_to(self.dip, phi.shape))


@dataclass(frozen=True)
class Tangent(Columns):
    """Straight lines: a point (..., 3) and the angles of their direction."""

    point: np.ndarray
    phi: np.ndarray
    dip: np.ndarray

    def direction(self) -> np.ndarray:
        """Unit vectors along the lines, (..., 3)."""
        cos, sin = np.cos(self.dip), np.sin(self.dip)
        return np.stack([cos * np.cos(self.phi), cos * np.sin(self.phi), sin], axis=-1)

    def normals(self) -> np.ndarray:
        """The two unit vectors across each line along which d_xy and d_sz are measured, (..., 2, 3)."""
        cos, sin = np.cos(self.phi), np.sin(self.phi)
        across = np.stack([-sin, cos, np.zeros_like(cos)], axis=-1)
        upward = np.stack([-np.sin(self.dip) * cos, -np.sin(self.dip) * sin, np.cos(self.dip)], axis=-1)
        return np.stack([across, upward], axis=-2)


def curvature(pt: np.ndarray, charge: np.ndarray) -> np.ndarray:
    """Change of azimuth per transverse path length, 1/cm; positive charges turn clockwise."""
    bend: np.ndarray = -charge * GEV_PER_TESLA_CM * FIELD / pt
    return bend


def perigee(vertex: np.ndarray, momentum: np.ndarray, charge: np.ndarray) -> Helix:
    """The helix of a charged particle made at `vertex` (track, 3) cm with `momentum` (track, >= 3) GeV."""
    px, py, pz = momentum[:, 0], momentum[:, 1], momentum[:, 2]
    pt, start = np.hypot(px, py), np.arctan2(py, px)
    bend = curvature(pt, charge)
    centre_x = vertex[:, 0] - np.sin(start) / bend
    centre_y = vertex[:, 1] + np.cos(start) / bend
    shrink = 1 - 1 / (np.abs(bend) * np.hypot(centre_x, centre_y))
    x, y = centre_x * shrink, centre_y * shrink
    phi = np.arctan2(bend * (x - centre_x), -bend * (y - centre_y))
    path = delta_phi(phi, start) / bend
    d_xy = -x * np.sin(phi) + y * np.cos(phi)
    return Helix(d_xy, vertex[:, 2] + path * pz / pt, phi, np.arctan2(pz, pt), pt, charge)
