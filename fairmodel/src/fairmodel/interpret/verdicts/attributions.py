"""The part of `explain` that asks every method, and compares what they say."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from ...present.tables import Cell, Column, Measured, Table
from ...progress import progress
from ..attributions.methods import METHODS, attribute
from ..attributions.result import Attribution
from ..lrp.relevance import mean_objects
from ..parts import Context, Drawing, Findings
from .agreement import Agreement, agreement, agreement_figure, kendall, spearman
from .figures import shares_figure
from .sample import FeatureKey, FeatureShares, attribution_rows, draws, feature_keys, shares_of, tensors

__all__ = ["consensus", "explain_attributions", "recommended", "shares_by_method"]

NOTE = (
    "Share: mean magnitude of what the feature adds to a row's answer, summed over its objects, as a part of all "
    "features'. Errors are of a bootstrap of the rows. The order is that of the mean over the recommended methods."
)
READING = (
    "Filled markers are recommended methods, open ones are there to compare. Where they part, no single one is to be "
    "trusted; which pass their tests is said below."
)


def explain_attributions(context: Context) -> Findings:
    """Shares of the features by all methods, and the rank agreement of the methods.

    The JSON file has `features`, in the order of the schema; `methods`, with target, gap and `shares` of each; and
    `agreement`.
    """
    schema, samples = context.project.schema, attribution_rows(context)
    options, inputs, keys = context.options, tensors(samples), feature_keys(schema)
    drawn = draws(samples.labels == schema.signal, trials=options.bootstrap, seed=options.seed)
    baseline = mean_objects(inputs)
    found, methods = {}, {}
    for name in progress(METHODS, total=len(METHODS), title="attribute", unit="methods"):
        result = attribute(name, context.network, inputs, schema, baseline=baseline, handlers=context.project.handlers)
        found[name] = shares_of(result.of_all_features().cpu().numpy(), drawn)
        methods[name] = _described(name, result, found[name], METHODS[name].target(schema))
    coefficients = {"spearman": agreement(found, spearman), "kendall": agreement(found, kendall)}
    details = {
        "features": [{"input": key.input, "feature": key.feature} for key in keys],
        "methods": methods,
        "agreement": {name: _as_json(each) for name, each in coefficients.items()},
    }
    tables = [_shares_table(keys, found), _methods_table(methods), _agreement_table(coefficients)]
    return Findings(tables, _drawings(keys, found, coefficients), details=details)


def recommended(methods: Mapping[str, Any]) -> list[str]:
    """The recommended ones among these methods."""
    return [name for name in methods if METHODS[name].advice == "recommended"]


def consensus(found: Mapping[str, FeatureShares]) -> np.ndarray:
    """Mean share of each feature over the recommended methods, (feature,)."""
    mean: np.ndarray = np.mean([found[name].values for name in recommended(found)], axis=0)
    return mean


def _described(name: str, result: Attribution, shares: FeatureShares, target: Any) -> dict[str, Any]:
    method = METHODS[name]
    gap = None if result.gap is None else float(result.gap.square().mean().sqrt())
    size = float(result.explained.square().mean().sqrt())
    measured = [{"value": float(v), "error": float(e)} for v, e in zip(shares.values, shares.errors, strict=True)]
    return {
        "label": method.label,
        "description": method.description,
        "advice": method.advice,
        "target": target,
        "gap": None if gap is None or not size else gap / size,
        "shares": measured,
    }


def _as_json(found: Agreement) -> dict[str, Any]:
    return {"methods": list(METHODS), "values": found.values.tolist(), "errors": found.errors.tolist()}


def _shares_table(keys: tuple[FeatureKey, ...], found: Mapping[str, FeatureShares]) -> Table:
    measured = {name: list(map(Measured, s.values.tolist(), s.errors.tolist())) for name, s in found.items()}
    columns, rows = shares_by_method(keys, np.argsort(-consensus(found), kind="stable"), measured)
    return Table("attributions", "Share of each feature, by method", columns, rows, (NOTE,))


def shares_by_method(
    keys: Sequence[FeatureKey], order: np.ndarray, shares: Mapping[str, Sequence[Measured]]
) -> tuple[tuple[Column, ...], dict[str, dict[str, Cell]]]:
    """Columns and rows of a table with a row for each feature, in this order, and a column for each method."""
    columns = [Column("feature", "Feature"), Column("input", "Input")]
    columns += [Column(name, METHODS[name].label, digits=1, percent=True) for name in shares]
    rows: dict[str, dict[str, Cell]] = {}
    for place in order.tolist():
        names: dict[str, Cell] = {"feature": keys[place].feature, "input": keys[place].input}
        rows[keys[place].row] = names | {name: values[place] for name, values in shares.items()}
    return tuple(columns), rows


def _methods_table(methods: Mapping[str, Mapping[str, Any]]) -> Table:
    columns = (
        Column("label", "Method"),
        Column("advice", "Advice"),
        Column("gap", "Gap", digits=3, percent=True),
        Column("description", "What it does"),
    )
    rows = {name: {column.key: method[column.key] for column in columns} for name, method in methods.items()}
    note = (
        "Gap: what the shares of a row lack of what the method promises that they add up to, root mean square relative "
        "to the explained number; a method without a promise has none."
    )
    return Table("methods", "The methods", columns, rows, (note,))


def _agreement_table(found: Mapping[str, Agreement]) -> Table:
    columns = [Column("pair", "Methods"), Column("spearman", "Spearman", 2), Column("kendall", "Kendall", 2)]
    names = list(METHODS)
    rows: dict[str, dict[str, Cell]] = {}
    for i, left in enumerate(names):
        for j, right in enumerate(names[:i]):
            cells = {name: Measured(float(each.values[i, j]), float(each.errors[i, j])) for name, each in found.items()}
            rows[f"{right} {left}"] = {"pair": f"{METHODS[right].label}, {METHODS[left].label}", **cells}
    note = "Rank correlations of the shares of all features; errors are of a bootstrap of the rows."
    return Table("agreement", "How far two methods rank the features alike", tuple(columns), rows, (note,))


def _drawings(
    keys: tuple[FeatureKey, ...], found: Mapping[str, FeatureShares], coefficients: Mapping[str, Agreement]
) -> list[Drawing]:
    labels = [METHODS[name].label for name in found]
    filled = [name in recommended(found) for name in found]
    order = np.argsort(-consensus(found), kind="stable")
    shares = partial(shares_figure, keys, list(found.values()), labels, filled, order)
    matrix = partial(agreement_figure, coefficients["spearman"], coefficients["kendall"], labels)
    text = "Spearman's rank correlation above the diagonal, Kendall's below it. Errors are of a bootstrap of the rows."
    return [
        Drawing("What each method says of the features", READING, shares),
        Drawing("How far methods rank the features alike", text, matrix, "agreement"),
    ]
