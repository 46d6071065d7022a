"""Figures of relevance by class."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, NullLocator

from ...schema import Input
from .averages import Averages
from .recipes import RECIPES

__all__ = ["features_figure", "objects_figure"]

MARKERS = "os^Dv"


def features_figure(found: Mapping[str, Averages], item: Input, classes: Sequence[str]) -> Figure:
    """A panel for each recipe: mean relevance of each feature for each class, largest of the first recipe on top."""
    first = next(iter(found.values())).features[item.name]
    order = np.argsort(np.abs(first).max(0), kind="stable")
    figure = Figure(figsize=(9.6, 0.27 * len(order) + 1.9))
    panels = figure.subplots(1, len(found), sharey=True, squeeze=False)[0]
    for axes, (recipe, each) in zip(panels, found.items(), strict=True):
        values, errors = each.features[item.name][:, order], np.nan_to_num(each.feature_errors[item.name][:, order])
        for index, name in enumerate(classes):
            shift = _shift(index, len(classes), 0.22)
            places = np.arange(len(order)) + shift
            look = {"fmt": MARKERS[index % 5], "color": f"C{index}", "markersize": 4, "linewidth": 1}
            axes.errorbar(values[index], places, xerr=errors[index], label=name, **look)
        axes.axvline(0, color="0.8", linewidth=1, zorder=0)
        axes.grid(axis="y", color="0.92", linewidth=0.8)
        axes.set_axisbelow(True)
        axes.tick_params(axis="y", which="minor", left=False, right=False)
        _title(axes, recipe)
        axes.set_xlabel(f"Mean relevance: {RECIPES[recipe].unit}", fontsize=11)
    panels[0].set_yticks(range(len(order)), [item.feature_names[place] for place in order], fontsize=9)
    panels[0].set_ylim(-0.6, len(order) - 0.4)
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside upper center", ncols=len(classes))
    return figure


def objects_figure(found: Mapping[str, Averages], item: Input, classes: Sequence[str]) -> Figure:
    """A panel for each recipe: mean relevance of the object of each rank for each class."""
    figure = Figure(figsize=(9.6, 3.9))
    panels = figure.subplots(1, len(found), squeeze=False)[0]
    for axes, (recipe, each) in zip(panels, found.items(), strict=True):
        ranks = np.arange(1, item.slots + 1)
        for index, name in enumerate(classes):
            shift = _shift(index, len(classes), 0.16)
            values, errors = each.objects[item.name][index], np.nan_to_num(each.object_errors[item.name][index])
            look = {"fmt": MARKERS[index % 5], "color": f"C{index}", "markersize": 4, "linewidth": 1}
            axes.errorbar(ranks + shift, values, yerr=errors, label=name, **look)
        axes.axhline(0, color="0.8", linewidth=1, zorder=0)
        axes.xaxis.set_major_locator(MaxNLocator(steps=[1, 2, 5, 10], integer=True))
        if item.slots < 20:
            axes.xaxis.set_minor_locator(NullLocator())
        axes.set_xlabel("Rank of the object")
        axes.set_ylabel(f"Mean relevance: {RECIPES[recipe].unit}", fontsize=11)
        _title(axes, recipe)
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside upper center", ncols=len(classes))
    return figure


def _title(axes: Axes, recipe: str) -> None:
    axes.set_title(RECIPES[recipe].label, fontsize=11)


def _shift(index: int, number: int, step: float) -> float:
    """Where a class stands beside the others, so that none hides another."""
    return step * (index - (number - 1) / 2)
