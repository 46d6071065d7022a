"""Opening the file that somebody wants to look at, whatever it turns out to be."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import h5py

from ..dataset import Dataset
from ..errors import UserError
from ..schema import Schema
from .statistics import number, outline, percent, table

if TYPE_CHECKING:
    from ..interface import Project

__all__ = ["describe", "inspect", "open_dataset", "print_description"]

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


def print_description(project: "Project", *, file: Path, as_json: bool) -> None:
    """Print the description of a file."""
    if as_json:
        text = json.dumps(describe(project, file), indent=2, ensure_ascii=False, allow_nan=False)
    else:
        text = inspect(project, file)
    sys.stdout.write(text + "\n")


def describe(project: "Project", path: Path) -> dict[str, Any]:
    """Size, checksum, provenance, classes and statistics of every column, ready for JSON; one pass over the file.

    Raises UserError, which says what `path` is, if it is no data set of the project.
    """
    from ..dataset import SCHEMA_VERSION
    from ..files import read_json, sha256
    from .composition import REPORT, composition
    from .statistics import dataset_statistics

    with open_dataset(path, project.schema) as data:
        content = {
            "file": str(path),
            "bytes": path.stat().st_size,
            "sha256": sha256(path),
            "schema_version": SCHEMA_VERSION,
            "entity": project.schema.entity,
            "provenance": data.provenance,
            "composition": composition(data, project.schema),
            **dataset_statistics(data, project.schema),
        }
    report = path.with_name(REPORT)
    return content | ({"splits": read_json(report)} if report.exists() else {})


def inspect(project: "Project", path: Path) -> str:
    """The same as text for a terminal of 120 columns."""
    from .composition import composition_table, split_text

    content = describe(project, path)
    entity, whole = content["entity"], content["composition"]
    facts = {
        "size": f"{content['bytes']:,} bytes".replace(",", " "),
        "SHA-256": content["sha256"],
        "layout": f"version {content['schema_version']}",
        "content": f"{whole['rows']} {entity} of {whole['events']} events",
    }
    sections = [
        f"{content['file']}\n{outline(facts)}",
        f"How it was made\n{outline(content['provenance'])}",
        f"Classes\n{composition_table({path.stem: whole}, entity)}",
        *(_input_text(name, entry, entity) for name, entry in content["inputs"].items()),
    ]
    if content["spectators"]:
        sections.append(f"Spectators, which the network does not see\n{_feature_table(content['spectators'])}")
    if "splits" in content:
        sections.append(split_text(content["splits"]))
    return "\n\n".join(sections)


def _input_text(name: str, entry: dict[str, Any], entity: str) -> str:
    objects, slots = entry["objects"], entry["slots"]
    counts = (
        f"  {number(objects['mean'])} objects on average, at most {number(objects['max'])}; "
        f"{percent(objects['none'])} % of the {entity} have none, {percent(objects['all_slots'])} % fill all slots"
    )
    heading = f"Input {name}: {slots} slots, {len(entry['features'])} features"
    return f"{heading}\n{counts}\n{_feature_table(entry['features'])}"


def _feature_table(features: list[dict[str, Any]]) -> str:
    """Statistics of real objects or of rows; "low" and "high" are the bounds that a feature is clipped to."""
    header = ["name", "unit", "min", "mean", "max", "% zero", "% at low", "% at high", "description"]
    lines = [
        [
            feature["name"],
            feature["unit"],
            *(number(feature[name]) for name in ("min", "mean", "max")),
            *(percent(feature[name]) for name in ("zero", "at_low", "at_high")),
            feature["description"] + _not_finite(feature["finite"]),
        ]
        for feature in features
    ]
    return table(header, lines, left=(0, 1, 8))


def _not_finite(share: float | None) -> str:
    return "" if share in (None, 1.0) else f" ({percent(1 - share)} % are not finite)"
