"""Relevance flows through autograd: what a function does to relevance takes the place of its derivative.

Operations that only move numbers (indexing, concatenation, padding, reshaping, repetition) need nothing: their ordinary
backward moves relevance along with the numbers, and adds it up where a number was used more than once.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import compress
from typing import Any

import torch

from ...errors import UserError
from .ledger import Entry, by_row
from .rules import Rule, Term

__all__ = ["ForwardPass", "Function", "LinearMap", "Tensors", "distribute", "keep"]

Tensors = tuple[torch.Tensor, ...]


Function = Callable[[Tensors, Tensors, torch.Tensor | None], torch.Tensor]


@dataclass(frozen=True)
class LinearMap:
    """A function of some inputs and weights that is linear in the inputs and in the weights, and a bias to be added.

    `function(inputs, weights, bias)` adds the bias that it is given, or none; `bias` is broadcast against its result.
    """

    function: Function
    weights: Tensors
    bias: torch.Tensor | None = None

    def __call__(self, inputs: Tensors, *, biased: bool = False) -> torch.Tensor:
        """The map of the inputs, with or without the bias."""
        return self.function(inputs, self.weights, self.bias if biased else None)


@dataclass
class ForwardPass:
    """One evaluation of the network for `rows` rows.

    First, where a baseline is asked for, `collecting` stores at each linear layer what the baseline is there: the
    baseline of the inputs, brought to the layer by everything that is no linear layer, and zero behind one. Then the
    network is evaluated again, for its relevance.
    """

    rows: int
    collecting: bool = False
    baselines: deque[Tensors | None] = field(default_factory=deque)
    entries: list[Entry] = field(default_factory=list)
    magnitude: torch.Tensor = field(default_factory=lambda: torch.zeros(1, dtype=torch.float64))
    elements: int = 0


def distribute(run: ForwardPass, layer: str, linear: LinearMap, rule: Rule, inputs: Tensors) -> torch.Tensor:
    """The map of the inputs; its relevance is distributed over them by the rule, and entered in the run's ledger."""
    if run.collecting:
        depends = any(values.requires_grad for values in inputs)
        run.baselines.append(tuple(values.detach() for values in inputs) if depends else None)
        return torch.zeros_like(linear(_detached(inputs)))
    baseline = run.baselines.popleft() if run.baselines else None
    step = _Distribution(run, layer, linear, rule, _constants(inputs, baseline), [v.requires_grad for v in inputs])
    output: torch.Tensor = _Propagate.apply(step, *inputs)  # type: ignore[no-untyped-call]
    if output.requires_grad and len(output) % run.rows:
        message = (
            f"{layer} returns {tuple(output.shape)} for {run.rows} rows; rows must be the first axis of all layers"
        )
        raise UserError(message)
    run.elements += output.numel()
    return output


def keep(run: ForwardPass, function: Callable[[torch.Tensor], torch.Tensor], values: torch.Tensor) -> torch.Tensor:
    """A function of each element by itself: it keeps the element's relevance as it is."""
    if run.collecting and not values.requires_grad:
        return torch.zeros_like(values)
    if run.collecting:
        return function(values)
    output: torch.Tensor = _Keep.apply(function, values)  # type: ignore[no-untyped-call]
    run.elements += output.numel()
    return output


def _detached(inputs: Tensors) -> Tensors:
    return tuple(values.detach() for values in inputs)


def _constants(inputs: Tensors, baseline: Tensors | None) -> Tensors | None:
    """The part of each input that is no subject of the explanation, or None where there is none."""
    if baseline is None and all(values.requires_grad for values in inputs):
        return None
    known = baseline or tuple(torch.zeros_like(values) for values in inputs)
    return tuple(
        constant if values.requires_grad else values.detach() for values, constant in zip(inputs, known, strict=True)
    )


class _Keep(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, function: Callable[[torch.Tensor], torch.Tensor], values: torch.Tensor) -> torch.Tensor:
        del ctx
        return function(values.detach()).view_as(values)

    @staticmethod
    def backward(ctx: Any, relevance: torch.Tensor) -> tuple[None, torch.Tensor]:
        del ctx
        return None, relevance


