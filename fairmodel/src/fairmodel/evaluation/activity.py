"""How active the nodes of a network are, relative to the most active one of their layer (RNA, arXiv:2212.05081)."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import nn

from ..dataset import Samples
from ..training.batches import as_tensors
from ..training.device import device_of

__all__ = ["INACTIVE", "LayerActivity", "layers_of", "relative_activity", "sparsity"]

INACTIVE = 0.2
BATCH_ROWS = 32
ACTIVATIONS = (nn.ReLU, nn.LeakyReLU, nn.ELU, nn.GELU, nn.SiLU, nn.Tanh)
CONVOLUTIONS = (nn.Conv1d, nn.Conv2d, nn.Conv3d)


@dataclass(frozen=True)
class LayerActivity:
    """A layer of activations: the name of its module, and the activity of its nodes, float64 (class, node).

    The activity of a node is the sum of the magnitude of its activation over all rows of a class and all places where
    the layer is applied to a row: objects, pairs of objects, positions.
    """

    name: str
    activity: np.ndarray

    @property
    def relative(self) -> np.ndarray:
        """The activity divided by that of the most active node for the class; zero where there is none."""
        most = self.activity.max(1, keepdims=True)
        relative: np.ndarray = np.divide(self.activity, most, out=np.zeros_like(self.activity), where=most > 0)
        return relative

    @property
    def inactive(self) -> np.ndarray:
        """Which nodes have a relative activity below 0.2, bool (class, node)."""
        below: np.ndarray = self.relative < INACTIVE
        return below

    @property
    def dead(self) -> np.ndarray:
        """Which nodes are never active, bool (node,)."""
        return np.logical_not(self.activity.any(0))


def sparsity(network: nn.Module, samples: Samples, classes: int) -> float | None:
    """Share of the nodes whose relative activity is below 0.2, mean over the classes; None without activations."""
    layers = layers_of(network, samples, classes)
    return float(np.concatenate([layer.inactive for layer in layers], 1).mean()) if layers else None


def relative_activity(network: nn.Module, samples: Samples, classes: int) -> list[np.ndarray]:
    """Relative activity of each node, (class, node), for each layer of activations in the order of the computation."""
    return [layer.relative for layer in layers_of(network, samples, classes)]


def layers_of(network: nn.Module, samples: Samples, classes: int) -> list[LayerActivity]:
    """Activity of each layer of activations, in the order of the computation.

    The inputs ask for gradients, which makes a network compute with its modules where it knows shortcuts.
    """
    totals: list[torch.Tensor] = []
    names: list[str] = []
    with _recorded(network) as layers:
        for start in range(0, len(samples), BATCH_ROWS):
            inputs, labels = as_tensors(samples.take(slice(start, start + BATCH_ROWS)), device_of(network))
            layers.clear()
            network(**{name: values.requires_grad_() for name, values in inputs.items()})
            names = [name for name, _ in layers]
            sums = [values.new_zeros(classes, values.shape[1]).index_add(0, labels, values) for _, values in layers]
            totals = [left + right for left, right in zip(totals, sums, strict=True)] if totals else sums
    return [LayerActivity(name, total.cpu().numpy()) for name, total in zip(names, totals, strict=True)]


@contextmanager
def _recorded(network: nn.Module) -> Iterator[list[tuple[str, torch.Tensor]]]:
    """Collect name and activity, float64 (row, node), of each layer whenever the network is called."""
    layers: list[tuple[str, torch.Tensor]] = []
    axis = -1  # of the nodes: convolutions put them second, everything else last

    def remember(place: int) -> Callable[..., None]:
        def hook(*_: Any) -> None:
            nonlocal axis
            axis = place

        return hook

    def record(name: str, _: nn.Module, __: Any, values: torch.Tensor) -> None:
        nodes = values.detach().abs().double().movedim(axis, -1)
        layers.append((name, nodes.reshape(len(nodes), -1, nodes.shape[-1]).sum(1)))

    hooks = []
    for name, module in network.named_modules():
        if isinstance(module, ACTIVATIONS):
            hooks.append(module.register_forward_hook(partial(record, name)))
        elif isinstance(module, (*CONVOLUTIONS, nn.Linear)):
            hooks.append(module.register_forward_hook(remember(1 if isinstance(module, CONVOLUTIONS) else -1)))
    try:
        yield layers
    finally:
        for hook in hooks:
            hook.remove()
