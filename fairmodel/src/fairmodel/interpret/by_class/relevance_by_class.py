"""Figures of relevance by class."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, NullLocator
from torch import nn

from ...dataset import Samples
from ...evaluation.network import load_network
from ...interface import Run
from ...paths import TrialPaths
from ...present.tables import Cell, Column, Measured, Table
from ...progress import progress
from ...schema import Input, Schema
from ..lrp.relevance import mean_objects
from ..parts import Context, Drawing, Findings
from ..verdicts.retrainings import retrained_weights
from .averages import RECIPES, Averages, average, spread

__all__ = ["explain_relevance", "features_figure", "objects_figure"]

MARKERS = "os^Dv"

RETRAINED_ROWS = 400  # on which retrained networks are averaged
OF_ROWS = "Errors are standard errors of the mean over the rows of a class; the network is the profile's."
OF_TRAININGS = "Values are means over {} trainings that differ in their seed alone, errors their standard deviations."


def explain_relevance(context: Context) -> Findings:
    """Mean relevance of each feature, and of each object by rank, for each class, as `recipes` in the JSON file.

    Where `make reproduce-seeds` has left retrained networks, they are averaged, and their spread is the error.
    """
    schema, samples = context.project.schema, context.samples
    networks = _retrained(context)
    baseline, few = mean_objects(samples.inputs), _every_class(samples, len(schema.classes))
    cases = [(context.network, samples), *((network, few) for network in networks)]
    found = {}
    with progress(None, total=len(RECIPES) * len(cases), title="relevance", unit="averages") as bar:
        for name, recipe in RECIPES.items():
            averages = []
            for network, rows in cases:
                averages.append(average(recipe, network, rows, context.project, baseline, context.options.order))
                bar.update()
            found[name] = [averages[0], *([spread(averages[1:])] if len(networks) > 1 else [])]
    shown = {name: each[-1] for name, each in found.items()}
    tables = [_features_table(schema, {name: each[0] for name, each in found.items()}, "relevance", OF_ROWS)]
    if len(networks) > 1:
        tables.append(_features_table(schema, shown, "relevance_trainings", OF_TRAININGS.format(len(networks))))
    note = OF_TRAININGS.format(len(networks)) if len(networks) > 1 else OF_ROWS
    details = {
        "trainings": len(networks),
        "recipes": {name: _as_json(schema, each[0]) for name, each in found.items()},
        "retrained": {name: _as_json(schema, each[1]) for name, each in found.items() if len(each) > 1},
    }
    return Findings(tables, _drawings(context, shown, note), details=details)


def _every_class(samples: Samples, classes: int) -> Samples:
    """The first `RETRAINED_ROWS` rows, as far as possible in equal parts of all classes."""
    rows = [np.flatnonzero(samples.labels == label)[: RETRAINED_ROWS // classes] for label in range(classes)]
    return samples.take(np.sort(np.concatenate(rows)))


def _retrained(context: Context) -> list[nn.Module]:
    """The networks of `make reproduce-seeds`, if it has run."""
    paths = context.paths
    folders = [weights.parent for weights in retrained_weights(paths)]
    trials = [TrialPaths(paths.root, paths.profile, folder, paths.processed) for folder in folders]
    return [load_network(Run(context.project, context.config, trial)) for trial in trials]


def _drawings(context: Context, shown: Mapping[str, Averages], note: str) -> list[Drawing]:
    drawings = []
    for item in context.project.schema.inputs:
        classes = context.project.schema.classes
        features = partial(features_figure, shown, item, classes)
        objects = partial(objects_figure, shown, item, classes)
        order = context.options.order.get(item.name)
        rank = f"the object with the largest {order}" if order else "the first object of a row"
        drawings += [
            Drawing(f"Relevance of the features of {item.name}", f"{note} Largest on top.", features, item.name),
            Drawing(
                f"Relevance of the objects of {item.name}",
                f"Sum over the features, mean over the rows with so many objects; rank 1 is {rank}. {note}",
                objects,
                f"{item.name}_ranks",
            ),
        ]
    return drawings


def _features_table(schema: Schema, found: Mapping[str, Averages], name: str, note: str) -> Table:
    columns = [Column("feature", "Feature"), Column("input", "Input")]
    for recipe in found:
        for label in schema.classes:
            heading = f"{RECIPES[recipe].label}, {label}"
            columns.append(Column(f"{recipe}_{label}", heading, digits=3))
    rows: dict[str, dict[str, Cell]] = {}
    for item in schema.inputs:
        for place, feature in enumerate(item.feature_names):
            cells: dict[str, Cell] = {"feature": feature, "input": item.name}
            for recipe, each in found.items():
                values, errors = each.features[item.name][:, place], each.feature_errors[item.name][:, place]
                for label, value, error in zip(schema.classes, values, errors, strict=True):
                    cells[f"{recipe}_{label}"] = Measured(float(value), float(np.nan_to_num(error)))
            rows[f"{item.name}.{feature}"] = cells
    notes = (*(RECIPES[recipe].note for recipe in found), note)
    return Table(name, "Mean relevance of each feature, by class", tuple(columns), rows, notes)


def _as_json(schema: Schema, found: Averages) -> dict[str, Any]:
    """By input and class: values and errors of the features by name, and of the objects in the order of their ranks."""
    content: dict[str, Any] = {}
    for item in schema.inputs:
        content[item.name] = {
            label: {
                "features": dict(
                    zip(
                        item.feature_names,
                        _measured(found.features[item.name][index], found.feature_errors[item.name][index]),
                        strict=True,
                    )
                ),
                "objects": _measured(found.objects[item.name][index], found.object_errors[item.name][index]),
            }
            for index, label in enumerate(schema.classes)
        }
    return content


def _measured(values: np.ndarray, errors: np.ndarray) -> Sequence[dict[str, float] | None]:
    """Objects with value and error; null where there is no value."""
    return [
        {"value": float(value), "error": float(np.nan_to_num(error))} if np.isfinite(value) else None
        for value, error in zip(values, errors, strict=True)
    ]


def features_figure(found: Mapping[str, Averages], item: Input, classes: Sequence[str]) -> Figure:
    """A panel for each recipe: mean relevance of each feature for each class, largest of the first recipe on top."""
    first = next(iter(found.values())).features[item.name]
    order = np.argsort(np.abs(first).max(0), kind="stable")
    figure = Figure(figsize=(9.6, 0.27 * len(order) + 1.9))
    panels = figure.subplots(1, len(found), sharey=True, squeeze=False)[0]
    for axes, (recipe, each) in zip(panels, found.items(), strict=True):
        values, errors = each.features[item.name][:, order], np.nan_to_num(each.feature_errors[item.name][:, order])
        for index, name in enumerate(classes):
            shift = _shift(index, len(classes), 0.22)
            places = np.arange(len(order)) + shift
            look = {"fmt": MARKERS[index % 5], "color": f"C{index}", "markersize": 4, "linewidth": 1}
            axes.errorbar(values[index], places, xerr=errors[index], label=name, **look)
        axes.axvline(0, color="0.8", linewidth=1, zorder=0)
        axes.grid(axis="y", color="0.92", linewidth=0.8)
        axes.set_axisbelow(True)
        axes.tick_params(axis="y", which="minor", left=False, right=False)
        _title(axes, recipe)
        axes.set_xlabel(f"Mean relevance: {RECIPES[recipe].unit}", fontsize=11)
    panels[0].set_yticks(range(len(order)), [item.feature_names[place] for place in order], fontsize=9)
    panels[0].set_ylim(-0.6, len(order) - 0.4)
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside upper center", ncols=len(classes))
    return figure


def objects_figure(found: Mapping[str, Averages], item: Input, classes: Sequence[str]) -> Figure:
    """A panel for each recipe: mean relevance of the object of each rank for each class."""
    figure = Figure(figsize=(9.6, 3.9))
    panels = figure.subplots(1, len(found), squeeze=False)[0]
    for axes, (recipe, each) in zip(panels, found.items(), strict=True):
        ranks = np.arange(1, item.slots + 1)
        for index, name in enumerate(classes):
            shift = _shift(index, len(classes), 0.16)
            values, errors = each.objects[item.name][index], np.nan_to_num(each.object_errors[item.name][index])
            look = {"fmt": MARKERS[index % 5], "color": f"C{index}", "markersize": 4, "linewidth": 1}
            axes.errorbar(ranks + shift, values, yerr=errors, label=name, **look)
        axes.axhline(0, color="0.8", linewidth=1, zorder=0)
        axes.xaxis.set_major_locator(MaxNLocator(steps=[1, 2, 5, 10], integer=True))
        if item.slots < 20:
            axes.xaxis.set_minor_locator(NullLocator())
        axes.set_xlabel("Rank of the object")
        axes.set_ylabel(f"Mean relevance: {RECIPES[recipe].unit}", fontsize=11)
        _title(axes, recipe)
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside upper center", ncols=len(classes))
    return figure


def _title(axes: Axes, recipe: str) -> None:
    axes.set_title(RECIPES[recipe].label, fontsize=11)


def _shift(index: int, number: int, step: float) -> float:
    """Where a class stands beside the others, so that none hides another."""
    return step * (index - (number - 1) / 2)
