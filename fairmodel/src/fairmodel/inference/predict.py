"""The `predict` step: scores of the rows in files, written whole; a killed prediction goes on."""

import csv
import hashlib
import json
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import h5py
import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from ..errors import UserError
from ..files import LateErrorFile, atomic_path, read_json, sha256, write_json
from ..progress import progress
from ..schema import Schema
from ..settings.inference import PRECISIONS
from .backends import Backend, open_backend
from .rows import InputRows, RowReader, reader_of, rechunked

if TYPE_CHECKING:
    from ..interface import Project

__all__ = ["FORMATS", "Request", "check_features", "check_suffix", "predict_files", "write_scores"]

Part = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class Request:
    """What to predict with what: the folder of the model, a runtime, its threads, and how many rows to hold at once."""

    folder: Path
    backend: str = "onnxruntime"
    precision: str = "float32"
    threads: int = 1
    rows: int = 8192


def predict_files(project: "Project", request: Request, files: Sequence[Path], out: Path) -> int:
    """Write the scores of all rows of the files to `out`, HDF5 or CSV by its name; returns the number of rows.

    Every part of `request.rows` rows is kept in a folder beside `out` until the end. A folder of the same request and
    files is taken up again.
    """
    check_suffix(out)
    readers = [reader_of(project, path) for path in files]
    total = sum(reader.count(path) for reader, path in zip(readers, files, strict=True))
    backend = open_backend(
        request.backend, request.folder, project, threads=request.threads, precision=request.precision
    )
    check_features(backend.schema, project.schema, request.folder)
    about = _about(request, files)
    parts = _Parts(out.with_name(out.name + ".parts"), about)
    with progress(None, total=total, title="predict", unit=project.schema.entity) as bar:
        for number, (path, reader) in enumerate(zip(files, readers, strict=True)):
            done = parts.rows(number)
            bar.update(done)
            for rows in rechunked(_read(reader, path, done), request.rows):
                parts.add(number, _scored(backend, rows, number))
                bar.update(len(rows))
    write_scores(out, parts, project.schema.classes, about)
    parts.remove()
    return total


def write_scores(path: Path, parts: Iterable[Part], classes: Sequence[str], about: Mapping[str, Any]) -> None:
    """Write the parts one after the other; the file appears only when it is whole.

    Each part has identifiers, int64 (row,), and `logits` and `probabilities`, float32 (row, class). `about` says where
    the scores come from.
    """
    with atomic_path(path) as temporary:
        FORMATS[path.suffix](temporary, parts, classes, about)


def check_suffix(path: Path) -> None:
    """Refuse a name that says no format."""
    if path.suffix not in FORMATS:
        message = f"{path}: scores are written as {', '.join(FORMATS)}; choose a name that ends so"
        raise UserError(message)


def _write_hdf5(path: Path, parts: Iterable[Part], classes: Sequence[str], about: Mapping[str, Any]) -> None:
    with LateErrorFile(path) as disk:
        with h5py.File(disk, "w") as file:
            for part in parts:
                for name, values in part.items():
                    if name not in file:
                        shape = values.shape[1:]
                        file.create_dataset(name, (0, *shape), values.dtype, maxshape=(None, *shape), chunks=True)
                    column = file[name]
                    column.resize(len(column) + len(values), axis=0)
                    column[len(column) - len(values) :] = values
            file.attrs["classes"] = list(classes)
            file.attrs["about"] = json.dumps(about, sort_keys=True)
        disk.check()


def _write_csv(path: Path, parts: Iterable[Part], classes: Sequence[str], about: Mapping[str, Any]) -> None:
    with path.open("w", newline="", encoding="utf-8") as stream:
        stream.write(f"# {json.dumps(about, sort_keys=True)}\n")
        writer = csv.writer(stream)
        for number, part in enumerate(parts):
            identifiers = [name for name, values in part.items() if values.ndim == 1]
            if not number:
                writer.writerow([*identifiers, *classes])
            columns = [part[name].tolist() for name in identifiers]
            writer.writerows(
                [*key, *(f"{value:.9g}" for value in row)]
                for *key, row in zip(*columns, part["probabilities"].tolist(), strict=True)
            )


