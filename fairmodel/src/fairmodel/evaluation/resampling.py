"""The bootstrap: what the test rows might have been (Efron, Annals of Statistics 7 (1979) 1)."""

from collections.abc import Iterator

import numpy as np

__all__ = ["resamples"]


def resamples(is_signal: np.ndarray, weight: np.ndarray, *, trials: int, seed: int) -> Iterator[np.ndarray]:
    """Weights (row,) of `trials` samples, each of as many rows drawn with replacement: `weight` times the draws.

    A sample that lacks signal or background has no curve and is drawn again.
    """
    random = np.random.default_rng(seed)
    rows = len(is_signal)
    while trials:
        drawn = np.bincount(random.integers(rows, size=rows), minlength=rows) * weight
        if drawn[is_signal].any() and drawn[~is_signal].any():
            trials -= 1
            yield drawn
