"""The result of a propagation of relevance."""

from dataclasses import dataclass

import torch

from ...errors import UserError
from ..shares import InputShares
from .ledger import Ledger

__all__ = ["Relevance"]


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
