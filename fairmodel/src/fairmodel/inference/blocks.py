"""Rows of like size together, without their empty slots: less work for a runtime, and the same answers.

Where a graph lets one empty slot stand for all of them, its cost depends on how many slots it is given. So the rows of
a batch are sorted by their objects, and cut into blocks that have as many slots as their fullest row.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

__all__ = ["BlockSize", "blocks", "occupied_slots"]


@dataclass(frozen=True)
class BlockSize:
    """How much a runtime is given at once: slots of the input with most of them, in all rows, and rows.

    What networks make of 256 objects fits into a processor's cache. Numbers of slots are multiples of `step` or all
    slots, for runtimes to which every new shape is work.
    """

    objects: int = 256
    rows: int = 256
    step: int = 1


def blocks(
    inputs: Mapping[str, np.ndarray], cut: Collection[str], size: BlockSize
) -> Iterator[tuple[np.ndarray, dict[str, np.ndarray]]]:
    """Yield indices of rows and their inputs, of which those in `cut` have only the slots that these rows need."""
    occupied = {name: _needed(inputs[name], size.step) for name in inputs if name in cut}
    longest_last = sorted(occupied, key=lambda name: inputs[name].shape[1])
    order = np.lexsort([occupied[name] for name in longest_last])
    slots = occupied[longest_last[-1]][order]
    start = 0
    while start < len(order):
        fullest = slots[start : start + size.rows]
        objects = fullest * np.arange(1, len(fullest) + 1)
        rows = order[start : start + max(1, int(np.searchsorted(objects, size.objects, side="right")))]
        yield rows, {name: _rows(array, rows, occupied.get(name)) for name, array in inputs.items()}
        start += len(rows)


def occupied_slots(objects: np.ndarray) -> np.ndarray:
    """Number of slots up to the last one that holds an object, int64 (row,), for (row, slot, feature)."""
    position = np.arange(1, objects.shape[1] + 1)
    occupied: np.ndarray = ((objects != 0).any(2) * position).max(1, initial=0)
    return occupied


def _needed(objects: np.ndarray, step: int) -> np.ndarray:
    """Number of slots that each row needs, at least one, in steps: int64 (row,)."""
    steps = np.maximum(-(-occupied_slots(objects) // step), 1)
    needed: np.ndarray = np.minimum(steps * step, objects.shape[1])
    return needed


def _rows(array: np.ndarray, rows: np.ndarray, occupied: np.ndarray | None) -> np.ndarray:
    return array[rows] if occupied is None else array[rows, : occupied[rows].max()]
