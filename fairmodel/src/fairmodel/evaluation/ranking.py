"""Rows in the order of their scores, and the curve that a threshold on the score runs along."""

import numpy as np

__all__ = ["Ranking"]


class Ranking:
    """Rows sorted once, so that the curve for other weights of the rows, as in a bootstrap, costs two sums.

    score: float (row,); is_signal: bool (row,). The threshold lies above all scores first and then on each
    distinct score, from the highest down; rows with equal scores pass it together.
    """

    def __init__(self, score: np.ndarray, is_signal: np.ndarray) -> None:
        self._order = np.argsort(-score, kind="stable")
        self._is_signal = is_signal[self._order]
        falling = score[self._order]
        self._last = np.append(np.flatnonzero(np.diff(falling)), len(score) - 1)
        self.threshold = np.append(np.inf, falling[self._last])

    def curve(self, weight: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Background and signal efficiency at each threshold, both rising from 0 to 1, for weights (row,)."""
        ordered = weight[self._order]
        return self._efficiency(ordered * ~self._is_signal), self._efficiency(ordered * self._is_signal)

    def _efficiency(self, weight: np.ndarray) -> np.ndarray:
        passing = np.append(0.0, np.cumsum(weight)[self._last])
        efficiency: np.ndarray = passing / passing[-1]
        return efficiency
