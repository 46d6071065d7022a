"""The figures of a run; each function draws one and returns it."""

import csv
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, NullFormatter

from ..dataset import Samples
from ..present.labels import axis_label
from ..schema import Input, Schema

__all__ = ["history_figure", "input_figure", "loss_figure"]

COLUMNS = 5


def history_figure(history: Path, best_epoch: int) -> Figure:
    """Training and validation loss against the epoch, from `history.csv`; the kept epoch is marked."""
    with history.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    epochs = [int(row["epoch"]) for row in rows]
    figure = Figure(figsize=(5.2, 4.2))
    axes = figure.subplots()
    axes.plot(epochs, [float(row["loss"]) for row in rows], marker="o", markersize=4, label="training")
    axes.plot(epochs, [float(row["validation_loss"]) for row in rows], marker="s", markersize=4, label="validation")
    axes.axvline(best_epoch, color="0.6", linestyle="--", linewidth=1.2, label=f"kept: epoch {best_epoch}")
    axes.set_xlabel("Epoch")
    axes.set_ylabel("Mean cross-entropy")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.legend()
    return figure


def input_figure(samples: Samples, item: Input, schema: Schema) -> Figure:
    """Distribution of each feature over the real objects, in each class, without the outer 0.5 % on either side."""
    rows = -(-len(item.features) // COLUMNS)
    figure = Figure(figsize=(3.0 * COLUMNS, 2.4 * rows))
    panels = figure.subplots(rows, COLUMNS, squeeze=False).ravel()
    real = np.arange(item.slots) < samples.counts[item.name][:, None]
    for position, feature in enumerate(item.features):
        values = samples.inputs[item.name][:, :, position]
        low, high = np.quantile(values[real], [0.005, 0.995]) if real.any() else (0.0, 1.0)
        power = _power_of_ten(max(abs(low), abs(high)))
        edges = np.linspace(low, high if high > low else low + 1, 41) / 10.0**power
        for index, name in enumerate(schema.classes):
            _histogram(panels[position], values[real & (samples.labels == index)[:, None]] / 10.0**power, edges, name)
        panels[position].set_xlabel(axis_label(feature, power), fontsize=10)
        panels[position].tick_params(labelsize=8)
        panels[position].yaxis.set_minor_formatter(NullFormatter())
    for panel in panels[len(item.features) :]:
        panel.set_axis_off()
    figure.supylabel("Density", fontsize=11)
    handles, names = panels[0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside upper center", ncols=len(schema.classes))
    return figure


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


def _power_of_ten(largest: float) -> int:
    """The power of ten that a panel's axis is scaled by: none for numbers that are easy to read as they are."""
    return 0 if largest == 0 or largest >= 0.01 else int(np.floor(np.log10(largest)))


def _histogram(axes: Axes, values: np.ndarray, edges: np.ndarray, name: str) -> None:
    """Draw a density; on a logarithmic axis as soon as one class spans more than a factor of 30."""
    density = np.histogram(values, edges)[0] / max(len(values), 1) / np.diff(edges)
    axes.stairs(density, edges, linewidth=1.6, label=name)
    filled = density[density > 0]
    if len(filled) and filled.max() > 30 * filled.min():
        axes.set_yscale("log")
