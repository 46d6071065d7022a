"""Layer-wise relevance propagation as one method among others."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import nn

from ..inputs import Array
from ..lrp.explain import relevance
from ..lrp.target import Target
from .result import Attribution

__all__ = ["CENTRED_LRP", "PUBLISHED_LRP", "propagated"]

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
