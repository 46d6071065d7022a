"""Separation of the classes: ranking, working points with their intervals, calibration of the score."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..settings.evaluation import EvaluationConfig
from .rows import ScoredRows
from .uncertainty import LIMIT, ONE_SIGMA, effective_rows, interval, resamples, upper_limit

__all__ = ["FEWEST_ROWS", "Ranking", "Separation", "auc", "calibration", "separate", "separation_entry"]


class Ranking:
    """Rows sorted once, so that the curve for other weights of the rows, as in a bootstrap, costs two sums.

    score: float (row,); is_signal: bool (row,). The threshold lies above all scores first and then on each
    distinct score, from the highest down; rows with equal scores pass it together.
    """

    def __init__(self, score: np.ndarray, is_signal: np.ndarray) -> None:
        self._order = np.argsort(-score, kind="stable")
        self._is_signal = is_signal[self._order]
        falling = score[self._order]
        self._last = np.append(np.flatnonzero(np.diff(falling)), len(score) - 1)
        self.threshold = np.append(np.inf, falling[self._last])

    def curve(self, weight: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Background and signal efficiency at each threshold, both rising from 0 to 1, for weights (row,)."""
        ordered = weight[self._order]
        return self._efficiency(ordered * ~self._is_signal), self._efficiency(ordered * self._is_signal)

    def _efficiency(self, weight: np.ndarray) -> np.ndarray:
        passing = np.append(0.0, np.cumsum(weight)[self._last])
        efficiency: np.ndarray = passing / passing[-1]
        return efficiency


FEWEST_ROWS = 10  # of signal and of background, below which nothing is said


@dataclass(frozen=True)
class Separation:
    """The curve at some signal efficiencies, its points, and the same in each trial of a bootstrap.

    auc; background: (point,), the least background efficiency that leaves the signal efficiency of each point;
    passing: int (point,), background rows there. trial_auc: (trial,) and trial_background: (trial, point), the same
    for the rows as drawn; shifted_background: (trial, point), that of all rows at the thresholds of the trials.
    background_rows: their effective number.
    """

    auc: float
    background: np.ndarray
    passing: np.ndarray
    trial_auc: np.ndarray
    trial_background: np.ndarray
    shifted_background: np.ndarray
    background_rows: float

    def interval(self, point: int, level: float = ONE_SIGMA) -> tuple[float, float]:
        """Confidence interval of the background efficiency."""
        return interval(self._shifted_rows(point), self.background_rows, level)

    def upper_limit(self, point: int, level: float = LIMIT) -> float:
        """Upper limit on the background efficiency."""
        return upper_limit(self._shifted_rows(point), self.background_rows, level)

    def _shifted_rows(self, point: int) -> np.ndarray:
        passing: np.ndarray = self.shifted_background[:, point] * self.background_rows
        return passing


def separate(rows: ScoredRows, points: np.ndarray, *, trials: int, seed: int) -> Separation:
    """The separation at the signal efficiencies `points`.

    The threshold that leaves a signal efficiency is known from the signal rows only, and an interval that took it for
    exact would hold the truth far too rarely. So each trial of the bootstrap gives another one.
    """
    ranking = Ranking(rows.score, rows.is_signal)
    background, signal = ranking.curve(rows.weight)
    place = np.searchsorted(signal, points)
    counted, _ = ranking.curve(np.ones(len(rows)))
    drawn_auc, drawn_background, shifted = [], [], []
    for weight in resamples(rows.is_signal, rows.weight, trials=trials, seed=seed):
        trial_background, trial_signal = ranking.curve(weight)
        trial_place = np.searchsorted(trial_signal, points)
        drawn_auc.append(_area(trial_background, trial_signal))
        drawn_background.append(trial_background[trial_place])
        shifted.append(background[trial_place])
    return Separation(
        auc=_area(background, signal),
        background=background[place],
        passing=np.rint(counted[place] * (~rows.is_signal).sum()).astype(np.int64),
        trial_auc=np.array(drawn_auc),
        trial_background=np.array(drawn_background),
        shifted_background=np.array(shifted),
        background_rows=effective_rows(rows.weight[~rows.is_signal]),
    )


def auc(rows: ScoredRows) -> float:
    """Area under the curve of signal efficiency against background efficiency, of weighted rows."""
    return _area(*Ranking(rows.score, rows.is_signal).curve(rows.weight))


def _area(background: np.ndarray, signal: np.ndarray) -> float:
    return float(np.trapezoid(signal, background))


def separation_entry(rows: ScoredRows, options: EvaluationConfig) -> dict[str, Any]:
    """Numbers of rows, AUC and rejection in a form for JSON; None for the latter two where there are too few rows."""
    signal = int(rows.is_signal.sum())
    entry: dict[str, Any] = {"rows": {"signal": signal, "background": len(rows) - signal}}
    if min(entry["rows"].values()) < FEWEST_ROWS:
        return entry | {"auc": None, "rejection": None}
    points = options.signal_efficiencies
    found = separate(rows, np.array(points), trials=options.bootstrap, seed=options.seed)
    entry["auc"] = {"value": found.auc, "error": float(found.trial_auc.std(ddof=1))}
    entry["rejection"] = {f"{point:g}": _rejection(found, index) for index, point in enumerate(points)}
    return entry


def _rejection(found: Separation, point: int) -> dict[str, float | int | None]:
    """One over the background efficiency; a trial in which no background row passes counts as if one did."""
    background, passing = float(found.background[point]), int(found.passing[point])
    if not background:
        limit = 1 / found.upper_limit(point)
        return {"value": None, "error": None, "low": limit, "high": None, "level": LIMIT, "passing": passing}
    low, high = found.interval(point)
    trials = 1 / np.maximum(found.trial_background[:, point], 1 / found.background_rows)
    return {
        "value": 1 / background,
        "error": float(trials.std(ddof=1)),
        "low": 1 / high,
        "high": 1 / low if low else None,
        "level": ONE_SIGMA,
        "passing": passing,
    }


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
