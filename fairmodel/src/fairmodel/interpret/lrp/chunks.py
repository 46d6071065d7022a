"""Explain rows chunk by chunk, with bounded memory."""

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from ...errors import UserError
from ...training.normalise import is_real
from .attach import Attached
from .baseline import at_objects
from .ledger import Ledger, by_row
from .propagation import Run, Tensors
from .result import Relevance
from .rows import Rows
from .target import Target, signs

__all__ = ["Question", "explain"]

Inputs = dict[str, torch.Tensor]


@dataclass(frozen=True)
class Question:
    """What is asked of each row: the explained target, the layers of interest, and the baseline of each input."""

    target: Target
    layers: Sequence[str]
    baseline: Mapping[str, torch.Tensor] | None


@dataclass(frozen=True)
class _Part:
    """The answer for the rows of a chunk."""

    inputs: Inputs
    layers: Inputs
    logits: torch.Tensor
    ledger: Ledger
    bytes_per_row: int


def explain(attached: Attached, question: Question, rows: Rows, memory: int) -> Relevance:
    """Relevance of all rows, in chunks whose activations take about `memory` bytes."""
    found = {name: torch.zeros_like(values) for name, values in rows.inputs.items()}
    parts, start, size = [], 0, 1
    while start < len(rows.order):
        places = rows.order[start : start + size]
        part = _explain_chunk(attached, question, rows.chunk(places))
        for name, values in part.inputs.items():
            slots = slice(values.shape[1]) if values.ndim > 2 else slice(None)
            found[name][places, slots] = values
        parts.append(part)
        start, size = start + size, max(1, memory // max(1, part.bytes_per_row))
    back = rows.order.argsort()
    layers = {name: torch.cat([part.layers[name] for part in parts])[back] for name in question.layers}
    logits = torch.cat([part.logits for part in parts])[back]
    ledger = Ledger.joined([part.ledger for part in parts], rows.order)
    _check(ledger, logits.dtype)
    return Relevance(*_without_padding(found, rows.inputs), layers, logits, ledger)


def _explain_chunk(attached: Attached, question: Question, inputs: Inputs) -> _Part:
    leaves = {name: values.detach().requires_grad_() for name, values in inputs.items()}
    run = Run(len(next(iter(leaves.values()))))
    if question.baseline is not None:
        run.baselines = _baselines(attached, question.baseline, inputs)
    with _outputs_of(attached.network, question.layers) as outputs:
        logits = attached(run, leaves)
    explained = logits.detach() * signs(question.target, logits)
    wanted = [*leaves.values(), *outputs.values()]
    relevance = torch.autograd.grad(logits, wanted, explained, materialize_grads=True)
    of_inputs = dict(zip(leaves, relevance, strict=False))
    total = torch.stack([by_row(values, run.rows) for values in of_inputs.values()]).sum(0)
    ledger = Ledger(by_row(explained, run.rows), total, run.magnitude.expand(run.rows), tuple(run.entries))
    of_layers = dict(zip(outputs, relevance[len(leaves) :], strict=True))
    return _Part(of_inputs, of_layers, logits.detach(), ledger, run.elements * logits.element_size() // run.rows)


def _baselines(attached: Attached, baseline: Mapping[str, torch.Tensor], inputs: Inputs) -> deque[Tensors | None]:
    """What the baseline of the inputs is at each linear layer."""
    leaves = {name: at_objects(baseline[name], values).requires_grad_() for name, values in inputs.items()}
    run = Run(len(next(iter(inputs.values()))), collecting=True)
    attached(run, leaves)
    return run.baselines


@contextmanager
def _outputs_of(network: nn.Module, names: Sequence[str]) -> Iterator[Inputs]:
    """The outputs of the modules of these names, once the network was called."""
    modules, outputs, hooks = dict(network.named_modules()), {}, []
    for name in names:
        if name not in modules:
            message = f"the network has no layer {name!r}; its layers are {', '.join(filter(None, modules))}"
            raise UserError(message)

        def store(_module: nn.Module, _inputs: Any, output: Any, *, name: str = name) -> None:
            if name in outputs or not isinstance(output, torch.Tensor):
                message = f"the layer {name!r} is called twice or returns no tensor; ask for a layer within it"
                raise UserError(message)
            outputs[name] = output

        hooks.append(modules[name].register_forward_hook(store))
    try:
        yield outputs
    finally:
        for hook in hooks:
            hook.remove()


def _without_padding(found: Inputs, inputs: Mapping[str, torch.Tensor]) -> tuple[Inputs, Inputs]:
    """Relevance of the inputs, zero on empty slots, and the sum of what those have got."""
    kept, padding = {}, {}
    for name, relevance in found.items():
        real = is_real(inputs[name]) if relevance.ndim == 3 else torch.ones_like(relevance, dtype=torch.bool)
        kept[name] = torch.where(real, relevance, 0.0)
        padding[name] = (relevance - kept[name]).flatten(1).sum(1)
    return kept, padding


def _check(ledger: Ledger, dtype: torch.dtype) -> None:
    """Raise UserError where relevance was lost or made on the way."""
    allowed = torch.finfo(dtype).eps ** 0.5 * torch.maximum(ledger.magnitude, ledger.explained.abs())
    for name, imbalance in (("the whole network", ledger.imbalance), *((e.layer, e.imbalance) for e in ledger.entries)):
        worst = int((imbalance.abs() / allowed.clamp(min=1e-300)).nan_to_num(torch.inf).argmax())
        if not imbalance[worst].abs() <= allowed[worst]:
            message = (
                f"relevance is not conserved in {name}: {imbalance[worst]:.3g} of {ledger.explained[worst]:.3g} is "
                f"missing in row {worst}; rows must be the first axis of all layers, and handlers must conserve"
            )
            raise UserError(message)