FORMATS: Mapping[str, Callable[[Path, Iterable[Part], Sequence[str], Mapping[str, Any]], None]] = {
    ".h5": _write_hdf5,
    ".csv": _write_csv,
}


def check_features(found: Schema, expected: Schema, folder: Path) -> None:
    """Refuse a model that was made for other inputs, features or classes than the project's."""
    for schema_part in ("inputs", "classes"):
        left, right = (_named(getattr(schema, schema_part)) for schema in (found, expected))
        if left != right:
            message = f"{folder}: the model was made for {schema_part} {left}, the project has {right}; export it again"
            raise UserError(message)


def _named(items: Sequence[Any]) -> Any:
    return [item if isinstance(item, str) else (item.name, item.slots, item.feature_names) for item in items]


def _about(request: Request, files: Sequence[Path]) -> dict[str, Any]:
    """What the scores depend on."""
    model = request.folder / ("weights.safetensors" if request.backend == "torch" else PRECISIONS[request.precision])
    return {
        "model": {"file": model.name, "sha256": sha256(model)},
        "backend": request.backend,
        "rows": request.rows,
        "files": [{"name": path.name, "bytes": path.stat().st_size, "sha256": sha256(path)} for path in files],
    }


def _read(reader: RowReader, path: Path, start: int) -> Iterator[InputRows]:
    for rows in reader.read(path, start):
        if len(rows) and rows.identifiers["row"][0] < start:
            message = f"{path}: its reader begins at row {rows.identifiers['row'][0]} instead of {start}"
            raise ValueError(message)
        yield rows


def _scored(backend: Backend, rows: InputRows, file: int) -> dict[str, np.ndarray]:
    outputs = backend.run(rows.inputs)
    identifiers = {"file": np.full(len(rows), file, dtype=np.int64), **rows.identifiers}
    return {**identifiers, "logits": outputs.logits, "probabilities": outputs.probabilities}


class _Parts:
    """The finished parts of a prediction in a folder, named by the number of the input file and the first row."""

    def __init__(self, folder: Path, about: Mapping[str, Any]) -> None:
        self.folder = folder
        digest = hashlib.sha256(json.dumps(about, sort_keys=True).encode()).hexdigest()
        recipe = folder / "recipe.json"
        if folder.exists() and not (recipe.exists() and read_json(recipe) == digest):
            shutil.rmtree(folder)
        write_json(recipe, digest)
        self._files: dict[int, list[tuple[Path, int]]] = {}
        for path in sorted(folder.glob("*.safetensors")):
            number, start = map(int, path.stem.split("-"))
            if start == self.rows(number) and (size := _size(path)):
                self._files.setdefault(number, []).append((path, size))

    def rows(self, number: int) -> int:
        """How many rows of an input file are finished."""
        return sum(size for _, size in self._files.get(number, []))

    def add(self, number: int, part: Mapping[str, np.ndarray]) -> None:
        """Keep a part."""
        path = self.folder / f"{number:06d}-{self.rows(number):012d}.safetensors"
        with atomic_path(path) as temporary:
            save_file({name: np.ascontiguousarray(values) for name, values in part.items()}, temporary)
        self._files.setdefault(number, []).append((path, len(part["row"])))

    def __iter__(self) -> Iterator[dict[str, np.ndarray]]:
        for number in sorted(self._files):
            for path, _ in self._files[number]:
                part = load_file(path)
                yield {name: part[name] for name in sorted(part, key=_by_importance)}

    def remove(self) -> None:
        """Delete the folder."""
        shutil.rmtree(self.folder)


def _by_importance(name: str) -> tuple[bool, bool, str]:
    """File and row before all other columns."""
    return name != "file", name != "row", name


def _size(path: Path) -> int:
    """Rows of a part; none for a damaged one, which is then made anew."""
    try:
        return len(load_file(path)["row"])
    except (OSError, KeyError, SafetensorError):
        return 0
