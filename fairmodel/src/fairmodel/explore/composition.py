"""What a data set and its splits consist of: rows, events, classes and weights."""

import math
from itertools import chain, combinations
from pathlib import Path
from typing import Any

import numpy as np

from ..config import DataConfig
from ..dataset import Dataset
from ..files import write_json
from ..schema import Schema
from ..splits import SPLITS
from .statistics import percent, table

__all__ = ["REPORT", "composition", "composition_table", "report_splits", "split_text"]

REPORT = "splits.json"
BLOCK = 65536  # weights made Python numbers at a time


def composition(data: Dataset, schema: Schema) -> dict[str, Any]:
    """Number of rows and of events, and rows, share and sum of weights of each class."""
    labels, weights = data.labels(), data.column("weights")
    classes = {}
    for index, name in enumerate(schema.classes):
        here = labels == index
        rows = int(here.sum())
        share = rows / len(labels) if len(labels) else None
        classes[name] = {"rows": rows, "share": share, "sum_of_weights": _exact_sum(weights[here])}
    return {"rows": len(labels), "events": len(np.unique(data.column("event"))), "classes": classes}


def _exact_sum(values: np.ndarray) -> float:
    """The correctly rounded sum, the same on every machine."""
    blocks = (values[start : start + BLOCK].tolist() for start in range(0, len(values), BLOCK))
    return math.fsum(chain.from_iterable(blocks))


def report_splits(config: DataConfig, folder: Path, schema: Schema) -> str:
    """Write `splits.json` beside the three files of a finished data set: how they were split, and what they hold.

    `shared_events` counts the events that have rows in both of two splits. Returns the same as text.
    """
    splits, events = {}, {}
    for name in SPLITS:
        with Dataset(folder / f"{name}.h5", schema) as data:
            splits[name] = composition(data, schema)
            events[name] = np.unique(data.column("event"))
    pairs = combinations(SPLITS, 2)
    report = {
        "schema": 1,
        "source": config.source,
        "method": None if config.source == "zenodo" else _method(config),
        "entity": schema.entity,
        "splits": splits,
        "shared_events": {f"{one}, {other}": len(np.intersect1d(events[one], events[other])) for one, other in pairs},
    }
    write_json(folder / REPORT, report)
    return split_text(report)


def _method(config: DataConfig) -> dict[str, Any]:
    settings = config.model_dump(mode="json", include={"split", "seed", "fractions", "folds", "fold"})
    return {name: value for name, value in settings.items() if value is not None}


def split_text(report: dict[str, Any]) -> str:
    """The report as a table and a sentence on shared events."""
    shared = {pair: number for pair, number in report["shared_events"].items() if number}
    verdict = "No event is in two splits."
    if shared:
        numbers = "; ".join(f"{pair}: {number}" for pair, number in shared.items())
        verdict = f"Events that are in two splits: {numbers}."
    return "\n".join([_heading(report), composition_table(report["splits"], report["entity"]), verdict])


def _heading(report: dict[str, Any]) -> str:
    method = report["method"]
    if method is None:
        return "Splits as published"
    fold = f" {method['fold']} of {method['folds']} (from 0)" if "fold" in method else ""
    return f"Splits by {method['split']}{fold}, seed {method['seed']}"


def composition_table(parts: dict[str, dict[str, Any]], entity: str) -> str:
    """A table of one or more compositions, with a line for each class of each."""
    lines = []
    for part, content in parts.items():
        whole = [part, str(content["rows"]), str(content["events"])]
        for name, entry in content["classes"].items():
            lines.append([*whole, name, str(entry["rows"]), percent(entry["share"]), f"{entry['sum_of_weights']:.6g}"])
            whole = ["", "", ""]
    return table(["", entity, "events", "class", entity, "%", "sum of weights"], lines, left=(0, 3))
