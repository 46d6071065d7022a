"""Deterministic splits in which the rows of one event always stay together."""

import numpy as np

__all__ = ["SPLITS", "split_by_event"]

SPLITS = ("train", "val", "test")


def split_by_event(event: np.ndarray, fractions: dict[str, float], seed: int) -> dict[str, np.ndarray]:
    """Assign whole events to splits, at random and reproducibly.

    `event` holds one event number for each row; `fractions` the wanted share of rows of each split (they add up to 1).
    Returns the sorted row indices of each split. Shares are met to within one event.
    """
    events, rows = np.unique(event, return_counts=True)
    order = np.random.default_rng(seed).permutation(len(events))
    edges = np.cumsum([fractions[name] for name in SPLITS])[:-1] * len(event)
    place = np.empty(len(events), dtype=np.int64)
    # an event belongs to the split in which its last row falls, so that shares hold for rows and not for events
    place[order] = np.searchsorted(edges, np.cumsum(rows[order]) - 0.5)
    split = place[np.searchsorted(events, event)]
    return {name: np.flatnonzero(split == index) for index, name in enumerate(SPLITS)}
