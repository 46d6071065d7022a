import numpy as np
import pytest

from hbb_in.validation.columns import Tally


@pytest.fixture(scope="module")
def values() -> np.ndarray:
    return np.random.default_rng(0).normal(3, 2, 40_000)


@pytest.fixture(scope="module")
def tally(values: np.ndarray) -> Tally:
    tally = Tally(2)
    for part in np.array_split(values, 3):
        tally.add(1, part)
    return tally


def test_kinds_are_apart(tally: Tally, values: np.ndarray) -> None:
    assert [tally.number(kind) for kind in (0, 1)] == [0, len(values)]


def test_median_mean_and_width(tally: Tally, values: np.ndarray) -> None:
    median, error = tally.median(1)
    assert median == pytest.approx(np.median(values), rel=0.004)
    # of a Gaussian: sqrt(pi / 2) standard deviations over the root of the number
    assert error == pytest.approx(2 * 1.2533 / np.sqrt(len(values)), rel=0.3)
    mean, error = tally.mean(1)
    assert mean == pytest.approx(values.mean(), rel=1e-3)
    assert error == pytest.approx(values.std() / np.sqrt(len(values)), rel=0.01)
    width, error = tally.core_width(1)
    assert width == pytest.approx(2, abs=4 * error)


def test_the_error_of_the_width_is_its_scatter() -> None:
    random = np.random.default_rng(1)
    widths = []
    for _ in range(200):
        tally = Tally(1)
        tally.add(0, random.normal(0, 1, 400))
        widths.append(tally.core_width(0))
    found, errors = np.array(widths).T
    assert found.std() == pytest.approx(errors.mean(), rel=0.2)


def test_shares_and_densities(tally: Tally, values: np.ndarray) -> None:
    share, error = tally.share(1, -np.inf, 1.0)
    assert share == pytest.approx(np.mean(values <= 1), abs=0.002)
    assert error == pytest.approx(np.sqrt(share * (1 - share) / len(values)))
    edges = np.linspace(-5, 11, 33)
    assert tally.density(1, edges) == pytest.approx(np.histogram(values, edges, density=True)[0], abs=0.005)
