"""How much the network needs a feature: the AUC that is lost when its values are shuffled among the real objects.

Shuffling keeps the feature's distribution, so a feature that carries no information costs nothing, whatever its offset
(Breiman, Machine Learning 45 (2001) 5). Features that share information hide each other's loss.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from ...dataset import Samples
from ...progress import progress
from ...report.figures import loss_figure
from ...schema import Schema
from ..parts import Context, Drawing, Findings
from .effect import Baseline, baseline_of, random_of
from .masks import masked

__all__ = ["explain_permutation", "permutation_loss"]


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
