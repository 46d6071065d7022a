"""Flat arrays of objects: columns, groups, and the event record of the generator, free of the generator's types."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Self

import numpy as np

__all__ = ["Columns", "EventRecord", "Particles", "rank_in_group", "same_group_pairs", "slot_table"]


@dataclass(frozen=True)
class Columns:
    """Base of data classes whose fields are arrays with one entry for each object along the first axis."""

    def take(self, index: np.ndarray) -> Self:
        """The objects at `index` (any shape of integers, or a mask), as the same class."""
        return type(self)(**{field.name: getattr(self, field.name)[index] for field in fields(self)})

    @classmethod
    def concatenate(cls, parts: Sequence[Self]) -> Self:
        """All objects of the parts, in order."""
        names = [field.name for field in fields(cls)]
        return cls(**{name: np.concatenate([getattr(part, name) for part in parts]) for name in names})

    def __len__(self) -> int:
        return len(getattr(self, fields(self)[0].name))


def rank_in_group(group: np.ndarray, groups: int) -> np.ndarray:
    """Position of each object within its group, from 0; `group` is sorted, with values below `groups`."""
    start = np.searchsorted(group, np.arange(groups))
    rank: np.ndarray = np.arange(len(group)) - start[group]
    return rank


def slot_table(group: np.ndarray, key: np.ndarray, groups: int, slots: int) -> tuple[np.ndarray, np.ndarray]:
    """The first `slots` objects of each group in descending order of `key` (stable).

    Returns the object indices, int64 (group, slot), 0 where there is none, and the mask of those that are real.
    """
    order = np.lexsort((-key, group))
    rank = rank_in_group(group[order], groups)
    kept, rank = order[rank < slots], rank[rank < slots]
    index = np.zeros((groups, slots), dtype=np.int64)
    real = np.zeros((groups, slots), dtype=bool)
    index[group[kept], rank], real[group[kept], rank] = kept, True
    return index, real


def same_group_pairs(first: np.ndarray, second: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Indices (i, j) of all pairs with first[i] == second[j]; `second` is sorted."""
    start = np.searchsorted(second, first, side="left")
    number = np.searchsorted(second, first, side="right") - start
    left = np.repeat(np.arange(len(first)), number)
    rank = np.arange(len(left)) - np.repeat(np.cumsum(number) - number, number)
    return left, start[left] + rank


@dataclass(frozen=True)
class EventRecord:
    """Particles of several events, one after the other.

    event: number of the event, sorted; pid: PDG code; final: leaves the event; mother, daughter: index *in these
    arrays* of the first mother and the first daughter (the event's first entry where there is none);
    momentum: (particle, 4) GeV; vertex: (particle, 3) place of production, cm; weight: (event,) generator weight.
    """

    event: np.ndarray
    pid: np.ndarray
    final: np.ndarray
    mother: np.ndarray
    daughter: np.ndarray
    momentum: np.ndarray
    vertex: np.ndarray
    weight: np.ndarray

    @property
    def events(self) -> int:
        """Number of events."""
        return len(self.weight)


@dataclass(frozen=True)
class Particles(Columns):
    """Particles that reach the detector, each (particle, ...).

    event: number of the bunch crossing; interaction: which of its collisions they come from, 0 for the hard one;
    pid: PDG code; momentum: (particle, 4) GeV; vertex: (particle, 3) place of production, cm.
    """

    event: np.ndarray
    interaction: np.ndarray
    pid: np.ndarray
    momentum: np.ndarray
    vertex: np.ndarray
