"""Files of ragged jets, which simulation and conversion keep in `data/raw` until the data set is written.

HDF5, uncompressed with checksums: /columns/<branch> (jet,); /objects/<input>/number (jet,), /objects/<input>/values
(object, feature), the objects of one jet after those of another; attributes provenance and, written last, complete.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any, NoReturn, Self

import h5py
import numpy as np
from fairmodel import UserError
from fairmodel.files import LateErrorFile, atomic_path

from .features import SCHEMA
from .ragged import COLUMN_TYPES, Objects, RaggedJets

__all__ = ["RaggedFile", "RaggedWriter", "gather"]

CHUNK_ROWS = 2048


def _layout() -> dict[str, tuple[str, tuple[int, ...]]]:
    """Every HDF5 data set: path -> (dtype, shape of one row)."""
    table: dict[str, tuple[str, tuple[int, ...]]] = {
        f"columns/{name}": (kind, ()) for name, kind in COLUMN_TYPES.items()
    }
    for item in SCHEMA.inputs:
        table[f"objects/{item.name}/number"] = ("int64", ())
        table[f"objects/{item.name}/values"] = ("float32", (len(item.features),))
    return table


class RaggedWriter:
    """Append jets to a new file; it appears under its name only when the `with` block ends without an error."""

    def __init__(self, path: Path, provenance: Mapping[str, Any]) -> None:
        self.path, self.provenance = path, dict(provenance)
        self.rows = 0
        self._columns: dict[str, h5py.Dataset] = {}
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            temporary = stack.enter_context(atomic_path(self.path))
            self._disk = stack.enter_context(LateErrorFile(temporary))
            stack.callback(self._disk.check)
            self._file = stack.enter_context(h5py.File(self._disk, "w"))
            for name, (kind, shape) in _layout().items():
                self._columns[name] = self._file.create_dataset(
                    name,
                    shape=(0, *shape),
                    maxshape=(None, *shape),
                    dtype=kind,
                    chunks=(CHUNK_ROWS, *shape),
                    fletcher32=True,
                )
            self._file.attrs["provenance"] = json.dumps(self.provenance, sort_keys=True)
            self._stack = stack.pop_all()
        return self

    def append(self, jets: RaggedJets) -> None:
        """Add jets at the end."""
        for name, values in jets.columns.items():
            self._extend(f"columns/{name}", values)
        for name, objects in jets.objects.items():
            self._extend(f"objects/{name}/number", objects.number)
            self._extend(f"objects/{name}/values", objects.values)
        self._disk.check()
        self.rows += len(jets)

    def _extend(self, name: str, values: np.ndarray) -> None:
        column = self._columns[name]
        start = len(column)
        column.resize(start + len(values), axis=0)
        column[start:] = values

    def describe(self, **facts: Any) -> None:
        """Add facts to the provenance that are known only after the rows."""
        self.provenance |= facts
        self._file.attrs["provenance"] = json.dumps(self.provenance, sort_keys=True)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self._file.attrs["complete"] = True
        self._stack.__exit__(kind, error, trace)


class RaggedFile:
    """Read a file of ragged jets; damaged and unfinished ones, and those of other features, are refused."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._file = h5py.File(path, "r")
        except OSError as error:
            message = f"{path} does not exist or is truncated or corrupted; delete it and run `make data`"
            raise UserError(message) from error
        if not self._file.attrs.get("complete", False):
            self._refuse("the file was never finished")
        self._columns: dict[str, h5py.Dataset] = {}
        for name, (kind, shape) in _layout().items():
            column = self._file.get(name)
            if column is None or (column.dtype, column.shape[1:]) != (kind, shape):
                self._refuse(f"/{name} is missing or of another shape")
            self._columns[name] = column

    def _refuse(self, problem: str) -> NoReturn:
        self._file.close()
        message = f"{self.path}: {problem}; delete it and run `make data`"
        raise UserError(message)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def __len__(self) -> int:
        return len(self._columns["columns/event_no"])

    @property
    def provenance(self) -> dict[str, Any]:
        """Provenance of the jets, as their writer recorded it."""
        content: dict[str, Any] = json.loads(self._file.attrs["provenance"])
        return content

    def column(self, branch: str) -> np.ndarray:
        """One number of every jet, (jet,)."""
        return self._read(f"columns/{branch}", slice(None))

    def batches(self, size: int) -> Iterator[RaggedJets]:
        """All jets in order, `size` at a time."""
        for start in range(0, len(self), size):
            yield self.read(start, min(start + size, len(self)))

    def read(self, start: int, stop: int) -> RaggedJets:
        """Jets `start` to `stop`."""
        jets = slice(start, stop)
        objects = {}
        for item in SCHEMA.inputs:
            edges = self._edges[item.name]
            values = self._read(f"objects/{item.name}/values", slice(edges[start], edges[stop]))
            objects[item.name] = Objects(np.diff(edges[start : stop + 1]), values)
        return RaggedJets({name: self._read(f"columns/{name}", jets) for name in COLUMN_TYPES}, objects)

    @cached_property
    def _edges(self) -> dict[str, np.ndarray]:
        """Index of the first object of each jet, and the number of all: input -> int64 (jet + 1,)."""
        numbers = {item.name: self._read(f"objects/{item.name}/number", slice(None)) for item in SCHEMA.inputs}
        return {name: np.concatenate([[0], np.cumsum(number)]) for name, number in numbers.items()}

    def _read(self, name: str, rows: slice) -> np.ndarray:
        try:
            values: np.ndarray = self._columns[name][rows]
        except OSError as error:
            self._refuse(f"/{name} cannot be read ({error})")
        return values


def gather(files: Sequence[Path], rows: np.ndarray) -> RaggedJets:
    """Read the given jets, sorted indices over all files, one file after the other."""
    parts, start = [], 0
    for path in files:
        with RaggedFile(path) as file:
            stop = start + len(file)
            parts.append(file.read(0, len(file)).take(rows[(rows >= start) & (rows < stop)] - start))
        start = stop
    return RaggedJets.concatenate(parts)
