"""Reference statistics: a small file that says what the data are like, and the test of other data against it.

The test asks for the share of the objects that do not exceed the reference's quantiles, which no outlier can spoil. The
objects of one row are not independent, so errors come from the scatter between rows.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..dataset import Samples
from ..schema import Schema
from .statistics import QUANTILES, column_groups, tables

__all__ = ["Comparison", "compare", "reference_statistics", "worst"]

TESTED = (1, 2, 3)  # of QUANTILES: the central 68 % and the median, which few rows suffice for
LEAST_ROWS, LEAST_OBJECTS = 30, 100
DIGITS = 5


@dataclass(frozen=True)
class Comparison:
    """One share in new data: the column, class and quantile it is of, and how many errors it differs by."""

    column: str
    of_class: str
    quantile: float
    deviation: float


class RunningFractions:
    """Running shares of the objects that do not exceed thresholds, by group: (class, column, threshold)."""

    def __init__(self, schema: Schema, thresholds: Mapping[str, np.ndarray]) -> None:
        self._schema, self._thresholds = schema, thresholds
        classes = len(schema.classes)
        self.rows = {name: np.zeros(classes, dtype=np.int64) for name in thresholds}
        self._numbers = {name: np.zeros((2, classes)) for name in thresholds}
        self._sums = {name: np.zeros((3, *limits.shape)) for name, limits in thresholds.items()}

    def add(self, samples: Samples) -> None:
        """Count in some rows."""
        for name, values, number in tables(samples, self._schema):
            real = (np.arange(values.shape[1]) < number[:, np.newaxis])[:, :, np.newaxis]
            for index, limits in enumerate(self._thresholds[name]):
                rows = samples.labels == index
                self.rows[name][index] += np.count_nonzero(number[rows])
                self._numbers[name][:, index] += number[rows].sum(), np.square(number[rows]).sum()
                for place, limit in enumerate(limits.T):
                    inside = ((values[rows] <= limit) & real[rows]).sum(axis=1)
                    sums = inside.sum(axis=0), np.square(inside).sum(axis=0), number[rows] @ inside
                    self._sums[name][:, index, :, place] += sums

    def result(self, name: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Shares of a group and their errors, (class, column, threshold), and the numbers of objects, (class,)."""
        objects, squares = self._numbers[name][:, :, np.newaxis, np.newaxis]
        inside, inside_squares, products = self._sums[name]
        total = np.maximum(objects, 1)
        share = inside / total
        scatter = inside_squares - 2 * share * products + share**2 * squares
        return share, np.sqrt(np.maximum(scatter, 0)) / total, objects[:, 0, 0]


def reference_statistics(summary: dict[str, Any], schema: Schema, blocks: Iterable[Samples]) -> dict[str, Any]:
    """The content of the file: of each column and class the mean, its error, the quantiles, and their shares.

    `summary` is that of `Statistics`, over the same rows as `blocks`.
    """
    shares = RunningFractions(schema, _thresholds(summary["columns"], schema))
    for samples in blocks:
        shares.add(samples)
    columns: dict[str, Any] = {}
    for name, group in summary["columns"].items():
        share, error, _ = shares.result(name)
        columns[name] = {
            column: {
                of_class: _entry(entry["classes"][of_class], share[index, place], error[index, place])
                for index, of_class in enumerate(schema.classes)
            }
            for place, (column, entry) in enumerate(group.items())
        }
    return {"schema": 1, "quantiles": list(QUANTILES), "rows": summary["rows"], "columns": columns}


def _entry(statistics: dict[str, Any], share: np.ndarray, error: np.ndarray) -> dict[str, Any]:
    if not statistics["objects"]:
        return {"objects": 0}
    kept = {key: statistics[key] for key in ("objects", "mean", "error", "quantiles")}
    rounded = {"shares": share, "share_errors": error}
    return kept | {key: [round(float(value), DIGITS) for value in values] for key, values in rounded.items()}


def _thresholds(columns: Mapping[str, Any], schema: Schema) -> dict[str, np.ndarray]:
    """The tested quantiles of each group, float32 (class, column, threshold); infinite for a class without objects."""

    def limits(entry: dict[str, Any]) -> list[float]:
        return [entry["quantiles"][place] for place in TESTED] if entry["objects"] else [np.inf] * len(TESTED)

    result = {}
    for name, features in column_groups(schema).items():
        entries = [[_of_class(columns[name][f.name], c) for f in features] for c in schema.classes]
        result[name] = np.array([[limits(entry) for entry in row] for row in entries], dtype=np.float32)
    return result


def _of_class(column: Mapping[str, Any], name: str) -> dict[str, Any]:
    entry: dict[str, Any] = column.get("classes", column)[name]
    return entry


def compare(reference: Mapping[str, Any], schema: Schema, blocks: Iterable[Samples]) -> list[Comparison]:
    """All shares of the data that are known well enough, against those of the reference."""
    shares = RunningFractions(schema, _thresholds(reference["columns"], schema))
    for samples in blocks:
        shares.add(samples)
    found = []
    for name, features in column_groups(schema).items():
        share, error, objects = shares.result(name)
        for index, of_class in enumerate(schema.classes):
            if shares.rows[name][index] < LEAST_ROWS or objects[index] < LEAST_OBJECTS:
                continue
            for place, feature in enumerate(features):
                entry = reference["columns"][name][feature.name][of_class]
                if entry["objects"] < LEAST_OBJECTS:
                    continue
                seen = share[index, place], error[index, place], objects[index]
                for quantile, deviation in zip(TESTED, _deviations(entry, *seen), strict=True):
                    found.append(Comparison(feature.name, of_class, QUANTILES[quantile], float(deviation)))
    return found


def _deviations(entry: Mapping[str, Any], share: np.ndarray, error: np.ndarray, objects: float) -> np.ndarray:
    """Differences of shares in units of their error, which is never less than that of independent objects."""
    expected, expected_error = np.array(entry["shares"]), np.array(entry["share_errors"])
    least = np.sqrt(expected * (1 - expected) / objects)
    total = np.hypot(np.maximum(error, least), expected_error)
    difference = share - expected
    # a share of exactly 0 or 1 has no error: any other differs without limit
    return np.where(difference == 0, 0.0, difference / np.maximum(total, 10.0**-DIGITS))


def worst(comparisons: list[Comparison]) -> tuple[Comparison, float]:
    """The largest deviation, and the probability of one as large among so many (Bonferroni's bound on it)."""
    largest = max(comparisons, key=lambda comparison: abs(comparison.deviation))
    single = math.erfc(abs(largest.deviation) / math.sqrt(2))
    return largest, min(1.0, single * len(comparisons))
