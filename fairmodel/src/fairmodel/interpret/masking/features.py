"""Each feature of each input hidden by itself, in several ways."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from ...present.tables import Column, Measured, Table
from ...progress import progress
from ..parts import Context, Drawing, Findings
from .effect import baseline_of
from .figures import masking_figure
from .masks import MODES, masked

__all__ = ["explain_features"]

CALCULATED = ("zero", "mean")  # the third mode is what the part `permutation` does
NOTES = (
    "zero, mean: the feature is set to zero, or to its mean, in all real objects; permutation: it is shuffled among "
    "them. Zero need not be a value that occurs, so that a feature that tells nothing may seem to count.",
    "Errors are of a bootstrap of the rows, paired with the unmasked rows, and, for permutation, of the shuffles.",
)


def explain_features(context: Context) -> Findings:
    """Loss of AUC and fidelity for each feature and mode, as `features` in the JSON file, most important first."""
    schema, samples = context.project.schema, context.samples
    baseline = baseline_of(context)
    rows = context.findings("permutation")["features"]
    found = []
    for row in progress(rows, total=len(rows), title="mask", unit="features"):
        hidden = {row["input"]: [row["feature"]]}
        effects = {mode: baseline.effect([masked(samples, schema, hidden, mode)]).as_json() for mode in CALCULATED}
        names = {"input": row["input"], "feature": row["feature"]}
        found.append(names | effects | {"permutation": row["effect"]})
    drawings = [
        Drawing(
            f"What is lost without a feature of {item.name}",
            "Each feature is hidden by itself, in three ways. Trust mean and permutation: they replace it by values "
            "that occur. Losses of less than 0.02 % are drawn on a linear scale, larger ones on a logarithmic one.",
            partial(masking_figure, [row for row in found if row["input"] == item.name]),
            item.name,
        )
        for item in schema.inputs
    ]
    details = {"auc": {"value": baseline.auc.value, "error": baseline.auc.error}, "features": found}
    return Findings([_table(found, baseline.auc)], drawings, details=details)


def _table(found: list[dict[str, Any]], auc: Measured) -> Table:
    columns = [Column("feature", "Feature"), Column("input", "Input")]
    for mode in MODES:
        columns.append(Column(f"{mode}_relative", f"AUC lost, {mode}", digits=3, percent=True))
    for mode in MODES:
        columns.append(Column(f"{mode}_fidelity", f"Fidelity, {mode}", digits=2, percent=True))
    rows = {f"{row['input']}.{row['feature']}": _cells(row) for row in found}
    caption = f"One feature masked; the AUC of all is {auc.value:.4f} ± {auc.error:.4f}, of which a share is lost"
    return Table("masking", caption, tuple(columns), rows, NOTES)


def _cells(row: Mapping[str, Any]) -> dict[str, Any]:
    cells: dict[str, Any] = {"feature": row["feature"], "input": row["input"]}
    for mode in MODES:
        cells[f"{mode}_relative"] = Measured(**row[mode]["relative"])
        cells[f"{mode}_fidelity"] = row[mode]["fidelity"]["value"]
    return cells
