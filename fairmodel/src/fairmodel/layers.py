"""Building blocks of networks on sets and graphs, as modules of their own, so that explanations know what they do."""

from typing import Any

import torch
from torch import nn
from torch.nn import functional

__all__ = ["EmptySlot", "PairLinear", "WeightedSum"]


class PairLinear(nn.Linear):
    """The affine map W [r; s] + b of all pairs of a receiver r and a sender s.

    Weight (out, receiver features + sender features) and bias (out,) are those of a linear layer on the pairs. Each
    half is computed once per object instead of once per pair.
    """

    def forward(self, receivers: torch.Tensor, senders: torch.Tensor) -> torch.Tensor:  # type: ignore[override]
        """From (batch, R, receiver feature) and (batch, S, sender feature) to (batch, R, S, out)."""
        received, sent = self.halves(receivers, senders)  # (batch, R, out) and (batch, S, out)
        return received.unsqueeze(2) + sent.unsqueeze(1)

    def halves(self, receivers: torch.Tensor, senders: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """W_r r + b of each receiver and W_s s of each sender."""
        n = receivers.shape[-1]
        received = functional.linear(receivers, self.weight[:, :n], self.bias)
        return received, functional.linear(senders, self.weight[:, n:])


class WeightedSum(nn.Module):
    """Sum over objects, each counted with a weight."""

    def forward(self, values: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
        """From values (..., object, feature) and weights (..., object) to (..., feature)."""
        return torch.matmul(weights.unsqueeze(-2), values).squeeze(-2)


class EmptySlot(nn.Module):
    """Let one empty slot stand for all that an input lacks of `slots`, since they are one and the same object.

    The network must give the same answer for an input that its empty slots were cut off from: explanations do that.
    """

    def __init__(self, slots: int) -> None:
        super().__init__()
        self.slots = slots

    def forward(self, objects: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Objects (batch, slot, feature), then an empty one if need be, and how often each counts, (slot,)."""
        present: Any = objects.shape[1]  # a number, or the symbol of one
        weights = objects.new_ones(present)
        if not isinstance(present, int):  # a graph that holds for any number of slots: an empty one may count zero
            empty = self.slots - present * objects.new_ones(1)
            return functional.pad(objects, (0, 0, 0, 1)), torch.cat([weights, empty])
        if present == self.slots:
            return objects, weights
        return functional.pad(objects, (0, 0, 0, 1)), functional.pad(weights, (0, 1), value=self.slots - present)
