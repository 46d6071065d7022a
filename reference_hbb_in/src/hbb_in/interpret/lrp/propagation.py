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

from .ledger import Entry, by_row
from .rules import Rule, Term

__all__ = ["LinearMap", "Run", "Tensors", "distribute", "keep"]

Tensors = tuple[torch.Tensor, ...]


@dataclass(frozen=True)
class LinearMap:
    """A function of some inputs and weights that is linear in the inputs and in the weights, and a bias to be added.

    `function(inputs, weights)` must not hold a constant of its own; `bias` is broadcast against its result.
    """

    function: Callable[[Tensors, Tensors], torch.Tensor]
    weights: Tensors
    bias: torch.Tensor | None = None


@dataclass
class Run:
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


def distribute(run: Run, layer: str, linear: LinearMap, rule: Rule, inputs: Tensors) -> torch.Tensor:
    """The map of the inputs; its relevance is distributed over them by the rule, and entered in the run's ledger."""
    if run.collecting:
        depends = any(values.requires_grad for values in inputs)
        run.baselines.append(tuple(values.detach() for values in inputs) if depends else None)
        return torch.zeros_like(linear.function(_detached(inputs), linear.weights))
    baseline = run.baselines.popleft() if run.baselines else None
    step = _Distribution(run, layer, linear, rule, _constants(inputs, baseline), [v.requires_grad for v in inputs])
    output: torch.Tensor = _Propagate.apply(step, *inputs)  # type: ignore[no-untyped-call]
    run.elements += output.numel()
    return output


def keep(run: Run, function: Callable[[torch.Tensor], torch.Tensor], values: torch.Tensor) -> torch.Tensor:
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
    """Parts of the inputs and the sum of what they contribute to the outputs, with the graph between them."""

    parts: tuple[Tensors, ...]
    total: torch.Tensor

    def shares(self, relevance: torch.Tensor) -> Tensors:
        """Relevance of the inputs, from that of the outputs per unit of contribution."""
        leaves = [values for part in self.parts for values in part]
        gradients = torch.autograd.grad(self.total, leaves, relevance)
        shares = [values.detach() * gradient for values, gradient in zip(leaves, gradients, strict=True)]
        number = len(self.parts[0])
        return tuple(sum(shares[index + number :: number], shares[index]) for index in range(number))


@dataclass
class _Distribution:
    """One call of a linear layer."""

    run: Run
    layer: str
    linear: LinearMap
    rule: Rule
    constants: Tensors | None
    explained: list[bool]  # which inputs depend on those of the network

    def forward(self, inputs: Tensors) -> torch.Tensor:
        """The layer's output. What is constant counts as bias, and is always absorbed."""
        weights, bias = self.linear.weights, self.linear.bias
        offset = None
        if self.constants is not None:
            inputs = tuple(values - constant for values, constant in zip(inputs, self.constants, strict=True))
            offset = self.linear.function(self.constants, weights)
        self.inputs = inputs
        self.constant = _sum(offset, bias if self.rule.absorbs_bias else None)
        contributions = self._contributions(Term())
        self.plain = contributions if any(term.plain for term in self.rule.terms) else None
        output = _sum(contributions.total.detach(), _sum(offset, bias))
        assert output is not None
        self.output = output
        return output

    def backward(self, received: torch.Tensor) -> Tensors:
        """Relevance of the inputs from that of the output."""
        run, rows = self.run, self.run.rows
        run.magnitude = torch.maximum(run.magnitude, received.reshape(rows, -1).norm(1, dim=1).double())
        passed: Tensors = ()
        totals = torch.zeros(3, rows, dtype=torch.float64, device=received.device)
        for term in self.rule.terms:
            inputs, account = self._term(term, received)
            passed = tuple(map(torch.add, passed, inputs)) if passed else inputs
            totals += account
        bias, stabiliser, assigned = totals
        handed = torch.stack([by_row(values, rows) for values in compress(passed, self.explained)]).sum(0)
        everything = by_row(received, rows)
        run.entries.append(Entry(self.layer, everything, handed, bias, stabiliser, everything - assigned))
        return passed

    def _term(self, term: Term, received: torch.Tensor) -> tuple[Tensors, torch.Tensor]:
        """Relevance that a term hands to the inputs, and rows (3, row): to constants, to epsilon, in all."""
        rows, epsilon = self.run.rows, self.rule.epsilon
        contributions = self.plain if term.plain and self.plain else self._contributions(term)
        constant = None if self.constant is None else _weighted(self.constant, term.positive)
        total = _sum(contributions.total.detach(), constant)
        assert total is not None
        if term.sign:
            received = torch.where(self.output * term.sign > 0, received, 0.0)
        if term.share != 1:
            received = received * term.share
        if epsilon:
            quotient = received / (total + torch.copysign(total.new_tensor(epsilon), total))
        else:
            received = torch.where(total == 0, 0.0, received)
            quotient = received / torch.where(total == 0, 1.0, total)
        assigned = by_row(received, rows)
        to_epsilon = assigned - by_row(quotient * total, rows) if epsilon else torch.zeros_like(assigned)
        to_constants = torch.zeros_like(assigned) if constant is None else by_row(quotient * constant, rows)
        return contributions.shares(quotient), torch.stack([to_constants, to_epsilon, assigned])

    def _contributions(self, term: Term) -> _Contributions:
        """Contributions of the inputs, in parts of one sign where the term treats the signs differently."""
        cases = [(self.inputs, term.positive)]
        if term.positive != term.negative and any(bool((values < 0).any()) for values in self.inputs):
            cases = [
                (tuple(values.clamp(min=0) for values in self.inputs), term.positive),
                (tuple(values.clamp(max=0) for values in self.inputs), term.negative),
            ]
        parts, total = [], None
        with torch.enable_grad():
            for values, factors in cases:
                parts.append(tuple(part.detach().requires_grad_() for part in values))
                weights = tuple(_weighted(weight, factors) for weight in self.linear.weights)
                total = _sum(total, self.linear.function(parts[-1], weights))
        assert total is not None
        return _Contributions(tuple(parts), total)


def _weighted(values: torch.Tensor, factors: tuple[float, float]) -> torch.Tensor:
    """P v+ + n v-, the values themselves where both factors are one."""
    if factors == (1.0, 1.0):
        return values
    return factors[0] * values.clamp(min=0) + factors[1] * values.clamp(max=0)


def _sum(left: torch.Tensor | None, right: torch.Tensor | None) -> torch.Tensor | None:
    if left is None or right is None:
        return right if left is None else left
    return left + right
