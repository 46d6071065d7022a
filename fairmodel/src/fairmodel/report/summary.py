"""The headline metrics in words."""

from collections.abc import Mapping
from math import floor, log10
from typing import Any

from ..evaluation.rows import read_metrics
from ..paths import Paths

__all__ = ["metric_rows", "rejection_text", "summary"]

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
