"""A parametrised silicon tracker, and the impact parameters of its tracks. Lengths in cm, momenta in GeV.

The resolutions follow those of CMS tracks in 2016 conditions (arXiv:1405.6569 and CMS simulation); impact parameters
are signed by the axis of the jet (arXiv:1712.07158) and count from the reconstructed hard vertex, which is the origin.
"""

from dataclasses import dataclass

import numpy as np

from .arrays import Columns
from .kinematics import PION_MASS, Helix, perigee

__all__ = [
    "CORRELATION",
    "DIP",
    "D_SZ",
    "D_XY",
    "PHI",
    "Q_OVER_P",
    "VERTEX_RESOLUTION",
    "Impact",
    "Tracks",
    "charge",
    "efficiency",
    "impact_parameters",
    "measure",
    "resolution",
    "sigma_d_xy",
    "sigma_d_z",
]

# PDG codes of the charged particles that live long enough to be seen, with the charge of the particle
CHARGES = {11: -1, 13: -1, 211: 1, 321: 1, 2212: 1, 3112: -1, 3222: 1, 3312: -1, 3334: -1}
ELECTRON, MUON = 11, 13
MASSES = {ELECTRON: 0.000511, MUON: 0.105658}
# order of the track parameters in every covariance matrix
Q_OVER_P, DIP, PHI, D_XY, D_SZ = range(5)
# a track that points wrongly also starts wrongly: direction and impact parameter share the first hits
CORRELATION = np.eye(5)
CORRELATION[PHI, D_XY] = CORRELATION[D_XY, PHI] = -0.6
CORRELATION[DIP, D_SZ] = CORRELATION[D_SZ, DIP] = -0.7
CORRELATION[D_XY, D_SZ] = CORRELATION[D_SZ, D_XY] = 0.05
QUOTED_SCATTER = 0.2  # relative spread of the errors of like tracks, which cross unlike detector modules
BADLY_MEASURED = 0.03  # share of tracks whose errors are three times larger than quoted
LOOSE, HIGH_PURITY = 1, 4
WORST_CHI2 = 8  # of a track of high purity
# error of the reconstructed hard vertex in x, y, z
VERTEX_RESOLUTION = np.array([0.0010, 0.0010, 0.0015])


@dataclass(frozen=True)
class Tracks(Columns):
    """Measured tracks: helix; covariance (track, 5, 5) of (q/p, dip, phi, d_xy, d_sz); mass; chi2; quality."""

    d_xy: np.ndarray
    d_z: np.ndarray
    phi: np.ndarray
    dip: np.ndarray
    pt: np.ndarray
    charge: np.ndarray
    covariance: np.ndarray
    mass: np.ndarray
    chi2: np.ndarray
    quality: np.ndarray

    @property
    def helix(self) -> Helix:
        """The measured helices."""
        return Helix(self.d_xy, self.d_z, self.phi, self.dip, self.pt, self.charge)


@dataclass(frozen=True)
class Impact(Columns):
    """Signed impact parameters, cm, and their significances; distance to the jet axis, cm; all (track,).

    The sign is positive where the track passes the vertex downstream, on the side to which the jet points.
    """

    value_2d: np.ndarray
    significance_2d: np.ndarray
    value_3d: np.ndarray
    significance_3d: np.ndarray
    axis_distance: np.ndarray


def charge(pid: np.ndarray) -> np.ndarray:
    """Electric charge of particles that leave tracks, 0 for the others."""
    result = np.zeros(len(pid), dtype=np.int64)
    for code, value in CHARGES.items():
        result[np.abs(pid) == code] = value
    signed: np.ndarray = result * np.sign(pid)
    return signed


def efficiency(pid: np.ndarray, pt: np.ndarray, eta: np.ndarray, vertex: np.ndarray) -> np.ndarray:
    """Probability that a charged particle is found; it falls with the radius at which the particle is made.

    For prompt hadrons above 0.9 GeV it is 94 % where |eta| < 0.9 and 85 % beyond, as in arXiv:1405.6569.
    """
    radius = np.hypot(vertex[:, 0], vertex[:, 1])
    result = np.where(pt > 0.9, 1, 0.94) * np.where(np.abs(eta) < 0.9, 0.94, 0.85) * np.exp(-radius / 25)
    result *= np.where(np.abs(pid) == ELECTRON, 0.92, 1) * np.where(np.abs(pid) == MUON, 1.05, 1)
    inside = (radius < 40) & (np.abs(vertex[:, 2]) < 80) & (pt > 0.5) & (np.abs(eta) < 2.5)
    return np.where(inside, np.minimum(result, 1), 0)


