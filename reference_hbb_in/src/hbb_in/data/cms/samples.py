"""From entries of the ntuple to rows of the schema."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from ...dataset import Samples
from ...errors import UserError
from ...schema import Feature, Input
from ..features import SCHEMA, SPECTATORS
from ..options import Window
from .ntuple import check_finite, read_ntuple
from .selection import SELECTION_BRANCHES, Selection, select

__all__ = ["EVENT", "read_events", "read_samples"]

EVENT = "event_no"
WEIGHT = "fj_weight"  # no branch of the published files, in which every jet counts the same


def read_events(path: Path, window: Window) -> Iterator[tuple[np.ndarray, dict[str, int]]]:
    """Event numbers of the selected jets, int64 (jet,), and the cut flow, a bounded number of entries at a time."""
    for first, array in read_ntuple(path, _numbers(EVENT)):
        selection = select(array, window, path, first)
        yield _events(array[selection.entries - first]), selection.cutflow


def read_samples(path: Path, window: Window) -> Iterator[Samples]:
    """The selected jets in the file's order, a bounded number of entries at a time.

    Values are the file's own, as float32. Objects beyond the slots are cut off, as in arXiv:1909.12285, which leaves
    the most significant ones. Every value used must be finite. Jets of a file without generator weights weigh one.
    """
    spectators = [_branch(feature) for feature in SPECTATORS if feature.name != WEIGHT]
    lists = [_branch(feature) for item in SCHEMA.inputs for feature in item.features]
    for first, array in read_ntuple(path, _numbers(EVENT, *spectators), lists, optional=(WEIGHT,)):
        selection = select(array, window, path, first)
        yield _samples(array[selection.entries - first], selection, path)


def _numbers(*names: str) -> list[str]:
    return list(dict.fromkeys((*SELECTION_BRANCHES, *names)))


def _branch(feature: Feature) -> str:
    return feature.branch or feature.name


def _events(array: Any) -> np.ndarray:
    return np.asarray(array[EVENT]).astype(np.int64)


def _samples(array: Any, selection: Selection, path: Path) -> Samples:
    dense = {item.name: _dense(array, item, path, selection.entries) for item in SCHEMA.inputs}
    spectators = _spectators(array, path, selection.entries)
    return Samples(
        inputs={name: values for name, (values, _) in dense.items()},
        counts={name: counts for name, (_, counts) in dense.items()},
        labels=selection.labels,
        weights=spectators[WEIGHT],
        spectators=spectators,
        event=_events(array),
    )


def _spectators(array: Any, path: Path, entries: np.ndarray) -> dict[str, np.ndarray]:
    present = [feature for feature in SPECTATORS if _branch(feature) in array.fields]
    branches = [_branch(feature) for feature in present]
    values = np.stack([np.asarray(array[branch], dtype=np.float32) for branch in branches], axis=-1)
    check_finite(values, branches, path, entries)
    columns = {feature.name: values[:, index] for index, feature in enumerate(present)}
    return {WEIGHT: np.ones(len(array), dtype=np.float32)} | columns


def _dense(array: Any, item: Input, path: Path, entries: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """An input, float32 (jet, slot, feature) with zeros behind the objects, and its counts, uint16 (jet,)."""
    import awkward as ak

    branches = [_branch(feature) for feature in item.features]
    number = ak.to_numpy(ak.num(array[branches[0]]))
    real = np.arange(item.slots) < number[:, np.newaxis]
    values = np.zeros((*real.shape, len(branches)), dtype=np.float32)
    for index, branch in enumerate(branches):
        odd = np.flatnonzero(ak.to_numpy(ak.num(array[branch])) != number)
        if len(odd):
            message = (
                f"{path}: branches {branches[0]} and {branch} hold different numbers of objects in entry "
                f"{entries[odd[0]]}; download the file again"
            )
            raise UserError(message)
        values[real, index] = ak.to_numpy(ak.flatten(array[branch][:, : item.slots]))
    check_finite(values, branches, path, entries)
    return values, np.minimum(number, item.slots).astype(np.uint16)
