"""Tables and outlines for a terminal of 120 columns."""

import math
import textwrap
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..dataset import Dataset, Samples
from ..schema import Feature, Input, Schema

__all__ = ["WIDTH", "dataset_statistics", "number", "outline", "percent", "table"]

WIDTH = 120
GAP = 2
LONGEST_LIST = 3  # lines; what is longer is cut, with the number of its entries


def number(value: float | None) -> str:
    """Four significant digits; nothing for a value that does not exist."""
    return "" if value is None else f"{value:.4g}"


def percent(share: float | None) -> str:
    """A share in percent with one decimal, or what it is below."""
    if share is None:
        return ""
    return "<0.1" if 0 < share < 0.0005 else f"{100 * share:.1f}" if share else "0"


def table(header: Sequence[str], lines: Sequence[Sequence[str]], *, left: Sequence[int]) -> str:
    """Columns as wide as their entries, those in `left` aligned to the left; the last one is wrapped if need be."""
    widths = [max(map(len, column)) for column in zip(header, *lines, strict=True)]
    rest = WIDTH - sum(widths[:-1]) - GAP * len(widths)
    result = []
    for line in (header, *lines):
        wrapped = textwrap.wrap(line[-1], max(rest, 20)) or [""]
        for part, last in enumerate(wrapped):
            cells = [*(line[:-1] if part == 0 else [""] * (len(line) - 1)), last]
            texts = [
                cell.ljust(width) if place in left else cell.rjust(width)
                for place, (cell, width) in enumerate(zip(cells, widths, strict=True))
            ]
            result.append((" " * GAP).join(["", *texts])[GAP:].rstrip())
    return "\n".join(result)


def outline(content: dict[str, Any], indent: int = 2) -> str:
    """Nested settings, the simple ones first, with the names of a level in a column of their own."""
    width = max((len(name) for name in content), default=0)
    lines = []
    for name, value in sorted(content.items(), key=lambda item: isinstance(item[1], dict | list)):
        start = f"{'':{indent}}{name:<{width}}  "
        if isinstance(value, dict) and len(start + _inline(value)) > WIDTH:
            lines += [start.rstrip(), outline(value, indent + 2)]
        else:
            lines.append(_hanging(start, _inline(value), len(value) if isinstance(value, list) else 0))
    return "\n".join(lines)


def _inline(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} = {_nested(entry)}" for name, entry in value.items())
    if isinstance(value, list):
        return ", ".join(_nested(entry) for entry in value)
    return "none" if value is None else str(value)


def _nested(value: Any) -> str:
    return f"({_inline(value)})" if isinstance(value, dict | list) else _inline(value)


def _hanging(start: str, text: str, entries: int) -> str:
    lines = textwrap.wrap(text, WIDTH, initial_indent=start, subsequent_indent=" " * len(start)) or [start.rstrip()]
    if len(lines) > LONGEST_LIST:
        number_of = f" ({entries} in all)" if entries else ""
        lines = [*lines[:LONGEST_LIST], f"{'':{len(start)}}…{number_of}"]
    return "\n".join(lines)


BLOCK = 2048  # rows in memory at a time


class ColumnStatistics:
    """Running statistics of several columns, each described by a feature.

    Of each column: the share of values that are finite; of those the least, mean and largest one and the shares that
    are zero and that lie on the lower and the upper bound of the feature (None for a bound at infinity).
    """

    def __init__(self, features: Sequence[Feature]) -> None:
        self.names = [feature.name for feature in features]
        self._features, columns = features, len(features)
        # stored values are float32, and so must the bounds be that they are compared with
        self._low, self._high = np.array([[f.low, f.high] for f in features], dtype=np.float32).reshape(-1, 2).T
        self._values = 0
        self._least, self._largest = np.full(columns, np.inf), np.full(columns, -np.inf)
        self._sum = np.zeros(columns)
        self._finite, self._zero, self._at_low, self._at_high = np.zeros((4, columns), dtype=np.int64)

    def add(self, values: np.ndarray) -> None:
        """Count in values (value, column), float32."""
        finite = np.isfinite(values)
        self._values += len(values)
        self._finite += finite.sum(axis=0)
        self._sum += np.where(finite, values, 0).sum(axis=0, dtype=np.float64)
        self._least = np.minimum(self._least, np.where(finite, values, np.inf).min(axis=0, initial=np.inf))
        self._largest = np.maximum(self._largest, np.where(finite, values, -np.inf).max(axis=0, initial=-np.inf))
        self._zero += (values == 0).sum(axis=0)
        self._at_low += (finite & (values == self._low)).sum(axis=0)
        self._at_high += (finite & (values == self._high)).sum(axis=0)

    def table(self) -> list[dict[str, Any]]:
        """One entry for each column, ready for JSON."""
        return [self._entry(index, feature) for index, feature in enumerate(self._features)]

    def _entry(self, index: int, feature: Feature) -> dict[str, Any]:
        finite = int(self._finite[index])

        def share(count: np.ndarray) -> float | None:
            return int(count[index]) / finite if finite else None

        return {
            "name": feature.name,
            "unit": feature.unit,
            "description": feature.description,
            "finite": finite / self._values if self._values else None,
            "min": float(self._least[index]) if finite else None,
            "mean": float(self._sum[index]) / finite if finite else None,
            "max": float(self._largest[index]) if finite else None,
            "zero": share(self._zero),
            "at_low": share(self._at_low) if math.isfinite(feature.low) else None,
            "at_high": share(self._at_high) if math.isfinite(feature.high) else None,
        }


class InputStatistics:
    """Running statistics of one input: how many objects the rows have, and the features of the real ones."""

    def __init__(self, item: Input) -> None:
        self.name, self._slots = item.name, item.slots
        self._features = ColumnStatistics(item.features)
        self._rows = np.zeros(item.slots + 1, dtype=np.int64)  # with 0, 1, ... objects

    def add(self, samples: Samples) -> None:
        """Count in some rows."""
        counts = samples.counts[self.name]
        self._rows += np.bincount(counts, minlength=self._slots + 1)
        self._features.add(samples.inputs[self.name][np.arange(self._slots) < counts[:, np.newaxis]])

    def entry(self) -> dict[str, Any]:
        """Slots, objects and features, ready for JSON."""
        rows = int(self._rows.sum())
        filled = np.flatnonzero(self._rows)
        objects = int(self._rows @ np.arange(len(self._rows)))
        return {
            "slots": self._slots,
            "objects": {
                "mean": objects / rows if rows else None,
                "max": int(filled[-1]) if rows else None,
                "none": int(self._rows[0]) / rows if rows else None,
                "all_slots": int(self._rows[-1]) / rows if rows else None,
            },
            "features": self._features.table(),
        }


def dataset_statistics(data: Dataset, schema: Schema) -> dict[str, Any]:
    """Statistics of every input and of the spectators, ready for JSON."""
    inputs = [InputStatistics(item) for item in schema.inputs]
    spectators = ColumnStatistics(schema.spectators)
    for samples in data.batches(BLOCK):
        for item in inputs:
            item.add(samples)
        if schema.spectators:
            spectators.add(np.stack([samples.spectators[name] for name in spectators.names], axis=-1))
    return {"inputs": {item.name: item.entry() for item in inputs}, "spectators": spectators.table()}
