"""The part of `explain` that takes features away in the order of each method, and in random orders."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from ...dataset import Samples
from ...present.tables import Cell, Column, Measured, Table
from ...progress import progress
from ...schema import Schema
from ..masking.masks import Baseline, masked
from ..parts import Context, Drawing, Findings
from .curves import QUANTITIES, Curve, Curves
from .figures import removal_figure
from .sample import attribution_rows, draws, feature_keys

__all__ = ["explain_removal"]

RANDOM_ORDERS, DRAWN = 10, 5  # of which so many are drawn
ROUNDING = 1e-9
FEW_FEATURES, MANY_ORDERS = 8, 200  # sets of so few features come again, which makes orders cheap
NOTES = (
    "Deletion, insertion: mean AUC over the share of features removed, or kept, the first of the order first. Features "
    "that are removed are set to their mean over the real objects; what is left without any is the numbers of objects.",
    "Gain: insertion less deletion, for the AUC and for the fidelity, 1 - mean |score - score with all features|. For "
    "a random order it is zero on average. Errors are of a bootstrap of the rows. The fidelity is what an attribution "
    "claims to explain, and tells orders apart where the AUC hardly changes.",
    "Beaten by: share of random orders, and of their opposites, whose gain of fidelity is larger.",
)

Pair = tuple[Curve, Curve]


def explain_removal(context: Context) -> Findings:
    """Deletion and insertion curves of each method and of random orders; `methods` in the JSON file has the gains."""
    schema, samples, options = context.project.schema, attribution_rows(context), context.options
    methods = context.findings("attributions")["methods"]
    is_signal = samples.labels == schema.signal
    network = Baseline(context.network, samples, schema.signal, trials=2, seed=options.seed)
    features = len(feature_keys(schema))
    drawn = draws(is_signal, trials=options.bootstrap, seed=options.seed)
    curves = Curves(partial(_scores, network, samples, schema), is_signal, drawn, features)
    random = np.random.default_rng([options.seed, 1])
    orders = {name: _order(method) for name, method in methods.items()}
    blind = MANY_ORDERS if features <= FEW_FEATURES else RANDOM_ORDERS
    orders |= {f"random {number}": random.permutation(features).tolist() for number in range(1, blind + 1)}
    found = {}
    for name in progress(orders, total=len(orders), title="remove", unit="orders"):
        found[name] = curves.deletion(orders[name]), curves.insertion(orders[name])
    return _findings({name: method["label"] for name, method in methods.items()}, found)


def _scores(network: Baseline, samples: Samples, schema: Schema, removed: frozenset[int]) -> np.ndarray:
    keys = feature_keys(schema)
    names: dict[str, list[str]] = {}
    for place in sorted(removed):
        names.setdefault(keys[place].input, []).append(keys[place].feature)
    return network.scores(masked(samples, schema, names, "mean"))


def _order(method: Mapping[str, Any]) -> list[int]:
    order: list[int] = np.argsort([-share["value"] for share in method["shares"]], kind="stable").tolist()
    return order


def _findings(labels: Mapping[str, str], found: Mapping[str, Pair]) -> Findings:
    random = [pair for name, pair in found.items() if name not in labels]
    results = {name: _result(found[name]) for name in labels}
    beaten = {name: _beaten(found[name], random) for name in labels}
    text = "Left, a good order falls soonest; right, it rises soonest. Grey: random orders."
    figure = partial(removal_figure, {label: found[name] for name, label in labels.items()}, random[:DRAWN])
    details = {
        "methods": {
            name: {key: {"value": each.value, "error": each.error} for key, each in result.items()}
            | {"beaten": beaten[name]}
            for name, result in results.items()
        },
        "curves": {name: [_as_json(curve) for curve in pair] for name, pair in found.items()},
    }
    drawing = Drawing("What is lost as features go, and won as they come", text, figure, wide=True)
    return Findings([_table(labels, results, beaten, random)], [drawing], details=details)


def _gains(pair: Pair, quantity: str) -> np.ndarray:
    deletion, insertion = pair
    gains: np.ndarray = insertion.areas(quantity) - deletion.areas(quantity)
    return gains


def _beaten(pair: Pair, random: Sequence[Pair]) -> float:
    """Share of the random orders, and of their opposites, that gain more fidelity."""
    blind = np.array([_gains(each, "fidelity")[0] for each in random])
    return float((np.append(blind, -blind) > _gains(pair, "fidelity")[0] + ROUNDING).mean())


def _result(pair: Pair) -> dict[str, Measured]:
    deletion, insertion = (_measured(curve.areas("auc")) for curve in pair)
    gains = {f"gain_{quantity}": _measured(_gains(pair, quantity)) for quantity in QUANTITIES}
    return {"deletion": deletion, "insertion": insertion, **gains}


def _measured(values: np.ndarray) -> Measured:
    return Measured(float(values[0]), float(values[1:].std(ddof=1)))


def _as_json(curve: Curve) -> dict[str, Any]:
    values = {
        quantity: {"value": each[0].tolist(), "error": each[1:].std(0, ddof=1).tolist()}
        for quantity, each in curve.values.items()
    }
    return {"fraction": curve.fraction.tolist(), **values}


def _table(
    labels: Mapping[str, str],
    results: Mapping[str, Mapping[str, Measured]],
    beaten: Mapping[str, float],
    random: Sequence[Pair],
) -> Table:
    columns = (
        Column("label", "Order"),
        Column("deletion", "Deletion", 3),
        Column("insertion", "Insertion", 3),
        Column("gain_auc", "Gain, AUC", 3),
        Column("gain_fidelity", "Gain, fidelity", 3),
        Column("beaten", "Beaten by", 0, percent=True),
    )
    rows: dict[str, dict[str, Cell]] = {
        name: {"label": labels[name], **result, "beaten": beaten[name]}
        for name, result in sorted(results.items(), key=lambda item: -item[1]["gain_fidelity"].value)
    }
    areas = [float(curve.areas("auc")[0]) for pair in random for curve in pair]
    blind = Measured(float(np.mean(areas)), float(np.std(areas, ddof=1)))
    rows["random"] = {"label": f"{len(random)} random orders", "deletion": blind, "insertion": blind}
    return Table("removal", "Features removed in the order of each method", columns, rows, NOTES)
