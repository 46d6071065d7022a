"""The figures of the studies; each function draws one and returns it."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, MaxNLocator, NullFormatter, StrMethodFormatter

from ..evaluation.rows import ScoredRows
from ..evaluation.separation import Ranking
from ..present.tables import Cell, Measured
from ..schema import Schema
from .outcome import Outcome
from .statistics import PowerLaw, Spread

__all__ = ["ablations_figure", "comparison_figure", "learning_curve_figure", "seeds_figure", "splits_figure"]

OWN, OTHER, PUBLISHED = "C0", "C1", "C2"


def seeds_figure(
    seeds: Sequence[int], rows: Mapping[str, Mapping[str, Cell]], values: Mapping[str, Sequence[float]]
) -> Figure:
    """Each quantity of each training, with mean and standard deviation, reference and published value.

    `rows` are those of the table of the study; `values` holds, for each of them, the numbers of all trainings.
    """
    figure = Figure(figsize=(3.7 * len(rows), 3.7))
    for axes, (name, row) in zip(figure.subplots(1, len(rows)), rows.items(), strict=True):
        axes.plot(seeds, values[name], "o", color=OWN, label="one training")
        _band(axes, row["mean"], OWN, "mean ± std. dev.")
        _band(axes, row.get("published_mean"), PUBLISHED, "published")
        if row.get("reference") is not None:
            axes.axhline(row["reference"], color=OTHER, linestyle="--", label="reference")
        axes.set_xlabel("Seed of the training")
        axes.set_ylabel(row["quantity"])
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=2))
        axes.xaxis.set_minor_locator(MaxNLocator(integer=True))
        axes.margins(x=0.12, y=0.15)
    _legend(figure)
    return figure


def _band(axes: Axes, cell: Cell, color: str, label: str) -> None:
    """A mean as a line, its error as a band; a cell without an error has the line alone."""
    if isinstance(cell, Measured):
        axes.axhspan(cell.value - cell.error, cell.value + cell.error, color=color, alpha=0.18, linewidth=0)
        axes.axhline(cell.value, color=color, linewidth=1.2, label=label)
    elif isinstance(cell, float):
        axes.axhline(cell, color=color, linewidth=1.2, label=label)


def splits_figure(names: Sequence[str], outcomes: Sequence[Outcome]) -> Figure:
    """The validation loss of each split against the epoch, and the AUC of each."""
    figure = Figure(figsize=(9.6, 3.9))
    left, right = figure.subplots(1, 2)
    for place, (name, outcome) in enumerate(zip(names, outcomes, strict=True)):
        epochs = [epoch["epoch"] for epoch in outcome.history]
        losses = [epoch["validation_loss"] for epoch in outcome.history]
        (line,) = left.plot(epochs, losses, marker="o", markersize=4, label=name)
        auc = outcome.metric("auc")
        right.errorbar(auc.value, place, xerr=auc.error, fmt="o", capsize=3, color=line.get_color())
    left.set_xlabel("Epoch")
    left.set_ylabel("Validation loss (mean cross-entropy)")
    left.xaxis.set_major_locator(MaxNLocator(integer=True))
    left.legend()
    right.set_xlabel("AUC on the split's own test rows")
    right.xaxis.set_major_locator(MaxNLocator(5))
    _name_rows(right, names)
    return figure


def _name_rows(axes: Axes, names: Sequence[str]) -> None:
    """Names down the vertical axis, the first on top."""
    axes.set_yticks(range(len(names)), names)
    axes.tick_params(axis="y", which="minor", left=False, right=False)
    axes.set_ylim(len(names) - 0.5, -0.5)


def _legend(figure: Figure) -> None:
    """One legend above all panels, with every entry once."""
    entries = {
        name: handle for axes in figure.axes for handle, name in zip(*axes.get_legend_handles_labels(), strict=True)
    }
    figure.legend(entries.values(), entries.keys(), loc="outside upper center", ncols=len(entries))


def ablations_figure(rows: Mapping[str, Mapping[str, Cell]]) -> Figure:
    """AUC, fidelity and sparsity of each model, filled, beside the published ones, open; `rows` are the table's."""
    panels = {"auc": "AUC", "fidelity": "Fidelity to the baseline", "sparsity": "Sparsity"}
    figure = Figure(figsize=(9.6, 0.55 * len(rows) + 1.7))
    names = [f"{row['model']}\n{row['parameters']} parameters" for row in rows.values()]
    shift = 0.1 if any(f"published_{key}" in row for row in rows.values() for key in panels) else 0.0
    for axes, (key, title) in zip(figure.subplots(1, len(panels)), panels.items(), strict=True):
        own, published = ([row.get(name) for row in rows.values()] for name in (key, f"published_{key}"))
        _dots(axes, own, -shift, color=OWN, label="this project")
        _dots(axes, published, shift, color=PUBLISHED, markerfacecolor="none", label="published")
        axes.set_xlabel(title)
        axes.xaxis.set_major_locator(MaxNLocator(3, min_n_ticks=2))
        _name_rows(axes, names if key == "auc" else [""] * len(names))
    _legend(figure)
    return figure


