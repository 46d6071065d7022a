"""Relevance by the published recipe, beside the published averages."""

from functools import partial
from typing import Any

import numpy as np
from fairmodel.interpret.parts import Context, Drawing, Findings
from fairmodel.present.tables import Cell, Column, Measured, Table

from ..reproduction.published import notes, published
from .figures import Panel, beside_figure, lines_figure

__all__ = ["relevance_beside"]

NOTES = (
    "LRP-gamma with gamma = 2 and without biases: mean share of the logit of a jet's own class. Errors are standard "
    "errors over the jets, or standard deviations over trainings, where there are several.",
    "Published: of a network without the features that have no published number, and with sums over empty slots.",
)


def relevance_beside(context: Context) -> Findings:
    """Compare the mean share of each feature, and of each object over all jets of a class, present or not."""
    content, classes = context.findings("relevance"), context.project.schema.classes
    shares = (content["retrained"] or content["recipes"])["published"]
    rows: dict[str, dict[str, Cell]] = {}
    drawings = []
    for name, by_class in published()["relevance"].items():
        features = list(shares[name][classes[0]]["features"])
        panels = []
        for label in classes:
            own, numbers = shares[name][label]["features"], by_class[label]["features"]
            for feature in features:
                cells = rows.setdefault(f"{name}.{feature}", {"feature": feature})
                cells |= {label: Measured(**own[feature]), f"published_{label}": numbers.get(feature)}
            values = np.array([[own[feature][key] for feature in features] for key in ("value", "error")])
            other = np.array([numbers.get(feature, np.nan) for feature in features])
            panels.append(Panel(f"Share of the logit, {label}", values, other))
        text = "Mean share of the logit of the jet's own class."
        title = f"Relevance of the features of {name}"
        drawings.append(Drawing(title, text, partial(beside_figure, features, panels), name))
    drawings.append(_objects(context, shares))
    columns = [Column("feature", "Feature")]
    for label in classes:
        columns += [Column(label, label, 3), Column(f"published_{label}", f"{label}, published", 3)]
    table = Table("paper-relevance", "Relevance of the features", tuple(columns), rows, (*NOTES, *notes()))
    return Findings([table], drawings)


def _objects(context: Context, shares: dict[str, Any]) -> Drawing:
    """Share of the objects by rank, a panel for each input and class."""
    lines = []
    for name, by_class in published()["relevance"].items():
        for index, label in enumerate(context.project.schema.classes):
            counts = context.samples.counts[name][context.samples.labels == index]
            ranks = range(1, len(by_class[label]["objects"]) + 1)
            present = np.array([(counts >= rank).mean() for rank in ranks])
            of_present = [share or {"value": 0.0, "error": 0.0} for share in shares[name][label]["objects"]]
            own = np.array([present * [share[key] for share in of_present] for key in ("value", "error")])
            panel = Panel("Share of the logit", own, np.array(by_class[label]["objects"]))
            lines.append((f"{name}, {label}", list(ranks), panel))
    text = "Mean over all jets of the class; a jet without an object of this rank counts as zero."
    return Drawing("Relevance of tracks and vertices", text, partial(lines_figure, "Rank", lines), "objects")
