"""The two ways in which relevance is averaged over a class: the one to trust, and that of published studies."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from ...dataset import Samples
from ...interface import Project
from ...schema import Schema
from ..attributions.methods import CENTRED_LRP, PUBLISHED_LRP, usual_target
from ..lrp.relevance import relevance
from ..masking.masks import object_ranks, real_slots

__all__ = ["RECIPES", "Averages", "Recipe", "average", "spread"]

Inputs = dict[str, np.ndarray]


@dataclass(frozen=True)
class Recipe:
    """A recipe: its label, what its numbers are, and how to get them from rows of one class.

    `compute` takes the network, the rows, the project, the class of the rows, and the baseline (feature,) of each
    input; it returns what each number of the inputs adds, (row, slot, feature) by input, zero on empty slots.
    """

    label: str
    unit: str
    note: str
    compute: Callable[[nn.Module, Samples, Project, int, Mapping[str, torch.Tensor]], Inputs]


def _centred(
    network: nn.Module, samples: Samples, project: Project, label: int, baseline: Mapping[str, torch.Tensor]
) -> Inputs:
    del label
    target = usual_target(project.schema)
    found = relevance(
        network, samples.inputs, target=target, baseline=baseline, handlers=project.handlers, **CENTRED_LRP
    )
    return {name: values.cpu().numpy() for name, values in found.inputs.items()}


def _published(
    network: nn.Module, samples: Samples, project: Project, label: int, baseline: Mapping[str, torch.Tensor]
) -> Inputs:
    del baseline
    found = relevance(network, samples.inputs, target=label, handlers=project.handlers, **PUBLISHED_LRP)
    logit = found.logits[:, label, None, None]
    shares = {name: torch.where(logit == 0, 0.0, values / logit) for name, values in found.inputs.items()}
    return {name: values.cpu().numpy() for name, values in shares.items()}


RECIPES: Mapping[str, Recipe] = {
    "centred": Recipe(
        "Centred LRP-epsilon",
        "added to the log-odds",
        f"Centred LRP-epsilon ({CENTRED_LRP['epsilon']}): what is added to the log-odds of the signal (to its logit, "
        "if there are more than two classes), compared with a mean object.",
        _centred,
    ),
    "published": Recipe(
        "LRP-gamma, as published",
        "share of the logit",
        "LRP-gamma (2), biases ignored, start at zero: share of the logit of the row's own class, the recipe of "
        "arXiv:2212.05081. It credits features that are far from zero, whatever they tell.",
        _published,
    ),
}


@dataclass(frozen=True)
class Averages:
    """Mean relevance, for each input: of its features, (class, feature), and of its objects by rank, (class, rank).

    That of an object is the mean over the rows that have an object of this rank, and NaN where no row has.
    `feature_errors` and `object_errors` have the same shapes: standard errors of the means, or what `spread` says.
    """

    features: dict[str, np.ndarray]
    feature_errors: dict[str, np.ndarray]
    objects: dict[str, np.ndarray]
    object_errors: dict[str, np.ndarray]


def average(
    recipe: Recipe,
    network: nn.Module,
    samples: Samples,
    project: Project,
    baseline: Mapping[str, torch.Tensor],
    order: Mapping[str, str],
) -> Averages:
    """Averages of one network; `order` names, by input, the feature that ranks its objects."""
    schema, found = project.schema, Averages({}, {}, {}, {})
    by_class = [samples.take(np.flatnonzero(samples.labels == label)) for label in range(len(schema.classes))]
    shares = [recipe.compute(network, rows, project, label, baseline) for label, rows in enumerate(by_class)]
    for item in schema.inputs:
        of_features = [_mean(each[item.name].sum(1)) for each in shares]
        of_objects = [
            _mean(_by_rank(each[item.name].sum(2), rows, schema, item.name, order))
            for each, rows in zip(shares, by_class, strict=True)
        ]
        found.features[item.name], found.feature_errors[item.name] = map(np.array, zip(*of_features, strict=True))
        found.objects[item.name], found.object_errors[item.name] = map(np.array, zip(*of_objects, strict=True))
    return found


def spread(networks: list[Averages]) -> Averages:
    """Mean over several networks; the errors are standard deviations, n - 1 in the denominator."""

    def over(kind: str, name: str) -> np.ndarray:
        return np.array([getattr(each, kind)[name] for each in networks])

    names = list(networks[0].features)
    return Averages(
        {name: over("features", name).mean(0) for name in names},
        {name: over("features", name).std(0, ddof=1) for name in names},
        {name: over("objects", name).mean(0) for name in names},
        {name: over("objects", name).std(0, ddof=1) for name in names},
    )


def _by_rank(shares: np.ndarray, rows: Samples, schema: Schema, name: str, order: Mapping[str, str]) -> np.ndarray:
    """Shares of objects (row, slot) in the order of their ranks, NaN where a row has no such object."""
    ranks = object_ranks(rows, schema, name, order.get(name))
    ordered = np.full(shares.shape, np.nan)
    np.put_along_axis(ordered, ranks - 1, np.where(real_slots(rows, name), shares, np.nan), 1)
    return ordered


def _mean(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean over the rows and its standard error, float64, of the rows that have a value; NaN where too few have."""
    there = np.isfinite(values)
    number = there.sum(0)
    filled = np.where(there, values, 0).astype(np.float64)
    mean = np.divide(filled.sum(0), number, out=np.full(number.shape, np.nan), where=number > 0)
    squares = np.where(there, np.square(filled - np.nan_to_num(mean)), 0).sum(0)
    variance = np.divide(squares, number * (number - 1.0), out=np.full(number.shape, np.nan), where=number > 1)
    return mean, np.sqrt(variance)
