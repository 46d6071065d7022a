"""Shapley values of groups of features, by sampling orders in which the groups are revealed.

The value of a set S of groups is the network's answer for a row whose features outside S are those of the baseline. The
share of a group is the mean of what it adds, over all orders in which the groups may come (Shapley 1953; sampled as by
Castro, Gomez and Tejada, Computers & Operations Research 36 (2009) 1726). Each order is also taken backwards, which
lowers the error (Mitchell et al., JMLR 23 (2022) 43).
"""

import copy
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from ...errors import UserError
from ...schema import Schema
from ...training.normalise import is_real
from ..inputs import Array, as_inputs
from ..lrp.baseline import at_objects, mean_objects, row_baseline
from ..lrp.target import Target, signs
from .groups import Group, check_groups, single_features
from .result import Attribution

__all__ = ["GroupValues", "shapley"]

ROWS = 256
Inputs = dict[str, torch.Tensor]


@dataclass(frozen=True)
class GroupValues:
    """Shapley values of groups of features, float64 (row, group), and their standard errors from the sampling."""

    groups: tuple[Group, ...]
    values: torch.Tensor
    errors: torch.Tensor


def shapley(
    network: nn.Module,
    inputs: Mapping[str, Array],
    schema: Schema,
    *,
    target: Target = 1,
    baseline: Mapping[str, Array] | None = None,
    groups: Sequence[Group] | None = None,
    pairs: int = 4,
    seed: int = 1,
    dtype: torch.dtype | None = None,
    chunk: int = ROWS,
) -> Attribution:
    """Shapley values of the `groups` of features, by default of single ones, for the objects of `inputs`.

    Without a `baseline`, (feature,) for objects, it is the mean of the real objects given. `pairs` orders are drawn,
    and taken forwards and backwards; they are the same for all rows, so that a row's result depends on no other. What
    is promised is efficiency, F(x) - F(baseline), which every order keeps. A group's value, in `.groups`, is shared
    out evenly among its features and the row's objects.

    `chunk` rows are evaluated at a time. Raises UserError for groups that are no partition of the features.
    """
    if pairs < 2:
        message = f"pairs = {pairs}; an error needs at least two pairs of orders"
        raise UserError(message)
    chosen = tuple(single_features(schema) if groups is None else groups)
    check_groups(chosen, schema)
    given = as_inputs(network, inputs, dtype)
    start = row_baseline(mean_objects(given) if baseline is None else baseline, given)
    game = _Game(copy.deepcopy(network).eval().to(dtype), target, schema, chosen, start)
    orders = _orders(len(chosen), pairs, seed)
    with torch.inference_mode():
        parts = [game.played(rows, orders) for rows in _chunks(given, chunk)]
    values, errors, explained, promised = (torch.cat(columns) for columns in zip(*parts, strict=True))
    found = GroupValues(chosen, values, errors)
    return Attribution(_shared_out(found, given, schema), explained, promised, found)


@dataclass(frozen=True)
class _Game:
    """The network as a function of the groups that are revealed."""

    network: nn.Module
    target: Target
    schema: Schema
    groups: tuple[Group, ...]
    baseline: Mapping[str, torch.Tensor]

    def played(self, rows: Inputs, orders: np.ndarray) -> tuple[torch.Tensor, ...]:
        """Values and errors (row, group), the number F(x) that is explained, and F(x) - F(baseline), (row,)."""
        hidden = {name: at_objects(self.baseline[name], values) for name, values in rows.items()}
        empty, full = self._answers(hidden), self._answers(rows)
        samples = empty.new_zeros(len(orders), len(empty), len(self.groups))
        for sample, order in zip(samples, orders, strict=True):
            for direction in (order, order[::-1]):
                self._reveal(direction.tolist(), rows, hidden, (empty, full), sample)
        errors = samples.std(0) / len(orders) ** 0.5
        return samples.mean(0), errors, full, full - empty

    def _reveal(
        self,
        order: Sequence[int],
        rows: Inputs,
        hidden: Inputs,
        ends: tuple[torch.Tensor, torch.Tensor],
        sample: torch.Tensor,
    ) -> None:
        """Add to the sample (row, group) half of what each group changes when it is revealed in this order."""
        shown = {name: values.clone() for name, values in hidden.items()}
        before = ends[0]
        for place in order:
            name, columns = _columns(self.groups[place], self.schema)
            shown[name][..., columns] = rows[name][..., columns]
            after = ends[1] if place == order[-1] else self._answers(shown)
            sample[:, place] += (after - before) / 2
            before = after

    def _answers(self, inputs: Inputs) -> torch.Tensor:
        logits = self.network(**inputs)
        answers: torch.Tensor = (logits * signs(self.target, logits)).sum(1).double()
        return answers


def _orders(groups: int, pairs: int, seed: int) -> np.ndarray:
    """Random orders of the groups, (pair, group)."""
    random = np.random.default_rng(seed)
    return np.stack([random.permutation(groups) for _ in range(pairs)])


def _chunks(inputs: Inputs, size: int) -> Iterator[Inputs]:
    for start in range(0, len(next(iter(inputs.values()))), size):
        yield {name: values[start : start + size] for name, values in inputs.items()}


def _columns(group: Group, schema: Schema) -> tuple[str, list[int]]:
    """The input of a group and the places of its features there."""
    names = next(item.feature_names for item in schema.inputs if item.name == group.input)
    return group.input, [names.index(name) for name in group.features]


def _shared_out(found: GroupValues, inputs: Inputs, schema: Schema) -> Inputs:
    """Each group's value, divided evenly among its features and the real objects of the row."""
    shares = {name: torch.zeros_like(values) for name, values in inputs.items()}
    for group, values in zip(found.groups, found.values.unbind(1), strict=True):
        name, columns = _columns(group, schema)
        real = is_real(inputs[name])  # (row, slot, 1)
        parts = values / (len(columns) * real.sum((1, 2)).clamp(min=1))
        shares[name][..., columns] = torch.where(real, parts.to(shares[name])[:, None, None], 0.0)
    return shares