class _Propagate(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, step: "_Distribution", *inputs: torch.Tensor) -> torch.Tensor:
        ctx.step, ctx.layer = step, step.layer
        return step.forward(_detached(inputs)).detach()  # not the tensor that `step` keeps: that would be a cycle

    @staticmethod
    def backward(ctx: Any, relevance: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        return (None, *ctx.step.backward(relevance))


@dataclass
class _Contributions:
    """Parts of the inputs and the sum of what they and the constants contribute, with the graph between them."""

    parts: tuple[Tensors, ...]
    total: torch.Tensor

    def shares(self, quotient: torch.Tensor) -> Tensors:
        """Relevance of the inputs, from that of the outputs per unit of contribution."""
        leaves = [values for part in self.parts for values in part]
        gradients = torch.autograd.grad(self.total, leaves, quotient)
        # (not in place: autograd may return one tensor for several inputs)
        shares = [gradient * values.detach() for values, gradient in zip(leaves, gradients, strict=True)]
        number = len(self.parts[0])
        return tuple(sum(shares[index + number :: number], shares[index]) for index in range(number))


@dataclass
class _Distribution:
    """One call of a linear layer."""

    run: ForwardPass
    layer: str
    linear: LinearMap
    rule: Rule
    constants: Tensors | None
    explained: list[bool]  # which inputs depend on those of the network

    def forward(self, inputs: Tensors) -> torch.Tensor:
        """The layer's output. What the constants contribute counts as bias, and is always absorbed."""
        self.inputs, self.offset = inputs, None
        self.bias = self.linear.bias if self.rule.absorbs_bias else None
        if self.constants is not None:
            self.inputs = tuple(values - constant for values, constant in zip(inputs, self.constants, strict=True))
            self.offset = self.linear(self.constants, biased=self.rule.absorbs_bias)
        if any(term.plain for term in self.rule.terms):
            self.plain = self._contributions(Term())
            output = self.plain.total.detach()
            missing = None if self.rule.absorbs_bias else self.linear.bias
            self.output = output if missing is None else output + missing
        else:
            self.output = self.linear(inputs, biased=True)
        return self.output

    def backward(self, received: torch.Tensor) -> Tensors:
        """Relevance of the inputs from that of the output."""
        run, rows = self.run, self.run.rows
        run.magnitude = torch.maximum(run.magnitude, received.reshape(rows, -1).norm(dim=1).double())
        everything = by_row(received, rows)
        passed: Tensors = ()
        totals = torch.zeros(3, rows, dtype=torch.float64, device=received.device)
        for term in self.rule.terms:
            part = _part(received, self.output, term)
            inputs, account = self._term(term, part, everything if part is received else by_row(part, rows))
            passed = tuple(map(torch.add, passed, inputs)) if passed else inputs
            totals += account
        bias, stabiliser, assigned = totals
        handed = torch.stack([by_row(values, rows) for values in compress(passed, self.explained)]).sum(0)
        run.entries.append(Entry(self.layer, everything, handed, bias, stabiliser, everything - assigned))
        return passed

    def _term(self, term: Term, received: torch.Tensor, assigned: torch.Tensor) -> tuple[Tensors, torch.Tensor]:
        """Relevance that a term hands to the inputs, and rows (3, row): to constants, to epsilon, in all."""
        rows, epsilon = self.run.rows, self.rule.epsilon
        contributions = self.plain if term.plain else self._contributions(term)
        total = contributions.total.detach()
        if epsilon:
            denominator = torch.copysign(total.new_tensor(epsilon), total).add_(total)
            quotient = torch.div(received, denominator, out=denominator)
        else:
            quotient = torch.where(total == 0, 0.0, received) / torch.where(total == 0, 1.0, total)
        constant = self._constant(term)
        to_constants = torch.zeros_like(assigned) if constant is None else _products(quotient, constant, rows)
        passed = contributions.shares(quotient)
        handed_down = by_row(quotient.mul_(total), rows)
        if epsilon:
            return passed, torch.stack([to_constants, assigned - handed_down, assigned])
        return passed, torch.stack([to_constants, torch.zeros_like(assigned), handed_down])

    def _constant(self, term: Term) -> torch.Tensor | None:
        """What the bias, the baseline and other constants contribute: an input whose activation is one."""
        constant = self.bias if self.offset is None else self.offset
        return None if constant is None else _weighted(constant, term.positive)

    def _contributions(self, term: Term) -> _Contributions:
        """All contributions, those of the inputs in parts of one sign where the term treats the signs differently."""
        cases = [(self.inputs, term.positive)]
        if term.positive != term.negative and any(bool((values < 0).any()) for values in self.inputs):
            cases = [
                (tuple(values.clamp(min=0) for values in self.inputs), term.positive),
                (tuple(values.clamp(max=0) for values in self.inputs), term.negative),
            ]
        parts = []
        constant = self._constant(term)
        total, bias = (None, constant) if self.offset is None else (constant, None)
        with torch.enable_grad():
            for values, factors in cases:
                parts.append(tuple(part.detach().requires_grad_() for part in values))
                weights = tuple(_weighted(weight, factors) for weight in self.linear.weights)
                contributed = self.linear.function(parts[-1], weights, bias)
                total, bias = contributed if total is None else total + contributed, None
        assert total is not None
        return _Contributions(tuple(parts), total)


def _part(received: torch.Tensor, output: torch.Tensor, term: Term) -> torch.Tensor:
    """The relevance that a term has to distribute."""
    if term.sign:
        received = torch.where(output * term.sign > 0, received, 0.0)
    return received if term.share == 1 else received * term.share


def _products(values: torch.Tensor, constant: torch.Tensor, rows: int) -> torch.Tensor:
    """Sums of values * constant for each row, (row,); `constant` is broadcast, which saves most of the products."""
    repeated = [1] * (values.ndim - constant.ndim) + list(constant.shape)
    axes = [axis for axis, size in enumerate(repeated) if axis and size == 1]
    return by_row((values.sum(axes, keepdim=True) if axes else values) * constant, rows)


def _weighted(values: torch.Tensor, factors: tuple[float, float]) -> torch.Tensor:
    """P v+ + n v-, the values themselves where both factors are one."""
    if factors == (1.0, 1.0):
        return values
    return factors[0] * values.clamp(min=0) + factors[1] * values.clamp(max=0)
