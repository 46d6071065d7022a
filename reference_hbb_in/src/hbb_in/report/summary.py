"""The headline metrics in words."""

from typing import Any

from ..files import read_json
from ..paths import Paths

__all__ = ["metric_rows", "summary"]


def summary(paths: Paths) -> str:
    """The headline metrics and the path of the report, for the end of a run."""
    lines = [f"  {name:<36}{value}" for name, value in metric_rows(read_json(paths.metrics))]
    return "\n".join([f"Profile {paths.profile}, test split:", *lines, f"Report: {paths.page}"])


def metric_rows(metrics: dict[str, Any]) -> list[tuple[str, str]]:
    """Names and printed values of the metrics, errors included."""
    rows = [
        (name, metrics[key])
        for name, key in (("AUC", "auc"), ("Accuracy", "accuracy"), ("Cross-entropy", "cross_entropy"))
    ]
    table = [(name, f"{item['value']:.4f} ± {item['error']:.4f}") for name, item in rows]
    for efficiency, item in metrics["rejection"].items():
        value = f"{item['value']:.1f} ± {item['error']:.1f}" if item["value"] else f"> {item['lower_limit']:.0f}"
        table.append((f"Rejection at {float(efficiency):.0%} signal efficiency", value))
    return table
