"""Whether methods rank the features alike."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy.stats import rankdata

from ...present.tables import Measured
from .sample import FeatureKey, FeatureShares

__all__ = ["Agreement", "agreement", "agreement_figure", "correlations_figure", "kendall", "name_rows", "spearman"]


@dataclass(frozen=True)
class Agreement:
    """A rank correlation of all pairs of methods, (method, method), and its bootstrap errors."""

    values: np.ndarray
    errors: np.ndarray


def agreement(
    found: Mapping[str, FeatureShares], coefficient: Callable[[np.ndarray, np.ndarray], np.ndarray]
) -> Agreement:
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


COLORS = "RdBu_r"
DARK = 0.6  # from where on white letters are easier to read


def agreement_figure(above: Agreement, below: Agreement, labels: Sequence[str]) -> Figure:
    """One rank correlation of the methods above the diagonal, another one below it, with errors."""
    size = len(labels)
    values = np.where(np.triu(np.ones((size, size), bool)), above.values, below.values)
    figure = Figure(figsize=(1.05 * size + 2.2, 0.8 * size + 1.6))
    axes = figure.subplots()
    image = axes.imshow(values, cmap=COLORS, vmin=-1, vmax=1, aspect="auto")
    for i, j in np.ndindex(size, size):
        if i != j:
            found = above if j > i else below
            text = f"{found.values[i, j]:.2f}\n± {found.errors[i, j]:.2f}"
            color = "white" if abs(values[i, j]) > DARK else "black"
            axes.text(j, i, text, ha="center", va="center", fontsize=9, color=color)
    axes.set_xticks(range(size), labels, rotation=30, ha="right", rotation_mode="anchor", fontsize=9)
    axes.set_yticks(range(size), labels, fontsize=9)
    axes.tick_params(which="both", length=0)
    axes.minorticks_off()
    figure.colorbar(image, ax=axes, label="Rank correlation")
    return figure


def correlations_figure(
    name: str, keys: Sequence[FeatureKey], table: np.ndarray, shares: Sequence[Measured], order: Sequence[int]
) -> Figure:
    """Rank correlations of the features of an input, in the order of their shares, which are beside them."""
    size = len(keys)
    side = 0.24 * size + 0.9
    figure = Figure(figsize=(side + 4.6, side + 1.4))
    left, right = figure.subplots(1, 2, sharey=True, width_ratios=(side, 1.7))
    image = left.imshow(table[np.ix_(order, order)], cmap=COLORS, vmin=-1, vmax=1, aspect="auto")
    names = [keys[place].feature for place in order]
    left.set_xticks(range(size), names, rotation=90, fontsize=8)
    left.set_title(f"Real objects of {name}", fontsize=11)
    values = [100 * shares[place].value for place in order]
    right.barh(range(size), values, xerr=[100 * shares[place].error for place in order], color="C0", ecolor="0.3")
    right.set_xlim(left=0)
    right.set_xlabel("Share [%]")
    name_rows(left, names, fontsize=8)
    for axes in (left, right):
        axes.tick_params(axis="y", which="minor", left=False, right=False)
    left.tick_params(which="both", length=0)
    left.minorticks_off()
    figure.colorbar(image, ax=right, label="Spearman's rank correlation", aspect=1.4 * size)
    return figure


def name_rows(axes: Axes, names: Sequence[str], fontsize: int = 9) -> None:
    """Names down the vertical axis, the first one on top."""
    axes.set_yticks(range(len(names)), names, fontsize=fontsize)
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.tick_params(axis="y", which="minor", left=False, right=False)
