"""Counting numbers in cells: quantiles, histograms and rank statistics of any column, in one pass over the data.

A cell holds the float32 numbers that are equal when rounded to nine significant bits: cells are at most 0.4 % wide at
any scale, whole numbers up to 512 have one each, and no range must be known beforehand.
"""

from functools import cache

import numpy as np

__all__ = [
    "CELLS",
    "CELL_WIDTH",
    "area_under_curve",
    "cell_borders",
    "cell_of",
    "cell_values",
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
