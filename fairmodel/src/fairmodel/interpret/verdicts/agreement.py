"""Whether methods rank the features alike."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from scipy.stats import rankdata

from .shares import Shares

__all__ = ["Agreement", "agreement", "kendall", "spearman"]


@dataclass(frozen=True)
class Agreement:
    """A rank correlation of all pairs of methods, (method, method), and its bootstrap errors."""

    values: np.ndarray
    errors: np.ndarray


def agreement(found: Mapping[str, Shares], coefficient: Callable[[np.ndarray, np.ndarray], np.ndarray]) -> Agreement:
    """The coefficient of every pair of methods; their trials are of the same rows, and so are the errors."""
    methods = list(found.values())
    values, errors = np.eye(len(methods)), np.zeros((len(methods), len(methods)))
    for i, left in enumerate(methods):
        for j, right in enumerate(methods[:i]):
            values[i, j] = values[j, i] = coefficient(left.values[None], right.values[None])[0]
            errors[i, j] = errors[j, i] = coefficient(left.trials, right.trials).std(ddof=1)
    return Agreement(values, errors)


def spearman(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Spearman's rank correlation of each row of (row, feature) with that of the other, (row,); 0 for a constant."""
    ranks = [rankdata(values, axis=1) for values in (left, right)]
    a, b = (values - values.mean(1, keepdims=True) for values in ranks)
    return _cosine(a, b)


def kendall(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Kendall's tau-b of each row of (row, feature) with that of the other, (row,); 0 for a constant."""
    first, second = np.triu_indices(left.shape[1], 1)
    a, b = (np.sign(values[:, first] - values[:, second]) for values in (left, right))
    return _cosine(a, b)


def _cosine(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    lengths = np.sqrt(np.square(a).sum(1) * np.square(b).sum(1))
    products = (a * b).sum(1)
    cosines: np.ndarray = np.divide(products, lengths, out=np.zeros_like(products), where=lengths > 0)
    return cosines
