"""The two ways in which relevance is averaged over a class: the one to trust, and that of published studies."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from ...dataset import Samples
from ...interface import Project
from ..attributions.methods import usual_target
from ..attributions.relevances import CENTRED_LRP, PUBLISHED_LRP
from ..lrp.explain import relevance

__all__ = ["RECIPES", "Recipe"]

Inputs = dict[str, np.ndarray]


@dataclass(frozen=True)
class Recipe:
    """A recipe: its label, what its numbers are, and how to get them from rows of one class.

    `compute` takes the network, the rows, the project, the class of the rows, and the baseline (feature,) of each input;
    it returns what each number of the inputs adds, (row, slot, feature) by input, zero on empty slots.
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
