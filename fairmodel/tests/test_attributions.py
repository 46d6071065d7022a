"""Methods of attribution, against the formulas of their papers and against each other."""

from collections.abc import Callable
from functools import partial

import numpy as np
import pytest
import torch
from torch import nn

from fairmodel.errors import UserError
from fairmodel.interpret import (
    METHODS,
    Attribution,
    attribute,
    gradient_input,
    integrated_gradients,
    mean_objects,
    relevance,
)
from fairmodel.layers import Moments, Standardise
from fairmodel.schema import Feature, Input, Schema

from .relevance_networks import FEATURES, SLOTS, Flat, PairNetwork, close, random_objects, seeded

OBJECTS = Schema(
    "rows", (Input("objects", SLOTS, tuple(Feature(name, "1", name) for name in "abc")),), ("one", "two"), 1
)
COUNTS = [3, 7, 0, 1, 5]


class Normalised(nn.Module):
    """The network of pairs behind a normalisation."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = Standardise(FEATURES)
        self.pairs = PairNetwork()

    def forward(self, objects: torch.Tensor) -> torch.Tensor:
        logits: torch.Tensor = self.pairs(self.layer(objects))
        return logits


def normalised() -> Normalised:
    network = seeded(Normalised)
    assert isinstance(network, Normalised)
    moments = Moments(FEATURES)
    moments.add(3 + 10 * random_objects([7] * 20, seed=5))
    network.layer.fit(moments)
    return network


def textbook(
    network: nn.Module, objects: torch.Tensor, start: torch.Tensor, nodes: list[tuple[float, float]]
) -> torch.Tensor:
    """(x - x') sum_k w_k grad F(x' + t_k (x - x')), row by row, with F = z1 - z0."""
    rows = [objects.new_zeros(0, *objects.shape[1:])]
    for x, origin in zip(objects, start, strict=True):
        mean = torch.zeros_like(x)
        for place, weight in nodes:
            point = (origin + place * (x - origin)).requires_grad_()
            logits = network(point[None])[0]
            mean += weight * torch.autograd.grad(logits[1] - logits[0], point)[0]
        rows.append(((x - origin) * mean)[None])
    return torch.cat(rows)


def gauss(steps: int) -> list[tuple[float, float]]:
    places, weights = np.polynomial.legendre.leggauss(steps)
    return [((place + 1) / 2, weight / 2) for place, weight in zip(places, weights, strict=True)]


def test_gradient_times_input_is_that_of_autograd_and_zero_on_empty_slots() -> None:
    network, objects = seeded(PairNetwork), random_objects(COUNTS)
    found = gradient_input(network, {"objects": objects}, target="log-odds")
    expected = textbook(network, objects, torch.zeros_like(objects), [(1.0, 1.0)])
    close(found.inputs["objects"], expected)
    assert found.promised is None
    assert not found.inputs["objects"][objects == 0].any()


def test_gradient_times_input_is_lrp_zero_behind_a_normalisation_too() -> None:
    network, objects = normalised(), random_objects(COUNTS)
    found = gradient_input(network, {"objects": objects}, target=0)
    expected = relevance(network, {"objects": objects}, target=0, rule="zero")
    close(found.inputs["objects"], expected.inputs["objects"])
    close(found.explained, network(objects)[:, 0])


@pytest.mark.parametrize("steps", [8, 2])
def test_integrated_gradients_are_the_sum_of_their_paper(steps: int) -> None:
    network, objects = seeded(PairNetwork), random_objects(COUNTS)
    baseline = torch.tensor([0.3, -0.2, 0.1]).double()
    start = torch.where(objects.abs().sum(-1, keepdim=True) > 0, baseline, 0.0)
    found = integrated_gradients(
        network, {"objects": objects}, steps=steps, target="log-odds", baseline={"objects": baseline}
    )
    difference = network(objects) - network(start)
    promised = (difference[:, 1] - difference[:, 0]).detach()
    assert found.promised is not None
    close(found.promised, promised)
    expected, refined = textbook(network, objects, start, gauss(steps)), 0
    for factor in (4, 16):  # rows that miss what is promised get more steps
        missed = (promised - expected.flatten(1).sum(1)).abs() > 0.05 * expected.abs().flatten(1).sum(1)
        expected[missed] = textbook(network, objects[missed], start[missed], gauss(factor * steps))
        refined += int(missed.sum())
    assert (refined > 0) == (steps < 8)
    close(found.inputs["objects"], expected)


@pytest.mark.slow
def test_integrated_gradients_become_complete() -> None:
    network, objects = seeded(PairNetwork), random_objects(COUNTS)
    baseline = {"objects": torch.tensor([0.3, -0.2, 0.1]).double()}
    found = integrated_gradients(network, {"objects": objects}, steps=500, baseline=baseline)
    assert found.gap is not None
    assert found.promised is not None
    assert found.gap.abs().max() < 1e-3 * float(found.promised.abs().max())


def test_the_path_is_straight_behind_the_normalisation() -> None:
    network, objects = normalised(), 3 + 10 * random_objects([7, 7, 7])
    baseline = mean_objects({"objects": objects})
    found = integrated_gradients(network, {"objects": objects}, baseline=baseline, steps=16)
    start = {"objects": network.layer(baseline["objects"][None, None])[0, 0]}
    inner = integrated_gradients(network.pairs, {"objects": network.layer(objects)}, baseline=start, steps=16)
    close(found.inputs["objects"], inner.inputs["objects"])


def test_of_a_linear_network_all_methods_know_the_truth() -> None:
    layer, objects = nn.Linear(FEATURES, 2).double(), torch.randn(20, 1, FEATURES).double()
    schema = Schema("rows", (Input("objects", 1, OBJECTS.inputs[0].features),), ("one", "two"), 1)
    baseline = mean_objects({"objects": objects})
    network, weights = Flat(layer), (layer.weight[1] - layer.weight[0]).detach()
    for name in ("integrated-gradients", "shapley"):
        found = attribute(name, network, {"objects": objects}, schema, baseline=baseline)
        close(found.inputs["objects"], (objects - baseline["objects"]) * weights)
    close(gradient_input(network, {"objects": objects}, target=(1, 0)).inputs["objects"], objects * weights)


@pytest.mark.parametrize("name", METHODS)
def test_promises_are_kept_and_shares_have_the_shape_of_the_inputs(name: str) -> None:
    network, objects = normalised(), random_objects([3, 7, 1, 5, 6, 2])
    found = attribute(name, network, {"objects": objects}, OBJECTS)
    shares = found.inputs["objects"]
    assert shares.shape == objects.shape
    assert not shares[objects == 0].any()
    close(found.of_all_features(), shares.sum(1))
    if found.promised is not None and name != "integrated-gradients":
        close(found.of_rows(), found.promised)
    logits = network(objects)
    odds = logits[:, 1] - (0 if METHODS[name].advice == "published" else logits[:, 0])
    close(found.explained, odds)


@pytest.mark.parametrize("name", METHODS)
def test_a_row_does_not_depend_on_the_others(name: str) -> None:
    network, objects = normalised(), random_objects([3, 7, 1, 5, 6, 2])
    baseline = mean_objects({"objects": objects})
    whole = attribute(name, network, {"objects": objects}, OBJECTS, baseline=baseline)
    # groups of correlated features are a matter of all rows; here they are the same for three of them
    part = attribute(name, network, {"objects": objects[1::2]}, OBJECTS, baseline=baseline)
    close(part.inputs["objects"], whole.inputs["objects"][1::2], 1e-10)


@pytest.mark.parametrize("method", [gradient_input, partial(integrated_gradients, steps=4)])
def test_chunks_change_nothing(method: Callable[..., Attribution]) -> None:
    network, objects = seeded(PairNetwork), {"objects": random_objects(COUNTS)}
    close(method(network, objects, memory=1).inputs["objects"], method(network, objects).inputs["objects"])


def test_double_precision_on_request() -> None:
    network, objects = seeded(PairNetwork), random_objects(COUNTS)
    expected = gradient_input(network, {"objects": objects})
    single = network.float()
    found = gradient_input(single, {"objects": objects.float().numpy()}, dtype=torch.float64)
    assert found.inputs["objects"].dtype == torch.float64
    close(found.inputs["objects"], expected.inputs["objects"], 1e-5)
    assert next(single.parameters()).dtype == torch.float32


class Step(nn.Module):
    """A network that jumps."""

    def forward(self, objects: torch.Tensor) -> torch.Tensor:
        jump = (objects.sum((1, 2)) > 1).to(objects) + 0 * objects.sum((1, 2))
        return torch.stack([torch.zeros_like(jump), jump], 1)


def test_a_sum_that_misses_what_it_promises_is_an_error() -> None:
    with pytest.raises(UserError, match="miss 1 of 1 with steps = 64; take more steps"):
        integrated_gradients(Step(), {"objects": torch.ones(2, 3, 2)}, steps=4)


def test_bad_questions() -> None:
    network, objects = seeded(PairNetwork), random_objects(COUNTS)
    with pytest.raises(UserError, match="no method 'saliency'; the methods are centred-lrp"):
        attribute("saliency", network, {"objects": objects}, OBJECTS)
    with pytest.raises(UserError, match="target = 5 is no class"):
        gradient_input(network, {"objects": objects}, target=5)
    with pytest.raises(UserError, match="no rows to explain"):
        gradient_input(network, {"objects": objects[:0]})
    with pytest.raises(UserError, match="steps = 0"):
        integrated_gradients(network, {"objects": objects}, steps=0)
    with pytest.raises(UserError, match="baseline for 'object', which is no input"):
        integrated_gradients(network, {"objects": objects}, baseline={"object": torch.zeros(3)})


def test_one_row_is_enough() -> None:
    objects = random_objects([4])
    for name in METHODS:
        assert attribute(name, seeded(PairNetwork), {"objects": objects}, OBJECTS).of_rows().shape == (1,)


def test_relevance_of_pairs() -> None:
    network, objects = seeded(PairNetwork), random_objects(COUNTS)
    found = relevance(network, {"objects": objects}, rule="zero", layers=["pair", "out"])
    close(found.of_pairs("pair"), found.layers["pair"].sum(-1))
    assert found.of_pairs("pair").shape == (5, SLOTS, SLOTS)
    with pytest.raises(UserError, match=r"no relevance of the layer 'effect'; ask for it with layers=\['effect'\]"):
        found.of_pairs("effect")
    with pytest.raises(UserError, match=r"'out' returns \(5, 2\), not"):
        found.of_pairs("out")
