"""What relevance is measured against, where zero is no natural reference."""

from collections.abc import Mapping

import torch

from ...errors import UserError
from ...training.normalise import is_real
from ..inputs import Array

__all__ = ["at_objects", "mean_objects", "row_baseline"]


def mean_objects(inputs: Mapping[str, Array]) -> dict[str, torch.Tensor]:
    """The mean of the real objects of each input (row, slot, feature): the baseline (feature,) of an average object.

    Raises UserError for an input without objects.
    """
    means = {}
    for name, values in inputs.items():
        objects = torch.as_tensor(values)
        real = is_real(objects).squeeze(-1)
        if not real.any():
            message = f"the input {name!r} holds no object to take the mean of"
            raise UserError(message)
        means[name] = objects[real].double().mean(0).to(objects.dtype)
    return means


def row_baseline(baseline: Mapping[str, Array], inputs: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """The baseline of one row of each input, zero where none is given.

    Raises UserError for an unknown input and for a shape that is neither (feature,) nor that of a row.
    """
    for name in baseline.keys() - inputs.keys():
        message = f"there is a baseline for {name!r}, which is no input; the inputs are {', '.join(inputs)}"
        raise UserError(message)
    rows = {}
    for name, values in inputs.items():
        shape = values.shape[1:]
        given = torch.as_tensor(baseline.get(name, 0.0)).to(values)
        if name in baseline and given.shape not in (shape, shape[-1:]):
            expected = f"{tuple(shape[-1:])} or {tuple(shape)}"
            message = f"the baseline of {name!r} has shape {tuple(given.shape)}, expected {expected}"
            raise UserError(message)
        rows[name] = given.expand(shape)
    return rows


def at_objects(baseline: torch.Tensor, values: torch.Tensor) -> torch.Tensor:
    """The baseline of some rows of an input; empty slots stay empty, since there is nothing to compare them with."""
    rows = baseline[: values.shape[1]].expand_as(values)
    return torch.where(is_real(values), rows, 0.0) if values.ndim == 3 else rows
