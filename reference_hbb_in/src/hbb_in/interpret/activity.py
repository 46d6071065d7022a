"""How active the nodes of a network are, relative to the most active one of their layer (RNA, arXiv:2212.05081)."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import nn

from ..dataset import Samples
from ..training.batches import as_tensors

__all__ = ["INACTIVE", "relative_activity", "sparsity"]

INACTIVE = 0.2
BATCH_ROWS = 32
ACTIVATIONS = (nn.ReLU, nn.LeakyReLU, nn.ELU, nn.GELU, nn.SiLU, nn.Tanh)
CONVOLUTIONS = (nn.Conv1d, nn.Conv2d, nn.Conv3d)


def sparsity(network: nn.Module, samples: Samples, classes: int) -> float | None:
    """Share of the nodes whose relative activity is below 0.2, mean over the classes; None without activations."""
    layers = relative_activity(network, samples, classes)
    return float((np.concatenate(layers, 1) < INACTIVE).mean()) if layers else None


def relative_activity(network: nn.Module, samples: Samples, classes: int) -> list[np.ndarray]:
    """Relative activity of each node, (class, node), for each layer of activations in the order of the computation.

    The activity of a node is the sum of the magnitude of its activation over all rows of a class and all places where
    the layer is applied to a row: objects, pairs of objects, positions. It is divided by that of the layer's most
    active node. The inputs ask for gradients, which makes a network compute with its modules where it knows shortcuts.
    """
    totals: list[torch.Tensor] = []
    with _recorded(network) as layers:
        for start in range(0, len(samples), BATCH_ROWS):
            batch = samples.take(np.arange(start, min(start + BATCH_ROWS, len(samples))))
            inputs, labels = as_tensors(batch)
            layers.clear()
            network(**{name: values.requires_grad_() for name, values in inputs.items()})
            sums = [values.new_zeros(classes, values.shape[1]).index_add(0, labels, values) for values in layers]
            totals = [left + right for left, right in zip(totals, sums, strict=True)] if totals else sums
    largest = [total.amax(1, keepdim=True) for total in totals]
    return [torch.where(most > 0, total / most, 0.0).numpy() for total, most in zip(totals, largest, strict=True)]


@contextmanager
def _recorded(network: nn.Module) -> Iterator[list[torch.Tensor]]:
    """Collect the activity of each layer, float64 (row, node), whenever the network is called."""
    layers: list[torch.Tensor] = []
    axis = -1  # of the nodes: convolutions put them second, everything else last

    def remember(place: int) -> Callable[..., None]:
        def hook(*_: Any) -> None:
            nonlocal axis
            axis = place

        return hook

    def record(_: nn.Module, __: Any, values: torch.Tensor) -> None:
        nodes = values.detach().abs().double().movedim(axis, -1)
        layers.append(nodes.reshape(len(nodes), -1, nodes.shape[-1]).sum(1))

    hooks = []
    for module in network.modules():
        if isinstance(module, ACTIVATIONS):
            hooks.append(module.register_forward_hook(record))
        elif isinstance(module, (*CONVOLUTIONS, nn.Linear)):
            hooks.append(module.register_forward_hook(remember(1 if isinstance(module, CONVOLUTIONS) else -1)))
    try:
        yield layers
    finally:
        for hook in hooks:
            hook.remove()
