"""Sampled Shapley values, against all orders, and the groups whose values they are."""

from itertools import permutations

import numpy as np
import pytest
import torch

from fairmodel.errors import UserError
from fairmodel.interpret import mean_objects, shapley
from fairmodel.interpret.attributions.result import FeatureGroup
from fairmodel.interpret.attributions.shapley import check_groups, correlated_groups, rank_correlations

from .relevance_networks import PairNetwork, close, random_objects, seeded
from .test_attributions import COUNTS, OBJECTS


def by_enumeration(
    network: torch.nn.Module, objects: torch.Tensor, baseline: torch.Tensor, groups: list[list[int]]
) -> torch.Tensor:
    """The mean over all orders of what each group adds to z1, (row, group)."""
    start = torch.where(objects.abs().sum(-1, keepdim=True) > 0, baseline, 0.0)

    def value(revealed: tuple[int, ...]) -> torch.Tensor:
        columns = [column for group in revealed for column in groups[group]]
        mixed = start.clone()
        mixed[..., columns] = objects[..., columns]
        logits: torch.Tensor = network(mixed)
        return logits[:, 1].detach()

    orders = list(permutations(range(len(groups))))
    total = torch.zeros(len(objects), len(groups)).double()
    for order in orders:
        for place, group in enumerate(order):
            total[:, group] += value(order[: place + 1]) - value(order[:place])
    return total / len(orders)


def test_sampled_values_agree_with_all_orders_within_their_errors() -> None:
    network, objects = seeded(PairNetwork), random_objects(COUNTS)
    baseline = mean_objects({"objects": objects})
    found = shapley(network, {"objects": objects}, OBJECTS, pairs=60, seed=3)
    expected = by_enumeration(network, objects, baseline["objects"], [[0], [1], [2]])
    groups = found.groups
    assert groups is not None
    assert ((groups.values - expected).abs() <= 5 * groups.errors + 1e-12).all()
    assert 0 < groups.errors.max() < 0.1 * expected.abs().max()
    close(found.of_all_features(), groups.values)


def test_of_two_groups_one_pair_of_orders_is_all_of_them() -> None:
    network, objects = seeded(PairNetwork), random_objects(COUNTS)
    baseline = {"objects": torch.tensor([0.5, -1, 2]).double()}
    chosen = (FeatureGroup("objects", ("a", "c")), FeatureGroup("objects", ("b",)))
    found = shapley(network, {"objects": objects}, OBJECTS, baseline=baseline, groups=chosen, pairs=2)
    groups = found.groups
    assert groups is not None
    assert groups.errors.max() < 1e-12
    expected = by_enumeration(network, objects, baseline["objects"], [[0, 2], [1]])
    close(groups.values, expected)
    shares = found.inputs["objects"]
    close(shares[..., 0], shares[..., 2])
    close(shares[1].sum(0), torch.stack([expected[1, 0] / 2, expected[1, 1], expected[1, 0] / 2]))
    assert not shares[2].any()


def test_efficiency_holds_for_any_number_of_orders() -> None:
    network, objects = seeded(PairNetwork), random_objects(COUNTS)
    found = shapley(network, {"objects": objects}, OBJECTS, pairs=2, chunk=2, target="log-odds")
    assert found.promised is not None
    close(found.of_rows(), found.promised)
    again = shapley(network, {"objects": objects}, OBJECTS, pairs=2, target="log-odds")
    close(found.inputs["objects"], again.inputs["objects"])


def test_features_that_move_together_form_a_group() -> None:
    random = torch.Generator().manual_seed(0)
    objects = torch.randn(50, 7, 3, generator=random)
    objects[..., 2] = -(objects[..., 0] ** 3) + 0.1 * objects[..., 2]
    objects[::2, 3:] = 0
    groups = correlated_groups({"objects": objects}, OBJECTS)
    assert [group.name for group in groups] == ["a + c", "b"]
    table = rank_correlations(objects)
    assert table[0, 2] < -0.9
    assert abs(table[0, 1]) < 0.2
    assert np.array_equal(table, table.T)
    assert [len(group.features) for group in correlated_groups({"objects": objects}, OBJECTS, least=0.999)] == [1] * 3


def test_a_constant_feature_correlates_with_none() -> None:
    objects = torch.randn(10, 7, 3)
    objects[..., 1] = 4
    table = rank_correlations(objects)
    assert table[1].tolist() == [0, 1, 0]
    assert rank_correlations(torch.zeros(2, 7, 3)).tolist() == np.eye(3).tolist()


@pytest.mark.parametrize(
    ("groups", "message"),
    [
        ([FeatureGroup("object", ("a",))], "the group 'a' is one of 'object'; the inputs are objects"),
        ([FeatureGroup("objects", ("a", "d"))], "has the feature 'd', which objects lack; their features are a, b, c"),
        (
            [FeatureGroup("objects", ("a",)), FeatureGroup("objects", ("a",))],
            "the feature 'a' of objects is in two groups",
        ),
        ([FeatureGroup("objects", ("a", "b"))], "no group holds objects.c"),
    ],
)
def test_bad_groups(groups: list[FeatureGroup], message: str) -> None:
    with pytest.raises(UserError, match=message):
        check_groups(groups, OBJECTS)


def test_an_error_needs_two_pairs() -> None:
    with pytest.raises(UserError, match="pairs = 1"):
        shapley(seeded(PairNetwork), {"objects": random_objects(COUNTS)}, OBJECTS, pairs=1)
