"""The on-disk schema of every project: HDF5, version 1, written once and read in order."""

import json
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from types import TracebackType
from typing import Any, NoReturn, Self

import h5py
import numpy as np

from .arrays import Columns
from .deflate import deflate_rows
from .errors import UserError
from .files import LateErrorFile, atomic_path
from .schema import Input, Schema

__all__ = ["SCHEMA_VERSION", "Dataset", "DatasetWriter", "Samples"]

SCHEMA_VERSION = 1
CHUNK_ROWS = 256  # of an input
COLUMN_ROWS = 1024  # of a column with one number for each row


@dataclass(frozen=True)
class Samples(Columns):
    """Some rows of a data set.

    inputs: name -> float32 (row, slot, feature), missing objects zero; counts: name -> uint16 (row,), real objects
    first; labels: int64 (row,); weights: float32 (row,); spectators: name -> float32 (row,); event: int64 (row,).
    """

    inputs: dict[str, np.ndarray]
    counts: dict[str, np.ndarray]
    labels: np.ndarray
    weights: np.ndarray
    spectators: dict[str, np.ndarray]
    event: np.ndarray

    def columns(self) -> dict[str, np.ndarray]:
        """Every array by its path in the file."""
        nested = {"inputs": self.inputs, "counts": self.counts, "spectators": self.spectators}
        flat = {f"{group}/{name}": array for group, arrays in nested.items() for name, array in arrays.items()}
        return flat | {"labels": self.labels, "weights": self.weights, "event": self.event}


def columns(schema: Schema) -> dict[str, tuple[str, tuple[int, ...]]]:
    """Every HDF5 data set of the schema: path -> (dtype, shape of one row)."""
    table: dict[str, tuple[str, tuple[int, ...]]] = {}
    for item in schema.inputs:
        table[f"inputs/{item.name}"] = ("float32", (item.slots, len(item.features)))
        table[f"counts/{item.name}"] = ("uint16", ())
    table |= {"labels": ("int64", ()), "weights": ("float32", ()), "event": ("int64", ())}
    table |= {f"spectators/{feature.name}": ("float32", ()) for feature in schema.spectators}
    return table


