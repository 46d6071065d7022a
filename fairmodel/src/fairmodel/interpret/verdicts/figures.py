"""The figures of the verdicts; each function draws one and returns it."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ...present.tables import Measured
from .agreement import name_rows
from .curves import QUANTITIES, Curve
from .sample import FeatureKey, FeatureShares

__all__ = ["randomisation_figure", "removal_figure", "shares_figure", "spread_figure"]

MOST_FEATURES = 16
MARKERS = "osD^vPX*<>"
NAMES = {"auc": "AUC", "fidelity": "Fidelity"}

Pair = tuple[Curve, Curve]


def shares_figure(
    keys: Sequence[FeatureKey],
    shares: Sequence[FeatureShares],
    labels: Sequence[str],
    filled: Sequence[bool],
    order: np.ndarray,
) -> Figure:
    """Share of the first features of the order by each method, with errors; methods not `filled` have open markers."""
    chosen = order[:MOST_FEATURES]
    figure = Figure(figsize=(7.4, 0.36 * len(chosen) + 1.7))
    axes = figure.subplots()
    offsets = np.linspace(-0.32, 0.32, len(shares))
    for number, (found, label) in enumerate(zip(shares, labels, strict=True)):
        places = np.arange(len(chosen)) + offsets[number]
        color = f"C{number}"
        axes.errorbar(
            100 * found.values[chosen],
            places,
            xerr=100 * found.errors[chosen],
            fmt=MARKERS[number % len(MARKERS)],
            markersize=4.5,
            elinewidth=1,
            color=color,
            markerfacecolor=color if filled[number] else "white",
            label=label,
        )
    _stripes(axes, len(chosen))
    name_rows(axes, [keys[place].feature for place in chosen])
    axes.set_xlim(left=0)
    axes.set_xlabel("Share in the magnitude of all attributions [%]")
    figure.legend(loc="outside upper center", ncols=3, fontsize=9)
    return figure


def removal_figure(found: Mapping[str, Pair], random: Sequence[Pair]) -> Figure:
    """AUC and fidelity against the share of features that are gone, and that have stayed; random orders in grey."""
    figure = Figure(figsize=(9.6, 7.4))
    panels = figure.subplots(len(QUANTITIES), 2, sharex="col", sharey="row")
    for row, quantity in zip(panels, QUANTITIES, strict=True):
        for side, axes in enumerate(row):
            for number, pair in enumerate(random):
                label = None if number else "random orders"
                values = pair[side].values[quantity][0]
                axes.plot(100 * pair[side].fraction, values, color="0.75", linewidth=1, label=label, zorder=1)
            _curves(axes, {name: pair[side] for name, pair in found.items()}, quantity)
        row[0].set_ylabel(NAMES[quantity])
    panels[-1, 0].set_xlabel("Features removed, first of the order first [%]")
    panels[-1, 1].set_xlabel("Features kept, first of the order first [%]")
    handles, names = panels[0, 0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside upper center", ncols=4, fontsize=9)
    return figure


def _curves(axes: Axes, found: Mapping[str, Curve], quantity: str) -> None:
    for number, (name, curve) in enumerate(found.items()):
        values = curve.values[quantity]
        axes.errorbar(
            100 * curve.fraction,
            values[0],
            yerr=values[1:].std(0, ddof=1),
            marker=MARKERS[number % len(MARKERS)],
            markersize=4,
            linewidth=1.3,
            elinewidth=0.8,
            color=f"C{number}",
            label=name,
        )


def randomisation_figure(
    found: Mapping[str, Sequence[Measured]], depths: Sequence[int], layers: Sequence[str]
) -> Figure:
    """Rank correlation with the trained network's attributions against the number of random layers."""
    figure = Figure(figsize=(6.6, 4.6))
    axes = figure.subplots()
    for number, (name, values) in enumerate(found.items()):
        axes.errorbar(
            [0, *depths],
            [1.0, *(each.value for each in values)],
            yerr=[0.0, *(each.error for each in values)],
            marker=MARKERS[number % len(MARKERS)],
            markersize=5,
            linewidth=1.3,
            capsize=2,
            color=f"C{number}",
            label=name,
        )
    axes.axhline(0, color="0.6", linewidth=1)
    names = ["none", *(f"{depth}: {layers[depth - 1]}" for depth in depths)]
    axes.set_xticks([0, *depths], names, fontsize=8, rotation=20, ha="right", rotation_mode="anchor")
    axes.tick_params(axis="x", which="minor", bottom=False, top=False)
    axes.set_xlabel("Number of random layers, from the output, and the last one of them")
    axes.set_ylabel("Rank correlation with the trained network")
    figure.legend(loc="outside upper center", ncols=3, fontsize=9)
    return figure


def spread_figure(keys: Sequence[FeatureKey], found: Mapping[str, np.ndarray], order: np.ndarray) -> Figure:
    """Share of each feature in each training, (training, feature) by method, the first features of the order."""
    chosen = order[:MOST_FEATURES]
    figure = Figure(figsize=(3.6 * len(found) + 1.2, 0.27 * len(chosen) + 1.2))
    panels = figure.subplots(1, len(found), sharey=True, squeeze=False)[0]
    for axes, (label, shares) in zip(panels, found.items(), strict=True):
        values = 100 * shares[:, chosen]
        places = np.arange(len(chosen))
        bars = axes.barh(places, values.mean(0), color="C0", alpha=0.35)
        spread = axes.errorbar(values.mean(0), places, xerr=values.std(0, ddof=1), fmt="none", color="C0")
        points, *_ = axes.plot(values.T, places, "o", color="C1", markersize=3)
        axes.set_xlabel("Share [%]")
        axes.set_title(label, fontsize=11)
        axes.set_xlim(left=0)
    name_rows(panels[0], [keys[place].feature for place in chosen])
    for axes in panels:
        axes.tick_params(axis="y", which="minor", left=False, right=False)
    names = ("mean", "standard deviation", "one training")
    figure.legend([bars, spread, points], names, loc="outside upper center", ncols=3, fontsize=9)
    return figure


def _stripes(axes: Axes, rows: int) -> None:
    for place in range(0, rows, 2):
        axes.axhspan(place - 0.5, place + 0.5, color="0.94", linewidth=0, zorder=0)
