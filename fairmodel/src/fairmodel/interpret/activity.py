"""Figures of the activity of nodes."""

from collections.abc import Sequence
from functools import partial

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, NullLocator

from ..evaluation.activity import INACTIVE, LayerActivity, layers_of
from ..present.tables import Cell, Column, Table
from ..schema import Schema
from .parts import Context, Drawing, Findings

__all__ = ["difference", "difference_figure", "explain_activity", "inactive_figure", "labels_of", "pattern_figure"]

MAP = "RdBu_r"
GAP = 0.25  # between layers, in rows

ALL = "all"


def explain_activity(context: Context) -> Findings:
    """Relative activity of each node for each class, as `layers` in the JSON file, the sparsity, and dead nodes."""
    schema = context.project.schema
    layers = layers_of(context.network, context.samples, len(schema.classes))
    if not layers:
        return Findings(paragraphs=["The network has no layer of activations."], details={"layers": []})
    labels = labels_of(layers)
    whole = LayerActivity(ALL, np.concatenate([layer.relative for layer in layers], 1))
    found = [
        {
            "name": layer.name,
            "label": label,
            "relative": dict(zip(schema.classes, layer.relative.tolist(), strict=True)),
            "dead": np.flatnonzero(layer.dead).tolist(),
        }
        for layer, label in zip(layers, labels, strict=True)
    ]
    details = {"sparsity": _share(whole.activity < INACTIVE), "layers": found}
    return Findings([_table(layers, labels, schema)], _drawings(layers, labels, schema), details=details)


def labels_of(layers: Sequence[LayerActivity]) -> list[str]:
    """A short name for each layer: the part of the network that it is in, and its number there."""
    parts = [layer.name.split(".")[0] for layer in layers]
    return [f"{part} {parts[:place].count(part) + 1}" for place, part in enumerate(parts)]


def _drawings(layers: Sequence[LayerActivity], labels: Sequence[str], schema: Schema) -> list[Drawing]:
    signal = schema.classes[schema.signal]
    return [
        Drawing(
            "Which nodes each class activates",
            f"Relative activity of each node: for {signal} as a positive number, for the other classes as a negative "
            "one. Black crosses are dead nodes, which nothing activates.",
            partial(pattern_figure, layers, labels, schema),
            "pattern",
            wide=True,
        ),
        Drawing(
            "Where the classes differ",
            f"Relative activity for {signal} minus that for the other classes: nodes far from white tell them apart.",
            partial(difference_figure, layers, labels, schema),
            "difference",
            wide=True,
        ),
        Drawing(
            "How sparse each layer is",
            f"Share of the nodes whose relative activity is below {INACTIVE}; a network with many such nodes could do "
            "with fewer.",
            partial(inactive_figure, layers, labels, schema),
            "sparsity",
        ),
    ]


def _table(layers: Sequence[LayerActivity], labels: Sequence[str], schema: Schema) -> Table:
    inactive = [Column(f"inactive_{name}", f"Inactive for {name}", digits=1, percent=True) for name in schema.classes]
    columns = (
        Column("layer", "Layer"),
        Column("nodes", "Nodes"),
        *inactive,
        Column("sparsity", "Inactive, mean", digits=1, percent=True),
        Column("dead", "Dead"),
        Column("distance", "Mean distance of the classes", digits=3),
    )
    rows = {layer.name: _row(label, [layer], schema) for layer, label in zip(layers, labels, strict=True)}
    notes = (
        f"Inactive: the activity is below {INACTIVE} of that of the layer's most active node. Dead: never active.",
        f"Distance: |relative activity for {schema.classes[schema.signal]} - that for the others, on average|.",
    )
    return Table("activity", "Activity of the nodes", columns, rows | {ALL: _row("all", layers, schema)}, notes)


def _row(label: str, layers: Sequence[LayerActivity], schema: Schema) -> dict[str, Cell]:
    relative = np.concatenate([layer.relative for layer in layers], 1)
    below = relative < INACTIVE
    shares = {f"inactive_{name}": _share(below[index]) for index, name in enumerate(schema.classes)}
    return {
        "layer": label,
        "nodes": relative.shape[1],
        **shares,
        "sparsity": _share(below),
        "dead": sum(int(layer.dead.sum()) for layer in layers),
        "distance": float(np.abs(difference(relative, schema.signal)).mean()),
    }


def _share(chosen: np.ndarray) -> float:
    return float(chosen.mean())


def difference(relative: np.ndarray, signal: int) -> np.ndarray:
    """From relative activity (class, node): that for the signal class minus the mean of the others, (node,)."""
    others = np.delete(relative, signal, 0)
    result: np.ndarray = relative[signal] - others.mean(0)
    return result


