"""How well the score separates signal from background: area under the curve, and background rejection."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..settings.evaluation import EvaluationConfig
from .intervals import LIMIT, ONE_SIGMA, effective_rows, interval, upper_limit
from .ranking import Ranking
from .resampling import resamples
from .rows import ScoredRows

__all__ = ["FEWEST_ROWS", "Separation", "separate", "separation_entry"]

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
