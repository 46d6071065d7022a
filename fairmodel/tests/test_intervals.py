"""Intervals of an efficiency against their definition, against SciPy's, and against the truth of many experiments."""

import math

import numpy as np
import pytest
from scipy.stats import beta, binomtest, chi2

from fairmodel.evaluation.uncertainty import LIMIT, ONE_SIGMA, effective_rows, interval, upper_limit


@pytest.mark.parametrize(("passing", "rows"), [(0, 1), (1, 1), (0, 40), (1, 40), (7, 40), (40, 40), (3, 100_000)])
@pytest.mark.parametrize("level", [ONE_SIGMA, 0.95])
def test_a_known_threshold_gives_the_interval_of_clopper_and_pearson(passing: int, rows: int, level: float) -> None:
    expected = binomtest(passing, rows).proportion_ci(level, method="exact")
    assert interval(np.array([passing]), rows, level) == pytest.approx((expected.low, expected.high), rel=1e-6)


def test_the_ends_are_where_what_was_seen_becomes_unlikely() -> None:
    low, high = interval(np.array([4]), 25, 0.9)

    def chance(numbers: range, probability: float) -> float:
        return sum(math.comb(25, k) * probability**k * (1 - probability) ** (25 - k) for k in numbers)

    assert chance(range(4, 26), low) == pytest.approx(0.05, abs=1e-9)
    assert chance(range(5), high) == pytest.approx(0.05, abs=1e-9)


@pytest.mark.parametrize("passing", [0, 1, 5])
def test_few_of_many_rows_follow_a_poisson_distribution(passing: int) -> None:
    """Garwood, Biometrika 28 (1936) 437."""
    rows = 10_000_000
    expected = chi2.ppf(LIMIT, 2 * passing + 2) / 2
    assert upper_limit(np.array([passing]), rows) * rows == pytest.approx(expected, rel=1e-5)


def test_none_of_n_rows() -> None:
    assert upper_limit(np.array([0]), 300) == pytest.approx(1 - 0.05 ** (1 / 300), rel=1e-9)
    assert interval(np.array([0]), 300)[0] == 0


@pytest.mark.slow
def test_uncertain_numbers_give_the_mean_of_the_confidence_distributions() -> None:
    """Where the curves of SciPy, averaged on a fine grid, cross the tails."""
    passing, rows = np.array([0.0, 2.0, 2.0, 3.5, 9.0]), 30.5
    grid = np.linspace(0, 1, 200_001)[1:-1]
    above = np.mean([beta.cdf(grid, k, rows - k + 1) if k else np.ones_like(grid) for k in passing], axis=0)
    below = np.mean([beta.cdf(grid, k + 1, rows - k) for k in passing], axis=0)
    tail = (1 - ONE_SIGMA) / 2
    assert above[0] > tail  # one experiment of five saw nothing, so zero cannot be excluded
    low, high = interval(passing, rows)
    assert low == 0
    assert high == pytest.approx(grid[np.searchsorted(below, 1 - tail)], abs=1e-5)
    low, _ = interval(passing, rows, 0.5)
    assert low == pytest.approx(grid[np.searchsorted(above, 0.25)], abs=1e-5)


def test_the_numbers_need_not_be_whole() -> None:
    low, high = interval(np.array([10.0]), 10.5)
    tail = (1 - ONE_SIGMA) / 2
    assert (low, high) == pytest.approx((beta.ppf(tail, 10, 1.5), beta.ppf(1 - tail, 11, 0.5)), rel=1e-9)
    assert high < 1


def test_uncertain_numbers_widen_the_interval() -> None:
    low, high = interval(np.array([10]), 1000)
    wide_low, wide_high = interval(np.array([6, 8, 10, 12, 14]), 1000)
    assert wide_low < low < high < wide_high


def test_effective_rows() -> None:
    assert effective_rows(np.full(7, 0.3)) == pytest.approx(7)
    assert effective_rows(np.array([2.0, 2.0, 0.0, 0.0])) == pytest.approx(2)
    random = np.random.default_rng(0)
    weight = random.exponential(size=400)
    shares = [np.average(random.random(400) < 0.3, weights=weight) for _ in range(4000)]
    # 4000 experiments know a variance to sqrt(2 / 4000) = 2.2 %
    assert effective_rows(weight) == pytest.approx(0.3 * 0.7 / np.var(shares), rel=0.08)
