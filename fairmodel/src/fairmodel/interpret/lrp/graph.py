"""What lies between the output of a network and its inputs: only operations through which relevance passes unharmed."""

import re
from collections.abc import Iterator, Mapping

import torch
from torch.autograd.graph import Node

from ...errors import UserError

__all__ = ["check_operations", "sources"]

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
