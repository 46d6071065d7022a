"""The figures of the comparison; each function draws one and returns it."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

__all__ = ["Times", "speed_figure"]

Times = Mapping[str, Mapping[int, Sequence[float]]]


def speed_figure(times: Times, entity: str) -> Figure:
    """Throughput against the size of the batch as box plots (Figure 4 of arXiv:2212.05081), and the time per batch.

    `times` are seconds of each repeat: runtime -> batch size -> repeats.
    """
    figure = Figure(figsize=(10.6, 4.4))
    left, right = figure.subplots(1, 2)
    sizes = sorted(size for size in next(iter(times.values())) if size > 1)
    width = 0.8 / len(times)
    for number, (name, seconds) in enumerate(times.items()):
        color, shift = f"C{number}", (number - (len(times) - 1) / 2) * width
        boxes = left.boxplot(
            [size / np.asarray(seconds[size]) for size in sizes],
            positions=np.arange(len(sizes)) + shift,
            widths=0.8 * width,
            patch_artist=True,
            manage_ticks=False,
            boxprops={"facecolor": color, "alpha": 0.45, "edgecolor": color},
            medianprops={"color": "black", "linewidth": 1.2},
            whiskerprops={"color": color},
            capprops={"color": color},
            flierprops={"marker": ".", "markeredgecolor": color},
        )
        boxes["boxes"][0].set_label(name)
        all_sizes = sorted(seconds)
        right.plot(all_sizes, [1e3 * np.median(seconds[size]) for size in all_sizes], "o-", markersize=4, color=color)
    left.set_xticks(range(len(sizes)), [_thousands(size) for size in sizes])
    left.xaxis.set_minor_locator(NullLocator())
    left.yaxis.set_major_formatter(FuncFormatter(_thousands))
    for place in range(1, len(sizes)):
        left.axvline(place - 0.5, color="0.85", linewidth=1)
    left.set_ylim(bottom=0)
    left.set_xlabel(f"Size of the batch [{entity}]")
    left.set_ylabel(f"Throughput [{entity} / s]")
    right.set_xscale("log")
    right.set_yscale("log")
    right.xaxis.set_major_locator(FixedLocator([1, 10, 100, 1000, 10_000]))
    right.set_xlabel(f"Size of the batch [{entity}]")
    right.set_ylabel("Time per batch, median [ms]")
    figure.legend(loc="outside upper center", ncols=min(4, len(times)))
    return figure


def _thousands(number: float, _: int | None = None) -> str:
    return f"{number:,.0f}".replace(",", "\N{NARROW NO-BREAK SPACE}")
