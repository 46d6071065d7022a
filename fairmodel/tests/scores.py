"""Random rows with class probabilities that lean to the truth."""

from collections.abc import Mapping

import numpy as np

from fairmodel.evaluation.rows import ScoredRows

__all__ = ["draw_scores", "scored"]


def draw_scores(
    rows: int, classes: int = 2, *, signal: int = 1, seed: int = 0, digits: int | None = None, weighted: bool = False
) -> ScoredRows:
    """Rows of random classes; `digits` rounds the scores, so that there are ties; weights are 1 or between 0 and 2."""
    random = np.random.default_rng(seed)
    label = random.integers(classes, size=rows)
    logits = random.normal(size=(rows, classes)) + 1.2 * np.eye(classes)[label]
    if digits is not None:
        logits = np.round(logits, digits)
    probability = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    weight = random.uniform(0, 2, rows) if weighted else np.ones(rows)
    return ScoredRows(probability, label, weight, signal, {"height": random.normal(size=rows).astype(np.float32)})


def scored(
    score: np.ndarray,
    label: np.ndarray,
    weight: np.ndarray | None = None,
    spectators: Mapping[str, np.ndarray] | None = None,
) -> ScoredRows:
    """Rows of two classes with the given score."""
    probability = np.column_stack([1 - score, score])
    return ScoredRows(probability, label, np.ones(len(label)) if weight is None else weight, 1, spectators or {})
