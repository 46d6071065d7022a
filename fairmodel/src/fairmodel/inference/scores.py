"""Files of scores: HDF5 or CSV by their name, with what identifies each row and the model."""

import csv
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from ..errors import UserError
from ..files import LateErrorFile, atomic_path

__all__ = ["FORMATS", "check_suffix", "write_scores"]

Part = Mapping[str, np.ndarray]


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
