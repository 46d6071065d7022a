"""The figures of the comparison; each function draws one and returns it."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullLocator

__all__ = ["Times", "speed_figure"]

Times = Mapping[str, Mapping[int, Sequence[float]]]


def speed_figure(times: Times, entity: str) -> Figure:
    """Throughput against the size of the batch as box plots (Figure 4 of arXiv:2212.05081), and the time per batch.

    `times` are seconds of each repeat: runtime -> batch size -> repeats.
    """
    figure = Figure(figsize=(10.6, 4.4))
    left, right = figure.subplots(1, 2)
    sizes = sorted(size for size in next(iter(times.values())) if size > 1)
    for number, (name, seconds) in enumerate(times.items()):
        places = np.arange(len(sizes)) + (number - (len(times) - 1) / 2) * 0.8 / len(times)
        throughput = [size / np.asarray(seconds[size]) for size in sizes]
        _boxes(left, throughput, places, width=0.64 / len(times), color=f"C{number}", label=name)
        medians = {size: 1e3 * np.median(values) for size, values in sorted(seconds.items())}
        right.plot([*medians], [*medians.values()], "o-", markersize=4, color=f"C{number}")
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
    figure.legend(loc="outside upper center", ncols=min(4, len(times)))
    return figure


def _boxes(
    axes: Axes, values: Sequence[np.ndarray], places: np.ndarray, *, width: float, color: str, label: str
) -> None:
    drawn = axes.boxplot(
        values,
        positions=places,
        widths=width,
        patch_artist=True,
        manage_ticks=False,
        boxprops={"facecolor": color, "alpha": 0.45, "edgecolor": color},
        medianprops={"color": "black", "linewidth": 1.2},
        whiskerprops={"color": color},
        capprops={"color": color},
        flierprops={"marker": ".", "markeredgecolor": color},
    )
    drawn["boxes"][0].set_label(label)


def _thousands(number: float, _: int | None = None) -> str:
    return f"{number:,.0f}".replace(",", "\N{NARROW NO-BREAK SPACE}")
