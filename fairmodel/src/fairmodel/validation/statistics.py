"""Counting numbers in cells: quantiles, histograms and rank statistics of any column, in one pass over the data.

A cell holds the float32 numbers that are equal when rounded to nine significant bits: cells are at most 0.4 % wide at
any scale, whole numbers up to 512 have one each, and no range must be known beforehand.
"""

from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

import numpy as np

from ..dataset import Samples
from ..schema import Feature, Schema

__all__ = [
    "CELLS",
    "CELL_WIDTH",
    "QUANTILES",
    "ColumnStatistics",
    "Statistics",
    "area_under_curve",
    "cell_borders",
    "cell_of",
    "cell_values",
    "column_groups",
    "histogram",
    "quantiles",
]

DROPPED = 15  # bits of a float32
SIGN = 1 << (31 - DROPPED)
# codes of the finite numbers; those beyond stand for infinities and for what is not a number
FIRST = 1 << (23 - DROPPED)
LAST = 2 * SIGN - 1 - FIRST
CELLS = LAST - FIRST + 1
CELL_WIDTH = 1 / 256  # of a number just above a power of two, relative to it


def cell_of(values: np.ndarray) -> np.ndarray:
    """Number of the cell of each finite float32, uint32; it rises with the value."""
    bits = (values + np.float32(0)).view(np.uint32)  # adding 0 makes -0 a 0
    half = np.uint32((1 << (DROPPED - 1)) - 1)
    rounded = (bits + half + ((bits >> DROPPED) & 1)) >> DROPPED  # to the nearest, ties to even
    code = np.where(rounded & SIGN, 2 * SIGN - 1 - rounded, rounded | SIGN)
    cells: np.ndarray = np.clip(code, FIRST, LAST) - FIRST
    return cells


@cache
def cell_values() -> np.ndarray:
    """The number that stands for each cell, float64 (CELLS,), rising."""
    code = np.arange(FIRST, LAST + 1, dtype=np.uint32)
    bits = np.where(code & SIGN, code ^ SIGN, 2 * SIGN - 1 - code) << DROPPED
    return bits.astype(np.uint32).view(np.float32).astype(np.float64)


@cache
def cell_borders() -> np.ndarray:
    """Where the cells begin and end, float64 (CELLS + 1,): cell i lies between i and i + 1."""
    values = cell_values()
    return np.concatenate([values[:1], (values[1:] + values[:-1]) / 2, values[-1:]])


def quantiles(counts: np.ndarray, probabilities: tuple[float, ...]) -> np.ndarray:
    """The least cell values that the given shares of the counted numbers do not exceed; NaN if there are none."""
    total = counts.sum()
    if not total:
        return np.full(len(probabilities), np.nan)
    place = np.searchsorted(np.cumsum(counts), np.asarray(probabilities) * total)
    found: np.ndarray = cell_values()[place]
    return found


