"""Figures of masking."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import (
    FixedLocator,
    LogLocator,
    NullFormatter,
    NullLocator,
    StrMethodFormatter,
)

from ...present.tables import Measured
from .masks import MODES

__all__ = ["loss_figure", "masking_figure", "ranks_figure", "thresholds_figure"]

MARKERS = {"zero": "x", "mean": "s", "permutation": "o"}
COLORS = {"zero": "0.55", "mean": "C0", "permutation": "C1"}
LINEAR = 0.02  # percent; below this, the axis of a loss is linear
NUMBER = StrMethodFormatter("{x:g}")
Rows = Sequence[Mapping[str, Any]]


def masking_figure(rows: Rows) -> Figure:
    """Loss of AUC and 1 - fidelity for each feature of an input in each mode, largest permutation loss on top."""
    rows = sorted(rows, key=lambda row: row["permutation"]["relative"]["value"])
    figure = Figure(figsize=(9.6, 0.27 * len(rows) + 1.9))
    left, right = figure.subplots(1, 2, sharey=True)
    for mode, shift in zip(MODES, (-0.22, 0.0, 0.22), strict=True):
        losses = [row[mode]["relative"] for row in rows]
        _points(left, losses, shift, mode)
        _points(right, [{"value": 1 - row[mode]["fidelity"]["value"], "error": 0} for row in rows], shift, mode)
    left.axvline(0, color="0.8", linewidth=1, zorder=0)
    left.set_yticks(range(len(rows)), [row["feature"] for row in rows], fontsize=9)
    left.set_ylim(-0.6, len(rows) - 0.4)
    left.set_xlabel("AUC lost [%]")
    right.set_xlabel("1 $-$ fidelity [%]")
    _loss_axis(left)
    _distance_axis(right)
    for axes in (left, right):
        axes.tick_params(axis="y", which="minor", left=False, right=False)
        axes.grid(axis="y", color="0.92", linewidth=0.8)
        axes.set_axisbelow(True)
    figure.legend(*left.get_legend_handles_labels(), loc="outside upper center", ncols=len(MODES))
    return figure


def _points(axes: Axes, items: Rows, shift: float, mode: str) -> None:
    values, errors = ([100 * item[key] for item in items] for key in ("value", "error"))
    axes.errorbar(
        values,
        np.arange(len(items)) + shift,
        xerr=errors if any(errors) else None,
        fmt=MARKERS[mode],
        markersize=4,
        linewidth=1,
        color=COLORS[mode],
        label=f"masked by {mode}",
    )


def _loss_axis(axes: Axes) -> None:
    """A percent axis, linear around zero and logarithmic where losses are large, with room for the outermost points."""
    low, high = axes.dataLim.intervalx
    axes.set_xscale("symlog", linthresh=LINEAR, linscale=0.5)
    axes.set_xlim(min(1.5 * low, -LINEAR), max(1.6 * high, LINEAR))
    decades = [10.0**power for power in range(-1, 3)]
    axes.xaxis.set_major_locator(FixedLocator([*(-decade for decade in decades), 0, *decades]))
    axes.xaxis.set_major_formatter(NUMBER)
    axes.xaxis.set_minor_locator(NullLocator())


def _distance_axis(axes: Axes) -> None:
    """A logarithmic percent axis, if there is anything on it, with more labels where it spans little."""
    positive = [value for line in axes.lines for value in np.asarray(line.get_xdata(), float) if value > 0]
    if not positive:
        return
    axes.set_xscale("log")
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5) if max(positive) < 100 * min(positive) else (1,)))
    axes.xaxis.set_major_formatter(NUMBER)
    axes.xaxis.set_minor_formatter(NullFormatter())


def thresholds_figure(rows: Rows, auc: Measured) -> Figure:
    """Number of masked features, AUC and fidelity against the threshold, one line for each mode."""
    figure = Figure(figsize=(9.6, 3.6))
    number, area, fidelity = figure.subplots(1, 3)
    thresholds = sorted({row["threshold"] for row in rows})
    places = np.arange(len(thresholds))
    for mode in MODES:
        chosen = [row for row in rows if row["mode"] == mode]
        look: dict[str, Any] = {"marker": MARKERS[mode], "color": COLORS[mode], "markersize": 5, "linewidth": 1.4}
        masked = [sum(map(len, row["features"].values())) for row in chosen]
        number.plot(places, masked, label=f"masked by {mode}", **look)
        area.errorbar(places, *_column(chosen, "auc", 1), **look)
        fidelity.errorbar(places, *_column(chosen, "fidelity", 100), **look)
    area.axhline(auc.value, color="0.5", linestyle=":", linewidth=1.2, label="nothing masked")
    labels = ("Masked features", "AUC", "Fidelity [%]")
    for axes, label in zip((number, area, fidelity), labels, strict=True):
        axes.set_xticks(places, [f"{threshold:g}" for threshold in thresholds], fontsize=9)
        axes.xaxis.set_minor_locator(NullLocator())
        axes.set_xlabel("Threshold on the AUC lost alone [%]", fontsize=10)
        axes.set_ylabel(label)
    handles = [axes.get_legend_handles_labels() for axes in (number, area)]
    figure.legend(
        [handle for found, _ in handles for handle in found],
        [name for _, names in handles for name in names],
        loc="outside upper center",
        ncols=4,
    )
    return figure


def ranks_figure(rows: Rows, auc: Measured) -> Figure:
    """AUC and fidelity against the rank, for one object taken out, the first n, and all but the first n."""
    figure = Figure(figsize=(9.6, 3.8))
    area, fidelity = figure.subplots(1, 2)
    looks = {"one": ("o", "C1"), "first": ("s", "C0"), "rest": ("^", "C2")}
    names = {"one": "without object n", "first": "without the first n", "rest": "with the first n only"}
    for kind, (marker, color) in looks.items():
        chosen = [row for row in rows if row["kind"] == kind]
        ranks = [row["n"] for row in chosen]
        look: dict[str, Any] = {"marker": marker, "color": color, "markersize": 5, "linewidth": 1.4}
        area.errorbar(ranks, *_column(chosen, "auc", 1), **look, label=names[kind])
        fidelity.errorbar(ranks, *_column(chosen, "fidelity", 100), **look)
    area.axhline(auc.value, color="0.5", linestyle=":", linewidth=1.2, label="all objects")
    for axes, label in ((area, "AUC"), (fidelity, "Fidelity [%]")):
        _rank_axis(axes, max(row["n"] for row in rows))
        axes.set_ylabel(label)
    figure.legend(*area.get_legend_handles_labels(), loc="outside upper center", ncols=4)
    return figure


def _rank_axis(axes: Axes, largest: int) -> None:
    """Ranks, on a logarithmic axis where there are many."""
    axes.set_xlabel("Rank, or number, n")
    if largest < 20:
        axes.xaxis.set_major_locator(FixedLocator(range(1, largest + 1)))
        axes.xaxis.set_minor_locator(NullLocator())
        return
    axes.set_xscale("log")
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.xaxis.set_major_formatter(NUMBER)
    axes.xaxis.set_minor_formatter(NullFormatter())


def _column(rows: Rows, key: str, factor: float) -> tuple[list[float], list[float]]:
    """Values and errors."""
    return [factor * row[key]["value"] for row in rows], [factor * row[key]["error"] for row in rows]


def loss_figure(table: list[dict[str, Any]], most: int = 20) -> Figure:
    """Loss of AUC for each feature with its error, the `most` important ones, largest on top.

    `table` holds rows with `input`, `feature` and `loss` (`value`, `error`), sorted by loss.
    """
    rows = table[:most][::-1]
    inputs = list(dict.fromkeys(row["input"] for row in table))
    figure = Figure(figsize=(6.2, 0.26 * len(rows) + 1.1))
    axes = figure.subplots()
    for color, name in enumerate(inputs):
        places = [place for place, row in enumerate(rows) if row["input"] == name]
        values = [rows[place]["loss"] for place in places]
        errors = [value["error"] for value in values]
        axes.barh(places, [value["value"] for value in values], xerr=errors, color=f"C{color}", label=name)
    axes.set_yticks(range(len(rows)), [row["feature"] for row in rows], fontsize=9)
    axes.tick_params(axis="y", which="minor", left=False, right=False)
    axes.set_xlabel("Loss of AUC when the feature is shuffled")
    axes.legend(loc="lower right")
    return figure
