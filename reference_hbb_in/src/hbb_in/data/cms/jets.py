"""From entries of the ntuple to jets in ragged form."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from fairmodel.schema import Input

from ..features import SCHEMA
from ..options import Window
from ..ragged import COLUMN_TYPES, LABELS, WEIGHT, Objects, RaggedJets, branch_of, objects_of
from .ntuple import check_finite, read_ntuple, refuse
from .selection import select

__all__ = ["read_jets", "read_objects"]

CHOOSING = (*LABELS, "fj_pt", "fj_eta", "fj_sdmass")
BLOCK = 4096  # objects whose features are brought together at a time: what fits into a processor's cache


def read_jets(path: Path, window: Window) -> Iterator[tuple[RaggedJets, dict[str, int]]]:
    """The selected jets in the file's order and the cut flow, a bounded number of entries at a time.

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


def _check_columns(columns: Mapping[str, np.ndarray], names: Sequence[str], path: Path, entries: np.ndarray) -> None:
    with np.errstate(over="ignore"):  # becomes infinite, which is refused
        values = np.stack([columns[name].astype(np.float32) for name in names], axis=-1)
    check_finite(values, names, path, entries)


def read_objects(arrays: Mapping[str, Any], item: Input, rows: np.ndarray, path: Path, first: int) -> Objects:
    """The objects of the entries `rows` of a part of the file that begins with the entry `first`."""
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


def _numbers(lists: Sequence[Any], branches: Sequence[str], path: Path, first: int) -> np.ndarray:
    """How many objects each entry has, which all branches of an input must agree on."""
    edges = [part.offsets.data for part in lists]
    for branch, found in zip(branches, edges, strict=True):
        if not np.array_equal(found, edges[0]):
            entry = first + np.flatnonzero(np.diff(found) != np.diff(edges[0]))[0]
            refuse(path, f"branches {branches[0]} and {branch} hold different numbers of objects in entry {entry}")
    number: np.ndarray = np.diff(edges[0])
    return number
