"""Studies that mask: single features, features together, objects by rank; and the permutation of features."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from itertools import product
from typing import Any

import numpy as np

from ...dataset import Samples
from ...present.tables import Column, Measured, Table
from ...progress import progress
from ...schema import Schema
from ..parts import Context, Drawing, Findings
from .figures import loss_figure, masking_figure, ranks_figure, thresholds_figure
from .masks import MODES, Baseline, baseline_of, masked, object_ranks, random_of, without_objects

__all__ = [
    "ALL",
    "KINDS",
    "THRESHOLDS",
    "explain_features",
    "explain_permutation",
    "explain_ranks",
    "explain_thresholds",
    "permutation_loss",
    "ranks_of",
    "unneeded",
]


def explain_permutation(context: Context) -> Findings:
    """The AUC lost for each feature, as `features` in the JSON file, and a figure of it."""
    schema, repeats = context.project.schema, context.options.repeats
    random = partial(random_of, context)
    table = permutation_loss(baseline_of(context), context.samples, schema, repeats=repeats, random=random)
    text = "Features that carry the same information hide each other's loss."
    drawing = Drawing("What each feature is worth", text, partial(loss_figure, table))
    return Findings(drawings=[drawing], details={"features": table})


def permutation_loss(
    baseline: Baseline,
    samples: Samples,
    schema: Schema,
    *,
    repeats: int,
    random: Callable[[int, int], np.random.Generator],
) -> list[dict[str, Any]]:
    """For each feature the loss of AUC, mean over `repeats` shuffles, and the whole effect; largest loss first.

    `random` gives the generator of a feature and a shuffle, both by number.
    """
    names = [(item.name, feature) for item in schema.inputs for feature in item.feature_names]
    table = []
    for number, (name, feature) in enumerate(progress(names, total=len(names), title="shuffle", unit="features")):
        shuffles = (random(number, repeat) for repeat in range(repeats))
        hidden = {name: [feature]}
        effect = baseline.effect([masked(samples, schema, hidden, "permutation", each) for each in shuffles]).as_json()
        table.append({"input": name, "feature": feature, "loss": effect["loss"], "effect": effect})
    return sorted(table, key=lambda row: -row["loss"]["value"])


CALCULATED = ("zero", "mean")  # the third mode is what the part `permutation` does
FEATURE_NOTES = (
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
    return Findings([_features_table(found, baseline.auc)], drawings, details=details)


def _features_table(found: list[dict[str, Any]], auc: Measured) -> Table:
    columns = [Column("feature", "Feature"), Column("input", "Input")]
    for mode in MODES:
        columns.append(Column(f"{mode}_relative", f"AUC lost, {mode}", digits=3, percent=True))
    for mode in MODES:
        columns.append(Column(f"{mode}_fidelity", f"Fidelity, {mode}", digits=2, percent=True))
    rows = {f"{row['input']}.{row['feature']}": _cells(row) for row in found}
    caption = f"One feature masked; the AUC of all is {auc.value:.4f} ± {auc.error:.4f}, of which a share is lost"
    return Table("masking", caption, tuple(columns), rows, FEATURE_NOTES)


def _cells(row: Mapping[str, Any]) -> dict[str, Any]:
    cells: dict[str, Any] = {"feature": row["feature"], "input": row["input"]}
    for mode in MODES:
        cells[f"{mode}_relative"] = Measured(**row[mode]["relative"])
        cells[f"{mode}_fidelity"] = row[mode]["fidelity"]["value"]
    return cells


THRESHOLDS = (0.0, 0.001, 0.005, 0.01, 0.05, 1.0)  # percent of the AUC
ALL = "all inputs"
MODE = Column("mode", "Masked by")
THRESHOLD = Column("threshold", "Threshold [%]")
MASKED = Column("masked", "Of")
AUC = Column("auc", "AUC")
FIDELITY = Column("fidelity", "Fidelity", digits=2, percent=True)
THRESHOLD_NOTES = (
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
    return Findings([_thresholds_table(found, names)], [drawing], details=details)


def unneeded(
    features: Iterable[Mapping[str, Any]], mode: str, threshold: float, inputs: Sequence[str]
) -> dict[str, list[str]]:
    """Names of the features of each input that lose at most `threshold` percent of the AUC when masked alone."""
    chosen = [row for row in features if 100 * row[mode]["relative"]["value"] <= threshold]
    return {name: [row["feature"] for row in chosen if row["input"] == name] for name in inputs}


def _thresholds_table(found: Sequence[Mapping[str, Any]], names: Sequence[str]) -> Table:
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
    return Table("thresholds", "Features masked together", columns, rows, THRESHOLD_NOTES)


KINDS: Mapping[str, tuple[str, Callable[[np.ndarray, int], np.ndarray]]] = {
    "one": ("without the one of rank n", lambda ranks, n: ranks == n),
    "first": ("without the first n", lambda ranks, n: ranks <= n),
    "rest": ("the first n only", lambda ranks, n: ranks > n),
}
COLUMNS = (
    Column("input", "Input"),
    Column("kind", "Left"),
    Column("n", "n"),
    Column("auc", "AUC"),
    Column("loss", "AUC lost"),
    Column("fidelity", "Fidelity", digits=2, percent=True),
)


def explain_ranks(context: Context) -> Findings:
    """AUC and fidelity for each input, kind of masking and number, as `masks` in the JSON file."""
    schema, samples = context.project.schema, context.samples
    order = {item.name: context.options.order.get(item.name) for item in schema.inputs}
    baseline = baseline_of(context)
    cases = [(item.name, kind, n) for item in schema.inputs for kind in KINDS for n in ranks_of(item.slots)]
    found = []
    for name, kind, n in progress(cases, total=len(cases), title="ranks", unit="masks"):
        ranks = object_ranks(samples, schema, name, order[name])
        effect = baseline.effect([without_objects(samples, name, KINDS[kind][1](ranks, n))])
        found.append({"input": name, "kind": kind, "n": n} | effect.as_json())
    drawings = [
        Drawing(
            f"How much each object of {item.name} matters",
            f"Objects are taken out of the input; rank 1 is {_first(order[item.name])}.",
            partial(ranks_figure, [row for row in found if row["input"] == item.name], baseline.auc),
            item.name,
        )
        for item in schema.inputs
    ]
    details = {"auc": {"value": baseline.auc.value, "error": baseline.auc.error}, "order": order, "masks": found}
    return Findings([_ranks_table(found, order, schema)], drawings, details=details)


def ranks_of(slots: int) -> list[int]:
    """Ranks to look at, so many to each decade, and the last: 1, 2, 3, 4, 5, 7, 10, 15, 20, 30, 40, 50, 70, ..."""
    decades = range(len(str(slots)))
    ranks = [int(number * 10**power) for power in decades for number in (1, 1.5, 2, 3, 4, 5, 7)]
    return sorted({slots, *(rank for rank in ranks if rank < slots)})


def _first(feature: str | None) -> str:
    return f"the object with the largest {feature}" if feature else "the first object of a row"


def _ranks_table(found: Sequence[Mapping[str, Any]], order: Mapping[str, str | None], schema: Schema) -> Table:
    rows = {
        f"{row['input']} {row['kind']} {row['n']}": {
            "input": row["input"],
            "kind": KINDS[row["kind"]][0],
            "n": row["n"],
            **{key: Measured(**row[key]) for key in ("auc", "loss", "fidelity")},
        }
        for row in found
    }
    notes = tuple(f"{item.name}: rank 1 is {_first(order[item.name])}." for item in schema.inputs)
    return Table("ranks", "Objects masked by rank", COLUMNS, rows, notes)
