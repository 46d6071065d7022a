"""A network as a function of its inputs as they are behind the normalisation.

A straight path in the unit of a feature that spans decades crosses most of the network in one step, since the
normalisation bends; behind it, it does not. LRP starts there as well, so that all methods speak of the same numbers.
Each feature is normalised by itself: the share of the normalised number is that of the feature.
"""

import copy
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn

from ...layers import EmptySlot
from ...training.normalise import Standardise
from ..lrp.graph import sources
from ..lrp.target import Target, signs

__all__ = ["Entrance", "saved_bytes"]

Inputs = dict[str, torch.Tensor]


class Entrance:
    """A copy of a network in evaluation mode, whose normalised inputs can be set.

    `row` holds the inputs of one row. An input is set behind its `Standardise`, or where it enters the network if it
    has none. `shortened` names the inputs whose empty slots may be cut off, since the network lets one stand for all.
    """

    def __init__(self, network: nn.Module, row: Mapping[str, torch.Tensor], target: Target) -> None:
        self.network = copy.deepcopy(network).eval().requires_grad_(False).to(next(iter(row.values())).dtype)
        self.target = target
        self.shortened: set[str] = set()
        self.layers = self._examine({name: values.detach().requires_grad_() for name, values in row.items()})

    def normalised(self, inputs: Mapping[str, torch.Tensor]) -> Inputs:
        """The inputs as they are behind the normalisation, of the same shapes."""
        return {name: self.layers[name](rows) if name in self.layers else rows for name, rows in inputs.items()}

    def __call__(self, inputs: Mapping[str, torch.Tensor], values: Mapping[str, torch.Tensor]) -> torch.Tensor:
        """The explained number of each row, (row,), where the normalised inputs are `values`."""
        # gradients are asked for, whatever for, so that networks compute with their modules where they know shortcuts
        raw = {
            name: rows.detach().requires_grad_() if name in self.layers else values[name]
            for name, rows in inputs.items()
        }
        with self._set(values):
            logits = self.network(**raw)
        explained: torch.Tensor = (logits * signs(self.target, logits)).sum(1)
        return explained

    def _examine(self, leaves: Inputs) -> dict[str, nn.Module]:
        """The layer that normalises each input; those that are used for several numbers do not count."""
        calls: list[tuple[str | None, nn.Module]] = []

        def normalises(module: nn.Module, arguments: tuple[torch.Tensor, ...]) -> None:
            calls.append((next((name for name, leaf in leaves.items() if leaf is arguments[0]), None), module))

        def shortens(_: nn.Module, arguments: tuple[torch.Tensor, ...]) -> None:
            self.shortened.update(sources(arguments[0], leaves))

        looks: dict[type[nn.Module], Callable[..., None]] = {Standardise: normalises, EmptySlot: shortens}
        hooks = [
            module.register_forward_pre_hook(look)
            for module in self.network.modules()
            for kind, look in looks.items()
            if isinstance(module, kind)
        ]
        signs(self.target, self.network(**leaves))
        for hook in hooks:
            hook.remove()
        modules, names = [module for _, module in calls], [name for name, _ in calls]
        return {name: module for name, module in calls if name and modules.count(module) == names.count(name) == 1}

    @contextmanager
    def _set(self, values: Mapping[str, torch.Tensor]) -> Iterator[None]:
        """Let the normalising layers return these."""

        def instead(name: str) -> Callable[..., torch.Tensor]:
            return lambda *_: values[name]

        hooks = [module.register_forward_hook(instead(name)) for name, module in self.layers.items()]
        try:
            yield
        finally:
            for hook in hooks:
                hook.remove()


@contextmanager
def saved_bytes() -> Iterator[list[int]]:
    """Count the bytes that are kept for gradients; the list's one number is right when the block ends."""
    total = [0]

    def count(tensor: torch.Tensor) -> Any:
        total[0] += tensor.numel() * tensor.element_size()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(count, lambda tensor: tensor):
        yield total
