"""A network under explanation: which rule and which handler each layer gets, and what cannot be explained."""

import copy
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from inspect import signature
from typing import Any

import torch
from torch import nn
from torch.autograd.graph import Node

from ...errors import UserError
from ...layers import EmptySlot
from ...lazy import lazily
from .handlers import SUMS, Handler, Layer, elementwise, handler_of
from .propagation import ForwardPass
from .rules import PROPORTIONAL, Rule, make_rule

__all__ = ["Attached", "Composite", "Handlers", "check_operations", "choose_rules", "preset_a", "sources"]

Composite = Sequence[tuple[str | type[nn.Module], Rule]]
"""Pairs of a pattern of layer names, or a type of module, and a rule; the first pair that fits a layer counts."""


def preset_a(epsilon: float = 0.1) -> Composite:
    """LRP-epsilon for dense layers, alpha 1 beta 0 for convolutions: "preset A" of Alber et al., JMLR 20 (2019) 93."""
    positive = make_rule("z-plus")
    convolutions = [(kind, positive) for kind in (nn.Conv1d, nn.Conv2d, nn.Conv3d)]
    return [*convolutions, ("*", make_rule("epsilon", epsilon=epsilon))]


def choose_rules(layers: Mapping[str, nn.Module], composite: Composite) -> dict[str, Rule]:
    """The rule of each layer, by name.

    Layers that only add up or rescale (`handlers.SUMS`) are fitted by their types alone, and split in proportion where
    the composite does not name them. Raises UserError for a layer that nothing fits, and for an entry that fits none.
    """
    rules, used = {}, set()
    for name, module in layers.items():
        fitting = [index for index, (selector, _) in enumerate(composite) if _fits(selector, name, module)]
        used.update(fitting)
        if not fitting and not isinstance(module, SUMS):
            kind = type(module).__name__
            message = f'the composite has no rule for the layer {name!r} ({kind}); end it with ("*", rule)'
            raise UserError(message)
        rules[name] = composite[fitting[0]][1] if fitting else PROPORTIONAL
    for index, (selector, _) in enumerate(composite):
        if index not in used and selector != "*" and isinstance(selector, str):
            message = f"no layer's name fits {selector!r} of the composite; the layers are {', '.join(layers)}"
            raise UserError(message)
    return rules


def _fits(selector: str | type[nn.Module], name: str, module: nn.Module) -> bool:
    if isinstance(selector, str):
        return not isinstance(module, SUMS) and fnmatchcase(name, selector)
    return isinstance(module, selector)


# They move numbers or choose among them, so their backward moves relevance. relu is one of them because a number that
# it sets to zero contributes nothing, and so has no relevance that could be lost.
MOVES = frozenset(
    (
        *("AccumulateGrad", "Alias", "AsStrided", "Cat", "Clone", "ConstantPadNd", "Diagonal", "Expand", "Flip"),
        *("Gather", "Index", "IndexSelect", "MaskedFill", "Permute", "PixelShuffle", "Repeat", "Reshape"),
        *("ReshapeAlias", "Roll", "Select", "Slice", "Split", "SplitWithSizes", "Squeeze", "Stack", "T", "ToCopy"),
        *("Transpose", "Unbind", "UnsafeSplit", "UnsafeView", "Unsqueeze", "View", "ViewAs", "Where"),
        *("Amax", "Max", "AdaptiveMaxPool2D", "AdaptiveMaxPool3D", "MaxPool2DWithIndices", "MaxPool3DWithIndices"),
        *("Relu", "_Keep", "_Propagate"),
    )
)


def check_operations(output: torch.Tensor) -> None:
    """Raise UserError for an operation between output and inputs that changes numbers and is no module of its own."""
    for node, layer in _nodes(output):
        operation = re.sub(r"(Backward)?\d*$", "", node.name().rpartition("::")[2])
        if operation not in MOVES:
            message = (
                f"the network computes {operation} on the way to {layer}, outside the modules that relevance passes; "
                "make it a module of its own and give it a rule in RULES of project.py"
            )
            raise UserError(message)


def sources(values: torch.Tensor, inputs: Mapping[str, torch.Tensor]) -> set[str]:
    """Names of the inputs on which `values` depend."""
    leaves = {id(node.variable) for node, _ in _nodes(values) if hasattr(node, "variable")}
    return {name for name, tensor in inputs.items() if id(tensor) in leaves} | {
        name for name, tensor in inputs.items() if tensor is values
    }


def _nodes(output: torch.Tensor) -> Iterator[tuple[Node, str]]:
    """Each node of the graph behind a tensor, with the name of the layer, or the output, that it leads to."""
    waiting = [(output.grad_fn, "the output")] if output.grad_fn else []
    seen = set()
    while waiting:
        node, layer = waiting.pop()
        if node in seen:
            continue
        seen.add(node)
        yield node, layer
        name = getattr(node, "layer", None)
        after = f"the layer {name!r}" if name else layer
        waiting += [(previous, after) for previous, _ in node.next_functions if previous is not None]


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
            layer = Layer(module, name, rules.get(name, PROPORTIONAL), ForwardPass(0))
            self.layers.append(layer)
            _attach(layer, handler)

    def __call__(self, run: ForwardPass, inputs: Mapping[str, torch.Tensor]) -> torch.Tensor:
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
            check_operations(self(ForwardPass(len(next(iter(leaves.values())))), leaves))
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
