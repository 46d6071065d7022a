"""Rows to predict, from files of any format that the project can read, a bounded number at a time."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np

from ..arrays import Columns
from ..dataset import Dataset
from ..errors import UserError
from ..lazy import Lazy
from ..schema import Schema

if TYPE_CHECKING:
    from ..interface import Project

__all__ = ["InputRows", "RowReader", "reader_of", "rechunked"]

READ_ROWS = 4096


@dataclass(frozen=True)
class InputRows(Columns):
    """Consecutive rows of a file.

    inputs: name -> float32 (row, slot, feature), missing objects zero; identifiers: name -> int64 (row,), by which rows
    are recognised; all readers give `row`, the number of the row in its file, from 0.
    """

    inputs: Mapping[str, np.ndarray]
    identifiers: Mapping[str, np.ndarray]


class RowReader(Protocol):
    """How files of a format are read. Both raise UserError for a file that is not as expected."""

    def count(self, path: Path) -> int:
        """Number of rows in a file."""

    def read(self, path: Path, start: int) -> Iterator[InputRows]:
        """The rows from number `start` on, in order, in parts of any size that memory holds."""


@dataclass(frozen=True)
class SchemaReader:
    """Files of the data set's own layout."""

    schema: Schema

    def count(self, path: Path) -> int:
        """Number of rows in a file."""
        with Dataset(path, self.schema) as dataset:
            return len(dataset)

    def read(self, path: Path, start: int) -> Iterator[InputRows]:
        """The rows from number `start` on, with the event that each belongs to."""
        with Dataset(path, self.schema) as dataset:
            for first in range(start, len(dataset), READ_ROWS):
                samples = dataset.read(first, first + READ_ROWS)
                number = np.arange(first, first + len(samples), dtype=np.int64)
                yield InputRows(samples.inputs, {"row": number, "event": samples.event})


def reader_of(project: "Project", path: Path) -> RowReader:
    """The reader for a file by its suffix; raises UserError for a missing file and an unknown suffix."""
    if not path.is_file():
        message = f"{path} is not a file; give files of rows to predict, such as data/processed/quick/test.h5"
        raise UserError(message)
    if path.suffix in (".h5", ".hdf5"):
        return SchemaReader(project.schema)
    if path.suffix not in project.readers:
        known = ", ".join([".h5", ".hdf5", *project.readers])
        message = f"{path}: no reader for files of this kind; known are {known}"
        raise UserError(message)
    reader: RowReader = Lazy(project.readers[path.suffix])()
    return reader


def rechunked(parts: Iterator[InputRows], size: int) -> Iterator[InputRows]:
    """The same rows in parts of `size`; the last one may be smaller."""
    waiting: list[InputRows] = []
    for part in parts:
        waiting.append(part)
        if sum(map(len, waiting)) < size:
            continue
        rows = InputRows.concatenate(waiting)
        whole = len(rows) // size * size
        yield from (rows.take(slice(start, start + size)) for start in range(0, whole, size))
        waiting = [rows.take(slice(whole, None))]
    if waiting and any(map(len, waiting)):
        yield InputRows.concatenate(waiting)
