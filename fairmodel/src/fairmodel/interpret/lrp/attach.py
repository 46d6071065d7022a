"""A copy of a network whose modules propagate relevance."""

import copy
from collections.abc import Callable, Iterator, Mapping
from inspect import signature
from typing import Any

import torch
from torch import nn

from ...errors import UserError
from ...layers import EmptySlot
from ...lazy import lazily
from .composite import Composite, choose_rules
from .graph import check_operations, sources
from .handlers import elementwise, handler_of
from .layer import Handler, Layer
from .propagation import Run
from .rules import PROPORTIONAL

__all__ = ["Attached", "Handlers"]

Handlers = Mapping[str, str | Callable[[], Handler]]
"""From the name of a type of module to what loads its handler, as RULES of project.py has them."""


class Attached:
    """A network that propagates relevance: a copy in evaluation mode, so that the original is never touched.

    `handlers` add to those that the engine has, or replace them. Raises UserError for a module with weights that has
    none, and where the composite does not fit.
    """

    def __init__(self, network: nn.Module, composite: Composite, handlers: Handlers, dtype: torch.dtype | None) -> None:
        self.network = copy.deepcopy(network).eval().requires_grad_(False).to(dtype)
        found = {name: (module, handler) for name, module, handler in _with_handlers(self.network, handlers)}
        distributing = {name: module for name, (module, handler) in found.items() if handler is not elementwise}
        rules = choose_rules(distributing, composite)
        self.layers = []
        for name, (module, handler) in found.items():
            layer = Layer(module, name, rules.get(name, PROPORTIONAL), Run(0))
            self.layers.append(layer)
            _attach(layer, handler)

    def __call__(self, run: Run, inputs: Mapping[str, torch.Tensor]) -> torch.Tensor:
        """Logits (row, class), whose backward is the propagation of relevance; it is written down in `run`."""
        for layer in self.layers:
            layer.run = run
        logits: torch.Tensor = self.network(**inputs)
        return logits

    def examine(self, inputs: Mapping[str, torch.Tensor]) -> set[str]:
        """Check that all operations between output and inputs conserve relevance.

        Returns the names of the inputs whose empty slots may be cut off, since the network lets one stand for all.
        """
        leaves = {name: values.detach().requires_grad_() for name, values in inputs.items()}
        shortened: set[str] = set()

        def look(_: nn.Module, arguments: tuple[torch.Tensor, ...]) -> None:
            shortened.update(sources(arguments[0], leaves))

        empty_slots = [module for module in self.network.modules() if isinstance(module, EmptySlot)]
        hooks = [module.register_forward_pre_hook(look) for module in empty_slots]
        try:
            check_operations(self(Run(len(next(iter(leaves.values())))), leaves))
        finally:
            for hook in hooks:
                hook.remove()
        return shortened


def _with_handlers(network: nn.Module, handlers: Handlers) -> Iterator[tuple[str, nn.Module, Handler]]:
    """Names, modules and handlers of what propagates relevance in a way of its own."""
    covered: tuple[str, ...] = ()
    for path, module in network.named_modules():
        name, kind = path or type(module).__name__, type(module).__name__
        if kind in handlers:
            covered += (f"{path}." if path else "",)
            yield name, module, lazily(handlers[kind])()
        elif (handler := handler_of(module)) is not None:
            yield name, module, handler
        elif any(True for _ in module.parameters()) and not any(module.children()) and not path.startswith(covered):
            message = (
                f"there is no rule for the layer {name!r} ({kind}); give its class a handler in Project(handlers=…)"
            )
            raise UserError(message)


def _attach(layer: Layer, handler: Handler) -> None:
    original = signature(type(layer.module).forward)

    def forward(*arguments: Any, **named: Any) -> Any:
        return handler(layer, *original.bind(layer.module, *arguments, **named).args[1:])

    vars(layer.module)["forward"] = forward
    if hasattr(layer.module, "inplace"):
        vars(layer.module)["inplace"] = False
