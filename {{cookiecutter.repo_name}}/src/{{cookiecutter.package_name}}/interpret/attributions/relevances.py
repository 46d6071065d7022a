"""Layer-wise relevance propagation as one method among others."""

from collections.abc import Mapping
from typing import Any

from torch import nn

from ..inputs import Array
from ..lrp.explain import relevance
from ..lrp.target import Target
from .result import Attribution

__all__ = ["propagated"]


def propagated(network: nn.Module, inputs: Mapping[str, Array], *, target: Target, **options: Any) -> Attribution:
    """The relevance of the inputs; `options` are those of `relevance`.

    What is promised is conservation: the explained number, less what biases, stabilisers and empty slots have got.
    """
    found = relevance(network, inputs, target=target, **options)
    padding = sum(values.double() for values in found.padding.values())
    return Attribution(found.inputs, found.ledger.explained, found.ledger.explained - found.ledger.absorbed - padding)
