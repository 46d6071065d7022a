"""Groups of features that say much the same."""

import copy
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import squareform
from scipy.stats import rankdata
from torch import nn

from ...errors import UserError
from ...layers import is_real
from ...schema import Input, Schema
from ..inputs import Array, as_inputs
from ..lrp.relevance import at_objects, mean_objects, row_baseline
from ..lrp.rules import Target, signs
from .result import Attribution, FeatureGroup, GroupValues

__all__ = [
    "check_groups",
    "correlated_groups",
    "rank_correlations",
    "shapley",
    "single_features",
]

LEAST_CORRELATION = 0.5


def single_features(schema: Schema) -> tuple[FeatureGroup, ...]:
    """Every feature by itself."""
    return tuple(FeatureGroup(item.name, (name,)) for item in schema.inputs for name in item.feature_names)


def correlated_groups(
    inputs: Mapping[str, Array], schema: Schema, least: float = LEAST_CORRELATION
) -> tuple[FeatureGroup, ...]:
    """Features whose mean rank correlation, of either sign, is at least `least`, found by average linkage.

    The correlations are those of the real objects of the inputs, (row, slot, feature) each. Features of different
    inputs never come together, since they belong to different objects.
    """
    groups: list[FeatureGroup] = []
    for item in schema.inputs:
        names = item.feature_names
        labels = np.ones(1, dtype=int)
        if len(names) > 1:
            distances = 1 - np.abs(rank_correlations(inputs[item.name]))
            tree = linkage(squareform(distances, checks=False), "average")
            labels = fcluster(tree, 1 - least + 1e-9, "distance")
        for label in dict.fromkeys(labels.tolist()):
            groups.append(FeatureGroup(item.name, tuple(names[place] for place in np.flatnonzero(labels == label))))
    return tuple(groups)


def rank_correlations(objects: Array) -> np.ndarray:
    """Spearman's coefficients of the features of all real objects of (row, slot, feature): (feature, feature).

    A feature that never varies correlates with none but itself.
    """
    values = torch.as_tensor(objects)
    real = values[is_real(values).squeeze(-1)].cpu().double().numpy()
    ranks = rankdata(real, axis=0) if len(real) else real
    centred = ranks - ranks.mean(0) if len(real) else ranks
    lengths = np.sqrt(np.square(centred).sum(0))
    unit = np.divide(centred, lengths, out=np.zeros_like(centred), where=lengths > 0)
    table: np.ndarray = np.clip(unit.T @ unit, -1, 1)
    np.fill_diagonal(table, 1.0)
    return table


def check_groups(groups: Sequence[FeatureGroup], schema: Schema) -> None:
    """Raise UserError unless each feature of the schema is in exactly one group, and no other is in any."""
    inputs = {item.name: item for item in schema.inputs}
    seen: set[tuple[str, str]] = set()
    for group in groups:
        if group.input not in inputs:
            message = f"the group {group.name!r} is one of {group.input!r}; the inputs are {', '.join(inputs)}"
            raise UserError(message)
        for name in group.features:
            _check_member(group, name, inputs[group.input], seen)
            seen.add((group.input, name))
    missing = [f"{item.name}.{name}" for item in schema.inputs for name in item.feature_names]
    missing = [name for name in missing if tuple(name.split(".", 1)) not in seen]
    if missing:
        message = f"no group holds {', '.join(missing)}; every feature needs one, if only a group of its own"
        raise UserError(message)


def _check_member(group: FeatureGroup, name: str, item: Input, seen: set[tuple[str, str]]) -> None:
    if name not in item.feature_names:
        message = (
            f"the group {group.name!r} has the feature {name!r}, which {item.name} lack; "
            f"their features are {', '.join(item.feature_names)}"
        )
        raise UserError(message)
    if (group.input, name) in seen:
        message = f"the feature {name!r} of {group.input} is in two groups; shares need it in one"
        raise UserError(message)


ROWS = 256
Inputs = dict[str, torch.Tensor]


def shapley(
    network: nn.Module,
    inputs: Mapping[str, Array],
    schema: Schema,
    *,
    target: Target = 1,
    baseline: Mapping[str, Array] | None = None,
    groups: Sequence[FeatureGroup] | None = None,
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
    groups: tuple[FeatureGroup, ...]
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


def _columns(group: FeatureGroup, schema: Schema) -> tuple[str, list[int]]:
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
