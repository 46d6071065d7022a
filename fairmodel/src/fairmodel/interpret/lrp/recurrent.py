"""Relevance through a gated recurrent unit."""

from dataclasses import replace

import torch
from torch import nn
from torch.nn import functional as F

from ...errors import UserError
from .layer import Layer, plus
from .propagation import Tensors
from .rules import PROPORTIONAL

__all__ = ["gru"]


def gru(layer: Layer, values: torch.Tensor, state: torch.Tensor | None = None) -> tuple[torch.Tensor, torch.Tensor]:
    """nn.GRU of one layer, in one direction or two: the signal takes all, gates are constants (arXiv:1706.07206).

    With the gates r and z, the candidate n = tanh(W x + b + r (U h + c)) and the new state h' = (1 - z) n + z h. The
    relevance of h' goes to n and h by what they add to it, with the rule's epsilon; that of n to x and h by the rule.
    """
    module = layer.module
    assert isinstance(module, nn.GRU)
    if module.num_layers > 1:
        message = f"{layer.name} has {module.num_layers} layers; explanations need one nn.GRU for each"
        raise UserError(message)
    values = values if module.batch_first else values.transpose(0, 1)
    directions = 2 if module.bidirectional else 1
    if state is None:
        state = values.new_zeros(directions, len(values), module.hidden_size)
    results = [_unrolled(layer, module, values, state[index], reverse=bool(index)) for index in range(directions)]
    outputs = torch.cat([outputs for outputs, _ in results], -1)
    last = torch.stack([last for _, last in results])
    return outputs if module.batch_first else outputs.transpose(0, 1), last


def _unrolled(
    layer: Layer, module: nn.GRU, values: torch.Tensor, state: torch.Tensor, *, reverse: bool
) -> tuple[torch.Tensor, torch.Tensor]:
    """States (row, step, unit) after each step and after the last one, from values (row, step, feature)."""
    cell = _Cell(layer, module, reverse=reverse)
    steps = list(values.unbind(1))
    outputs = []
    for step in reversed(steps) if reverse else steps:
        state = cell(step, state)
        outputs.append(state)
    return torch.stack(outputs[::-1] if reverse else outputs, 1), state


class _Cell:
    """One step of one direction."""

    def __init__(self, layer: Layer, module: nn.GRU, *, reverse: bool) -> None:
        self.layer = layer
        self.mixing = replace(PROPORTIONAL, epsilon=layer.rule.epsilon)
        suffix = "_reverse" if reverse else ""
        names = [f"{kind}_{source}_l0{suffix}" for kind in ("weight", "bias") for source in ("ih", "hh")]
        none = torch.zeros(3 * module.hidden_size).to(getattr(module, names[0]))
        # the gates' rows first: r, z, then the candidate's
        self.w, self.u, self.b, self.c = (getattr(module, name, none) for name in names)

    def __call__(self, values: torch.Tensor, state: torch.Tensor) -> torch.Tensor:
        """The next state (row, unit) from values (row, feature) and state (row, unit)."""
        gates, own = slice(2 * state.shape[1]), slice(2 * state.shape[1], None)
        with torch.no_grad():
            from_values = F.linear(values, self.w[gates], self.b[gates])
            r, z = torch.sigmoid(from_values + F.linear(state, self.u[gates], self.c[gates])).chunk(2, 1)

        def candidate(a: Tensors, w: Tensors, b: torch.Tensor | None) -> torch.Tensor:
            return plus(F.linear(a[0], w[0]) + r * F.linear(a[1], w[1]), b)

        bias, weights = self.b[own] + r * self.c[own], (self.w[own], self.u[own])
        n = self.layer.keep(torch.tanh, self.layer.linear(candidate, weights, values, state, bias=bias))
        return self.layer.linear(lambda a, w, _: w[0] * a[0] + w[1] * a[1], (1 - z, z), n, state, rule=self.mixing)
