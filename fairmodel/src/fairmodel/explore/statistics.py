"""What the columns of a data set hold, gathered in one pass over blocks of rows."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..dataset import Dataset, Samples
from ..schema import Feature, Input, Schema

__all__ = ["dataset_statistics"]

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
