"""Networks that forget: layer by layer, from the output to the inputs, the trained weights give way to random ones.

An attribution that says the same of a network that has forgotten everything says nothing about what was learned
(Adebayo et al., arXiv:1810.03292).
"""

import copy
from collections.abc import Callable, Iterator, Mapping

import numpy as np
import torch
from torch import nn

__all__ = ["cascade", "depths_of", "layers_from_output", "untrained"]


def untrained(build: Callable[[], nn.Module], seed: int) -> nn.Module:
    """A network as `build` makes it, with weights that depend on the seed alone."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return build()


def layers_from_output(network: nn.Module, inputs: Mapping[str, torch.Tensor]) -> list[str]:
    """Names of the modules with weights of their own, the one that is called last first; then those never called."""
    called: list[str] = []
    owners = {name: module for name, module in network.named_modules() if list(module.parameters(recurse=False))}

    def remember(name: str) -> Callable[..., None]:
        return lambda *_: called.append(name)

    hooks = [module.register_forward_hook(remember(name)) for name, module in owners.items()]
    try:
        network(**{name: rows.detach().requires_grad_() for name, rows in inputs.items()})
    finally:
        for hook in hooks:
            hook.remove()
    order = list(dict.fromkeys(reversed(called)))
    return order + [name for name in owners if name not in order]


def depths_of(layers: int, most: int) -> list[int]:
    """How many layers are random at each depth, evenly chosen; the last one is all of them."""
    steps = np.linspace(0, layers, min(most, layers) + 1).round().astype(int)
    return [int(step) for step in np.unique(steps) if step]


def cascade(trained: nn.Module, fresh: nn.Module, layers: list[str], depths: list[int]) -> Iterator[nn.Module]:
    """Copies of the trained network whose first so many `layers` have the weights of the fresh one, depth by depth.

    What is no weight, such as the normalisation of the inputs, stays.
    """
    source = dict(fresh.named_modules())
    for depth in depths:
        network = copy.deepcopy(trained)
        target = dict(network.named_modules())
        with torch.no_grad():
            for name in layers[:depth]:
                for old, new in zip(
                    target[name].parameters(recurse=False), source[name].parameters(recurse=False), strict=True
                ):
                    old.copy_(new)
        yield network
