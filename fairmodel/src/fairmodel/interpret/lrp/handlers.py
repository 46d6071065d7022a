"""The way of relevance through each type of module: the handlers, and what they work with."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import nn
from torch.nn import functional as F

from ...errors import UserError
from ...layers import PairLinear, Standardise, WeightedSum
from .propagation import ForwardPass, Function, LinearMap, Tensors, distribute, keep
from .rules import PROPORTIONAL, Rule

__all__ = ["HANDLERS", "SUMS", "Handler", "Layer", "gru", "handler_of", "plus"]


@dataclass
class Layer:
    """A module of the network under explanation, with its name there and the rule that was chosen for it."""

    module: nn.Module
    name: str
    rule: Rule
    run: ForwardPass

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
"""`handler(layer, *arguments)` returns what the module returns for the arguments, computed with `layer.linear`,
`layer.keep` and operations that only move numbers."""


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


def elementwise(layer: Layer, values: torch.Tensor) -> torch.Tensor:
    """Activations and the like: every element keeps its relevance."""
    return layer.keep(layer.original, values)


def linear(layer: Layer, values: torch.Tensor) -> torch.Tensor:
    """nn.Linear."""
    module = layer.module
    assert isinstance(module, nn.Linear)
    return layer.linear(lambda a, w, b: F.linear(a[0], w[0], b), (module.weight,), values, bias=module.bias)


def pair_linear(layer: Layer, receivers: torch.Tensor, senders: torch.Tensor) -> torch.Tensor:
    """PairLinear: relevance goes to the features of the receiver and of the sender of each pair."""
    module = layer.module
    assert isinstance(module, PairLinear)

    def pairs(a: Tensors, w: Tensors, b: torch.Tensor | None) -> torch.Tensor:
        return F.linear(a[0], w[0], b).unsqueeze(2) + F.linear(a[1], w[1]).unsqueeze(1)

    n = receivers.shape[-1]
    return layer.linear(pairs, (module.weight[:, :n], module.weight[:, n:]), receivers, senders, bias=module.bias)


def convolution(layer: Layer, values: torch.Tensor) -> torch.Tensor:
    """nn.Conv1d, nn.Conv2d, nn.Conv3d, on batches."""
    module = layer.module
    assert isinstance(module, (nn.Conv1d, nn.Conv2d, nn.Conv3d))
    bias = None if module.bias is None else module.bias.reshape(-1, *[1] * len(module.kernel_size))

    def convolve(a: Tensors, w: Tensors, b: torch.Tensor | None) -> torch.Tensor:
        output: torch.Tensor = module._conv_forward(a[0], w[0], None if b is None else b.flatten())
        return output

    return layer.linear(convolve, (module.weight,), values, bias=bias)


def batch_normalisation(layer: Layer, values: torch.Tensor) -> torch.Tensor:
    """nn.BatchNorm1d, 2d, 3d as they are after the training: a factor and a bias for each channel."""
    module = layer.module
    assert isinstance(module, (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d))
    if module.running_mean is None or module.running_var is None:
        message = f"{layer.name} has no running statistics and mixes the rows of a batch; explanations need them apart"
        raise UserError(message)
    scale = (module.running_var + module.eps).rsqrt() * (module.weight if module.affine else 1.0)
    bias = -module.running_mean * scale + (module.bias if module.affine else 0.0)
    shape = (-1, *[1] * (values.ndim - 2))
    return layer.linear(lambda a, w, b: plus(a[0] * w[0], b), (scale.reshape(shape),), values, bias=bias.reshape(shape))


def average(layer: Layer, values: torch.Tensor) -> torch.Tensor:
    """Average pooling: a linear layer whose weights are positive."""
    return layer.linear(lambda a, w, _: w[0] * layer.original(a[0]), (values.new_ones(()),), values)


def weighted_sum(layer: Layer, values: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
    """WeightedSum: to each object by what it adds."""
    return layer.linear(lambda a, w, _: layer.original(a[0], w[0]), (weights.detach(),), values)


ELEMENTWISE = (
    *(nn.ReLU, nn.LeakyReLU, nn.PReLU, nn.ReLU6, nn.ELU, nn.SELU, nn.CELU, nn.GELU, nn.SiLU, nn.Mish),
    *(nn.Sigmoid, nn.LogSigmoid, nn.Hardsigmoid, nn.Tanh, nn.Hardtanh, nn.Hardswish, nn.Softplus, nn.Softsign),
    *(nn.Identity, nn.Dropout, nn.Dropout1d, nn.Dropout2d, nn.Dropout3d, nn.AlphaDropout, Standardise),
)
AVERAGES = (
    *(nn.AvgPool1d, nn.AvgPool2d, nn.AvgPool3d),
    *(nn.AdaptiveAvgPool1d, nn.AdaptiveAvgPool2d, nn.AdaptiveAvgPool3d),
)
NORMALISATIONS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)

SUMS: tuple[type[nn.Module], ...] = (WeightedSum, *AVERAGES, *NORMALISATIONS)
"""Layers that add numbers of one kind or rescale them: they split in proportion unless a composite names their type."""

HANDLERS: Mapping[type[nn.Module], Handler] = {
    nn.Linear: linear,
    PairLinear: pair_linear,
    **dict.fromkeys((nn.Conv1d, nn.Conv2d, nn.Conv3d), convolution),
    **dict.fromkeys(NORMALISATIONS, batch_normalisation),
    **dict.fromkeys(AVERAGES, average),
    WeightedSum: weighted_sum,
    nn.GRU: gru,
    **dict.fromkeys(ELEMENTWISE, elementwise),
}


def handler_of(module: nn.Module) -> Handler | None:
    """The handler of a module's type, or of the type whose forward it inherits."""
    for kind, handler in HANDLERS.items():
        if isinstance(module, kind) and type(module).forward is kind.forward:
            return handler
    return None