def pattern_figure(layers: Sequence[LayerActivity], labels: Sequence[str], schema: Schema) -> Figure:
    """A line of cells for each class in each layer: relative activity, negative for all but the signal class."""
    order = [schema.signal, *(index for index in range(len(schema.classes)) if index != schema.signal)]
    signs = np.where(np.array(order) == schema.signal, 1, -1)[:, None]
    lines = [signs * layer.relative[order] for layer in layers]
    figure = Figure(figsize=(10, 0.24 * len(order) * len(layers) + 1.5))
    axes = figure.subplots()
    _cells(figure, axes, lines, 1.0, "Relative activity")
    for place, layer in zip(_places(lines), layers, strict=True):
        axes.plot(
            np.flatnonzero(layer.dead),
            np.full(layer.dead.sum(), place + (len(order) - 1) / 2),
            "x",
            color="black",
            markersize=4,
        )
    names = [schema.classes[index] for index in order]
    _name_lines(axes, lines, [[f"{label}: {name}" for name in names] for label in labels])
    return figure


def difference_figure(layers: Sequence[LayerActivity], labels: Sequence[str], schema: Schema) -> Figure:
    """A line of cells for each layer: relative activity for the signal class minus that for the others."""
    lines = [difference(layer.relative, schema.signal)[None] for layer in layers]
    largest = max(float(np.abs(line).max()) for line in lines)
    figure = Figure(figsize=(10, 0.3 * len(layers) + 1.5))
    axes = figure.subplots()
    others = [name for index, name in enumerate(schema.classes) if index != schema.signal]
    _cells(figure, axes, lines, largest or 1.0, f"{schema.classes[schema.signal]} $-$ {' and '.join(others)}")
    _name_lines(axes, lines, [[label] for label in labels])
    return figure


def inactive_figure(layers: Sequence[LayerActivity], labels: Sequence[str], schema: Schema) -> Figure:
    """Share of inactive nodes for each class, and of dead ones, in each layer and in all."""
    figure = Figure(figsize=(5.6, 0.34 * (len(layers) + 1) + 1.6))
    axes = figure.subplots()
    whole = [np.concatenate([layer.inactive for layer in layers], 1), np.concatenate([layer.dead for layer in layers])]
    shares = [layer.inactive.mean(1) for layer in layers] + [whole[0].mean(1)]
    dead = [layer.dead.mean() for layer in layers] + [whole[1].mean()]
    places = np.arange(len(shares))
    for index, name in enumerate(schema.classes):
        shift = 0.16 * (index - (len(schema.classes) - 1) / 2)
        axes.plot([100 * share[index] for share in shares], places + shift, "os^Dv"[index % 5], label=name)
    axes.barh(places, [100 * share for share in dead], height=0.5, color="0.8", label="dead", zorder=0)
    axes.set_yticks(places, [*labels, "all layers"], fontsize=9)
    axes.set_ylim(len(places) - 0.4, -0.6)
    axes.yaxis.set_minor_locator(NullLocator())
    axes.set_xlim(-2, 102)
    axes.set_xlabel(f"Nodes with a relative activity below {INACTIVE} [%]")
    figure.legend(*axes.get_legend_handles_labels(), loc="outside upper center", ncols=len(schema.classes) + 1)
    return figure


def _places(lines: Sequence[np.ndarray]) -> list[float]:
    """Where the first line of each layer is."""
    heights = [len(line) + GAP for line in lines]
    return [float(place) for place in np.cumsum([0.0, *heights[:-1]])]


def _cells(figure: Figure, axes: Axes, lines: Sequence[np.ndarray], largest: float, label: str) -> None:
    """Draw each layer's lines (line, node) as cells, one layer below the other."""
    image = None
    for place, line in zip(_places(lines), lines, strict=True):
        extent = (-0.5, line.shape[1] - 0.5, place + len(line) - 0.5, place - 0.5)
        image = axes.imshow(line, MAP, vmin=-largest, vmax=largest, extent=extent, aspect="auto", interpolation="none")
    axes.set_xlim(-0.5, max(line.shape[1] for line in lines) - 0.5)
    axes.set_ylim(_places(lines)[-1] + len(lines[-1]) - 0.5, -0.5)
    axes.set_xlabel("Node")
    axes.xaxis.set_major_locator(MaxNLocator(steps=[1, 2, 5, 10], integer=True))
    axes.tick_params(which="both", top=False, right=False, direction="out")
    if image is not None:
        figure.colorbar(image, ax=axes, pad=0.01, label=label)


def _name_lines(axes: Axes, lines: Sequence[np.ndarray], names: Sequence[Sequence[str]]) -> None:
    places = [place + index for place, group in zip(_places(lines), names, strict=True) for index in range(len(group))]
    axes.set_yticks(places, [name for group in names for name in group], fontsize=9)
    axes.yaxis.set_minor_locator(NullLocator())
