import numpy as np

from hbb_in.data.simulation.kinematics import PION_MASS, perigee
from hbb_in.data.simulation.tracker import Tracks, impact_parameters, measure
from hbb_in.data.simulation.vertexing import LEAST_NDF, Fit, Vertices, _describe, find_vertices

AXIS = np.array([1.0, 0.0, 0.0])


def shower(generator: np.random.Generator, number: int, origin: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Pions that fly along the x axis from one point: momenta (number, 4) and places of production (number, 3)."""
    three = generator.normal([6.0, 0.0, 0.0], [1.5, 0.8, 0.8], (number, 3))
    energy = np.sqrt(np.sum(three**2, axis=1, keepdims=True) + PION_MASS**2)
    return np.concatenate([three, energy], axis=1), np.broadcast_to(origin, (number, 3))


def find(parts: list[tuple[np.ndarray, np.ndarray]], generator: np.random.Generator) -> Vertices:
    momentum, vertex = (np.concatenate(column) for column in zip(*parts, strict=True))
    pid = np.where(np.arange(len(momentum)) % 2, 211, -211)
    tracks = measure(pid, momentum, vertex, generator)
    jet = np.zeros(len(tracks), dtype=np.int64)
    impact = impact_parameters(tracks, np.broadcast_to(AXIS, (len(tracks), 3)))
    return find_vertices(tracks, momentum, impact, jet, AXIS[None])


def test_a_displaced_decay_is_found_where_it_is() -> None:
    generator = np.random.default_rng(0)
    found = 0
    for _ in range(20):
        vertices = find([shower(generator, 12, np.zeros(3)), shower(generator, 4, 1.5 * AXIS)], generator)
        near = np.abs(vertices.flight_3d - 1.5) < 5 * vertices.error_3d
        found += bool(near.any())
        assert (vertices.ndf > LEAST_NDF).all()
    assert found >= 17


def test_a_vertex_on_the_beam_line_has_no_direction_but_numbers() -> None:
    fit = Fit(np.zeros((1, 3)), 1e-6 * np.eye(3)[None], np.ones((1, 2)), np.ones((1, 2)))
    momentum = np.array([[[5.0, 0.1, 0.0, 5.1], [4.0, -0.1, 0.2, 4.1]]])
    vertex = _describe(fit, np.ones((1, 2), dtype=bool), momentum, np.zeros(1, dtype=int))
    assert vertex.flight_2d == vertex.flight_3d == vertex.cosine == vertex.significance_2d == 0
    assert np.isfinite(vertex.error_3d).all()


def test_two_decays_of_a_jet_are_told_apart() -> None:
    generator = np.random.default_rng(1)
    both = 0
    for _ in range(20):
        parts = [shower(generator, 4, distance * AXIS) for distance in (0.5, 2.5)]
        flight = find([shower(generator, 8, np.zeros(3)), *parts], generator).flight_2d
        both += bool((np.abs(flight - 0.5) < 0.1).any() and (np.abs(flight - 2.5) < 0.2).any())
    assert both >= 14


def test_prompt_tracks_make_hardly_any_vertex() -> None:
    generator = np.random.default_rng(2)
    false = sum(len(find([shower(generator, 16, np.zeros(3))], generator)) for _ in range(40))
    assert false < 40 * 0.2


def test_neutral_kaons_are_left_out() -> None:
    generator = np.random.default_rng(3)
    release = np.sqrt(0.4976**2 / 4 - PION_MASS**2)
    gamma, speed = 20.0, np.sqrt(1 - 1 / 20.0**2)
    angles = generator.uniform(0.3, np.pi - 0.3, 20)
    found = 0
    for angle in angles:
        along, across = release * np.cos(angle), release * np.sin(angle)
        pairs = [
            [gamma * (sign * along + speed * 0.2488), sign * across, 0.0, gamma * (0.2488 + speed * sign * along)]
            for sign in (1, -1)
        ]
        kaon = np.array(pairs), np.broadcast_to(3.0 * AXIS, (2, 3))
        found += len(find([shower(generator, 6, np.zeros(3)), kaon], generator))
    assert found <= 2


def test_impact_parameter_is_signed_by_the_jet_and_exact() -> None:
    # a straight track along y that crosses the x axis at +-0.1 cm, 0.2 cm above the plane
    vertex = np.array([[0.1, 0.0, 0.2], [-0.1, 0.0, 0.2]])
    momentum = np.array([[0.0, 1e6, 0.0, 1e6]] * 2)
    helix = perigee(vertex, momentum, np.ones(2))
    covariance = np.broadcast_to(np.eye(5) * 1e-4, (2, 5, 5))
    rest = (covariance, np.zeros(2), np.zeros(2), np.zeros(2))
    tracks = Tracks(helix.d_xy, helix.d_z, helix.phi, helix.dip, helix.pt, helix.charge, *rest)
    impact = impact_parameters(tracks, np.broadcast_to(AXIS, (2, 3)))
    assert np.allclose(impact.value_2d, [0.1, -0.1], atol=1e-6)
    assert np.allclose(impact.value_3d, np.array([1, -1]) * np.hypot(0.1, 0.2), atol=1e-6)
    assert np.allclose(impact.axis_distance, 0.2, atol=1e-6)
    # d_xy is measured along x: 100 um from the track, 10 um from the primary vertex
    assert np.allclose(impact.significance_2d, [10 / np.hypot(1, 0.1), -10 / np.hypot(1, 0.1)], atol=1e-4)
