"""Objects hidden by their rank: one of them, the first few, or all but the first few."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from ...present.tables import Column, Measured, Table
from ...progress import progress
from ...schema import Schema
from ..parts import Context, Drawing, Findings
from .effect import baseline_of
from .figures import ranks_figure
from .masks import object_ranks, without_objects

__all__ = ["KINDS", "explain_ranks", "ranks_of"]

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
    return Findings([_table(found, order, schema)], drawings, details=details)


def ranks_of(slots: int) -> list[int]:
    """Ranks to look at, so many to each decade, and the last: 1, 2, 3, 4, 5, 7, 10, 15, 20, 30, 40, 50, 70, ..."""
    decades = range(len(str(slots)))
    ranks = [int(number * 10**power) for power in decades for number in (1, 1.5, 2, 3, 4, 5, 7)]
    return sorted({slots, *(rank for rank in ranks if rank < slots)})


def _first(feature: str | None) -> str:
    return f"the object with the largest {feature}" if feature else "the first object of a row"


def _table(found: Sequence[Mapping[str, Any]], order: Mapping[str, str | None], schema: Schema) -> Table:
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
