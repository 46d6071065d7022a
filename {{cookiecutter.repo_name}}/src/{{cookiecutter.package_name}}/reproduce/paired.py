"""Two networks on the same rows: what the rows do to both of them drops out of the difference."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..evaluation.ranking import Ranking
from ..evaluation.resampling import resamples
from .tables import Measured

__all__ = ["Pair", "agreement", "fidelity", "paired_bootstrap"]


@dataclass(frozen=True)
class Pair:
    """A quantity of two networks, and b - a; errors are standard deviations over the same bootstrap samples."""

    a: Measured
    b: Measured
    difference: Measured


def fidelity(a: np.ndarray, b: np.ndarray) -> float:
    """One minus the mean distance of two networks' scores (row,), as arXiv:2212.05081 computes it."""
    return float(1 - np.abs(a - b).mean())


def agreement(a: np.ndarray, b: np.ndarray) -> float:
    """Share of the rows to which two networks, class probabilities (row, class), give the same class."""
    return float((a.argmax(1) == b.argmax(1)).mean())


def paired_bootstrap(
    a: np.ndarray, b: np.ndarray, label: np.ndarray, *, signal: int, points: Sequence[float], trials: int, seed: int
) -> dict[str, Pair]:
    """AUC, accuracy and the background efficiency at each signal efficiency of `points`, for both networks.

    `a` and `b` are class probabilities (row, class), `label` int (row,); the score is that of class `signal`. Each of
    the `trials` bootstrap samples is drawn once, for both. The keys of background efficiencies are the points, as text.
    """
    measures = [_Measure(probability, label, signal, points) for probability in (a, b)]
    everything = np.ones(len(label))
    values = np.array([measure(everything) for measure in measures])  # (network, quantity)
    draws = resamples(label == signal, everything, trials=trials, seed=seed)
    samples = np.array([[measure(drawn) for measure in measures] for drawn in draws])  # (trial, network, quantity)
    values = np.vstack([values, np.diff(values, axis=0)])
    errors = np.concatenate([samples, np.diff(samples, axis=1)], 1).std(0, ddof=1)
    names = ["auc", "accuracy", *(f"{point:g}" for point in points)]
    return {
        name: Pair(*map(Measured, values[:, index].tolist(), errors[:, index].tolist()))
        for index, name in enumerate(names)
    }


class _Measure:
    """The quantities of one network as a function of the rows' weights."""

    def __init__(self, probability: np.ndarray, label: np.ndarray, signal: int, points: Sequence[float]) -> None:
        self._ranking = Ranking(probability[:, signal], label == signal)
        self._right = probability.argmax(1) == label
        self._points = points

    def __call__(self, weight: np.ndarray) -> list[float]:
        background, signal = self._ranking.curve(weight)
        accuracy = float(np.average(self._right, weights=weight))
        passing = background[np.searchsorted(signal, self._points)]
        return [float(np.trapezoid(signal, background)), accuracy, *passing.tolist()]