class DatasetWriter:
    """Append rows to a new file; it appears under its name only when the `with` block ends without an error.

    `provenance` is stored as JSON: how the rows were made (source, seeds, settings, software).
    """

    def __init__(self, path: Path, schema: Schema, provenance: Mapping[str, Any]) -> None:
        self.path, self.schema, self.provenance = path, schema, dict(provenance)
        self.rows = 0
        self._columns: dict[str, h5py.Dataset] = {}
        self._rest: Samples | None = None  # rows that do not fill a chunk yet
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            temporary = stack.enter_context(atomic_path(self.path))
            self._disk = stack.enter_context(LateErrorFile(temporary))
            stack.callback(self._disk.check)
            self._file = stack.enter_context(h5py.File(self._disk, "w"))
            for name, (dtype, shape) in columns(self.schema).items():
                rows = CHUNK_ROWS if shape else COLUMN_ROWS
                # both kinds are read with a checksum: that of gzip is its own
                filters = {"compression": "gzip", "compression_opts": 1} if shape else {"fletcher32": True}
                self._columns[name] = self._file.create_dataset(
                    name, (0, *shape), dtype, maxshape=(None, *shape), chunks=(rows, *shape), **filters
                )
            self._describe()
            stack.push(self._finish)
            self._stack = stack.pop_all()
        return self

    def _describe(self) -> None:
        for item in self.schema.inputs:
            attributes = self._file[f"inputs/{item.name}"].attrs
            attributes["features"] = list(item.feature_names)
            attributes["units"] = [feature.unit for feature in item.features]
            attributes["descriptions"] = [feature.description for feature in item.features]
        for feature in self.schema.spectators:
            attributes = self._file[f"spectators/{feature.name}"].attrs
            attributes["unit"], attributes["description"] = feature.unit, feature.description
        self._file["labels"].attrs["classes"] = list(self.schema.classes)
        self._file.attrs["schema_version"] = SCHEMA_VERSION
        self._file.attrs["provenance"] = json.dumps(self.provenance, sort_keys=True)

    def append(self, samples: Samples) -> None:
        """Add rows at the end; refuses values that a reader would refuse."""
        _check_values(samples, self.schema, self.path, self.rows)
        self.rows += len(samples)
        first: list[Samples] = []
        if self._rest:
            missing = CHUNK_ROWS - len(self._rest)
            first = [Samples.concatenate([self._rest, samples.take(slice(missing))])]
            samples = samples.take(slice(missing, None))
            if len(first[0]) < CHUNK_ROWS:
                self._rest = first[0]
                return
        whole = len(samples) // CHUNK_ROWS * CHUNK_ROWS
        self._rest = samples.take(np.arange(whole, len(samples)))
        self._write([*first, samples.take(slice(whole))])
        self._disk.check()

    def _write(self, parts: list[Samples]) -> None:
        """All parts but the last are whole chunks."""
        arrays = [part.columns() for part in parts]
        for name, column in self._columns.items():
            start = len(column)
            column.resize(start + sum(map(len, parts)), axis=0)
            if column.ndim == 1:
                column[start:] = np.concatenate([part[name] for part in arrays])
                continue
            for part in arrays:
                for first in range(0, len(part[name]), CHUNK_ROWS):
                    chunk = _whole(part[name][first : first + CHUNK_ROWS], column)
                    column.id.write_direct_chunk((start, *[0] * (column.ndim - 1)), deflate_rows(chunk))
                    start += CHUNK_ROWS

    def _finish(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            if self._rest:
                self._write([self._rest])
            self._file.attrs["complete"] = True

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.__exit__(kind, error, trace)


def _whole(rows: np.ndarray, column: h5py.Dataset) -> np.ndarray:
    """Rows in the type of the column, with rows of zeros behind them up to a chunk."""
    if rows.shape == column.chunks and rows.dtype == column.dtype:
        return rows
    chunk = np.zeros(column.chunks, dtype=column.dtype)
    chunk[: len(rows)] = rows
    return chunk


class Dataset:
    """Read a file of the schema; wrong, damaged or unfinished files are refused when it opens.

    `schema` says what the project expects: inputs, features and classes must be the same, in the same order.
    """

    def __init__(self, path: Path, schema: Schema) -> None:
        self.path, self.schema = path, schema
        if not path.exists():
            message = f"{path} does not exist; make it with `make data`"
            raise UserError(message)
        try:
            self._file = h5py.File(path, "r")
        except OSError as error:
            message = (
                f"{path} is not a readable HDF5 file (truncated or corrupted); "
                "if it is one of this project's, delete it and run `make data`"
            )
            raise UserError(message) from error
        try:
            self._validate()
        except UserError:
            self.close()
            raise

    def _refuse(self, problem: str) -> NoReturn:
        message = f"{self.path}: {problem}; if it is one of this project's, delete it and run `make data`"
        raise UserError(message)

    def _validate(self) -> None:
        version = self._file.attrs.get("schema_version")
        if version != SCHEMA_VERSION:
            self._refuse(f"schema_version is {version}, this program reads {SCHEMA_VERSION}")
        if not self._file.attrs.get("complete", False):
            self._refuse("the file was never finished (no `complete` attribute)")
        for name, (dtype, shape) in columns(self.schema).items():
            if name not in self._file:
                self._refuse(f"/{name} is missing")
            column = self._file[name]
            found = (column.dtype, column.ndim, column.shape[1:]) if isinstance(column, h5py.Dataset) else None
            if found != (dtype, 1 + len(shape), shape):
                self._refuse(f"/{name} is {column}, expected {dtype} (rows, {', '.join(map(str, shape))})")
        rows = {name: len(self._file[name]) for name in columns(self.schema)}
        if len(set(rows.values())) > 1:
            self._refuse(f"numbers of rows differ where one is expected: {rows}")
        for item in self.schema.inputs:
            self._validate_features(item)
        classes = tuple(self._file["labels"].attrs.get("classes", ()))
        if classes != self.schema.classes:
            self._refuse(f"classes are {classes}, expected {self.schema.classes}")

    def _validate_features(self, item: Input) -> None:
        stored = tuple(self._file[f"inputs/{item.name}"].attrs.get("features", ()))
        for expected, found in zip_longest(item.feature_names, stored):
            if expected != found:
                self._refuse(f"/inputs/{item.name} holds feature {found!r} where {expected!r} is expected")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def __len__(self) -> int:
        return len(self._file["labels"])

    @property
    def provenance(self) -> dict[str, Any]:
        """How the rows were made, as their writer recorded it."""
        content: dict[str, Any] = json.loads(self._file.attrs["provenance"])
        return content

    def labels(self) -> np.ndarray:
        """Class index of every row, int64 (row,)."""
        labels: np.ndarray = self._file["labels"][:]
        return labels

    def column(self, name: str) -> np.ndarray:
        """All rows of one column of the layout, such as `weights` or `counts/<input>`, unchecked."""
        try:
            column: np.ndarray = self._file[name][:]
        except OSError as error:
            self._refuse(f"/{name} cannot be read ({error})")
        return column

    def read(self, start: int = 0, stop: int | None = None) -> Samples:
        """Rows `start` to `stop`, checked: finite inputs, known labels, counts within the slots."""
        rows = slice(start, len(self) if stop is None else min(stop, len(self)))
        try:
            data = {name: self._file[name][rows] for name in columns(self.schema)}
        except OSError as error:
            self._refuse(f"rows {rows.start} to {rows.stop} cannot be read ({error})")
        group = {
            kind: {name.split("/", 1)[1]: array for name, array in data.items() if name.startswith(f"{kind}/")}
            for kind in ("inputs", "counts", "spectators")
        }
        samples = Samples(**group, labels=data["labels"], weights=data["weights"], event=data["event"])
        _check_values(samples, self.schema, self.path, rows.start)
        return samples

    def batches(self, size: int) -> Iterator[Samples]:
        """All rows in order, `size` at a time."""
        for start in range(0, len(self), size):
            yield self.read(start, start + size)


def _check_values(samples: Samples, schema: Schema, path: Path, offset: int) -> None:
    for item in schema.inputs:
        array = samples.inputs[item.name]
        if not np.isfinite(array).all():
            row, slot, feature = np.argwhere(~np.isfinite(array))[0]
            value, name = array[row, slot, feature], item.feature_names[feature]
            message = (
                f"{path}: {item.name}.{name} is {value} in row {offset + row}, slot {slot}; every input must be finite"
            )
            raise UserError(message)
        if len(samples) and samples.counts[item.name].max() > item.slots:
            message = (
                f"{path}: counts/{item.name} reaches {samples.counts[item.name].max()}, there are {item.slots} slots"
            )
            raise UserError(message)
    wrong = np.flatnonzero((samples.labels < 0) | (samples.labels >= len(schema.classes)))
    if len(wrong):
        label = samples.labels[wrong[0]]
        known = dict(enumerate(schema.classes))
        message = f"{path}: label {label} in row {offset + wrong[0]} is unknown; the classes are {known}"
        raise UserError(message)
