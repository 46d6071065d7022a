"""The figures of the comparison; each function draws one and returns it."""

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter, NullLocator

__all__ = ["Times", "speed_figure"]

Times = Mapping[str, Mapping[int, Sequence[float]]]
"""Seconds of each repeat: runtime -> batch size -> repeats."""

FILLED = 0.45  # opacity
LINES: tuple[Literal["-", "--"], ...] = ("-", "--")  # of the first and the second platform


def speed_figure(platforms: Mapping[str, Times], entity: str) -> Figure:
    """Throughput against the size of the batch as box plots (Figure 4 of arXiv:2212.05081), and the time per batch.

    `platforms` holds one or two, by name; a colour is a runtime, a filled box or full line the first platform. Boxes
    stand at the sizes of batches that all have measured.
    """
    figure = Figure(figsize=(10.6, 4.4))
    left, right = figure.subplots(1, 2)
    runtimes = list(dict.fromkeys(name for times in platforms.values() for name in times))
    series = [(number, name, times[name]) for name in runtimes for number, times in _numbered(platforms, name)]
    sizes = sorted(size for size in set.intersection(*(set(seconds) for _, _, seconds in series)) if size > 1)
    for place, (platform, name, seconds) in enumerate(series):
        color = f"C{runtimes.index(name)}"
        places = np.arange(len(sizes)) + (place - (len(series) - 1) / 2) * 0.8 / len(series)
        throughput = [size / np.asarray(seconds[size]) for size in sizes]
        _boxes(left, throughput, places, width=0.64 / len(series), color=color, filled=platform == 0)
        medians = {size: 1e3 * np.median(values) for size, values in sorted(seconds.items())}
        right.plot([*medians], [*medians.values()], color=color, linestyle=LINES[platform], marker="o", markersize=4)
    _axes(left, right, sizes, entity)
    handles = [Patch(facecolor=(f"C{number}", FILLED), label=name) for number, name in enumerate(runtimes)]
    if len(platforms) > 1:
        handles += [
            Patch(facecolor=_face("0.3", number == 0), edgecolor="0.3", linestyle=LINES[number], label=name)
            for number, name in enumerate(platforms)
        ]
    figure.legend(handles=handles, loc="outside upper center", ncols=4)
    return figure


def _numbered(platforms: Mapping[str, Times], runtime: str) -> list[tuple[int, Times]]:
    """The platforms that have measured a runtime, with their numbers."""
    return [(number, times) for number, times in enumerate(platforms.values()) if runtime in times]


def _axes(left: Axes, right: Axes, sizes: Sequence[int], entity: str) -> None:
    left.set_xticks(range(len(sizes)), [_thousands(size) for size in sizes])
    left.xaxis.set_minor_locator(NullLocator())
    left.yaxis.set_major_formatter(FuncFormatter(_thousands))
    for place in range(1, len(sizes)):
        left.axvline(place - 0.5, color="0.85", linewidth=1)
    left.set_ylim(bottom=0)
    left.set_ylabel(f"Throughput [{entity} / s]")
    right.set_xscale("log")
    right.set_yscale("log")
    right.set_ylabel("Time per batch, median [ms]")
    for axes in (left, right):
        axes.set_xlabel(f"Size of the batch [{entity}]")


def _boxes(
    axes: Axes, values: Sequence[np.ndarray], places: np.ndarray, *, width: float, color: str, filled: bool
) -> None:
    axes.boxplot(
        values,
        positions=places,
        widths=width,
        patch_artist=True,
        manage_ticks=False,
        boxprops={"facecolor": _face(color, filled), "edgecolor": color},
        medianprops={"color": "black", "linewidth": 1.2},
        whiskerprops={"color": color},
        capprops={"color": color},
        flierprops={"marker": ".", "markeredgecolor": color},
    )


def _face(color: str, filled: bool) -> tuple[str, float]:
    return (color, FILLED if filled else 0.0)


def _thousands(number: float, _: int | None = None) -> str:
    return f"{number:,.0f}".replace(",", "\N{NARROW NO-BREAK SPACE}")
