"""What a handler, the code that says how relevance passes a type of module, has to work with."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from .propagation import LinearMap, Run, Tensors, distribute, keep
from .rules import Rule

__all__ = ["Handler", "Layer"]


@dataclass
class Layer:
    """A module of the network under explanation, with its name there and the rule that was chosen for it."""

    module: nn.Module
    name: str
    rule: Rule
    run: Run

    @property
    def original(self) -> Callable[..., Any]:
        """The module's own forward."""
        return lambda *arguments: type(self.module).forward(self.module, *arguments)

    def linear(
        self,
        function: Callable[[Tensors, Tensors], torch.Tensor],
        weights: Tensors,
        *inputs: torch.Tensor,
        bias: torch.Tensor | None = None,
        rule: Rule | None = None,
    ) -> torch.Tensor:
        """function(inputs, weights) + bias; its relevance is distributed over the inputs by the rule.

        `function` is linear in the inputs and in the weights, and keeps the rows apart; `bias` is broadcast.
        """
        return distribute(self.run, self.name, LinearMap(function, weights, bias), rule or self.rule, inputs)

    def keep(self, function: Callable[[torch.Tensor], torch.Tensor], values: torch.Tensor) -> torch.Tensor:
        """A function of each element by itself, which keeps the element's relevance."""
        return keep(self.run, function, values)


Handler = Callable[..., Any]
"""handler(layer, *arguments of the module) -> what the module returns, computed with `layer.linear`, `layer.keep` and
operations that only move numbers."""
