"""Dependence of the metrics on other quantities: subsets of rows, bins of spectators, sculpting of the background."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from ..settings.evaluation import EvaluationConfig, Group
from .rows import ScoredRows
from .separation import FEWEST_ROWS, Ranking, separation_entry

__all__ = ["bin_of", "dependence", "divergence", "groups", "sculpting"]


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


def divergence(first: np.ndarray, second: np.ndarray) -> float:
    """Jensen-Shannon divergence of two histograms (bin,), in bits: 0 for one shape, 1 for shapes without overlap.

    Lin, IEEE Transactions on Information Theory 37 (1991) 145, eq. 4.1.
    """
    one, other = first / first.sum(), second / second.sum()
    return _entropy((one + other) / 2) - (_entropy(one) + _entropy(other)) / 2


def _entropy(share: np.ndarray) -> float:
    filled = share[share > 0]
    return float(-np.sum(filled * np.log2(filled)))


def sculpting(rows: ScoredRows, options: EvaluationConfig) -> dict[str, Any]:
    """Shares of the background in the bins of each spectator, before and after cuts that leave the signal efficiencies.

    The bins are those of the dependence; rows outside all of them are left out.
    """
    ranking = Ranking(rows.score, rows.is_signal)
    _, signal = ranking.curve(rows.weight)
    cuts = {f"{point:g}": ranking.threshold[np.searchsorted(signal, point)] for point in options.signal_efficiencies}
    background = rows.take(~rows.is_signal)
    return {name: _shapes(background, name, edges, cuts, options) for name, edges in options.dependence.items()}


def _shapes(
    background: ScoredRows, name: str, edges: Sequence[float], cuts: Mapping[str, float], options: EvaluationConfig
) -> dict[str, Any]:
    place = bin_of(background.spectators[name], edges)
    inside, place = background.take(place >= 0), place[place >= 0]
    before = np.bincount(place, inside.weight, minlength=len(edges) - 1)
    after = {point: _after(place, inside.weight, inside.score >= cut, options) for point, cut in cuts.items()}
    return {"edges": list(edges), "before": _shares(before), "after": after}


def _shares(histogram: np.ndarray) -> list[float] | None:
    return (histogram / histogram.sum()).tolist() if histogram.any() else None


def _after(place: np.ndarray, weight: np.ndarray, passing: np.ndarray, options: EvaluationConfig) -> dict[str, Any]:
    """Shares of the passing rows, and how far they are from those of all rows; place, weight, passing are (row,).

    Few rows never have exactly the same shape as many: `chance` is the mean divergence of as many rows drawn blindly.
    """
    entry: dict[str, Any] = {"passing": int(passing.sum()), "shares": None, "divergence": None}
    if entry["passing"] < FEWEST_ROWS:
        return entry
    random = np.random.default_rng(options.seed)
    bins = int(place.max()) + 1

    def change(weight: np.ndarray, passing: np.ndarray) -> float:
        return divergence(np.bincount(place, weight * passing, bins), np.bincount(place, weight, bins))

    drawn = [change(weight * _draw(passing, random), passing) for _ in range(options.bootstrap)]
    blind = [change(weight, random.permutation(passing)) for _ in range(options.bootstrap)]
    return entry | {
        "shares": _shares(np.bincount(place, weight * passing, bins)),
        "divergence": {
            "value": change(weight, passing),
            "error": float(np.std(drawn, ddof=1)),
            "chance": float(np.mean(blind)),
        },
    }


def _draw(passing: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """How often each row is drawn when as many passing rows as there are, and as many others, are drawn anew."""
    kinds = [np.flatnonzero(passing), np.flatnonzero(~passing)]
    drawn = [random.choice(rows, size=len(rows)) for rows in kinds]
    return np.bincount(np.concatenate(drawn), minlength=len(passing))
