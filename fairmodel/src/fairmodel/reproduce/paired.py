"""Two networks on the same rows: what the rows do to both of them drops out of the difference."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..evaluation.ranking import Ranking
from ..evaluation.resampling import resamples
from ..evaluation.rows import ScoredRows
from ..present.tables import Measured

__all__ = ["Pair", "agreement", "fidelity", "paired_bootstrap"]


@dataclass(frozen=True)
class Pair:
    """A quantity of two networks, and b - a; errors are standard deviations over the same bootstrap samples."""

    a: Measured
    b: Measured
    difference: Measured


def fidelity(a: ScoredRows, b: ScoredRows) -> float:
    """One minus the mean distance of two networks' scores, as arXiv:2212.05081 computes it."""
    return float(1 - np.average(np.abs(a.score - b.score), weights=a.weight))


def agreement(a: ScoredRows, b: ScoredRows) -> float:
    """Share of the rows to which two networks give the same class."""
    return float(np.average(a.probability.argmax(1) == b.probability.argmax(1), weights=a.weight))


def paired_bootstrap(
    a: ScoredRows, b: ScoredRows, *, points: Sequence[float], trials: int, seed: int
) -> dict[str, Pair]:
    """AUC, accuracy and the background efficiency at each signal efficiency of `points`, for both networks.

    `a` and `b` are the same rows with the answers of two networks. Each of the `trials` bootstrap samples is drawn
    once, for both. The keys of background efficiencies are the points, as text.
    """
    measures = [_Measure(rows, points) for rows in (a, b)]
    whole = np.array([measure(a.weight) for measure in measures])  # (network, quantity)
    draws = resamples(a.is_signal, a.weight, trials=trials, seed=seed)
    samples = np.array([[measure(drawn) for measure in measures] for drawn in draws])  # (trial, network, quantity)
    values = np.vstack([whole, np.diff(whole, axis=0)])
    errors = np.concatenate([samples, np.diff(samples, axis=1)], 1).std(0, ddof=1)
    names = ["auc", "accuracy", *(f"{point:g}" for point in points)]
    return {
        name: Pair(*map(Measured, values[:, index].tolist(), errors[:, index].tolist()))
        for index, name in enumerate(names)
    }


class _Measure:
    """The quantities of one network as a function of the rows' weights."""

    def __init__(self, rows: ScoredRows, points: Sequence[float]) -> None:
        self._ranking = Ranking(rows.score, rows.is_signal)
        self._right = rows.probability.argmax(1) == rows.label
        self._points = points

    def __call__(self, weight: np.ndarray) -> list[float]:
        background, signal = self._ranking.curve(weight)
        accuracy = float(np.average(self._right, weights=weight))
        passing = background[np.searchsorted(signal, self._points)]
        return [float(np.trapezoid(signal, background)), accuracy, *passing.tolist()]
