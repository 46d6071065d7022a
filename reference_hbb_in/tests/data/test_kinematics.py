from collections.abc import Callable

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from scipy.optimize import minimize_scalar

from hbb_in.data.simulation.kinematics import FIELD, perigee

SPEED_OF_LIGHT = 0.299792458  # GeV per tesla and metre


def lorentz_path(
    vertex: np.ndarray, momentum: np.ndarray, charge: float, length: float
) -> Callable[[float], np.ndarray]:
    """Integrate dp/ds = 0.3 q (p/|p|) x B numerically; s in cm, both ways from the vertex."""
    size = np.linalg.norm(momentum)
    field = np.array([0, 0, FIELD])

    def slope(_: float, state: np.ndarray) -> np.ndarray:
        direction = state[3:] / size
        return np.concatenate([direction, SPEED_OF_LIGHT / 100 * charge * np.cross(direction, field)])

    state = np.concatenate([vertex, momentum])
    options = {"dense_output": True, "rtol": 1e-11, "atol": 1e-11}
    ahead = solve_ivp(slope, (0, length), state, **options).sol
    behind = solve_ivp(slope, (0, -length), state, **options).sol
    return lambda s: ahead(s) if s >= 0 else behind(s)


@pytest.mark.parametrize("seed", range(6))
def test_perigee_is_where_the_lorentz_force_passes_nearest_to_the_beam(seed: int) -> None:
    generator = np.random.default_rng(seed)
    vertex = generator.normal(0, [1.0, 1.0, 3.0])
    momentum = generator.normal(0, [2.0, 2.0, 3.0])
    charge = generator.choice([-1, 1])
    path = lorentz_path(vertex, momentum, charge, length=12)
    nearest = minimize_scalar(
        lambda s: np.hypot(*path(s)[:2]), bounds=(-12, 12), method="bounded", options={"xatol": 1e-10}
    ).x
    x, y, z, px, py, _ = path(nearest)
    helix = perigee(vertex[None], momentum[None], np.array([charge]))
    assert helix.point()[0] == pytest.approx([x, y, z], abs=1e-5)
    assert helix.phi[0] == pytest.approx(np.arctan2(py, px), abs=1e-6)
    assert helix.d_xy[0] == pytest.approx((-x * py + y * px) / np.hypot(px, py), abs=1e-6)


def test_tangent_touches_the_path_of_the_particle() -> None:
    vertex, momentum = np.array([0.3, -0.2, 1.0]), np.array([0.8, 0.5, -0.4])
    helix = perigee(vertex[None], momentum[None], np.array([-1]))
    start = helix.tangent()
    path = lorentz_path(start.point[0], np.linalg.norm(momentum) * start.direction()[0], -1, length=20)
    for length in (-15.0, 4.0, 18.0):
        line = helix.tangent(np.array([length * np.cos(helix.dip[0])]))
        expected = path(length)
        assert line.point[0] == pytest.approx(expected[:3], abs=1e-6)
        assert line.direction()[0] == pytest.approx(expected[3:] / np.linalg.norm(momentum), abs=1e-6)


def test_normals_complete_the_direction_to_an_orthonormal_frame() -> None:
    generator = np.random.default_rng(2)
    helix = perigee(generator.normal(size=(20, 3)), generator.normal(size=(20, 3)), np.ones(20))
    line = helix.tangent()
    frame = np.concatenate([line.normals(), line.direction()[:, None]], axis=1)
    assert frame @ frame.transpose(0, 2, 1) == pytest.approx(np.broadcast_to(np.eye(3), (20, 3, 3)), abs=1e-12)
