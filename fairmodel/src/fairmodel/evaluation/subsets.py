"""Metrics of parts of the test rows: bins of a spectator, and kinds of background."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from ..settings.evaluation import EvaluationConfig, Group
from .rows import ScoredRows
from .separation import separation_entry

__all__ = ["bin_of", "dependence", "groups"]


def bin_of(values: np.ndarray, edges: Sequence[float]) -> np.ndarray:
    """Index of the bin of each value, -1 outside all of them; the last bin has its upper edge, as in a histogram."""
    place = np.searchsorted(edges, values, side="right") - 1
    place[values == edges[-1]] = len(edges) - 2
    return np.where(place < len(edges) - 1, place, -1)


def dependence(rows: ScoredRows, options: EvaluationConfig) -> dict[str, list[dict[str, Any]]]:
    """The separation of signal and background that lie in the same bin of a spectator, for each bin."""
    return {name: _bins(rows, name, edges, options) for name, edges in options.dependence.items()}


def _bins(rows: ScoredRows, name: str, edges: Sequence[float], options: EvaluationConfig) -> list[dict[str, Any]]:
    place = bin_of(rows.spectators[name], edges)
    return [
        {"low": low, "high": high} | separation_entry(rows.take(place == index), options)
        for index, (low, high) in enumerate(pairwise(edges))
    ]


def groups(rows: ScoredRows, classes: Sequence[str], options: EvaluationConfig) -> dict[str, dict[str, Any]]:
    """The separation of all signal from each kind of background: its classes, if several, and the declared groups."""
    kinds = {name: rows.label == index for index, name in enumerate(classes) if len(classes) > 2}
    kinds.pop(classes[rows.signal], None)
    kinds |= {group.name: _members(rows.spectators, group) for group in options.groups}
    return {name: separation_entry(rows.take(rows.is_signal | kind), options) for name, kind in kinds.items()}


def _members(spectators: Mapping[str, np.ndarray], group: Group) -> np.ndarray:
    values = spectators[group.spectator]
    low = -np.inf if group.low is None else group.low
    high = np.inf if group.high is None else group.high
    members: np.ndarray = (low <= values) & (values < high)
    return members
