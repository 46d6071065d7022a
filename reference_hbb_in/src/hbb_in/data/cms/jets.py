"""The jets of one ROOT file: selected, read in ragged form, and kept as a piece that a later run finds again."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from fairmodel import Input, UserError
from fairmodel.identity import program

from ..features import CLASSES, SCHEMA
from ..options import Window
from ..ragged import COLUMN_TYPES, LABELS, WEIGHT, Objects, RaggedJets, branch_of, in_window, jet_class, objects_of
from ..ragged_file import RaggedFile, RaggedWriter
from .ntuple import check_finite, read_ntuple, reader_versions, refuse

__all__ = ["Piece", "Selection", "convert", "read_jets", "read_objects", "select"]

CHOOSING = (*LABELS, "fj_pt", "fj_eta", "fj_sdmass")
BLOCK = 4096  # objects whose features are brought together at a time: what fits into a processor's cache


@dataclass(frozen=True)
class Selection:
    """Selected entries.

    rows: their indices, int64 (jet,); cutflow: number of jets after each cut, in order, and of each class in the end.
    """

    rows: np.ndarray
    cutflow: dict[str, int]


@dataclass(frozen=True)
class Piece:
    """The jets of one ROOT file that lie in a window, kept in `folder`."""

    source: Path
    window: Window
    folder: Path

    @property
    def name(self) -> str:
        """The ROOT file's name with its folder."""
        return f"{self.source.parent.name}/{self.source.name}"

    @cached_property
    def digest(self) -> str:
        """SHA-256 of what its content depends on; the ROOT file is known by its size and when it was written."""
        status = self.source.stat()
        recipe = {
            "file": [self.name, status.st_size, status.st_mtime_ns],
            "window": self.window.model_dump(mode="json"),
            "program": program(__name__),
            "libraries": reader_versions(),
        }
        return hashlib.sha256(json.dumps(recipe, sort_keys=True).encode()).hexdigest()

    @property
    def path(self) -> Path:
        """Its file, named by the digest: a piece of another file, or for another window, is another file."""
        return self.folder / f"{self.source.parent.name}-{self.source.stem}-{self.digest[:12]}.h5"

    @property
    def finished(self) -> bool:
        """True if the piece exists; damaged bytes in it show when they are read."""
        try:
            with RaggedFile(self.path) as file:
                return bool(file.provenance["digest"] == self.digest)
        except UserError:
            return False

    def cutflow(self) -> dict[str, int]:
        """Number of jets of the ROOT file after each cut, in the order of the cuts, and of each class."""
        with RaggedFile(self.path) as file:
            return dict(file.provenance["cutflow"])


def convert(piece: Piece) -> int:
    """Read the ROOT file once and write the piece atomically; return the number of jets in the ROOT file."""
    cutflow: dict[str, int] = {}
    with RaggedWriter(piece.path, {"source": piece.name, "digest": piece.digest}) as writer:
        for jets, counts in read_jets(piece.source, piece.window):
            writer.append(jets)
            cutflow = {stage: cutflow.get(stage, 0) + count for stage, count in counts.items()}
        # pairs, since a cut flow has an order and JSON objects have none
        writer.describe(cutflow=list(cutflow.items()))
    return cutflow["entries"]


def read_jets(path: Path, window: Window) -> Iterator[tuple[RaggedJets, dict[str, int]]]:
    """Yield the selected jets in the file's order and the cut flow, a bounded number of entries at a time.

    Values are the file's own in the types of the ragged jets, whatever numbers the branches hold. Every value used must
    be finite. Jets of a file without generator weights, which the published ones are, weigh one.
    """
    numbers = [name for name in COLUMN_TYPES if name != WEIGHT]
    lists = [branch_of(feature) for item in SCHEMA.inputs for feature in item.features]
    for first, arrays in read_ntuple(path, numbers, lists, optional=(WEIGHT,)):
        columns = {name: np.asarray(arrays[name]) for name in (*numbers, WEIGHT) if name in arrays}
        entries = first + np.arange(len(columns[CHOOSING[0]]))
        columns.setdefault(WEIGHT, np.ones(len(entries)))
        _check_columns(columns, CHOOSING, path, entries)
        selection = select(columns, window, path, first)
        columns = {name: values[selection.rows] for name, values in columns.items()}
        _check_columns(columns, tuple(COLUMN_TYPES), path, entries[selection.rows])
        typed = {name: columns[name].astype(kind, copy=False) for name, kind in COLUMN_TYPES.items()}
        objects = {item.name: read_objects(arrays, item, selection.rows, path, first) for item in SCHEMA.inputs}
        yield RaggedJets(typed, objects), selection.cutflow


def select(columns: Mapping[str, np.ndarray], window: Window, path: Path, first: int) -> Selection:
    """Select the jets of either class in the window, by the columns of entries from number `first` on of a file.

    In the ntuple a jet's flavour is one of several, so that a jet of both classes means a damaged file.
    """
    label = jet_class(columns)
    both = np.flatnonzero(label == -2)
    if len(both):
        refuse(path, f"entry {first + both[0]} is both QCD and H by {', '.join(LABELS)}")
    keep, cutflow = np.ones(len(label), dtype=bool), {"entries": len(label)}
    for name, cut in ({"labelled": label >= 0} | in_window(columns, window)).items():
        keep &= cut
        cutflow[name] = int(keep.sum())
    classes = np.bincount(label[keep], minlength=len(CLASSES)).tolist()
    return Selection(np.flatnonzero(keep), cutflow | dict(zip(CLASSES, classes, strict=True)))


def read_objects(arrays: Mapping[str, Any], item: Input, rows: np.ndarray, path: Path, first: int) -> Objects:
    """Read the objects of the entries `rows` of a part of the file that begins with the entry `first`."""
    branches = [branch_of(feature) for feature in item.features]
    lists = [arrays[branch].layout.to_ListOffsetArray64(start_at_zero=True) for branch in branches]
    number = _numbers(lists, branches, path, first)
    columns = [part.content.data for part in lists]
    index = objects_of(rows, number)
    values = np.empty((len(index), len(branches)), dtype=np.float32)
    with np.errstate(over="ignore"):
        for start in range(0, len(index), BLOCK):
            block, part = values[start : start + BLOCK], index[start : start + BLOCK]
            for column, source in enumerate(columns):
                block[:, column] = source[part]
    objects = Objects(number[rows], values)
    if not np.isfinite(values).all():
        check_finite(values, branches, path, (first + rows)[objects.owner])
    return objects


def _check_columns(columns: Mapping[str, np.ndarray], names: Sequence[str], path: Path, entries: np.ndarray) -> None:
    with np.errstate(over="ignore"):  # becomes infinite, which is refused
        values = np.stack([columns[name].astype(np.float32) for name in names], axis=-1)
    check_finite(values, names, path, entries)


def _numbers(lists: Sequence[Any], branches: Sequence[str], path: Path, first: int) -> np.ndarray:
    """Number of objects of each entry, on which all branches of an input must agree."""
    edges = [part.offsets.data for part in lists]
    for branch, offsets in zip(branches, edges, strict=True):
        if not np.array_equal(offsets, edges[0]):
            entry = first + np.flatnonzero(np.diff(offsets) != np.diff(edges[0]))[0]
            refuse(path, f"branches {branches[0]} and {branch} hold different numbers of objects in entry {entry}")
    number: np.ndarray = np.diff(edges[0])
    return number
