"""Secondary vertices from displaced tracks alone, without the generator's truth. Lengths in cm, momenta in GeV.

In the manner of the inclusive vertex finder of arXiv:1712.07158: displaced tracks are paired, the crossing on which
most tracks agree starts an adaptive fit (doi:10.1088/0954-3899/34/12/N01), its tracks are taken away, and the search
goes on with the rest. All jets are processed at once.
"""

from dataclasses import dataclass

import numpy as np

from .arrays import Columns, slot_table
from .kinematics import Helix, Tangent, azimuth, delta_r, mass, pseudorapidity
from .tracker import D_SZ, D_XY, VERTEX_RESOLUTION, Impact, Tracks

__all__ = ["Fit", "Vertices", "adaptive_fit", "chi_square", "find_vertices", "fit_vertex", "track_weight"]

SEEDS = 14  # tracks per jet that may form vertices
ROUNDS = 7  # vertices that are looked for in a jet
COMPATIBLE = 8.0  # chi-square of a track that agrees with a crossing
LEAST_NDF = 0.5
LONGEST_FLIGHT, LARGEST_RADIUS = 20.0, 8.0
KAON_MASS, KAON_WINDOW = 0.4976, 0.020
JET_DISTANCE = 0.8
# a loose prior keeps the fit of parallel lines solvable, cm
PRIOR = 100.0
CUTOFF = 9.0  # chi-square at which a track counts half
TEMPERATURES = (16.0, 4.0, 1.0, 1.0)
LONGEST_PATH = 20.0


@dataclass(frozen=True)
class Vertices(Columns):
    """Vertices of jets: jet, its index; momentum (vertex, 4) GeV; flight distances and their errors, cm."""

    jet: np.ndarray
    tracks: np.ndarray
    momentum: np.ndarray
    chi2: np.ndarray
    ndf: np.ndarray
    flight_2d: np.ndarray
    error_2d: np.ndarray
    flight_3d: np.ndarray
    error_3d: np.ndarray
    cosine: np.ndarray

    @property
    def significance_2d(self) -> np.ndarray:
        """Transverse flight distance over its error."""
        significance: np.ndarray = self.flight_2d / self.error_2d
        return significance


@dataclass(frozen=True)
class Fit:
    """Fitted vertices: position (..., 3); covariance (..., 3, 3); chi2 and weight (..., track) of every track."""

    position: np.ndarray
    covariance: np.ndarray
    chi2: np.ndarray
    weight: np.ndarray


def find_vertices(tracks: Tracks, momentum: np.ndarray, impact: Impact, jet: np.ndarray, axis: np.ndarray) -> Vertices:
    """Find the vertices of all jets; they are returned sorted by jet.

    tracks, momentum (track, 4), impact and jet (track,) describe the tracks of all jets; axis: (jet, 3) unit vectors.
    """
    seeds = _select_seeds(tracks, momentum, impact, jet, len(axis))
    crossings = _cross(seeds, axis)
    free = seeds.real.copy()
    vertices: list[Vertices] = []
    for _ in range(ROUNDS):
        open_pairs = crossings.good & free[:, crossings.first] & free[:, crossings.second]
        jets = np.flatnonzero(open_pairs.any(axis=1))
        if not len(jets):
            break
        best = _best_crossing(crossings, open_pairs[jets], free[jets], jets)
        start = crossings.point[jets, best]
        fit = adaptive_fit(seeds.helices.take(jets), seeds.inverse_variance[jets], free[jets], start)
        member = fit.weight > 0.5
        vertices.append(_describe(fit, member, seeds.momentum[jets], jets))
        free[jets] &= ~member
        # a start whose fit lost its tracks is not tried again
        free[jets, crossings.first[best]] = False
    return _accept(_concatenate(vertices), axis)


