"""The result of any method."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from ..inputs import InputShares

if TYPE_CHECKING:
    from .shapley import GroupValues

__all__ = ["Attribution"]


@dataclass(frozen=True)
class Attribution(InputShares):
    """What each number of the inputs of some rows adds to the number that is explained.

    `explained` is that number, and `promised` what a row's shares add up to if the method keeps what it promises, both
    float64 (row,); `promised` is None for a method that promises nothing. `groups` holds the values of groups of
    features, where the method has them and shares them out among their features and objects.
    """

    explained: torch.Tensor
    promised: torch.Tensor | None
    groups: "GroupValues | None" = None

    @property
    def gap(self) -> torch.Tensor | None:
        """By how much the promise is broken, float64 (row,)."""
        return None if self.promised is None else self.promised - self.of_rows()
