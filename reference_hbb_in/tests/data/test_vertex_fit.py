import numpy as np
import pytest
from scipy.optimize import least_squares

from hbb_in.data.simulation.kinematics import Tangent, perigee
from hbb_in.data.simulation.vertexing import adaptive_fit, chi_square, fit_vertex


def lines_near(point: np.ndarray, number: int, scatter: float, generator: np.random.Generator) -> Tangent:
    phi, dip = generator.uniform(-0.5, 0.5, (2, number))
    lines = Tangent(np.broadcast_to(point, (number, 3)), phi, dip)
    along = generator.normal(0, 2, (number, 1)) * lines.direction()
    return Tangent(point + along + generator.normal(0, scatter, (number, 3)), phi, dip)


def test_two_crossing_lines_meet_where_geometry_says() -> None:
    lines = Tangent(np.array([[-1.0, 0, 0], [0, -2.0, 0]]), np.array([0, np.pi / 2]), np.zeros(2))
    position, covariance = fit_vertex(lines, np.full((2, 2), 1e4), np.ones(2))
    assert position == pytest.approx([0, 0, 0], abs=1e-6)
    # both lines measure z with an error of 0.01 cm; each measures one of x and y
    assert np.sqrt(np.diag(covariance)) == pytest.approx([0.01, 0.01, 0.01 / np.sqrt(2)], rel=1e-3)


def test_fit_is_the_weighted_least_squares_minimum() -> None:
    generator = np.random.default_rng(0)
    lines = lines_near(np.array([0.5, 0.1, -0.3]), 6, 0.02, generator)
    inverse_variance = 1 / generator.uniform(0.01, 0.03, (6, 2)) ** 2
    weight = generator.uniform(0.2, 1, 6)

    def residuals(position: np.ndarray) -> np.ndarray:
        across = position - lines.point
        across = across - np.sum(across * lines.direction(), axis=1)[:, None] * lines.direction()
        measured = np.einsum("tni,ti->tn", lines.normals(), across)
        pulls: np.ndarray = (measured * np.sqrt(weight[:, None] * inverse_variance)).ravel()
        return pulls

    slow = least_squares(residuals, np.zeros(3), xtol=1e-14, ftol=1e-14, gtol=1e-14)
    position, covariance = fit_vertex(lines, inverse_variance, weight)
    assert position == pytest.approx(slow.x, abs=1e-6)
    assert covariance == pytest.approx(np.linalg.inv(slow.jac.T @ slow.jac), rel=1e-3)
    assert np.sum(weight * chi_square(position, lines, inverse_variance)) == pytest.approx(2 * slow.cost)


def test_adaptive_fit_finds_the_decay_and_rejects_the_stranger() -> None:
    generator = np.random.default_rng(1)
    decay = np.array([1.2, 0.2, 0.4])
    vertex = np.stack([decay, decay, decay, decay, [-0.4, 0.5, 0.2]])
    momentum = generator.normal([3.0, 0.5, 1.0], 0.8, (5, 3))
    helices = perigee(vertex, momentum, np.array([1, -1, 1, -1, 1]))
    fit = adaptive_fit(helices, np.full((5, 2), 1 / 0.005**2), np.ones(5, dtype=bool), decay + 0.05)
    assert fit.position == pytest.approx(decay, abs=1e-3)
    assert fit.weight[:4].min() > 0.95
    assert fit.weight[4] < 0.01
