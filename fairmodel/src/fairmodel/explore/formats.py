"""Opening the file that somebody wants to look at, whatever it turns out to be."""

from pathlib import Path

import h5py

from ..dataset import Dataset
from ..errors import UserError
from ..schema import Schema

__all__ = ["open_dataset"]

HDF5 = b"\x89HDF\r\n\x1a\n"
# first bytes -> what the file is, and what to do about it
KINDS = {
    b"root": ("a ROOT file", "convert it with `make data SOURCE=cern`, then look at data/processed/"),
    b"PK\x03\x04": ("a ZIP archive or a NumPy .npz file", "unpack it first"),
    b"\x1f\x8b": ("compressed with gzip", "unpack it first"),
    b"\x93NUMPY": ("a single NumPy array", "write its rows with DatasetWriter"),
    b"PAR1": ("a Parquet file", "write its rows with DatasetWriter"),
    b"%PDF": ("a PDF document", "name an .h5 file"),
    b"\x89PNG": ("a PNG image", "name an .h5 file"),
}
NEEDED = "an HDF5 file of this project's data, such as data/processed/<profile>/train.h5, is needed"


def open_dataset(path: Path, schema: Schema) -> Dataset:
    """Open a data set of the project; for anything else, UserError says what it is and what to do."""
    if path.is_dir():
        files = ", ".join(sorted(file.name for file in path.glob("*.h5"))) or "none here"
        message = f"{path} is a folder; name one of its .h5 files: {files}"
        raise UserError(message)
    if path.is_file():
        with path.open("rb") as stream:
            start = stream.read(len(HDF5))
        if start != HDF5:
            message = f"{path} is {_kind(start)}; {NEEDED}"
            raise UserError(message)
        _check_layout(path)
    return Dataset(path, schema)


def _kind(start: bytes) -> str:
    for magic, (kind, remedy) in KINDS.items():
        if start.startswith(magic):
            return f"{kind} ({remedy})"
    if not start:
        return "empty"
    return "a text file" if start.isascii() and all(byte > 8 for byte in start) else "of an unknown kind"


def _check_layout(path: Path) -> None:
    """Refuse an HDF5 file of another layout; damaged ones are for the reader to name."""
    try:
        with h5py.File(path, "r") as file:
            ours, raw, content = "schema_version" in file.attrs, "provenance" in file.attrs, list(file)
    except (OSError, RuntimeError):
        return
    if not ours:
        kind = "an intermediate file of the data step" if raw else "an HDF5 file of another layout"
        parts = ", ".join(f"/{name}" for name in content[:8]) + ", …" * (len(content) > 8)
        message = f"{path} is {kind} (it holds {parts or 'nothing'}); {NEEDED}"
        raise UserError(message)
