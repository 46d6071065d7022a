"""Inputs of a network as they are given, on its device and of its precision."""

import inspect
from collections.abc import Mapping

import numpy as np
import torch
from torch import nn

from ..dataset import Samples
from ..errors import UserError
from ..schema import Schema

__all__ = ["Array", "as_inputs", "empty_class"]

Array = torch.Tensor | np.ndarray


def as_inputs(
    network: nn.Module, inputs: Mapping[str, Array], dtype: torch.dtype | None = None
) -> dict[str, torch.Tensor]:
    """The inputs, in the order in which the network takes them; of `dtype`, or else of the network's own.

    Raises UserError for other inputs than the network's, for different numbers of rows or none, and for numbers that
    are not finite.
    """
    expected = inspect.signature(network.forward).parameters
    if inputs.keys() != expected.keys():
        message = f"the network takes the inputs {', '.join(expected)}, not {', '.join(inputs) or 'none'}"
        raise UserError(message)
    like = _floating_tensor(network)
    form = {"dtype": dtype} if like is None else {"device": like.device, "dtype": dtype or like.dtype}
    tensors = {name: torch.as_tensor(inputs[name]).detach().to(**form) for name in expected}
    lengths = {name: len(values) for name, values in tensors.items()}
    if len(set(lengths.values())) > 1 or 0 in lengths.values():
        found = ", ".join(f"{length} of {name}" for name, length in lengths.items())
        message = f"there are no rows to explain, or their numbers differ: {found}"
        raise UserError(message)
    for name, values in tensors.items():
        if not values.isfinite().all():
            message = f"{name} holds numbers that are not finite; remove those rows"
            raise UserError(message)
    return tensors


def empty_class(samples: Samples, schema: Schema) -> str | None:
    """The first class to which none of the rows belongs, if there is one."""
    return next((name for index, name in enumerate(schema.classes) if not (samples.labels == index).any()), None)


def _floating_tensor(network: nn.Module) -> torch.Tensor | None:
    """A tensor on the network's device and of its precision, if it has any."""
    tensors = (*network.parameters(), *network.buffers())
    return next((tensor for tensor in tensors if tensor.is_floating_point()), None)
