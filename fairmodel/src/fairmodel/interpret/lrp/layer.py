"""What a handler, the code that says how relevance passes a type of module, has to work with."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from .propagation import Function, LinearMap, Run, Tensors, distribute, keep
from .rules import Rule

__all__ = ["Handler", "Layer", "plus"]


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
        function: Function,
        weights: Tensors,
        *inputs: torch.Tensor,
        bias: torch.Tensor | None = None,
        rule: Rule | None = None,
    ) -> torch.Tensor:
        """function(inputs, weights, bias), whose relevance is distributed over the inputs by the rule.

        `function` is linear in the inputs and in the weights, keeps the rows apart, and adds the bias that it is given,
        or none; `bias` can be broadcast against its result.
        """
        return distribute(self.run, self.name, LinearMap(function, weights, bias), rule or self.rule, inputs)

    def keep(self, function: Callable[[torch.Tensor], torch.Tensor], values: torch.Tensor) -> torch.Tensor:
        """A function of each element by itself, which keeps the element's relevance."""
        return keep(self.run, function, values)


def plus(values: torch.Tensor, bias: torch.Tensor | None) -> torch.Tensor:
    """The values with the bias added, if there is one: for functions that have no bias of their own."""
    return values if bias is None else values + bias


Handler = Callable[..., Any]
"""handler(layer, *arguments of the module) -> what the module returns, computed with `layer.linear`, `layer.keep` and
operations that only move numbers."""
