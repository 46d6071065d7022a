"""The figures of a run; each function draws one and returns it."""

import csv
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, NullFormatter

from ..dataset import Samples
from ..evaluation.rows import ScoredRows
from ..evaluation.separation import Ranking, separate
from ..present.labels import axis_label
from ..schema import Input, Schema
from ..settings.evaluation import EvaluationConfig

__all__ = ["calibration_figure", "history_figure", "input_figure", "roc_figure", "score_figure"]

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


SIZE = (5.2, 4.2)
POINTS = 50  # signal efficiencies at which the band of the ROC curve is computed


def roc_figure(rows: ScoredRows, schema: Schema, metrics: dict[str, Any], options: EvaluationConfig) -> Figure:
    """Background efficiency and rejection against signal efficiency, with a band of one standard deviation."""
    background, signal = Ranking(rows.score, rows.is_signal).curve(rows.weight)
    floor = 1 / max(int((~rows.is_signal).sum()), 1)
    figure = Figure(figsize=SIZE)
    axes = figure.subplots()
    auc = metrics["auc"]
    axes.plot(signal, np.maximum(background, floor / 9), label=f"AUC {auc['value']:.4f} ± {auc['error']:.4f}")
    _draw_band(axes, rows, options, floor)
    diagonal = np.geomspace(floor, 1)
    axes.plot(diagonal, diagonal, color="0.5", linestyle=":", linewidth=1.2, label="random")
    axes.set_yscale("log")
    axes.set_xlim(0, 1)
    axes.set_ylim(floor / 2, 1)
    axes.set_xlabel(f"Signal efficiency ({schema.classes[schema.signal]})")
    axes.set_ylabel("Background efficiency")
    axes.tick_params(axis="y", which="both", right=False)
    rejection = axes.secondary_yaxis("right", functions=(_inverse, _inverse))
    rejection.set_ylabel("Background rejection")
    figure.legend(*axes.get_legend_handles_labels(), loc="outside upper center", ncols=3, fontsize=10)
    return figure


def _draw_band(axes: Axes, rows: ScoredRows, options: EvaluationConfig, floor: float) -> None:
    points = np.linspace(0, 1, POINTS + 1)[1:-1]
    found = separate(rows, points, trials=options.bootstrap, seed=options.seed)
    low, high = np.array([found.interval(index) for index in range(len(points))]).T
    axes.fill_between(points, np.maximum(low, floor / 9), high, alpha=0.25, linewidth=0, label="68 % intervals")


def _inverse(values: Any) -> Any:
    return 1 / np.maximum(values, 1e-300)


def score_figure(rows: ScoredRows, schema: Schema, bins: int) -> Figure:
    """Distribution of the signal probability in each class, normalised to unit area."""
    figure = Figure(figsize=SIZE)
    axes = figure.subplots()
    edges = np.linspace(0, 1, bins + 1)
    for index, name in enumerate(schema.classes):
        chosen = rows.take(rows.label == index)
        content, _ = np.histogram(chosen.score, edges, weights=chosen.weight)
        axes.stairs(content * bins / max(chosen.weight.sum(), 1e-300), edges, linewidth=1.8, label=name)
    axes.set_yscale("log")
    axes.set_xlim(0, 1)
    axes.set_xlabel(f"Score: probability of {schema.classes[schema.signal]}")
    axes.set_ylabel(f"{schema.entity.capitalize()}, normalised to unit area")
    axes.legend(loc="upper center")
    return figure


def calibration_figure(metrics: dict[str, Any], schema: Schema) -> Figure:
    """Share of signal against the mean score in bins of the score, and how many rows are in each."""
    figure = Figure(figsize=SIZE)
    upper, lower = figure.subplots(2, sharex=True, height_ratios=[3, 1])
    bins = metrics["calibration"]["bins"]
    filled = [item for item in bins if item["signal"]]
    score = [item["score"] for item in filled]
    share = np.array([[item["signal"][key] for key in ("value", "low", "high")] for item in filled])
    upper.plot([0, 1], [0, 1], color="0.5", linestyle=":", linewidth=1.2, label="calibrated perfectly")
    lengths = np.abs(share[:, 1:] - share[:, :1]).T
    upper.errorbar(score, share[:, 0], yerr=lengths, fmt="o", markersize=5, label="68 % intervals")
    upper.set_ylabel(f"Share of {schema.classes[schema.signal]}")
    upper.set_ylim(-0.03, 1.03)
    upper.legend(loc="upper left")
    lower.stairs([item["rows"] for item in bins], [0, *(item["high"] for item in bins)], fill=True, alpha=0.6)
    lower.set_yscale("log")
    lower.set_xlim(0, 1)
    lower.set_xlabel(f"Score: probability of {schema.classes[schema.signal]}")
    lower.set_ylabel(schema.entity.capitalize())
    return figure
