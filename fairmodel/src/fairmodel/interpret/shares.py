"""What each number of the inputs adds to a network's answers, whatever the method."""

from dataclasses import dataclass

import torch

__all__ = ["InputShares"]


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
