"""How much the network needs a feature: the AUC that is lost when its values are shuffled among the real objects.

Shuffling keeps the feature's distribution, so a feature that carries no information costs nothing, whatever its offset
(Breiman, Machine Learning 45 (2001) 5). Features that share information hide each other's loss.
"""

from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from sklearn.metrics import roc_auc_score
from torch import nn

from ..dataset import Samples
from ..evaluation.predict import probabilities
from ..progress import progress
from ..report.figures import loss_figure
from ..schema import Schema
from .parts import Context, Drawing, Findings

__all__ = ["explain_permutation", "permutation_loss", "permuted"]


def explain_permutation(context: Context) -> Findings:
    """The AUC lost for each feature, as `features` in the JSON file, and a figure of it."""
    schema, options = context.project.SCHEMA, context.options
    table = permutation_loss(context.network, context.samples, schema, repeats=options.repeats, seed=options.seed)
    text = "Features that carry the same information hide each other's loss."
    drawing = Drawing("What each feature is worth", text, partial(loss_figure, table))
    return Findings(drawings=[drawing], details={"features": table})


def permutation_loss(
    network: nn.Module, samples: Samples, schema: Schema, *, repeats: int, seed: int
) -> list[dict[str, Any]]:
    """Loss of AUC for each feature, mean over `repeats` shuffles, and its standard error; largest loss first."""
    signal = samples.labels == schema.signal

    def auc(rows: Samples) -> float:
        return float(roc_auc_score(signal, probabilities(network, rows)[:, schema.signal]))

    baseline = auc(samples)
    names = [(item.name, index) for item in schema.inputs for index in range(len(item.features))]
    table = []
    for number, (name, index) in enumerate(progress(names, total=len(names), title="shuffle", unit="features")):
        feature = next(item for item in schema.inputs if item.name == name).features[index]
        trials = (np.random.default_rng([seed, number, trial]) for trial in range(repeats))
        losses = [baseline - auc(permuted(samples, name, index, random)) for random in trials]
        error = float(np.std(losses, ddof=1) / np.sqrt(repeats))
        table.append(
            {"input": name, "feature": feature.name, "loss": {"value": float(np.mean(losses)), "error": error}}
        )
    return sorted(table, key=lambda row: -row["loss"]["value"])


def permuted(samples: Samples, name: str, feature: int, random: np.random.Generator) -> Samples:
    """The samples with one feature of the input `name` shuffled among all real objects; empty slots stay empty."""
    array = samples.inputs[name].copy()
    real = np.arange(array.shape[1]) < samples.counts[name][:, None]
    array[..., feature][real] = random.permutation(array[..., feature][real])
    return replace(samples, inputs=samples.inputs | {name: array})
