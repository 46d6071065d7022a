"""Layer-wise relevance propagation from a network's answer to its inputs (Bach et al., PLoS ONE 10 (2015) e0130140)."""

from collections import deque
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from ...errors import UserError
from ...layers import is_real, occupied_slots
from ..inputs import Array, as_inputs
from .attach import Attached, Composite, Handlers
from .ledger import Ledger, Relevance, by_row
from .propagation import ForwardPass, Tensors
from .rules import Target, make_rule, signs

__all__ = [
    "ExplainedRows",
    "RelevanceQuestion",
    "at_objects",
    "explain_in_chunks",
    "mean_objects",
    "relevance",
    "row_baseline",
]

Inputs = dict[str, torch.Tensor]
MEMORY = 16_000_000


def relevance(
    network: nn.Module,
    inputs: Mapping[str, Array],
    *,
    target: Target = 1,
    rule: str | None = None,
    bias: str | None = None,
    composite: Composite | None = None,
    baseline: Mapping[str, Array] | None = None,
    layers: Sequence[str] = (),
    dtype: torch.dtype | None = None,
    memory: int = MEMORY,
    handlers: Handlers | None = None,
    **parameters: float,
) -> Relevance:
    """How much each number of the inputs, (row, slot, feature) each, adds to the network's answer for its row.

    What is explained is the logit of the class `target`, the difference of the logits of the pair `target`, or
    "log-odds", that of classes 1 and 0. The rule is named, with its `parameters` (see `rules.make_rule`; if none is, it
    is epsilon with the bias "absorb"), or chosen for each layer by a `composite`.

    With a `baseline`, (feature,) for objects, relevance is that of the difference from it: at the first linear layers
    that the inputs meet, x - baseline contributes, and the rest counts as bias and is absorbed. The baseline of empty
    slots is zero.

    `layers` names modules whose outputs' relevance is wanted too. `dtype` sets the precision. Rows are explained in
    chunks whose activations take about `memory` bytes; the result depends neither on that nor on the other rows, but
    for rounding. The network is not changed. `handlers` explain layers of other classes, by the name of the class.

    Raises UserError for what cannot be explained, and where the account of the relevance does not balance.
    """
    chosen = _composite(rule, bias, composite, parameters)
    with torch.inference_mode(mode=False), torch.enable_grad():
        attached = Attached(network, chosen, handlers or {}, dtype)
        values = as_inputs(network, inputs, dtype)
        shortened = attached.examine({name: rows[:1] for name, rows in values.items()})
        at = None if baseline is None else row_baseline(baseline, values)
        return explain_in_chunks(
            attached, RelevanceQuestion(target, layers, at), ExplainedRows(values, () if layers else shortened), memory
        )


def _composite(
    rule: str | None, bias: str | None, composite: Composite | None, parameters: Mapping[str, float]
) -> Composite:
    if composite is None:
        return [("*", make_rule(rule or "epsilon", bias=bias or "absorb", **parameters))]
    if rule or bias or parameters:
        message = "a composite has rules of its own; give either a composite or a rule with its bias and parameters"
        raise UserError(message)
    return composite


def mean_objects(inputs: Mapping[str, Array]) -> dict[str, torch.Tensor]:
    """The mean of the real objects of each input (row, slot, feature): the baseline (feature,) of an average object.

    Raises UserError for an input without objects.
    """
    means = {}
    for name, values in inputs.items():
        objects = torch.as_tensor(values)
        real = is_real(objects).squeeze(-1)
        if not real.any():
            message = f"the input {name!r} holds no object to take the mean of"
            raise UserError(message)
        means[name] = objects[real].double().mean(0).to(objects.dtype)
    return means


def row_baseline(baseline: Mapping[str, Array], inputs: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """The baseline of one row of each input, zero where none is given.

    Raises UserError for an unknown input and for a shape that is neither (feature,) nor that of a row.
    """
    for name in baseline.keys() - inputs.keys():
        message = f"there is a baseline for {name!r}, which is no input; the inputs are {', '.join(inputs)}"
        raise UserError(message)
    rows = {}
    for name, values in inputs.items():
        shape = values.shape[1:]
        given = torch.as_tensor(baseline.get(name, 0.0)).to(values)
        if name in baseline and given.shape not in (shape, shape[-1:]):
            expected = f"{tuple(shape[-1:])} or {tuple(shape)}"
            message = f"the baseline of {name!r} has shape {tuple(given.shape)}, expected {expected}"
            raise UserError(message)
        rows[name] = given.expand(shape)
    return rows


def at_objects(baseline: torch.Tensor, values: torch.Tensor) -> torch.Tensor:
    """The baseline of some rows of an input; empty slots stay empty, since there is nothing to compare them with."""
    rows = baseline[: values.shape[1]].expand_as(values)
    return torch.where(is_real(values), rows, 0.0) if values.ndim == 3 else rows


class ExplainedRows:
    """The rows of named inputs, each (row, slot, feature) or of any other shape that begins with the row.

    Of the inputs in `shortened`, a chunk of rows has as many slots as its fullest row. The rows are in the order of
    `order`, fullest first, so that none needs more memory than the one before it.
    """

    def __init__(self, inputs: Mapping[str, torch.Tensor], shortened: Collection[str]) -> None:
        self.inputs = inputs
        self.occupied = {name: occupied_slots(inputs[name]) for name in inputs if name in shortened}
        self.order = torch.arange(len(next(iter(inputs.values()))))
        # a stable sort for each: the input with most slots comes last, and so counts first
        for name in sorted(self.occupied, key=lambda name: inputs[name].shape[1]):
            counts = self.occupied[name].to(self.order.device)
            self.order = self.order[counts[self.order].argsort(descending=True, stable=True)]

    def chunk(self, places: torch.Tensor) -> dict[str, torch.Tensor]:
        """The rows at these places, int64, cut to the slots that they need."""
        return {name: values[places][:, : self._slots(name, places)] for name, values in self.inputs.items()}

    def _slots(self, name: str, places: torch.Tensor) -> int:
        if name not in self.occupied:
            return self.inputs[name].shape[1]
        return max(1, int(self.occupied[name][places].max()))


@dataclass(frozen=True)
class RelevanceQuestion:
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


def explain_in_chunks(attached: Attached, question: RelevanceQuestion, rows: ExplainedRows, memory: int) -> Relevance:
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


def _explain_chunk(attached: Attached, question: RelevanceQuestion, inputs: Inputs) -> _Part:
    leaves = {name: values.detach().requires_grad_() for name, values in inputs.items()}
    run = ForwardPass(len(next(iter(leaves.values()))))
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
    run = ForwardPass(len(next(iter(inputs.values()))), collecting=True)
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
