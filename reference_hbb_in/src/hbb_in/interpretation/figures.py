"""Figures with published numbers beside the project's own."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from fairmodel import Samples, Schema
from fairmodel.interpret.masking.masks import real_slots
from fairmodel.present.labels import axis_label
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, NullLocator

__all__ = ["Panel", "beside_figure", "correlation_figure", "lines_figure", "quality_figure"]

OWN: dict[str, Any] = {"color": "C0", "marker": "o", "markersize": 5, "linestyle": "none"}
PUBLISHED: dict[str, Any] = {**OWN, "color": "C1", "marker": "D", "markerfacecolor": "none"}


@dataclass(frozen=True)
class Panel:
    """One quantity: the label of its axis, the project's values and errors (2, point), published ones, NaN for none."""

    label: str
    own: np.ndarray
    published: np.ndarray
    logarithmic: bool = False


def beside_figure(names: Sequence[str], panels: Sequence[Panel]) -> Figure:
    """A line for each name, from top to bottom, and a panel for each quantity."""
    figure = Figure(figsize=(9.6, 0.27 * len(names) + 1.7))
    positions = np.arange(len(names))
    row = figure.subplots(1, len(panels), sharey=True, squeeze=False)[0]
    for axes, panel in zip(row, panels, strict=True):
        axes.errorbar(panel.own[0], positions - 0.12, xerr=panel.own[1], **OWN, label="this project")
        axes.plot(panel.published, positions + 0.12, **PUBLISHED, label="published, other data")
        if panel.logarithmic:
            axes.set_xscale("symlog", linthresh=1e-3, linscale=0.4)
            axes.xaxis.set_minor_locator(NullLocator())
        else:
            axes.xaxis.set_major_locator(MaxNLocator(5))
        axes.axvline(0, color="0.8", linewidth=1, zorder=0)
        axes.grid(axis="y", color="0.92", linewidth=0.8)
        axes.set_axisbelow(True)
        axes.set_xlabel(panel.label, fontsize=11)
        axes.tick_params(axis="y", which="minor", left=False, right=False)
    row[0].set_yticks(positions, names, fontsize=9)
    row[0].set_ylim(len(names) - 0.4, -0.6)
    _legend(figure, row[0])
    return figure


def lines_figure(label: str, lines: Sequence[tuple[str, Sequence[float], Panel]]) -> Figure:
    """Panels side by side, each a quantity against numbers: title, numbers, values."""
    figure = Figure(figsize=(9.6, 3.6 * -(-len(lines) // 2) + 0.4))
    cells = figure.subplots(-(-len(lines) // 2), 2, squeeze=False).ravel()
    for axes, (title, numbers, panel) in zip(cells, lines, strict=False):
        axes.errorbar(numbers, panel.own[0], yerr=panel.own[1], **OWN, label="this project")
        axes.plot(numbers, panel.published, **PUBLISHED, label="published, other data")
        axes.set_title(title, fontsize=11)
        axes.set_xlabel(label)
        axes.set_ylabel(panel.label)
        axes.xaxis.set_major_locator(MaxNLocator(steps=[1, 2, 5, 10], integer=True))
    for axes in cells[len(lines) :]:
        axes.set_axis_off()
    _legend(figure, cells[0])
    return figure


def correlation_figure(
    samples: Samples, schema: Schema, pairs: Sequence[tuple[str, str]], coefficients: Mapping[str, Mapping[str, float]]
) -> Figure:
    """A scatter plot of the vertices for each pair of features, in each class, with Pearson's coefficients."""
    figure = Figure(figsize=(9.6, 4.2))
    described = {feature.name: feature for item in schema.inputs for feature in item.features}
    features = {item.name: item.feature_names for item in schema.inputs}["vertices"]
    real = real_slots(samples, "vertices")
    row = figure.subplots(1, len(pairs), squeeze=False)[0]
    for axes, (first, second) in zip(row, pairs, strict=True):
        by_class = {index: real & (samples.labels == index)[:, None] for index in range(len(schema.classes))}
        for index in sorted(by_class, key=lambda index: -int(by_class[index].sum())):  # the fewest on top
            name, values = schema.classes[index], samples.inputs["vertices"][by_class[index]]
            x, y = (values[:, features.index(feature)] for feature in (second, first))
            coefficient = coefficients[f"{first} {second}"][name]
            look = {"markersize": 2.5, "alpha": 0.5, "label": f"{name}: r = {coefficient:.2f}"}
            axes.plot(x, y, "os"[index % 2], color=f"C{index}", markeredgewidth=0, **look)
        axes.set_xlabel(axis_label(described[second]))
        axes.set_ylabel(axis_label(described[first]))
        axes.legend(fontsize=10, markerscale=3)
    row[0].set_xscale("log")
    return figure


def quality_figure(shares: Mapping[str, Mapping[int, float]]) -> Figure:
    """Share of the track slots of a class with each value of track_quality; empty slots are 0."""
    figure = Figure(figsize=(5.4, 3.8))
    axes = figure.subplots()
    values = sorted({value for by_value in shares.values() for value in by_value})
    width = 0.8 / len(shares)
    for index, (name, by_value) in enumerate(shares.items()):
        positions = np.arange(len(values)) + width * (index - (len(shares) - 1) / 2)
        axes.bar(positions, [by_value.get(value, 0.0) for value in values], width, color=f"C{index}", label=name)
    axes.set_xticks(range(len(values)), [f"{value}\n(empty slot)" if value == 0 else f"{value}" for value in values])
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_yscale("log")
    axes.set_ylim(top=1)
    axes.set_xlabel("track_quality")
    axes.set_ylabel("Share of the track slots")
    figure.legend(*axes.get_legend_handles_labels(), loc="outside upper center", ncols=len(shares))
    return figure


def _legend(figure: Figure, axes: Axes) -> None:
    handles, names = axes.get_legend_handles_labels()
    figure.legend(handles[::-1], names[::-1], loc="outside upper center", ncols=2)  # its own first
