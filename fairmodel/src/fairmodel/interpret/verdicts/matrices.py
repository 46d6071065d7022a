"""Figures of matrices of correlations."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ...present.tables import Measured
from .agreement import Agreement
from .sample import FeatureKey

__all__ = ["agreement_figure", "correlations_figure", "name_rows"]

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
