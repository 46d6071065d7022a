"""The account of the relevance, which balances or is refused, and the result of an explanation."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import torch

from ...errors import UserError
from ..inputs import InputShares

__all__ = ["Entry", "Ledger", "Relevance", "by_row"]


def by_row(values: torch.Tensor, rows: int) -> torch.Tensor:
    """Sums of what belongs to each row, float64 (row,); the first axis counts rows, or rows and something else."""
    return values.reshape(rows, -1).sum(1).double()


@dataclass(frozen=True)
class Entry:
    """What one call of a layer did with the relevance that it received, float64 (row,) each.

    received = passed + bias + stabiliser + unassigned. `passed` goes on to what depends on the explained inputs.
    `bias` is the share of the layer's bias, of the baseline and of other constants, `stabiliser` that of epsilon.
    `unassigned` is what the rule gives to nobody: no contribution of the sign that it asks for.
    """

    layer: str
    received: torch.Tensor
    passed: torch.Tensor
    bias: torch.Tensor
    stabiliser: torch.Tensor
    unassigned: torch.Tensor

    @property
    def absorbed(self) -> torch.Tensor:
        """What the layer kept, (row,)."""
        return self.bias + self.stabiliser + self.unassigned

    @property
    def imbalance(self) -> torch.Tensor:
        """Zero but for rounding, (row,)."""
        return self.received - self.passed - self.absorbed


@dataclass(frozen=True)
class Ledger:
    """The account of an explanation, float64 (row,) each.

    `explained` is the number that is explained, the relevance at the network's output; `inputs` is the relevance of all
    inputs, on padding too; `magnitude` is the largest norm of the relevance at any layer: rounding is relative to it.
    `entries` go from the output to the inputs; a layer that is called twice has two.
    """

    explained: torch.Tensor
    inputs: torch.Tensor
    magnitude: torch.Tensor
    entries: tuple[Entry, ...]

    @property
    def absorbed(self) -> torch.Tensor:
        """What biases, stabilisers and rules kept, (row,)."""
        return sum((entry.absorbed for entry in self.entries), torch.zeros_like(self.explained))

    @property
    def imbalance(self) -> torch.Tensor:
        """Explained - inputs - absorbed: zero but for rounding, (row,)."""
        return self.explained - self.inputs - self.absorbed

    @staticmethod
    def joined(parts: Sequence["Ledger"], order: torch.Tensor) -> "Ledger":
        """One account from those of consecutive rows; row i of theirs is row order[i] of the whole."""
        places = order.argsort()

        def cat(values: Sequence[torch.Tensor]) -> torch.Tensor:
            return torch.cat(list(values))[places]

        columns = [field.name for field in fields(Entry) if field.name != "layer"]
        entries = tuple(
            replace(calls[0], **{name: cat([getattr(call, name) for call in calls]) for name in columns})
            for calls in zip(*(part.entries for part in parts), strict=True)
        )
        explained, inputs, magnitude = (
            cat([getattr(part, name) for part in parts]) for name in ("explained", "inputs", "magnitude")
        )
        return Ledger(explained, inputs, magnitude, entries)


@dataclass(frozen=True)
class Relevance(InputShares):
    """Relevance of the inputs of some rows.

    `inputs`: for each input, (row, slot, feature), zero on empty slots; `padding`: the sum of what empty slots have
    got, (row,); `layers`: relevance of the outputs of the layers that were asked for; `logits`: (row, class); `ledger`:
    where all of it went.
    """

    padding: dict[str, torch.Tensor]
    layers: dict[str, torch.Tensor]
    logits: torch.Tensor
    ledger: Ledger

    def of_pairs(self, layer: str) -> torch.Tensor:
        """Relevance of each pair of objects at a layer that was asked for, (row, receiver, sender).

        It is summed over the numbers that the layer has for a pair. Raises UserError for a layer that was not asked
        for, or that has no pairs.
        """
        if layer not in self.layers:
            message = f"there is no relevance of the layer {layer!r}; ask for it with layers=[{layer!r}]"
            raise UserError(message)
        values = self.layers[layer]
        if values.ndim != 4:
            message = f"the layer {layer!r} returns {tuple(values.shape)}, not (row, receiver, sender, number)"
            raise UserError(message)
        return values.sum(3)
