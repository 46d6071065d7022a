"""Inputs of a network as they are given, on its device and of its precision."""

import inspect
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from ..dataset import Samples
from ..errors import UserError
from ..schema import Schema

__all__ = ["Array", "InputShares", "as_inputs", "empty_class"]

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


@dataclass(frozen=True)
class InputShares:
    """Shares of some rows: for each input, (row, slot, feature), zero on empty slots."""

    inputs: dict[str, torch.Tensor]

    def of_objects(self, name: str) -> torch.Tensor:
        """The share of each object of an input, summed over its features, (row, slot)."""
        return self.inputs[name].sum(2)

    def of_features(self, name: str) -> torch.Tensor:
        """The share of each feature of an input, summed over the objects, (row, feature)."""
        return self.inputs[name].sum(1)

    def of_all_features(self) -> torch.Tensor:
        """The shares of the features of all inputs, one input after the other, (row, feature)."""
        return torch.cat([self.of_features(name) for name in self.inputs], 1)

    def of_rows(self) -> torch.Tensor:
        """The sum of all shares of a row, float64 (row,)."""
        return torch.stack([shares.double().flatten(1).sum(1) for shares in self.inputs.values()]).sum(0)
