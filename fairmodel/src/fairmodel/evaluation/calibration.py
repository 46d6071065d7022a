"""Whether probabilities mean what they say: whether 80 % of the rows with a score of 0.8 are signal."""

from typing import Any

import numpy as np

from ..settings.evaluation import EvaluationConfig
from .intervals import effective_rows, interval
from .resampling import resamples
from .rows import ScoredRows

__all__ = ["calibration"]


def calibration(rows: ScoredRows, options: EvaluationConfig) -> dict[str, Any]:
    """The reliability curve in bins of the score, and the expected calibration error.

    The latter is the mean distance between score and share of signal (Guo et al., arXiv:1706.04599, eq. 3). It is
    never negative, so a network that is calibrated perfectly does not reach zero with a finite number of rows:
    `perfect` is what it would have.
    """
    bins = options.calibration_bins
    place = np.minimum((rows.score * bins).astype(np.int64), bins - 1)

    def error(excess: np.ndarray, weight: np.ndarray) -> float:
        return float(np.abs(np.bincount(place, weight * excess, minlength=bins)).sum() / weight.sum())

    excess = rows.score - rows.is_signal
    drawn = resamples(rows.is_signal, rows.weight, trials=options.bootstrap, seed=options.seed)
    random = np.random.default_rng(options.seed)
    ideal = [error(rows.score - (random.random(len(rows)) < rows.score), rows.weight) for _ in range(options.bootstrap)]
    return {
        "error": {
            "value": error(excess, rows.weight),
            "error": float(np.std([error(excess, weight) for weight in drawn], ddof=1)),
            "perfect": float(np.mean(ideal)),
        },
        "bins": [_bin(rows.take(place == index), index / bins, (index + 1) / bins) for index in range(bins)],
    }


def _bin(rows: ScoredRows, low: float, high: float) -> dict[str, Any]:
    """Mean score and share of signal of the rows between two scores; None where there are none."""
    entry: dict[str, Any] = {"low": low, "high": high, "rows": len(rows), "score": None, "signal": None}
    if rows.weight.any():
        share = float(np.average(rows.is_signal, weights=rows.weight))
        number = effective_rows(rows.weight)
        lower, upper = interval(np.array([share * number]), number)
        entry["score"] = float(np.average(rows.score, weights=rows.weight))
        entry["signal"] = {"value": share, "low": lower, "high": upper}
    return entry