def measure(pid: np.ndarray, momentum: np.ndarray, vertex: np.ndarray, generator: np.random.Generator) -> Tracks:
    """Measure the helices of found particles: pid (track,), momentum (track, 4) GeV, vertex (track, 3) cm.

    The vertex is relative to the reconstructed primary vertex. The errors are drawn with the quoted correlations;
    the quoted size itself scatters, and a few tracks are far worse than they say.
    """
    number = len(pid)
    true = perigee(vertex, momentum, charge(pid))
    radius = np.hypot(vertex[:, 0], vertex[:, 1])
    missed = np.searchsorted([4.4, 10.0], radius)
    sigma = resolution(true, missed) * np.exp(generator.normal(0, QUOTED_SCATTER, (number, 1)))
    bad = generator.random(number) < BADLY_MEASURED
    noise = generator.normal(size=(number, 5)) @ np.linalg.cholesky(CORRELATION).T
    shift = sigma * noise * np.where(bad, 3.0, 1.0)[:, None]
    dip = true.dip + shift[:, DIP]
    q_over_p = np.cos(true.dip) / true.pt
    inverse_pt = np.maximum(q_over_p + shift[:, Q_OVER_P], 0.2 * q_over_p) / np.cos(dip)
    # four effective degrees of freedom give the shape seen in CMS: three in five below 1, a third between 1 and 2, and
    # the badly measured tracks its tail
    chi2 = np.floor(generator.gamma(4, 0.93 / 4, number) * np.where(bad, 4.0, 1.0) * (1.0 + 0.2 * missed))
    return Tracks(
        d_xy=true.d_xy + shift[:, D_XY],
        d_z=true.d_z + shift[:, D_SZ] / np.cos(true.dip),
        phi=true.phi + shift[:, PHI],
        dip=dip,
        pt=1 / inverse_pt,
        charge=true.charge,
        covariance=sigma[:, :, None] * CORRELATION * sigma[:, None, :],
        mass=_assumed_mass(pid),
        chi2=chi2,
        quality=np.where(chi2 < WORST_CHI2, LOOSE + HIGH_PURITY, LOOSE).astype(np.float64),
    )


def impact_parameters(tracks: Tracks, axis: np.ndarray) -> Impact:
    """Impact parameters of `tracks`, each with the unit vector of its jet, (track, 3)."""
    line = tracks.helix.tangent()
    direction, normals = line.direction(), line.normals()
    nearest = line.point - _along(line.point, direction)
    value_3d = np.linalg.norm(nearest, axis=1)
    # the two measured directions span the plane across the track, so they share the distance
    components = np.einsum("tni,ti->tn", normals, nearest)
    weights = components / np.maximum(value_3d, 1e-12)[:, None]
    variance = np.stack([tracks.covariance[:, index, index] for index in (D_XY, D_SZ)], axis=-1)
    variance = variance + np.einsum("tni,i->tn", normals**2, VERTEX_RESOLUTION**2)
    sign_2d = np.where(np.sum(line.point[:, :2] * axis[:, :2], axis=1) >= 0, 1, -1)
    sign_3d = np.where(np.sum(nearest * axis, axis=1) >= 0, 1, -1)
    value_2d = sign_2d * np.abs(tracks.d_xy)
    return Impact(
        value_2d=value_2d,
        significance_2d=value_2d / np.sqrt(variance[:, 0]),
        value_3d=sign_3d * value_3d,
        significance_3d=sign_3d * value_3d / np.sqrt(np.sum(weights**2 * variance, axis=1)),
        axis_distance=_line_distance(line.point, direction, axis),
    )


def sigma_d_xy(pt: np.ndarray, eta: np.ndarray) -> np.ndarray:
    """Error of the transverse impact parameter, cm."""
    sigma: np.ndarray = np.sqrt(0.0012**2 + (0.0085 / pt) ** 2 * np.sqrt(np.cosh(eta)))
    return sigma


def sigma_d_z(pt: np.ndarray, eta: np.ndarray) -> np.ndarray:
    """Error of the longitudinal impact parameter, cm."""
    sigma: np.ndarray = np.hypot(0.0020, 0.0075 / pt * (1 + 0.12 * eta**2))
    return sigma


def resolution(helix: Helix, missed: np.ndarray) -> np.ndarray:
    """Errors of (q/p, dip, phi, d_xy, d_sz), (track, 5), after `missed` pixel layers."""
    pt, eta = helix.pt, np.arcsinh(np.tan(helix.dip))
    lever = np.array([1.0, 3.0, 9.0])[missed]
    relative = np.hypot(0.007 * (1 + 0.35 * eta**2), 1.2e-4 * pt * (1 + 0.3 * eta**2)) * np.sqrt(lever)
    return np.stack(
        [
            relative * np.cos(helix.dip) / pt,
            np.hypot(0.00025, 0.0016 / pt),
            np.hypot(0.00012, 0.0016 / pt),
            sigma_d_xy(pt, eta) * lever,
            sigma_d_z(pt, eta) * lever * np.cos(helix.dip),
        ],
        axis=-1,
    )


def _assumed_mass(pid: np.ndarray) -> np.ndarray:
    """Leptons are identified; every other track counts as a pion."""
    result = np.full(len(pid), PION_MASS)
    for code, value in MASSES.items():
        result[np.abs(pid) == code] = value
    return result


def _along(vector: np.ndarray, direction: np.ndarray) -> np.ndarray:
    part: np.ndarray = np.sum(vector * direction, axis=1, keepdims=True) * direction
    return part


def _line_distance(point: np.ndarray, direction: np.ndarray, axis: np.ndarray) -> np.ndarray:
    """Distance between lines through `point` along `direction` and through the origin along `axis`."""
    cross = np.cross(direction, axis)
    sine = np.linalg.norm(cross, axis=1)
    skew = np.abs(np.sum(point * cross, axis=1)) / np.maximum(sine, 1e-9)
    parallel = np.linalg.norm(point - _along(point, axis), axis=1)
    distance: np.ndarray = np.where(sine > 1e-9, skew, parallel)
    return distance
