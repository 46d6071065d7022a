"""Deletion and insertion: what happens to the answers as features are taken away in the order of their shares.

A right order changes the network's answers soonest when the first features go first (deletion), and brings them back
soonest when they are the first to stay (insertion); Samek et al., IEEE Trans. Neural Netw. Learn. Syst. 28 (2017) 2660.
The area between the two curves is zero on average for random orders (Bluecher et al., arXiv:2401.06654).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ...evaluation.separation import Ranking

__all__ = ["QUANTITIES", "Curve", "Curves", "steps_of"]

QUANTITIES = ("auc", "fidelity")
STEPS = 15


@dataclass(frozen=True)
class Curve:
    """AUC and fidelity, (1 + trial, step) each, against the `fraction` of the features, (step,).

    The first one is that of the rows themselves, the others those of bootstrap samples of them.
    """

    fraction: np.ndarray
    values: Mapping[str, np.ndarray]

    def areas(self, quantity: str) -> np.ndarray:
        """The area under each, (1 + trial,)."""
        areas: np.ndarray = np.trapezoid(self.values[quantity], self.fraction, axis=1)
        return areas


class Curves:
    """The curves of any order of the features; sets of features that come again are evaluated once.

    `scores(removed)` are the network's answers (row,) without these features; `drawn` (trial, row) are bootstrap
    samples of the rows. The fidelity is 1 - mean |score - score with all features|.
    """

    def __init__(
        self,
        scores: Callable[[frozenset[int]], np.ndarray],
        is_signal: np.ndarray,
        drawn: np.ndarray,
        features: int,
    ) -> None:
        self._scores, self._is_signal = scores, is_signal
        self._draws = np.concatenate([np.ones((1, len(is_signal))), drawn])
        self._weights = self._draws / self._draws.sum(1, keepdims=True)
        self._known: dict[frozenset[int], Mapping[str, np.ndarray]] = {}
        self._whole = scores(frozenset())
        self.steps = steps_of(features)

    def deletion(self, order: Sequence[int]) -> Curve:
        """The curve as features go, the first of the order first."""
        return self._curve([frozenset(order[:step]) for step in self.steps])

    def insertion(self, order: Sequence[int]) -> Curve:
        """The curve as features come, the first of the order first."""
        return self._curve([frozenset(order[step:]) for step in self.steps])

    def _curve(self, removed: Sequence[frozenset[int]]) -> Curve:
        found = [self._measured(each) for each in removed]
        values = {quantity: np.stack([each[quantity] for each in found], 1) for quantity in QUANTITIES}
        return Curve(self.steps / self.steps[-1], values)

    def _measured(self, removed: frozenset[int]) -> Mapping[str, np.ndarray]:
        if removed not in self._known:
            score = self._scores(removed)
            ranking = Ranking(score, self._is_signal)
            curves = (ranking.curve(draw) for draw in self._draws)
            areas = np.array([np.trapezoid(signal, background) for background, signal in curves])
            fidelity = 1 - self._weights @ np.abs(score - self._whole)
            self._known[removed] = {"auc": areas, "fidelity": fidelity}
        return self._known[removed]


def steps_of(features: int) -> np.ndarray:
    """How many features are gone at each point of a curve, from none to all."""
    return np.unique(np.linspace(0, features, min(features, STEPS) + 1).round().astype(int))
