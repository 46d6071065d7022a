"""Layer-wise relevance propagation from a network's answer to its inputs (Bach et al., PLoS ONE 10 (2015) e0130140)."""

from collections.abc import Mapping, Sequence

import torch
from torch import nn

from ...errors import UserError
from ..inputs import Array, as_inputs
from .attach import Attached, Handlers
from .baseline import row_baseline
from .chunks import Question, explain
from .composite import Composite
from .result import Relevance
from .rows import Rows
from .rules import make_rule
from .target import Target

__all__ = ["relevance"]

MEMORY = 16_000_000


def relevance(
    network: nn.Module,
    inputs: Mapping[str, Array],
    *,
    target: Target = 1,
    rule: str | None = None,
    bias: str | None = None,
    composite: Composite | None = None,
    baseline: Mapping[str, Array] | None = None,
    layers: Sequence[str] = (),
    dtype: torch.dtype | None = None,
    memory: int = MEMORY,
    handlers: Handlers | None = None,
    **parameters: float,
) -> Relevance:
    """How much each number of the inputs, (row, slot, feature) each, adds to the network's answer for its row.

    What is explained is the logit of the class `target`, the difference of the logits of the pair `target`, or
    "log-odds", that of classes 1 and 0. The rule is named, with its `parameters` (see `rules.make_rule`; if none is, it
    is epsilon with the bias "absorb"), or chosen for each layer by a `composite`.

    With a `baseline`, (feature,) for objects, relevance is that of the difference from it: at the first linear layers
    that the inputs meet, x - baseline contributes, and the rest counts as bias and is absorbed. The baseline of empty
    slots is zero.

    `layers` names modules whose outputs' relevance is wanted too. `dtype` sets the precision. Rows are explained in
    chunks whose activations take about `memory` bytes; the result depends neither on that nor on the other rows, but
    for rounding. The network is not changed. `handlers` explain layers of other classes, by the name of the class. Raises UserError for what cannot
    be explained, and where the account of the relevance does not balance.
    """
    chosen = _composite(rule, bias, composite, parameters)
    with torch.inference_mode(mode=False), torch.enable_grad():
        attached = Attached(network, chosen, handlers or {}, dtype)
        values = as_inputs(network, inputs, dtype)
        shortened = attached.examine({name: rows[:1] for name, rows in values.items()})
        at = None if baseline is None else row_baseline(baseline, values)
        return explain(attached, Question(target, layers, at), Rows(values, () if layers else shortened), memory)


def _composite(
    rule: str | None, bias: str | None, composite: Composite | None, parameters: Mapping[str, float]
) -> Composite:
    if composite is None:
        return [("*", make_rule(rule or "epsilon", bias=bias or "absorb", **parameters))]
    if rule or bias or parameters:
        message = "a composite has rules of its own; give either a composite or a rule with its bias and parameters"
        raise UserError(message)
    return composite