def histogram(counts: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """Counts between the edges, float64 (edge - 1,); a cell that an edge divides is shared out evenly."""
    below = np.concatenate([[0.0], np.cumsum(counts)])
    return np.diff(np.interp(edges, cell_borders(), below))


def area_under_curve(signal: np.ndarray, background: np.ndarray) -> float:
    """Probability that a number of the signal exceeds one of the background; half of the equal ones count."""
    pairs = float(signal.sum()) * float(background.sum())
    if not pairs:
        return float("nan")
    lower = np.cumsum(background) - background
    return float(np.sum(signal * (lower + background / 2.0)) / pairs)


QUANTILES = (0.01, 0.16, 0.50, 0.84, 0.99)
SPECTATORS = "spectators"


def column_groups(schema: Schema) -> dict[str, tuple[Feature, ...]]:
    """The features of every input, and the spectators, by the name of their group."""
    groups = {item.name: item.features for item in schema.inputs}
    return groups | {SPECTATORS: schema.spectators} if schema.spectators else groups


def tables(samples: Samples, schema: Schema) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    """Each group's name, its values (row, slot, column), and how many of a row's slots hold an object (row,)."""
    for item in schema.inputs:
        yield item.name, samples.inputs[item.name], samples.counts[item.name].astype(np.int64)
    if schema.spectators:
        columns = [samples.spectators[feature.name] for feature in schema.spectators]
        yield SPECTATORS, np.stack(columns, axis=-1)[:, np.newaxis], np.ones(len(samples), dtype=np.int64)


class ColumnStatistics:
    """Running statistics of the columns of one group, in each class.

    rows: int64 (class,); objects: int64 (class,); counts: uint32 (class, column, cell).
    """

    def __init__(self, features: Sequence[Feature], classes: int) -> None:
        shape = (classes, len(features))
        self.features = features
        self.rows, self.objects = np.zeros((2, classes), dtype=np.int64)
        self.counts = np.zeros((*shape, CELLS), dtype=np.uint32)
        self._edges = np.array([(feature.low, feature.high) for feature in features], dtype=np.float32).T
        self._at_edges = np.zeros((2, *shape), dtype=np.int64)
        # sums over the objects, and over the rows, of differences from a pivot near the mean
        self._pivot = np.full(shape, np.nan)
        self._sum, self._squares, self._row_squares, self._row_products = np.zeros((4, *shape))
        self._number_squares = np.zeros(classes)

    def add(self, values: np.ndarray, number: np.ndarray, label: np.ndarray) -> None:
        """Count in some rows: values float32 (row, slot, column), zero where no object is; number, label (row,)."""
        for index in range(len(self.rows)):
            chosen = label == index
            self._add_class(index, values[chosen], number[chosen])

    def _add_class(self, index: int, values: np.ndarray, number: np.ndarray) -> None:
        objects = values[np.arange(values.shape[1]) < number[:, np.newaxis]]
        self.rows[index] += len(values)
        self.objects[index] += len(objects)
        if not len(objects):
            return
        for column, cells in enumerate(cell_of(objects).T):
            self.counts[index, column] += np.bincount(cells, minlength=CELLS).astype(np.uint32)
        self._at_edges[:, index] += (objects == self._edges[:, np.newaxis]).sum(axis=1)
        if np.isnan(self._pivot[index]).any():
            self._pivot[index] = objects.mean(axis=0, dtype=np.float64)
        shifted = objects - self._pivot[index]
        row_sums = values.sum(axis=1, dtype=np.float64) - number[:, np.newaxis] * self._pivot[index]
        self._sum[index] += shifted.sum(axis=0)
        self._squares[index] += np.square(shifted).sum(axis=0)
        self._row_squares[index] += np.square(row_sums).sum(axis=0)
        self._row_products[index] += number @ row_sums
        self._number_squares[index] += np.square(number).sum()

    def summary(self, classes: Sequence[str], signal: int) -> dict[str, Any]:
        """Of each column: what its values are in each class, and how well it alone tells the signal from the rest."""
        return {feature.name: self._column(place, classes, signal) for place, feature in enumerate(self.features)}

    def _column(self, place: int, classes: Sequence[str], signal: int) -> dict[str, Any]:
        counts = self.counts[:, place].astype(np.int64)
        rest = counts.sum(axis=0) - counts[signal]
        feature = self.features[place]
        return {
            "unit": feature.unit,
            "description": feature.description,
            "auc": _number(area_under_curve(counts[signal], rest)),
            "classes": {name: self._entry(index, place) for index, name in enumerate(classes)},
        }

    def _entry(self, index: int, place: int) -> dict[str, Any]:
        """Mean with its error, spread and quantiles; objects of one row are not independent, rows are."""
        objects = int(self.objects[index])
        if not objects:
            return {"objects": 0}
        shift = self._sum[index, place] / objects
        spread = self._squares[index, place] / objects - shift**2
        scatter = self._row_squares[index, place] - 2 * shift * self._row_products[index, place]
        scatter += shift**2 * self._number_squares[index]
        feature = self.features[place]
        at_edges = self._at_edges[:, index, place] / objects
        return {
            "objects": objects,
            "mean": _number(self._pivot[index, place] + shift),
            "error": _number(np.sqrt(max(scatter, 0.0)) / objects),
            "rms": _number(np.sqrt(max(spread, 0.0))),
            "quantiles": [_number(value) for value in quantiles(self.counts[index, place], QUANTILES)],
            "at_low": _number(at_edges[0]) if np.isfinite(feature.low) else None,
            "at_high": _number(at_edges[1]) if np.isfinite(feature.high) else None,
        }


def _number(value: float) -> float | None:
    """A number for JSON, with as many digits as carry a meaning."""
    return float(f"{value:.6g}") if np.isfinite(value) else None


class Statistics:
    """Running statistics of every column of a data set."""

    def __init__(self, schema: Schema) -> None:
        self.schema = schema
        self.tables = {
            name: ColumnStatistics(features, len(schema.classes)) for name, features in column_groups(schema).items()
        }
        self.rows = np.zeros(len(schema.classes), dtype=np.int64)

    def add(self, samples: Samples) -> None:
        """Count in some rows."""
        self.rows += np.bincount(samples.labels, minlength=len(self.rows))
        for name, values, number in tables(samples, self.schema):
            self.tables[name].add(values, number, samples.labels)

    def summary(self) -> dict[str, Any]:
        """Everything in a form for JSON: rows in each class, and the columns of each group."""
        classes, signal = self.schema.classes, self.schema.signal
        return {
            "rows": dict(zip(classes, self.rows.tolist(), strict=True)),
            "columns": {name: table.summary(classes, signal) for name, table in self.tables.items()},
        }
