"""The part of `explain` that shows which features could stand in for each other, beside their shares."""

from functools import partial

import numpy as np

from ...present.tables import Cell, Column, Measured, Table
from ...schema import Input
from ..attributions.shapley import correlated_groups, rank_correlations
from ..parts import Context, Drawing, Findings
from .agreement import correlations_figure
from .attributions import recommended
from .sample import FeatureKey, feature_keys, tensors

__all__ = ["explain_correlations"]

NOTE = (
    "Spearman's rank correlation over the real objects. Of features that correlate strongly, a method may give to one "
    "what another one gives to the other: read their shares together."
)


def explain_correlations(context: Context) -> Findings:
    """Rank correlations of the features of each input, and the partner of each feature; `inputs` in the JSON file."""
    schema = context.project.schema
    inputs = tensors(context.samples)
    share = _shares(context)
    groups = correlated_groups(inputs, schema)
    drawings: list[Drawing] = []
    rows: dict[str, dict[str, Cell]] = {}
    matrices = {}
    for item in schema.inputs:
        keys = [FeatureKey(item.name, name) for name in item.feature_names]
        matrix = rank_correlations(inputs[item.name])
        order = sorted(range(len(keys)), key=lambda place: -share[keys[place]].value)
        matrices[item.name] = {"features": list(item.feature_names), "correlations": matrix.tolist()}
        rows |= {keys[place].row: _row(keys, place, matrix, share[keys[place]]) for place in order}
        draw = partial(correlations_figure, item.name, keys, matrix, [share[key] for key in keys], order)
        text = "Features in the order of their shares, which are on the right: the mean over the recommended methods."
        drawings.append(Drawing(f"What correlates among the {item.name}", text, draw, item.name, _is_wide(item)))
    columns = (
        Column("feature", "Feature"),
        Column("input", "Input"),
        Column("share", "Share", 1, percent=True),
        Column("partner", "Most correlated with"),
        Column("correlation", "Correlation", 2),
    )
    table = Table("correlations", "Features and what could stand in for them", columns, rows, (NOTE,))
    details = {"inputs": matrices, "groups": [{"input": each.input, "features": each.features} for each in groups]}
    return Findings([table], drawings, details=details)


def _shares(context: Context) -> dict[FeatureKey, Measured]:
    """Mean share over the recommended methods, and how those differ (standard deviation)."""
    methods = context.findings("attributions")["methods"]
    values = np.array([[each["value"] for each in methods[name]["shares"]] for name in recommended(methods)])
    keys = feature_keys(context.project.schema)
    means, deviations = values.mean(0).tolist(), values.std(0, ddof=1).tolist()
    return {key: Measured(mean, deviation) for key, mean, deviation in zip(keys, means, deviations, strict=True)}


def _row(keys: list[FeatureKey], place: int, table: np.ndarray, share: Measured) -> dict[str, Cell]:
    row: dict[str, Cell] = {"feature": keys[place].feature, "input": keys[place].input, "share": share}
    if len(keys) == 1:
        return row
    others = np.abs(table[place])
    others[place] = -1
    partner = int(others.argmax())
    return row | {"partner": keys[partner].feature, "correlation": float(table[place, partner])}


def _is_wide(item: Input) -> bool:
    return len(item.features) > 12
