"""Structs of arrays: rows are taken and joined field by field."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from fairmodel.arrays import Columns


@dataclass(frozen=True)
class Marked(Columns):
    """Arrays, a mapping of arrays, and a value of all rows together."""

    label: int
    size: np.ndarray
    parts: Mapping[str, np.ndarray]


ROWS = Marked(7, np.arange(5), {"a": np.arange(10).reshape(5, 2), "b": np.arange(5) * 0.5})


def test_rows_are_those_that_numpy_chooses() -> None:
    for rows in (slice(1, 4), np.array([3, 0, 3]), np.array([True, False, True, False, False])):
        taken = ROWS.take(rows)
        assert isinstance(taken, Marked)
        assert taken.label == 7
        assert np.array_equal(taken.size, ROWS.size[rows])
        assert all(np.array_equal(taken.parts[name], array[rows]) for name, array in ROWS.parts.items())
        assert len(taken) == len(ROWS.size[rows])


def test_a_slice_copies_nothing() -> None:
    assert np.shares_memory(ROWS.take(slice(0, 2)).size, ROWS.size)


def test_parts_join_to_the_whole() -> None:
    joined = Marked.concatenate([ROWS.take(slice(0, 2)), ROWS.take(slice(2, 5))])
    assert np.array_equal(joined.size, ROWS.size)
    assert all(np.array_equal(joined.parts[name], array) for name, array in ROWS.parts.items())
    assert (joined.label, len(joined)) == (7, 5)
