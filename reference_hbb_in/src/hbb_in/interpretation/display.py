"""The event display of one jet with its relevance: which tracks, vertices and edges made the network decide."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from fairmodel import Samples
from matplotlib.axes import Axes
from matplotlib.colors import TwoSlopeNorm
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from ..data.display import (
    SMALLEST_TRACK,
    TRACK_AREA,
    VERTEX_AREA,
    DrawnObjects,
    draw_axes,
    frame,
    jet_columns,
    title_of,
    tracks_and_vertices,
)

__all__ = ["draw_relevance"]

MAP = "RdBu_r"
EDGES = 20  # the strongest ones
WIDEST = 3.5  # points


def draw_relevance(
    row: Samples, figure: Figure, relevance: Mapping[str, np.ndarray], edges: Mapping[str, np.ndarray] | None = None
) -> None:
    """Draw a jet with the relevance of its objects as colours: red speaks for the signal, blue against it.

    `relevance` holds (slot,) for `tracks` and `vertices`. `edges` holds the relevance of the strongest effects to draw
    as lines from sender to receiver: `tracks` (receiver, sender) between tracks, `vertices` (track, vertex). Areas are
    those of `draw_jet`: in proportion to pT for tracks and to mass for vertices.
    """
    jet = jet_columns(row)
    tracks, vertices = tracks_and_vertices(row)
    of_objects = {name: values[: row.counts[name][0]] for name, values in relevance.items()}
    largest = max(float(np.abs(values).max(initial=0)) for values in of_objects.values()) or 1.0
    norm = TwoSlopeNorm(0, -largest, largest)
    axes = figure.subplots()
    if edges:
        _draw_edges(axes, tracks, {"tracks": tracks, "vertices": vertices}, edges)
    look: dict[str, Any] = {"cmap": MAP, "norm": norm, "edgecolor": "0.25", "linewidth": 0.6, "zorder": 3}
    area = np.maximum(TRACK_AREA * jet["fj_pt"] * tracks["track_ptrel"], SMALLEST_TRACK)
    order = np.argsort(-tracks["track_ptrel"])  # small ones on top
    points = axes.scatter(
        tracks.eta[order], tracks.phi[order], area[order], of_objects["tracks"][order], **look, label="tracks"
    )
    area = VERTEX_AREA * vertices["sv_mass"]
    axes.scatter(vertices.eta, vertices.phi, area, of_objects["vertices"], marker="*", **look, label="vertices")
    draw_axes(axes, jet)
    axes.figure.colorbar(points, ax=axes, pad=0.02, label="Relevance: added to the log-odds")
    axes.set_title(title_of(row, jet), fontsize=11)
    frame(axes)
    handles, names = axes.get_legend_handles_labels()
    if edges:
        handles, names = [*handles, Line2D([], [], color="0.5", linewidth=2)], [*names, "strongest edges"]
    figure.legend(handles, names, loc="outside lower center", ncols=3, fontsize=10)


def _draw_edges(
    axes: Axes, receivers: DrawnObjects, senders: Mapping[str, DrawnObjects], edges: Mapping[str, np.ndarray]
) -> None:
    """Draw lines for the edges of largest magnitude; the width of a line is in proportion to the magnitude."""
    real = {name: values[: len(receivers.eta), : len(senders[name].eta)] for name, values in edges.items()}
    flat = [(abs(value), name, index) for name, values in real.items() for index, value in np.ndenumerate(values)]
    strongest = sorted(flat, reverse=True)[:EDGES]
    for size, name, (receiver, sender) in strongest:
        x = [senders[name].eta[sender], receivers.eta[receiver]]
        y = [senders[name].phi[sender], receivers.phi[receiver]]
        color = "C1" if real[name][receiver, sender] > 0 else "C0"
        axes.plot(x, y, color=color, alpha=0.6, linewidth=WIDEST * size / strongest[0][0], zorder=1)
