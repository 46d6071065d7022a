"""All features hidden at once whose loss of AUC, each by itself, is at most a threshold (arXiv:2212.05081)."""

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from itertools import product
from typing import Any

from ...present.tables import Column, Measured, Table
from ...progress import progress
from ..parts import Context, Drawing, Findings
from .effect import baseline_of, random_of
from .figures import thresholds_figure
from .masks import MODES, masked

__all__ = ["ALL", "THRESHOLDS", "explain_thresholds", "unneeded"]

THRESHOLDS = (0.0, 0.001, 0.005, 0.01, 0.05, 1.0)  # percent of the AUC
ALL = "all inputs"
MODE = Column("mode", "Masked by")
THRESHOLD = Column("threshold", "Threshold [%]")
MASKED = Column("masked", "Of")
AUC = Column("auc", "AUC")
FIDELITY = Column("fidelity", "Fidelity", digits=2, percent=True)
NOTES = (
    "A feature is masked where masking it alone, in the same way, loses at most the threshold, in percent of the AUC.",
    "Features that share information seem dispensable one by one, and are not together.",
)


def explain_thresholds(context: Context) -> Findings:
    """AUC and fidelity for each way to mask, threshold, and input, or all inputs, as `masks` in the JSON file."""
    schema, options = context.project.schema, context.options
    baseline, features = baseline_of(context), context.findings("masking")["features"]
    names = [item.name for item in schema.inputs]
    of = [*names, ALL] if len(names) > 1 else names
    cases = list(product(MODES, THRESHOLDS, of))
    found = []
    bar = progress(cases, total=len(cases), title="thresholds", unit="masks")
    for number, (mode, threshold, which) in enumerate(bar):
        hidden = unneeded(features, mode, threshold, names if which == ALL else [which])
        repeats = options.repeats if mode == "permutation" else 1
        randoms = [random_of(context, number, repeat) for repeat in range(repeats)]
        effect = baseline.effect([masked(context.samples, schema, hidden, mode, random) for random in randoms])
        case = {"mode": mode, "threshold": threshold, "of": which, "features": hidden}
        found.append(case | effect.as_json())
    text = "Number of masked features, AUC and fidelity against the threshold, for all inputs at once."
    draw = partial(thresholds_figure, [row for row in found if row["of"] == of[-1]], baseline.auc)
    details = {"auc": {"value": baseline.auc.value, "error": baseline.auc.error}, "masks": found}
    drawing = Drawing("How many features the network can do without", text, draw)
    return Findings([_table(found, names)], [drawing], details=details)


def unneeded(
    features: Iterable[Mapping[str, Any]], mode: str, threshold: float, inputs: Sequence[str]
) -> dict[str, list[str]]:
    """Names of the features of each input that lose at most `threshold` percent of the AUC when masked alone."""
    chosen = [row for row in features if 100 * row[mode]["relative"]["value"] <= threshold]
    return {name: [row["feature"] for row in chosen if row["input"] == name] for name in inputs}


def _table(found: Sequence[Mapping[str, Any]], names: Sequence[str]) -> Table:
    numbers = [Column(f"number_{name}", f"Features of {name}") for name in names]
    rows = {
        f"{row['mode']} {row['threshold']:g} {row['of']}": {
            "mode": row["mode"],
            "threshold": f"{row['threshold']:g}",
            "masked": row["of"],
            **{f"number_{name}": len(chosen) for name, chosen in row["features"].items()},
            "auc": Measured(**row["auc"]),
            "fidelity": Measured(**row["fidelity"]),
        }
        for row in found
    }
    columns = (MODE, THRESHOLD, MASKED, *numbers, AUC, FIDELITY)
    return Table("thresholds", "Features masked together", columns, rows, NOTES)
