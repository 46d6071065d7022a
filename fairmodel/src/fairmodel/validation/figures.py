"""The distribution of every column in each class, from counts in cells."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.layout_engine import PlaceHolderLayoutEngine
from matplotlib.ticker import LogLocator, MaxNLocator, NullLocator

from ..present.labels import axis_label
from ..schema import Feature
from .statistics import CELL_WIDTH, ColumnStatistics, cell_borders, cell_values, histogram, quantiles

__all__ = ["distribution_figure"]

COLUMNS = 5
PANEL_WIDTH, PANEL_HEIGHT, LEGEND_HEIGHT = 3.0, 2.45, 0.45
BINS = 50
SHOWN = (0.001, 0.999)  # quantiles at which the axes end
MOST_WHOLE_NUMBERS = 61  # beyond which they are binned like any others
DECADES = 3  # positive numbers over more than so many are drawn on a logarithmic axis
TAIL = 30  # signed numbers whose range is longer than their core by this factor are drawn on an asinh axis


def distribution_figure(table: ColumnStatistics, classes: Sequence[str]) -> Figure:
    """One panel for each column: density of the real objects in each class, without the outer 0.1 % on either side."""
    rows = -(-len(table.features) // COLUMNS)
    height = PANEL_HEIGHT * rows + LEGEND_HEIGHT
    # fixed margins: finding the best ones takes longer than all the rest
    by_hand = PlaceHolderLayoutEngine(adjust_compatible=True, colorbar_gridspec=True)
    figure = Figure(figsize=(PANEL_WIDTH * COLUMNS, height), layout=by_hand)
    figure.subplots_adjust(0.055, 0.5 / height, 0.995, 1 - LEGEND_HEIGHT / height, wspace=0.24, hspace=0.34)
    panels = figure.subplots(rows, COLUMNS, squeeze=False).ravel()
    for place, feature in enumerate(table.features):
        _draw(panels[place], table.counts[:, place], feature, classes)
    for panel in panels[len(table.features) :]:
        panel.set_axis_off()
    handles, names = panels[0].get_legend_handles_labels()
    figure.legend(handles, names, loc="upper center", ncols=len(classes), fontsize=12)
    figure.supylabel("Density", x=0.005, fontsize=12)
    return figure


def _draw(axes: Any, counts: np.ndarray, feature: Feature, classes: Sequence[str]) -> None:
    edges, scale = _binning(counts)
    power = _power_of_ten(np.abs(edges).max()) if scale == "linear" else 0
    for index, name in enumerate(classes):
        content = histogram(counts[index], edges)
        density = content / max(counts[index].sum(), 1) / np.diff(edges) * 10.0**power
        axes.stairs(density, edges / 10.0**power, linewidth=1.5, label=name)
    _scale_axis(axes, scale, edges, counts)
    _show_decades(axes)
    axes.set_xlabel(axis_label(feature, power), fontsize=10)
    axes.tick_params(labelsize=8)


def _binning(counts: np.ndarray) -> tuple[np.ndarray, str]:
    """Edges of the bins for counts (class, cell), and the scale on which they are even."""
    total = counts.sum(axis=0)
    if not total.any():
        return np.linspace(0, 1, BINS + 1), "linear"
    values = cell_values()[np.flatnonzero(total)]
    ends = np.array([quantiles(part, SHOWN) for part in counts if part.any()])
    low, high = ends[:, 0].min(), ends[:, 1].max()
    if np.array_equal(values, np.round(values)) and high - low < MOST_WHOLE_NUMBERS:
        # rare values of a short list are shown too
        low, high = (values[0], values[-1]) if values[-1] - values[0] < MOST_WHOLE_NUMBERS else (low, high)
        return np.arange(low - 0.5, high + 1), "whole"
    if low > 0 and high > low * 10**DECADES:
        return np.geomspace(low, high, BINS + 1), "log"
    width = _core(total)
    if low < 0 < high and high - low > TAIL * width > 0:
        return width * np.sinh(np.linspace(np.arcsinh(low / width), np.arcsinh(high / width), BINS + 1)), "asinh"
    # from border to border, so that a value that many objects share is inside
    low = cell_borders()[np.searchsorted(cell_values(), low)]
    high = cell_borders()[np.searchsorted(cell_values(), high, side="right")]
    # no bin is narrower than a cell
    bins = np.clip((high - low) / max(abs(low), abs(high)) / CELL_WIDTH, 1, BINS)
    return np.linspace(low, high, int(bins) + 1), "linear"


def _core(counts: np.ndarray) -> float:
    """Half the width of the central 68 %."""
    low, high = quantiles(counts, (0.16, 0.84))
    return float(high - low) / 2


def _scale_axis(axes: Any, scale: str, edges: np.ndarray, counts: np.ndarray) -> None:
    if scale in ("log", "asinh"):
        axes.set_xlim(edges[0], edges[-1])
    if scale == "whole":
        axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))
        axes.xaxis.set_minor_locator(NullLocator())
    elif scale == "log":
        axes.set_xscale("log")
        axes.xaxis.set_major_locator(LogLocator(numticks=4))
        axes.xaxis.set_minor_locator(NullLocator())
    elif scale == "asinh":
        width = _core(counts.sum(axis=0))
        axes.set_xscale("asinh", linear_width=width)
        ticks = [0.0, *(sign * 10.0**power for power in _tick_powers(width, edges) for sign in (1, -1))]
        axes.set_xticks([tick for tick in ticks if edges[0] <= tick <= edges[-1]])
        axes.xaxis.set_minor_locator(NullLocator())
        axes.xaxis.set_major_formatter(lambda tick, _: f"{tick:g}")


def _show_decades(axes: Any) -> None:
    """A logarithmic density axis over two decades at least, so that it always has a number on it."""
    heights = np.concatenate([patch.get_data().values for patch in axes.patches])
    heights = heights[heights > 0]
    if len(heights):
        middle = np.sqrt(heights.max() * heights.min())
        axes.set_yscale("log")
        axes.yaxis.set_minor_locator(NullLocator())
        axes.set_ylim(min(heights.min() / 2, middle / 10), max(heights.max() * 2, middle * 10))


def _tick_powers(width: float, edges: np.ndarray) -> list[int]:
    """Powers of ten between the core and the end of an asinh axis, at most three."""
    first = int(np.ceil(np.log10(width)))
    last = int(np.floor(np.log10(np.abs(edges).max())))
    return list(range(last, first - 1, -max(1, -(-(last - first) // 3))))


def _power_of_ten(largest: float) -> int:
    """The power of ten that an axis is scaled by: none for numbers that are easy to read as they are."""
    return 0 if largest == 0 or largest >= 0.01 else int(np.floor(np.log10(largest)))
