"""Groups of features that say much the same."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import squareform
from scipy.stats import rankdata

from ...errors import UserError
from ...schema import Input, Schema
from ...training.normalise import is_real
from ..inputs import Array

__all__ = ["Group", "check_groups", "correlated_groups", "rank_correlations", "single_features"]

LEAST_CORRELATION = 0.5


@dataclass(frozen=True)
class Group:
    """Features of one input, by their names, that are explained together."""

    input: str
    features: tuple[str, ...]

    @property
    def name(self) -> str:
        """The names of the features."""
        return " + ".join(self.features)


def single_features(schema: Schema) -> tuple[Group, ...]:
    """Every feature by itself."""
    return tuple(Group(item.name, (name,)) for item in schema.inputs for name in item.feature_names)


def correlated_groups(
    inputs: Mapping[str, Array], schema: Schema, least: float = LEAST_CORRELATION
) -> tuple[Group, ...]:
    """Features whose mean rank correlation, of either sign, is at least `least`, found by average linkage.

    The correlations are those of the real objects of the inputs, (row, slot, feature) each. Features of different
    inputs never come together, since they belong to different objects.
    """
    groups: list[Group] = []
    for item in schema.inputs:
        names = item.feature_names
        labels = np.ones(1, dtype=int)
        if len(names) > 1:
            distances = 1 - np.abs(rank_correlations(inputs[item.name]))
            tree = linkage(squareform(distances, checks=False), "average")
            labels = fcluster(tree, 1 - least + 1e-9, "distance")
        for label in dict.fromkeys(labels.tolist()):
            groups.append(Group(item.name, tuple(names[place] for place in np.flatnonzero(labels == label))))
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


def check_groups(groups: Sequence[Group], schema: Schema) -> None:
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


def _check_member(group: Group, name: str, item: Input, seen: set[tuple[str, str]]) -> None:
    if name not in item.feature_names:
        message = (
            f"the group {group.name!r} has the feature {name!r}, which {item.name} lack; "
            f"their features are {', '.join(item.feature_names)}"
        )
        raise UserError(message)
    if (group.input, name) in seen:
        message = f"the feature {name!r} of {group.input} is in two groups; shares need it in one"
        raise UserError(message)
