"""Scored rows as they are kept between steps, and the headline metrics as text."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import floor, log10
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np

from ..arrays import Columns
from ..errors import UserError
from ..files import atomic_path, read_json
from ..paths import Paths

__all__ = ["ScoredRows", "metric_rows", "read_metrics", "read_scores", "rejection_text", "summary", "write_scores"]

# what every reader of metrics.json relies on
METRICS = ("inputs", "auc", "accuracy", "cross_entropy", "brier", "calibration", "rejection")


@dataclass(frozen=True)
class ScoredRows(Columns):
    """Rows with class probabilities.

    probability: float64 (row, class); label: int64 (row,); weight: float64 (row,); signal: index of a class, whose
    probability is the score, while all other classes are the background; spectators: name -> float32 (row,).
    """

    probability: np.ndarray
    label: np.ndarray
    weight: np.ndarray
    signal: int
    spectators: Mapping[str, np.ndarray] = field(default_factory=dict)

    @property
    def score(self) -> np.ndarray:
        """Probability of the signal class, float64 (row,)."""
        score: np.ndarray = self.probability[:, self.signal]
        return score

    @property
    def is_signal(self) -> np.ndarray:
        """Which rows are signal, bool (row,)."""
        truth: np.ndarray = self.label == self.signal
        return truth


def write_scores(rows: ScoredRows, path: Path) -> None:
    """Write probability (float32), label and weight as NumPy arrays."""
    with atomic_path(path) as temporary, temporary.open("wb") as stream:
        np.savez(stream, probability=rows.probability.astype(np.float32), label=rows.label, weight=rows.weight)


def read_scores(path: Path, signal: int) -> ScoredRows:
    """Rows as `write_scores` wrote them, without spectators; a missing or damaged file is named in the error."""
    try:
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as scores:
            return ScoredRows(scores["probability"].astype(np.float64), scores["label"], scores["weight"], signal)
    except (OSError, ValueError, KeyError, BadZipFile) as error:
        message = f"{path} cannot be read ({error}); make it with `make evaluate`"
        raise UserError(message) from error


def read_metrics(path: Path) -> dict[str, Any]:
    """The content of `metrics.json`; a file that is missing, or from a version that measured less, is named."""
    content: Any = read_json(path) if path.exists() else None
    if not isinstance(content, dict):
        message = f"{path} {'does not exist' if content is None else 'holds no metrics'}; make it with `make evaluate`"
        raise UserError(message)
    missing = [name for name in METRICS if name not in content]
    if missing:
        message = f"{path} has no {missing[0]!r}: an earlier version wrote it; make it again with `make evaluate`"
        raise UserError(message)
    return content


NAMES = {"auc": "AUC", "accuracy": "Accuracy", "cross_entropy": "Cross-entropy", "brier": "Brier score"}


def summary(paths: Paths) -> str:
    """The headline metrics and the path of the report, for the end of a run."""
    lines = [f"  {name:<40}{value}" for name, value in metric_rows(read_metrics(paths.metrics))]
    return "\n".join([f"Profile {paths.profile}, test split:", *lines, f"Report: {paths.page}"])


def metric_rows(metrics: dict[str, Any]) -> list[tuple[str, str]]:
    """Names and printed values of the metrics, with their errors or intervals."""
    rows = [(name, _with_error(metrics[key])) for key, name in NAMES.items()]
    rows.append(("Expected calibration error", _with_error(metrics["calibration"]["error"])))
    rejections = metrics["rejection"].items()
    return rows + [
        (f"Rejection at {float(point):.0%} signal efficiency", rejection_text(item)) for point, item in rejections
    ]


def _with_error(item: Mapping[str, float]) -> str:
    return f"{item['value']:.4f} ± {item['error']:.4f}"


def rejection_text(item: Mapping[str, Any]) -> str:
    """A rejection with its interval, or its limit where no background row passes."""
    low = _rounded(item["low"])
    if item["value"] is None:
        return f"> {low} ({item['level']:.0%} confidence)"
    value = _rounded(item["value"])
    return f"{value} (> {low})" if item["high"] is None else f"{value} ({low} to {_rounded(item['high'])})"


def _rounded(number: float) -> str:
    """Three digits, or all of them before the point."""
    decimals = 2 - floor(log10(number))
    return f"{round(number, decimals):.{max(decimals, 0)}f}"
