"""The drawing of a jet shows each of its particles once, where it is and as large as its momentum."""

import numpy as np
import pytest
from matplotlib.collections import PathCollection
from matplotlib.figure import Figure

from {{ cookiecutter.package_name }}.data.display import AREA, draw_jet
from {{ cookiecutter.package_name }}.data.features import PARTICLES
from {{ cookiecutter.package_name }}.data.options import DataOptions
from {{ cookiecutter.package_name }}.data.simulation import simulate


@pytest.mark.parametrize("row", range(4))
def test_every_particle_is_drawn(row: int) -> None:
    jet = simulate(np.arange(2), DataOptions(), seed=1).take(np.array([row]))
    figure = Figure()
    draw_jet(jet, figure)
    (axes,) = figure.axes
    groups = [group for group in axes.collections if isinstance(group, PathCollection)]
    points = np.concatenate([np.asarray(group.get_offsets()) for group in groups])
    areas = np.concatenate([group.get_sizes() for group in groups if len(np.asarray(group.get_offsets()))])
    particles = jet.inputs[PARTICLES.name][0, : jet.counts[PARTICLES.name][0]]
    order, expected = np.argsort(points[:, 0]), particles[np.argsort(particles[:, 1])]
    np.testing.assert_allclose(points[order], expected[:, 1:3], rtol=1e-6)
    momentum = expected[:, 0] * jet.spectators["jet_pt"][0]
    np.testing.assert_allclose(areas[order], np.maximum(momentum * AREA, areas.min()), rtol=1e-5)
    assert ["one-prong", "two-prong"][jet.labels[0]] in axes.get_title()
