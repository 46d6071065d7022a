"""The neural activation pattern of a network: which nodes each class activates (arXiv:2212.05081)."""

from collections.abc import Sequence
from functools import partial

import numpy as np

from ...present.tables import Cell, Column, Table
from ...schema import Schema
from ..parts import Context, Drawing, Findings
from .figures import difference, difference_figure, inactive_figure, pattern_figure
from .relative import INACTIVE, Layer, layers_of

__all__ = ["explain_activity", "labels_of"]

ALL = "all"


def explain_activity(context: Context) -> Findings:
    """Relative activity of each node for each class, as `layers` in the JSON file, the sparsity, and dead nodes."""
    schema = context.project.schema
    layers = layers_of(context.network, context.samples, len(schema.classes))
    if not layers:
        return Findings(paragraphs=["The network has no layer of activations."], details={"layers": []})
    labels = labels_of(layers)
    whole = Layer(ALL, np.concatenate([layer.relative for layer in layers], 1))
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


def labels_of(layers: Sequence[Layer]) -> list[str]:
    """A short name for each layer: the part of the network that it is in, and its number there."""
    parts = [layer.name.split(".")[0] for layer in layers]
    return [f"{part} {parts[:place].count(part) + 1}" for place, part in enumerate(parts)]


def _drawings(layers: Sequence[Layer], labels: Sequence[str], schema: Schema) -> list[Drawing]:
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


def _table(layers: Sequence[Layer], labels: Sequence[str], schema: Schema) -> Table:
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


def _row(label: str, layers: Sequence[Layer], schema: Schema) -> dict[str, Cell]:
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
