"""Layer-wise relevance propagation as one method among others."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import torch
from torch import nn

from ...errors import UserError
from ...schema import Schema
from ..inputs import Array
from ..lrp.attach import Handlers
from ..lrp.relevance import mean_objects, relevance
from ..lrp.rules import Target
from .gradients import gradient_input, integrated_gradients
from .result import Attribution
from .shapley import correlated_groups, shapley

__all__ = [
    "CENTRED_LRP",
    "METHODS",
    "PUBLISHED_LRP",
    "Method",
    "Question",
    "attribute",
    "method_named",
    "propagated",
    "usual_target",
]

# options of `relevance`; epsilon is small, since of the little by which two objects differ the usual 0.25 absorbs the
# better part
CENTRED_LRP: Mapping[str, Any] = {"rule": "epsilon", "epsilon": 0.01}
# in double precision, since with signed inputs the denominators may come so close to zero that rounding decides
PUBLISHED_LRP: Mapping[str, Any] = {"rule": "gamma", "gamma": 2.0, "bias": "ignore", "dtype": torch.float64}


def propagated(network: nn.Module, inputs: Mapping[str, Array], *, target: Target, **options: Any) -> Attribution:
    """The relevance of the inputs; `options` are those of `relevance`.

    What is promised is conservation: the explained number, less what biases, stabilisers and empty slots have got.
    """
    found = relevance(network, inputs, target=target, **options)
    padding = sum(values.double() for values in found.padding.values())
    return Attribution(found.inputs, found.ledger.explained, found.ledger.explained - found.ledger.absorbed - padding)


@dataclass(frozen=True)
class Question:
    """What is asked: which number (`target`) of a network of this schema, for which rows, against which baseline.

    `inputs` are (row, slot, feature) by name, and the `baseline` is (feature,) for each of them;
    `handlers` explain layers that relevance propagation does not know.
    """

    network: nn.Module
    inputs: Mapping[str, Array]
    schema: Schema
    target: Target
    baseline: Mapping[str, Array]
    handlers: Handlers = field(default_factory=dict)

    def propagated(self, **options: Any) -> Attribution:
        """Relevance of the inputs; `options` are those of `relevance`."""
        return propagated(self.network, self.inputs, target=self.target, handlers=self.handlers, **options)


@dataclass(frozen=True)
class Method:
    """A method: how it is called, what it does, in one sentence, and how far to trust it.

    A "published" recipe is there to compare with studies that used it, and explains the signal's logit, as they did.
    """

    label: str
    description: str
    advice: Literal["recommended", "for comparison", "published"]
    compute: Callable[[Question], Attribution]

    def target(self, schema: Schema) -> Target:
        """What the method explains unless something else is asked for."""
        return schema.signal if self.advice == "published" else usual_target(schema)


def _gradient_input(question: Question) -> Attribution:
    return gradient_input(question.network, question.inputs, target=question.target)


def _integrated_gradients(question: Question) -> Attribution:
    return integrated_gradients(question.network, question.inputs, target=question.target, baseline=question.baseline)


def _lrp_epsilon(question: Question) -> Attribution:
    return question.propagated(rule="epsilon")


def _lrp_gamma(question: Question) -> Attribution:
    return question.propagated(**PUBLISHED_LRP)


def _centred_lrp_epsilon(question: Question) -> Attribution:
    return question.propagated(baseline=question.baseline, **CENTRED_LRP)


def _shapley(question: Question) -> Attribution:
    groups = correlated_groups(question.inputs, question.schema)
    return shapley(
        question.network,
        question.inputs,
        question.schema,
        target=question.target,
        baseline=question.baseline,
        groups=groups,
    )


METHODS: Mapping[str, Method] = {
    "centred-lrp": Method(
        "Centred LRP-epsilon",
        f"LRP-epsilon ({CENTRED_LRP['epsilon']}) of the difference from the mean object, so that an offset earns "
        "nothing.",
        "recommended",
        _centred_lrp_epsilon,
    ),
    "integrated-gradients": Method(
        "Integrated gradients",
        "Mean gradient on the way from the mean object to the row's objects, times the way; adds up exactly.",
        "recommended",
        _integrated_gradients,
    ),
    "shapley": Method(
        "Grouped Shapley",
        "What a group of correlated features adds on average, in whatever order groups replace the mean object's.",
        "recommended",
        _shapley,
    ),
    "gradient-input": Method(
        "Gradient times input",
        "Gradient times the normalised feature: a straight extrapolation of the network to zero.",
        "for comparison",
        _gradient_input,
    ),
    "lrp-epsilon": Method(
        "LRP-epsilon",
        "LRP-epsilon (0.25) that starts to count at zero of the normalised features.",
        "for comparison",
        _lrp_epsilon,
    ),
    "lrp-gamma": Method(
        "LRP-gamma",
        "LRP-gamma (2) of the signal's logit without biases: the recipe of published studies.",
        "published",
        _lrp_gamma,
    ),
}


def method_named(name: str) -> Method:
    """The method of this name; UserError if there is none."""
    if name not in METHODS:
        message = f"there is no method {name!r}; the methods are {', '.join(METHODS)}"
        raise UserError(message)
    return METHODS[name]


def usual_target(schema: Schema) -> Target:
    """The signal's log-odds where there are two classes, otherwise its logit."""
    return (schema.signal, 1 - schema.signal) if len(schema.classes) == 2 else schema.signal


def attribute(
    name: str,
    network: nn.Module,
    inputs: Mapping[str, Array],
    schema: Schema,
    *,
    target: Target | None = None,
    baseline: Mapping[str, Array] | None = None,
    handlers: Handlers | None = None,
) -> Attribution:
    """What each number of the inputs, (row, slot, feature) each, adds to the answer, by the method of this name.

    `target` is a class, a pair of classes or "log-odds" (see `lrp.target`), by default the method's own. The
    `baseline`, (feature,) for each input, is by default the mean of the real objects of these rows; give one to make a
    row's result independent of the others. `handlers` are those of `relevance`.

    Raises UserError for an unknown method and for what cannot be explained.
    """
    method = method_named(name)
    start = mean_objects(inputs) if baseline is None else baseline
    asked = method.target(schema) if target is None else target
    return method.compute(Question(network, inputs, schema, asked, start, handlers or {}))
