"""A network as a function of its inputs as they are behind the normalisation.

A straight path in the unit of a feature that spans decades crosses most of the network in one step, since the
normalisation bends; behind it, it does not. LRP starts there as well, so that all methods speak of the same numbers.
Each feature is normalised by itself: the share of the normalised number is that of the feature.
"""

import copy
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import nn

from ...errors import UserError
from ...layers import EmptySlot, Standardise
from ..inputs import Array, as_inputs
from ..lrp.attach import sources
from ..lrp.relevance import ExplainedRows, at_objects, row_baseline
from ..lrp.rules import Target, signs
from .result import Attribution

__all__ = ["Entrance", "gradient_input", "integrated_gradients", "saved_bytes"]

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


Node = tuple[float, float]

MEMORY = 64_000_000
INCOMPLETE, LARGEST_GAP = 0.05, 0.1
REFINEMENTS = (4, 16)


def gradient_input(
    network: nn.Module,
    inputs: Mapping[str, Array],
    *,
    target: Target = 1,
    dtype: torch.dtype | None = None,
    memory: int = MEMORY,
) -> Attribution:
    """Gradient times input, x_i dF/dx_i, of the normalised features x (Shrikumar et al., arXiv:1605.01713).

    It is what a straight extrapolation of the network to zero would lose. It equals LRP-0 with absorbed biases for a
    network of linear layers, sums and ReLU, and adds up to nothing in particular. See `integrated_gradients` for the
    arguments.
    """
    found = _along_path(network, inputs, target, None, [(1.0, 1.0)], dtype, memory)
    return Attribution(found.inputs, found.explained, None)


def integrated_gradients(
    network: nn.Module,
    inputs: Mapping[str, Array],
    *,
    target: Target = 1,
    baseline: Mapping[str, Array] | None = None,
    steps: int = 20,
    dtype: torch.dtype | None = None,
    memory: int = MEMORY,
) -> Attribution:
    """Integrated gradients, (x_i - x'_i) times the mean of dF/dx_i between x' and x (arXiv:1703.01365, eq. 1).

    x are the normalised features of the real objects of a row of `inputs`, (row, slot, feature) each, and x' those of
    the `baseline`, (feature,) for objects, or zero without one. The integral over the straight path is a Gauss-Legendre
    sum of `steps` terms. What is promised is completeness: a row's shares add up to F(x) - F(x'). Rows that miss it by
    more than 5 % of the magnitude of their shares get 4 times as many terms, then 16 times.

    Rows are computed in chunks whose activations take about `memory` bytes; the result depends neither on that nor on
    the other rows, but for rounding. Raises UserError for what cannot be explained, and where even then the gap is
    more than a tenth of what is promised (root mean squares over the rows).
    """
    if steps < 1:
        message = f"steps = {steps}; the integral needs at least one"
        raise UserError(message)
    given = as_inputs(network, inputs, dtype)
    found = _along_path(network, given, target, baseline, _gauss_legendre(steps), dtype, memory)
    for factor in REFINEMENTS:
        rows = _incomplete(found)
        if len(rows):
            part = {name: values[rows] for name, values in given.items()}
            finer = _along_path(network, part, target, baseline, _gauss_legendre(factor * steps), dtype, memory)
            for name, shares in found.inputs.items():
                shares[rows] = finer.inputs[name]
    _check(found, steps * REFINEMENTS[-1])
    return found


def _gauss_legendre(steps: int) -> list[Node]:
    """Places between zero and one, and weights that add up to one."""
    places, weights = np.polynomial.legendre.leggauss(steps)
    return [(float(place + 1) / 2, float(weight) / 2) for place, weight in zip(places, weights, strict=True)]


def _incomplete(found: Attribution) -> torch.Tensor:
    """The rows that miss too much of what is promised, int64."""
    assert found.gap is not None
    magnitude = torch.stack([shares.double().abs().flatten(1).sum(1) for shares in found.inputs.values()]).sum(0)
    return (found.gap.abs() > INCOMPLETE * magnitude).nonzero().squeeze(1)


def _check(found: Attribution, steps: int) -> None:
    assert found.gap is not None
    assert found.promised is not None
    gap, promised = (float(values.square().mean().sqrt()) for values in (found.gap, found.promised))
    if gap > LARGEST_GAP * promised + 1e-6 * float(found.explained.abs().max()):
        message = (
            f"integrated gradients miss {gap:.3g} of {promised:.3g} with steps = {steps}; take more steps, or, if that "
            "does not help, a baseline between which and the inputs the network does not jump"
        )
        raise UserError(message)


def _along_path(
    network: nn.Module,
    inputs: Mapping[str, Array],
    target: Target,
    baseline: Mapping[str, Array] | None,
    nodes: Sequence[Node],
    dtype: torch.dtype | None,
    memory: int,
) -> Attribution:
    """Integrated gradients with a sum of these nodes, (place, weight) each; chunks adapt to the memory they need."""
    with torch.inference_mode(mode=False), torch.enable_grad():
        given = as_inputs(network, inputs, dtype)
        start = row_baseline(baseline or {}, given)
        entrance = Entrance(network, {name: rows[:1] for name, rows in given.items()}, target)
        rows = ExplainedRows(given, entrance.shortened)
        shares = {name: torch.zeros_like(values) for name, values in given.items()}
        explained, promised = torch.zeros(2, len(rows.order), dtype=torch.float64, device=rows.order.device)
        first, size = 0, 1
        while first < len(rows.order):
            places = rows.order[first : first + size]
            with saved_bytes() as kept:
                part = _chunk(entrance, rows.chunk(places), start, nodes)
            for name, values in part.inputs.items():
                slots = slice(values.shape[1]) if values.ndim > 2 else slice(None)
                shares[name][places, slots] = values
            explained[places], promised[places] = part.explained, part.explained - part.at_baseline
            bytes_per_row = kept[0] // (len(nodes) * len(places))
            first, size = first + size, max(1, memory // max(1, bytes_per_row))
    return Attribution(shares, explained, promised)


@dataclass(frozen=True)
class _Part:
    """The result for the rows of a chunk."""

    inputs: Inputs
    explained: torch.Tensor
    at_baseline: torch.Tensor


def _chunk(entrance: Entrance, inputs: Inputs, baseline: Mapping[str, torch.Tensor], nodes: Sequence[Node]) -> _Part:
    stop = entrance.normalised(inputs)
    start = entrance.normalised({name: at_objects(baseline[name], values) for name, values in inputs.items()})
    change = {name: stop[name] - start[name] for name in inputs}
    mean = {name: torch.zeros_like(values) for name, values in inputs.items()}
    for place, weight in nodes:
        point = {name: (start[name] + place * change[name]).requires_grad_() for name in inputs}
        answers = entrance(inputs, point).sum()
        gradients = torch.autograd.grad(answers, list(point.values()), materialize_grads=True)
        for values, gradient in zip(mean.values(), gradients, strict=True):
            values.add_(gradient, alpha=weight)
    with torch.no_grad():
        ends = [entrance(inputs, values).double() for values in (stop, start)]
    return _Part({name: change[name] * mean[name] for name in inputs}, *ends)
