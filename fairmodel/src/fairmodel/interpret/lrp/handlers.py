"""How relevance passes the modules that the engine knows."""

from collections.abc import Mapping

import torch
from torch import nn
from torch.nn import functional as F

from ...errors import UserError
from ...layers import PairLinear, WeightedSum
from ...training.normalise import Standardise
from .layer import Handler, Layer, plus
from .propagation import Tensors
from .recurrent import gru

__all__ = ["HANDLERS", "SUMS", "handler_of"]


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
