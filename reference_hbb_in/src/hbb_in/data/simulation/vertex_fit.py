"""The adaptive vertex fit (doi:10.1088/0954-3899/34/12/N01), for many vertices at once. Lengths in cm."""

from dataclasses import dataclass

import numpy as np

from .helix import Helix, Tangent

__all__ = ["Fit", "adaptive_fit", "chi_square", "fit_vertex", "track_weight"]

# a loose prior keeps the fit of parallel lines solvable, cm
PRIOR = 100.0
CUTOFF = 9.0  # chi-square at which a track counts half
TEMPERATURES = (16.0, 4.0, 1.0, 1.0)
LONGEST_PATH = 20.0


@dataclass(frozen=True)
class Fit:
    """position (..., 3); covariance (..., 3, 3); chi2 and weight (..., track) of every track."""

    position: np.ndarray
    covariance: np.ndarray
    chi2: np.ndarray
    weight: np.ndarray


def fit_vertex(lines: Tangent, inverse_variance: np.ndarray, weight: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Weighted least-squares point closest to straight lines: position (..., 3) and its covariance (..., 3, 3).

    lines: (..., track); inverse_variance: (..., track, 2) of d_xy and d_sz; weight: (..., track).
    """
    normals = lines.normals()
    scale = weight[..., None] * inverse_variance
    information = np.einsum("...tn,...tni,...tnj->...ij", scale, normals, normals) + np.eye(3) / PRIOR**2
    offset = np.einsum("...tni,...ti->...tn", normals, lines.point)
    target = np.einsum("...tn,...tn,...tni->...i", scale, offset, normals)
    covariance = np.linalg.inv(information)
    return np.einsum("...ij,...j->...i", covariance, target), covariance


def chi_square(position: np.ndarray, lines: Tangent, inverse_variance: np.ndarray) -> np.ndarray:
    """Squared distance of a point (..., 3) to each line in units of its errors, (..., track)."""
    distance = np.einsum("...tni,...ti->...tn", lines.normals(), position[..., None, :] - lines.point)
    chi2: np.ndarray = np.sum(distance**2 * inverse_variance, axis=-1)
    return chi2


def track_weight(chi2: np.ndarray, temperature: float) -> np.ndarray:
    """Probability that a track belongs to the vertex: a Fermi function of its chi-square."""
    weight: np.ndarray = 1 / (1 + np.exp(np.clip((chi2 - CUTOFF) / (2 * temperature), -50, 50)))
    return weight


def adaptive_fit(helices: Helix, inverse_variance: np.ndarray, usable: np.ndarray, start: np.ndarray) -> Fit:
    """Fit one vertex to the (..., track) helices by annealing from `start` (..., 3).

    Helices are replaced by their tangents nearest the vertex and re-weighted at every temperature;
    tracks that are not `usable` have no weight.
    """
    position = start
    lines = _tangents(helices, position)
    chi2 = chi_square(position, lines, inverse_variance)
    for temperature in TEMPERATURES:
        weight = np.where(usable, track_weight(chi2, temperature), 0)
        position, covariance = fit_vertex(lines, inverse_variance, weight)
        lines = _tangents(helices, position)
        chi2 = chi_square(position, lines, inverse_variance)
    return Fit(position, covariance, chi2, np.where(usable, track_weight(chi2, TEMPERATURES[-1]), 0))


def _tangents(helices: Helix, position: np.ndarray) -> Tangent:
    offset = position[..., None, :2] - helices.point()[..., :2]
    path = offset[..., 0] * np.cos(helices.phi) + offset[..., 1] * np.sin(helices.phi)
    return helices.tangent(np.clip(path, -LONGEST_PATH, LONGEST_PATH))
