"""Figures of what the separation depends on: bins of a spectator, and kinds of background."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from textwrap import fill
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogFormatter, NullLocator

from ..present.labels import axis_label
from ..schema import Feature, Schema

__all__ = ["dependence_figure", "groups_figure"]

MARKERS = ("o", "s", "^", "D", "v")
HALF_WIDTH = 0.4  # of the place that a bin or a group takes on the axis; places are one apart
NAME_WIDTH = 16  # characters in a line of a group's name


def dependence_figure(feature: Feature, metrics: dict[str, Any], schema: Schema) -> Figure:
    """AUC and rejection in bins of a spectator, and the share of the background in them before and after the cuts."""
    figure = Figure(figsize=(5.2, 7.4))
    area, rejection, shape = figure.subplots(3, sharex=True)
    _draw_area(area, metrics["dependence"][feature.name], metrics["auc"], schema)
    _draw_rejection(rejection, metrics["dependence"][feature.name])
    _draw_shapes(shape, metrics["sculpting"][feature.name])
    _name_bins(shape, metrics["sculpting"][feature.name]["edges"])
    shape.set_xlabel(axis_label(feature))
    _draw_legend(figure, area, rejection, shape)
    return figure


def groups_figure(metrics: dict[str, Any], schema: Schema) -> Figure:
    """AUC and rejection of all signal against each kind of background."""
    groups = metrics["groups"]
    figure = Figure(figsize=(5.2, 5.4))
    area, rejection = figure.subplots(2, sharex=True)
    _draw_area(area, list(groups.values()), metrics["auc"], schema)
    _draw_rejection(rejection, list(groups.values()))
    rejection.set_xlim(-0.5, len(groups) - 0.5)
    rejection.set_xticks(range(len(groups)), [fill(name, NAME_WIDTH) for name in groups], fontsize=10)
    rejection.xaxis.set_minor_locator(NullLocator())
    rejection.set_xlabel(f"Background, against all {schema.classes[schema.signal]}")
    _draw_legend(figure, area, rejection)
    return figure


def _draw_area(axes: Axes, entries: Sequence[Any], whole: Mapping[str, float], schema: Schema) -> None:
    axes.axhline(whole["value"], color="0.5", linestyle="--", linewidth=1.2, label=f"AUC of all {schema.entity}")
    places = [place for place, entry in enumerate(entries) if entry["auc"]]
    values, errors = ([entries[place]["auc"][key] for place in places] for key in ("value", "error"))
    axes.errorbar(places, values, yerr=errors, xerr=HALF_WIDTH, fmt="o", markersize=5, color="0.2")
    axes.set_ylabel("AUC")


def _draw_rejection(axes: Axes, entries: Sequence[Any]) -> None:
    """The points of one place side by side, so that none hides another."""
    points = list(dict.fromkeys(point for entry in entries for point in entry["rejection"] or ()))
    offsets = np.linspace(-1, 1, len(points) + 2)[1:-1] * HALF_WIDTH
    for index, (point, offset) in enumerate(zip(points, offsets, strict=True)):
        look: dict[str, Any] = {"color": f"C{index}", "marker": MARKERS[index % len(MARKERS)], "markersize": 5}
        axes.plot([], [], linestyle="none", label=f"signal efficiency {float(point):.0%}", **look)
        for place, entry in enumerate(entries):
            if entry["rejection"]:
                _draw_interval(axes, place + offset, entry["rejection"][point], look)
    axes.set_yscale("log")
    axes.yaxis.set_major_formatter("{x:g}")
    axes.yaxis.set_minor_formatter(LogFormatter(minor_thresholds=(1.5, 0.8)))
    axes.set_ylabel("Background rejection")


def _draw_interval(axes: Axes, place: float, item: Mapping[str, Any], look: Mapping[str, Any]) -> None:
    """A value with its interval; an arrow that starts at the lower limit, or at the value, where nothing lies above."""
    value, low, high = item["value"], item["low"], item["high"]
    if value is not None:
        axes.errorbar([place], [value], yerr=[[value - low], [(high or value) - value]], **look)
    if high is None:
        start = low if value is None else value
        axes.errorbar([place], [start], yerr=start, lolims=True, color=look["color"], capsize=3)


def _draw_shapes(axes: Axes, shapes: Mapping[str, Any]) -> None:
    """Shares of the background in the bins; for each cut, the divergence and that of a blind choice."""
    borders = np.arange(len(shapes["edges"])) - 0.5
    if shapes["before"]:
        axes.stairs(shapes["before"], borders, fill=True, color="0.85", label="all background")
    lines = []
    for index, (point, item) in enumerate(shapes["after"].items()):
        if item["shares"]:
            axes.stairs(item["shares"], borders, linewidth=1.8, color=f"C{index}")
            found = item["divergence"]
            lines.append(
                f"{float(point):.0%}: {found['value']:.3f} ± {found['error']:.3f}, by chance {found['chance']:.3f}"
            )
    if lines:
        text = "\n".join(["Divergence after the cut", *lines])
        axes.text(0.97, 0.96, text, ha="right", va="top", fontsize=9, transform=axes.transAxes)
    axes.set_ylim(0, axes.get_ylim()[1] * (1.15 + 0.12 * len(lines)))
    axes.set_ylabel("Background share")


def _name_bins(axes: Axes, edges: Sequence[float]) -> None:
    """The bins side by side, whatever their widths: edges at their borders, or the whole numbers that a bin holds."""
    axes.set_xlim(-0.5, len(edges) - 1.5)
    axes.xaxis.set_minor_locator(NullLocator())
    if all((edge - 0.5).is_integer() for edge in edges):
        ends = [(low + 0.5, high - 0.5) for low, high in pairwise(edges)]
        axes.set_xticks(range(len(ends)), [f"{low:g}" if low == high else f"{low:g} to {high:g}" for low, high in ends])
    else:
        axes.set_xticks(np.arange(len(edges)) - 0.5, [f"{edge:g}" for edge in edges])


def _draw_legend(figure: Figure, *panels: Axes) -> None:
    found = [panel.get_legend_handles_labels() for panel in panels]
    handles = [handle for panel, _ in found for handle in panel]
    labels = [label for _, panel in found for label in panel]
    figure.legend(handles, labels, loc="outside upper center", ncols=2, fontsize=10)
