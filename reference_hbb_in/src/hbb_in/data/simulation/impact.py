"""Impact parameters of tracks with respect to the primary vertex (the origin) and a jet axis (arXiv:1712.07158)."""

from dataclasses import dataclass

import numpy as np

from .arrays import Columns
from .primary import VERTEX_RESOLUTION
from .tracker import D_SZ, D_XY, Tracks

__all__ = ["Impact", "impact_parameters"]


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
