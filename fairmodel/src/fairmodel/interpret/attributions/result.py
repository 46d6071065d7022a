"""The result of any method, and groups of features that share one value."""

from dataclasses import dataclass

import torch

from ..inputs import InputShares

__all__ = ["Attribution", "FeatureGroup", "GroupValues"]


@dataclass(frozen=True)
class FeatureGroup:
    """Features of one input, by their names, that are explained together."""

    input: str
    features: tuple[str, ...]

    @property
    def name(self) -> str:
        """The names of the features."""
        return " + ".join(self.features)


@dataclass(frozen=True)
class GroupValues:
    """Shapley values of groups of features, float64 (row, group), and their standard errors from the sampling."""

    groups: tuple[FeatureGroup, ...]
    values: torch.Tensor
    errors: torch.Tensor


@dataclass(frozen=True)
class Attribution(InputShares):
    """What each number of the inputs of some rows adds to the number that is explained.

    `explained` is that number, and `promised` what a row's shares add up to if the method keeps what it promises, both
    float64 (row,); `promised` is None for a method that promises nothing. `groups` holds the values of groups of
    features, where the method has them and shares them out among their features and objects.
    """

    explained: torch.Tensor
    promised: torch.Tensor | None
    groups: GroupValues | None = None

    @property
    def gap(self) -> torch.Tensor | None:
        """By how much the promise is broken, float64 (row,)."""
        return None if self.promised is None else self.promised - self.of_rows()
