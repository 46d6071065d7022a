"""Counting in cells, against exact answers from all the numbers."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from fairmodel.validation.statistics import (
    CELLS,
    area_under_curve,
    cell_borders,
    cell_of,
    cell_values,
    histogram,
    quantiles,
)


@pytest.fixture
def values() -> np.ndarray:
    """Numbers of both signs over many powers of ten."""
    random = np.random.default_rng(1)
    return (random.normal(size=20_000) * 10.0 ** random.uniform(-8, 6, 20_000)).astype(np.float32)


def counted(values: np.ndarray) -> np.ndarray:
    return np.bincount(cell_of(values), minlength=CELLS)


def test_cells_keep_the_order_and_the_size(values: np.ndarray) -> None:
    cells = cell_of(np.sort(values))
    assert (np.diff(cells.astype(np.int64)) >= 0).all()
    assert cell_values()[cell_of(values)] == pytest.approx(values, rel=0.002)


def test_every_cell_holds_its_own_value() -> None:
    assert np.isfinite(cell_values()).all()
    assert (np.diff(cell_values()) >= 0).all()
    cells = cell_of(cell_values().astype(np.float32))
    # the cell of minus zero is never filled
    assert np.flatnonzero(cells != np.arange(CELLS)).tolist() == [CELLS // 2 - 1]
    assert (cell_borders()[:-1] <= cell_values()).all()
    assert (cell_values() <= cell_borders()[1:]).all()


@pytest.mark.parametrize("extreme", [0.0, -0.0, 1e-45, -1e-40, 3.4e38, -3.4e38])
def test_extreme_numbers_have_cells(extreme: float) -> None:
    found = cell_values()[cell_of(np.array([extreme], dtype=np.float32))[0]]
    assert found == pytest.approx(extreme, rel=0.002, abs=1e-40)


def test_whole_numbers_have_cells_of_their_own() -> None:
    numbers = np.arange(-512, 513, dtype=np.float32)
    assert np.array_equal(cell_values()[cell_of(numbers)], numbers)


def test_quantiles_are_those_of_the_numbers(values: np.ndarray) -> None:
    shares = (0.01, 0.16, 0.5, 0.84, 0.99)
    exact = np.quantile(values, shares, method="inverted_cdf")
    assert quantiles(counted(values), shares) == pytest.approx(exact, rel=0.002)
    assert np.isnan(quantiles(np.zeros(CELLS), shares)).all()


def test_histograms_are_those_of_the_numbers(values: np.ndarray) -> None:
    edges = np.array([-1e9, -10, -0.001, 0.001, 3, 1e4, 1e9])
    assert histogram(counted(values), edges) == pytest.approx(np.histogram(values, edges)[0], abs=5)
    whole = np.random.default_rng(2).integers(-5, 300, 1000).astype(np.float32)
    edges = np.arange(-5.5, 301)
    assert histogram(counted(whole), edges) == pytest.approx(np.histogram(whole, edges)[0], abs=1e-6)


def test_the_area_counts_equal_numbers_half() -> None:
    random = np.random.default_rng(3)
    signal, background = random.integers(0, 9, 400), random.integers(-2, 7, 300)
    exact = roc_auc_score([1] * 400 + [0] * 300, [*signal, *background])
    found = area_under_curve(*(counted(part.astype(np.float32)) for part in (signal, background)))
    assert found == pytest.approx(exact)
    assert np.isnan(area_under_curve(np.zeros(CELLS), counted(np.ones(3, dtype=np.float32))))
