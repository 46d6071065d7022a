"""The objects of all jets one after the other, without the empty slots."""

from dataclasses import dataclass

import torch
from fairmodel.layers import is_real
from torch.nn import functional

__all__ = ["Ragged", "occupied_slots", "ragged"]


@dataclass(frozen=True)
class Ragged:
    """Objects of several jets.

    values: (object, feature); first: int64 (jet + 1,), where each jet's objects begin, and the number of all of them;
    weights: (object,), how often each counts.
    """

    values: torch.Tensor
    first: torch.Tensor
    weights: torch.Tensor


def ragged(objects: torch.Tensor, occupied: torch.Tensor, slots: int) -> Ragged:
    """The objects of all jets one after the other; in each, one empty slot stands for all that it has of `slots`.

    From objects (batch, slot, feature), of which the first `occupied`, int64 (batch,), may be real.
    """
    if objects.shape[1] < slots:
        objects = functional.pad(objects, (0, 0, 0, 1))
    present = torch.clamp(occupied + 1, max=slots)
    first = functional.pad(present.cumsum(0), (1, 0))
    values = objects[torch.arange(objects.shape[1], device=objects.device) < present.unsqueeze(1)]
    weights = objects.new_ones(len(values))
    weights[first[1:] - 1] = (slots - present + 1).to(objects.dtype)
    return Ragged(values, first, weights)


def occupied_slots(objects: torch.Tensor) -> torch.Tensor:
    """Number of slots up to the last one that holds an object, int64 (batch,)."""
    position = torch.arange(1, objects.shape[1] + 1, device=objects.device)
    occupied = is_real(objects).squeeze(-1) * position
    return functional.pad(occupied, (1, 0)).amax(1)  # the zero in front is the answer where there is no slot
