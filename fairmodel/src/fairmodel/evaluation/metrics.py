"""All metrics of some rows, in the form of metrics.json."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from ..errors import UserError
from ..progress import progress
from ..settings.evaluation import EvaluationConfig
from .calibration import calibration
from .resampling import resamples
from .rows import ScoredRows
from .sculpting import sculpting
from .separation import FEWEST_ROWS, separation_entry
from .subsets import dependence, groups

__all__ = ["measure"]

LEAST_PROBABILITY = 1e-38  # the logarithm of 0 is not finite


def measure(rows: ScoredRows, classes: Sequence[str], options: EvaluationConfig) -> dict[str, Any]:
    """Every metric with its uncertainty (docs: "Metrics"); UserError where signal or background is too rare."""
    numbers = [int(rows.is_signal.sum()), int((~rows.is_signal).sum())]
    if min(numbers) < FEWEST_ROWS:
        message = (
            f"metrics need at least {FEWEST_ROWS} rows each of signal and background, "
            f"here are {numbers[0]} and {numbers[1]}; make more data"
        )
        raise UserError(message)
    parts: dict[str, Callable[[], Any]] = {
        "separation": partial(separation_entry, rows, options),
        "averages": partial(averages, rows, options),
        "calibration": partial(calibration, rows, options),
        "groups": partial(groups, rows, classes, options),
        "dependence": partial(dependence, rows, options),
        "sculpting": partial(sculpting, rows, options),
    }
    found = {name: part() for name, part in progress(parts.items(), total=len(parts), title="metrics", unit="parts")}
    whole = found.pop("separation")
    return {"auc": whole["auc"], **found.pop("averages"), "rejection": whole["rejection"], **found}


def averages(rows: ScoredRows, options: EvaluationConfig) -> dict[str, Any]:
    """Accuracy, cross-entropy and Brier score, each the mean of a number that every row has."""
    chosen = rows.probability[np.arange(len(rows)), rows.label]
    terms = {
        "accuracy": rows.probability.argmax(axis=1) == rows.label,
        "cross_entropy": -np.log(np.maximum(chosen, LEAST_PROBABILITY)),
        "brier": np.square(rows.score - rows.is_signal),
    }
    table = np.array(list(terms.values()), dtype=np.float64)
    drawn = resamples(rows.is_signal, rows.weight, trials=options.bootstrap, seed=options.seed)
    value = np.average(table, axis=1, weights=rows.weight)
    error = np.std([np.average(table, axis=1, weights=weight) for weight in drawn], axis=0, ddof=1)
    return {name: {"value": float(value[i]), "error": float(error[i])} for i, name in enumerate(terms)}
