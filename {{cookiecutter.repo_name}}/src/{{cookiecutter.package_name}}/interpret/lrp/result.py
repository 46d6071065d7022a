"""The result of a propagation of relevance."""

from dataclasses import dataclass

import torch

from .ledger import Ledger

__all__ = ["Relevance"]


@dataclass(frozen=True)
class Relevance:
    """Relevance of the inputs of some rows.

    `inputs`: for each input, (row, slot, feature), zero on empty slots; `padding`: the sum of what empty slots have
    got, (row,); `layers`: relevance of the outputs of the layers that were asked for; `logits`: (row, class); `ledger`:
    where all of it went.
    """

    inputs: dict[str, torch.Tensor]
    padding: dict[str, torch.Tensor]
    layers: dict[str, torch.Tensor]
    logits: torch.Tensor
    ledger: Ledger

    def of_objects(self, name: str) -> torch.Tensor:
        """Relevance of each object of an input, summed over its features, (row, slot)."""
        return self.inputs[name].sum(2)

    def of_features(self, name: str) -> torch.Tensor:
        """Relevance of each feature of an input, summed over the objects, (row, feature)."""
        return self.inputs[name].sum(1)
