"""Averages of relevance: those of a linear network are known, and padding has no part in them."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from fairmodel.dataset import Samples
from fairmodel.interpret.by_class.averages import RECIPES, Averages, average, spread
from fairmodel.interpret.lrp.relevance import mean_objects
from fairmodel.layers import WeightedSum
from fairmodel.schema import Feature, Input, Schema
from fairmodel.testing.samples import random_samples

from .projects import other_project

SCHEMA = Schema(
    entity="rows",
    inputs=(Input("objects", slots=5, features=tuple(Feature(name, "1", name, 1, 3) for name in ("a", "b", "c"))),),
    classes=("off", "on"),
    signal=1,
)
PROJECT = replace(other_project(), schema=SCHEMA)


class Linear(nn.Module):
    """Logits that are linear in the sum of the objects."""

    def __init__(self, scale: float = 1.0) -> None:
        super().__init__()
        self.sum, self.layer = WeightedSum(), nn.Linear(3, 2)
        with torch.no_grad():
            self.layer.weight.copy_(scale * torch.tensor([[0.5, 0.25, 0.125], [1.0, -2.0, 0.0]]))
            self.layer.bias.copy_(torch.tensor([0.1, 0.2]))

    def forward(self, objects: torch.Tensor) -> torch.Tensor:
        logits: torch.Tensor = self.layer(self.sum(objects, objects.new_ones(objects.shape[1])))
        return logits


@pytest.fixture
def samples() -> Samples:
    return random_samples(SCHEMA, 60, seed=2)


def averages(recipe: str, samples: Samples, order: dict[str, str], scale: float = 1.0) -> Averages:
    return average(RECIPES[recipe], Linear(scale), samples, PROJECT, mean_objects(samples.inputs), order)


def test_a_share_of_the_published_recipe_is_that_of_the_formula(samples: Samples) -> None:
    found = averages("published", samples, {})
    weights = Linear().layer.weight.detach().double().numpy()
    for label in range(2):
        rows = samples.inputs["objects"][samples.labels == label].astype(np.float64)
        raised = weights[label] + 2.0 * np.maximum(weights[label], 0)  # gamma = 2, no bias
        contributions = rows * raised
        total = contributions.sum((1, 2), keepdims=True)
        shares = np.divide(contributions, total, out=np.zeros_like(rows), where=total != 0)
        expected = shares.sum(1)
        assert found.features["objects"][label] == pytest.approx(expected.mean(0), rel=1e-5, abs=1e-9)
        error = expected.std(0, ddof=1) / np.sqrt(len(rows))
        assert found.feature_errors["objects"][label] == pytest.approx(error, rel=1e-5, abs=1e-9)


def test_objects_are_averaged_by_rank_over_the_rows_that_have_them(samples: Samples) -> None:
    found = averages("published", samples, {"objects": "b"})
    chosen = samples.take(np.flatnonzero(samples.labels == 1))
    shares = RECIPES["published"].compute(Linear(), chosen, PROJECT, 1, {})["objects"].sum(2)
    by_rank: list[list[float]] = [[] for _ in range(5)]
    for row, number in enumerate(chosen.counts["objects"]):
        order = np.argsort(-chosen.inputs["objects"][row, :number, 1])
        for rank, slot in enumerate(order):
            by_rank[rank].append(float(shares[row, slot]))
    assert all(by_rank)
    assert found.objects["objects"][1] == pytest.approx([np.mean(values) for values in by_rank], rel=1e-5)


def test_ranks_that_no_row_has_are_not_numbers(samples: Samples) -> None:
    few = samples.take(np.flatnonzero(samples.counts["objects"] <= 2))
    found = averages("centred", few, {})
    assert np.isfinite(found.objects["objects"][:, :2]).all()
    assert np.isnan(found.objects["objects"][:, 2:]).all()


def test_an_offset_earns_nothing_in_the_centred_recipe(samples: Samples) -> None:
    values = samples.inputs["objects"].copy()
    values[..., 0] = np.where(values.any(2), 3.0, 0.0)  # the same number in every object
    constant = Samples(
        {"objects": values}, samples.counts, samples.labels, samples.weights, samples.spectators, samples.event
    )
    assert averages("centred", constant, {}).features["objects"][:, 0] == pytest.approx(0, abs=1e-5)
    assert np.abs(averages("published", constant, {}).features["objects"][:, 0]).min() > 0.1


def test_the_spread_is_that_of_the_trainings(samples: Samples) -> None:
    several = [averages("centred", samples, {}, scale) for scale in (1.0, 1.1, 1.4)]
    found = spread(several)
    values = np.array([each.features["objects"] for each in several])
    assert found.features["objects"] == pytest.approx(values.mean(0))
    assert found.feature_errors["objects"] == pytest.approx(np.sqrt(values.var(0) * 3 / 2))
