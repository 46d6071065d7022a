"""Uncertainties of metrics: confidence intervals of counts, and bootstrap samples."""

import math
from collections.abc import Callable, Iterator

import numpy as np
from scipy.special import betainc

__all__ = ["LIMIT", "ONE_SIGMA", "effective_rows", "interval", "resamples", "upper_limit"]

ONE_SIGMA = math.erf(math.sqrt(0.5))  # probability within one standard deviation of a Gaussian
LIMIT = 0.95  # of a one-sided limit
HALVINGS = 60


def interval(passing: np.ndarray, rows: float, level: float = ONE_SIGMA) -> tuple[float, float]:
    """Central interval of the probability with which a row passes, where `passing` of `rows` rows did.

    A single number of passing rows gives the interval of Clopper and Pearson, Biometrika 26 (1934) 404. Several,
    (trial,), say where the threshold itself is uncertain: each is the number of rows above one of the thresholds that
    may be meant. The interval is then that of the mean of their confidence distributions. Neither the numbers nor
    `rows` need be whole, which makes room for `effective_rows`.
    """
    tail = (1 - level) / 2
    return _solve(lambda p: _confidence(p, passing, rows, lower=True), tail), upper_limit(passing, rows, 1 - tail)


def upper_limit(passing: np.ndarray, rows: float, level: float = LIMIT) -> float:
    """The probability of passing that is not exceeded, with confidence `level`; see `interval`."""
    return _solve(lambda p: _confidence(p, passing, rows, lower=False), level)


def effective_rows(weight: np.ndarray) -> float:
    """Effective number of rows (Kish, 1965): (Σw)²/Σw² of the weights (row,)."""
    return float(weight.sum() ** 2 / np.square(weight).sum())


def _confidence(probability: float, passing: np.ndarray, rows: float, *, lower: bool) -> float:
    """Mean over the trials of the chance to see at least (lower bound) or more than (upper bound) what was seen."""
    count = passing if lower else passing + 1
    inside = (count > 0) & (count < rows + 1)
    tails = np.where(count > 0, 0.0, 1.0)
    tails[inside] = betainc(count[inside], rows - count[inside] + 1, probability)
    return float(tails.mean())


def _solve(rising: Callable[[float], float], wanted: float) -> float:
    """Solve f(p) = target for a function rising on [0, 1], by bisection; return the nearer end if there is no root."""
    if rising(0.0) >= wanted:
        return 0.0
    low, high = 0.0, 1.0
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if rising(middle) < wanted else (low, middle)
    return high


def resamples(is_signal: np.ndarray, weight: np.ndarray, *, trials: int, seed: int) -> Iterator[np.ndarray]:
    """Weights (row,) of `trials` samples, each of as many rows drawn with replacement: `weight` times the draws.

    A sample that lacks signal or background has no curve and is drawn again.
    """
    random = np.random.default_rng(seed)
    rows = len(is_signal)
    while trials:
        drawn = np.bincount(random.integers(rows, size=rows), minlength=rows) * weight
        if drawn[is_signal].any() and drawn[~is_signal].any():
            trials -= 1
            yield drawn