def adaptive_fit(helices: Helix, inverse_variance: np.ndarray, usable: np.ndarray, start: np.ndarray) -> Fit:
    """Fit one vertex to the helices (..., track) by annealing from `start` (..., 3).

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


def fit_vertex(lines: Tangent, inverse_variance: np.ndarray, weight: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Fit the point closest to straight lines by least squares: position (..., 3) and its covariance (..., 3, 3).

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


@dataclass(frozen=True)
class _Seeds:
    """The displaced tracks of every jet, padded to (jet, SEEDS)."""

    helices: Helix
    inverse_variance: np.ndarray
    momentum: np.ndarray
    real: np.ndarray


@dataclass(frozen=True)
class _Crossings:
    """All pairs of seeds: their point (jet, pair, 3), good starts (jet, pair), seeds that agree (jet, pair, seed)."""

    first: np.ndarray
    second: np.ndarray
    point: np.ndarray
    chi2: np.ndarray
    good: np.ndarray
    compatible: np.ndarray


def _select_seeds(tracks: Tracks, momentum: np.ndarray, impact: Impact, jet: np.ndarray, jets: int) -> _Seeds:
    displaced = (np.abs(impact.significance_3d) > 1.2) & (np.abs(impact.value_3d) > 0.0050)
    displaced &= (np.abs(tracks.d_xy) < 2) & (np.abs(tracks.d_z) < 2)
    index, real = slot_table(jet, np.where(displaced, np.abs(impact.significance_3d), -1), jets, SEEDS)
    real &= displaced[index]
    padded = tracks.take(index)
    variance = np.stack([padded.covariance[..., D_XY, D_XY], padded.covariance[..., D_SZ, D_SZ]], axis=-1)
    return _Seeds(padded.helix, real[..., None] / variance, momentum[index], real)


def _cross(seeds: _Seeds, axis: np.ndarray) -> _Crossings:
    first, second = np.triu_indices(SEEDS, k=1)
    pair = np.stack([first, second], axis=-1)
    lines = seeds.helices.tangent()
    two = Tangent(lines.point[:, pair], lines.phi[:, pair], lines.dip[:, pair])
    point, _ = fit_vertex(two, seeds.inverse_variance[:, pair], np.ones(two.phi.shape))
    chi2 = chi_square(point, two, seeds.inverse_variance[:, pair]).sum(axis=-1)
    every = Tangent(lines.point[:, None], lines.phi[:, None], lines.dip[:, None])
    compatible = chi_square(point, every, seeds.inverse_variance[:, None]) < COMPATIBLE
    total = seeds.momentum[:, pair].sum(axis=2)
    good = seeds.real[:, first] & seeds.real[:, second] & (chi2 < 9) & (np.linalg.norm(point, axis=-1) < LONGEST_FLIGHT)
    good &= (_cosine(point, axis[:, None]) > 0.8) & (_cosine(point, total[..., :3]) > 0.9)
    return _Crossings(first, second, point, chi2, good, compatible & seeds.real[:, None])


def _best_crossing(crossings: _Crossings, open_pairs: np.ndarray, free: np.ndarray, jets: np.ndarray) -> np.ndarray:
    """Open pair of each jet on which most free tracks agree; the better chi-square breaks ties: (jet,)."""
    votes = (crossings.compatible[jets] & free[:, None]).sum(axis=-1) - 0.1 * np.minimum(crossings.chi2[jets], 9)
    best: np.ndarray = np.argmax(np.where(open_pairs, votes, -1), axis=1)
    return best


def _describe(fit: Fit, member: np.ndarray, momentum: np.ndarray, jets: np.ndarray) -> Vertices:
    """Measure the fitted vertices from the origin; the error of the primary vertex is included."""
    covariance = fit.covariance + np.diag(VERTEX_RESOLUTION**2)
    flat = fit.position * np.array([1.0, 1.0, 0.0])
    total = np.where(member[..., None], momentum, 0).sum(axis=1)
    weight = np.where(member, fit.weight, 0)
    return Vertices(
        jet=jets,
        tracks=member.sum(axis=1),
        momentum=total,
        chi2=np.sum(weight * fit.chi2, axis=1),
        ndf=2 * weight.sum(axis=1) - 3,
        flight_2d=np.linalg.norm(flat, axis=1),
        error_2d=_error_along(covariance, flat),
        flight_3d=np.linalg.norm(fit.position, axis=1),
        error_3d=_error_along(covariance, fit.position),
        cosine=_cosine(fit.position, total[:, :3]),
    )


def _accept(vertices: Vertices, axis: np.ndarray) -> Vertices:
    """Keep well measured, displaced vertices that point back, lie in the jet and are no neutral kaon."""
    momentum, direction = vertices.momentum, axis[vertices.jet]
    kaon = (vertices.tracks == 2) & (np.abs(mass(momentum) - KAON_MASS) < KAON_WINDOW)
    near = delta_r(pseudorapidity(momentum), azimuth(momentum), pseudorapidity(direction), azimuth(direction))
    keep = (vertices.tracks >= 2) & (vertices.ndf > LEAST_NDF) & ~kaon & (near < JET_DISTANCE)
    keep &= (vertices.significance_2d > 2.5) & (vertices.flight_2d < LARGEST_RADIUS)
    keep &= (vertices.cosine > 0.95) & (mass(momentum) < 6.5)
    accepted = vertices.take(keep)
    return accepted.take(np.argsort(accepted.jet, kind="stable"))


def _concatenate(parts: list[Vertices]) -> Vertices:
    if not parts:
        none = np.zeros(0)
        return Vertices(none.astype(np.int64), none, np.zeros((0, 4)), none, none, none, none, none, none, none)
    return Vertices.concatenate(parts)


def _cosine(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Cosine between vectors; 0 where one of them vanishes."""
    norm = np.linalg.norm(first, axis=-1) * np.linalg.norm(second, axis=-1)
    cosine: np.ndarray = np.sum(first * second, axis=-1) / np.maximum(norm, 1e-12)
    return cosine


def _error_along(covariance: np.ndarray, direction: np.ndarray) -> np.ndarray:
    unit = direction / np.maximum(np.linalg.norm(direction, axis=1, keepdims=True), 1e-12)
    # a vertex on the beam line has no direction: any error will do, since its distance is 0
    error: np.ndarray = np.sqrt(np.maximum(np.einsum("vi,vij,vj->v", unit, covariance, unit), 1e-12))
    return error


def _tangents(helices: Helix, position: np.ndarray) -> Tangent:
    offset = position[..., None, :2] - helices.point()[..., :2]
    path = offset[..., 0] * np.cos(helices.phi) + offset[..., 1] * np.sin(helices.phi)
    return helices.tangent(np.clip(path, -LONGEST_PATH, LONGEST_PATH))