def _dots(axes: Axes, cells: Sequence[Cell], shift: float, **look: Any) -> None:
    """One point with its error for each cell that holds a number, `shift` below its row's middle."""
    found = {place + shift: cell for place, cell in enumerate(cells) if isinstance(cell, float | Measured)}
    if found:
        values = [cell.value if isinstance(cell, Measured) else cell for cell in found.values()]
        errors = [cell.error if isinstance(cell, Measured) else 0.0 for cell in found.values()]
        axes.errorbar(values, list(found), xerr=errors if any(errors) else None, fmt="o", capsize=3, **look)


def comparison_figure(runs: tuple[ScoredRows, ScoredRows], schema: Schema, names: Sequence[str]) -> Figure:
    """The two curves of background against signal efficiency, and how often two scores come together."""
    figure = Figure(figsize=(10.2, 4.2))
    left, right = figure.subplots(1, 2)
    for rows, name, style in zip(runs, names, ("-", "--"), strict=True):
        background, signal = Ranking(rows.score, rows.is_signal).curve(rows.weight)
        area = np.trapezoid(signal, background)
        left.plot(signal, np.where(background > 0, background, np.nan), style, label=f"{name}: AUC {area:.4f}")
    left.set_yscale("log")
    left.set_xlim(0, 1)
    left.set_xlabel(f"Signal efficiency ({schema.classes[schema.signal]})")
    left.set_ylabel("Background efficiency")
    left.legend(loc="upper left")
    a, b = (rows.score for rows in runs)
    _, _, _, image = right.hist2d(a, b, bins=50, range=[[0, 1], [0, 1]], norm=LogNorm(), cmap="cividis_r")
    right.axline((0, 0), slope=1, color="0.4", linestyle=":", linewidth=1.2)
    right.set_aspect("equal")
    right.set_xlabel(f"Score of A: {names[0]}")
    right.set_ylabel(f"Score of B: {names[1]}")
    figure.colorbar(image, ax=right, label=f"{schema.entity.capitalize()} per bin")
    return figure


def learning_curve_figure(
    points: Mapping[int, Sequence[Measured]], spreads: Mapping[int, Spread], fit: PowerLaw | None, entity: str
) -> Figure:
    """1 - AUC against the number of training rows: single trainings, mean and standard deviation, the fit."""
    figure = Figure(figsize=(5.6, 4.2))
    axes = figure.subplots()
    for rows, found in points.items():
        axes.plot(
            [rows] * len(found), [1 - auc.value for auc in found], "o", color="0.7", markersize=4, label="one training"
        )
    losses = [1 - spread.mean for spread in spreads.values()]
    errors = [spread.deviation for spread in spreads.values()]
    axes.errorbar(list(spreads), losses, errors, fmt="o", capsize=3, color=OWN, label="mean ± std. dev. of trainings")
    if fit:
        along = np.geomspace(min(spreads), 2 * max(spreads))
        values, widths = np.array([[loss.value, loss.error] for loss in map(fit.at, along)]).T
        axes.plot(along, values, color=OTHER, label=f"power law, exponent {fit.parameters[2]:.2f}")
        axes.fill_between(along, values - widths, values + widths, color=OTHER, alpha=0.18, linewidth=0)
    axes.loglog()
    for axis, digits in ((axes.xaxis, (1, 2, 5)), (axes.yaxis, (1, 1.5, 2, 3, 5, 7))):
        axis.set_major_locator(LogLocator(subs=digits))
        axis.set_major_formatter(StrMethodFormatter("{x:g}"))
        axis.set_minor_formatter(NullFormatter())
    axes.set_xlabel(f"Training {entity}")
    axes.set_ylabel("1 $-$ AUC")
    handles, names = axes.get_legend_handles_labels()
    entries = dict(zip(names, handles, strict=True))  # one for all single trainings
    axes.legend(entries.values(), entries.keys())
    return figure
