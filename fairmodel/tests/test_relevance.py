"""Relevance through whole networks: conserved, independent of batches, the same in every form of a network."""

from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from fairmodel.interface import Project
from fairmodel.interpret import Relevance, make_rule, mean_objects, relevance
from fairmodel.interpret.lrp.attach import preset_a
from fairmodel.layers import Moments, PairLinear, Standardise
from fairmodel.testing.samples import random_samples

from .projects import other_project, own_project
from .relevance_networks import FEATURES, SLOTS, Flat, PairNetwork, close, random_objects, seeded

RULES = ("zero", "epsilon", "gamma", "generalized-gamma", "alpha-beta", "z-plus")
COUNTS = [0, 1, 3, 7, 6, 5, 2]


@pytest.fixture
def pairs() -> nn.Module:
    return seeded(PairNetwork)


@pytest.fixture
def objects() -> torch.Tensor:
    return random_objects(COUNTS)


def gradient_times_input(network: nn.Module, inputs: dict[str, torch.Tensor], target: int) -> dict[str, torch.Tensor]:
    leaves = {name: values.clone().requires_grad_() for name, values in inputs.items()}
    gradients = torch.autograd.grad(network(**leaves)[:, target].sum(), list(leaves.values()))
    return {name: (leaves[name] * part).detach() for name, part in zip(leaves, gradients, strict=True)}


@pytest.mark.parametrize("project", [own_project(), other_project()], ids=["own", "other"])
def test_zero_with_bias_is_gradient_times_input(project: Project) -> None:
    network = project.build(project.model_options()).double().eval()
    inputs = {name: torch.from_numpy(v).double() for name, v in random_samples(project.schema, 5).inputs.items()}
    found = relevance(network, inputs, target=0, rule="zero", handlers=project.handlers)
    for name, expected in gradient_times_input(network, inputs, 0).items():
        scale = expected.abs().amax()
        close(found.inputs[name] / scale, expected / scale)


def test_zero_of_the_pair_network_is_gradient_times_input(pairs: nn.Module, objects: torch.Tensor) -> None:
    found = relevance(pairs, {"objects": objects}, rule="zero")
    close(found.inputs["objects"], gradient_times_input(pairs, {"objects": objects}, 1)["objects"], 1e-13)


@pytest.mark.parametrize("bias", ["absorb", "ignore"])
@pytest.mark.parametrize("rule", RULES)
def test_relevance_is_conserved(pairs: nn.Module, objects: torch.Tensor, rule: str, bias: str) -> None:
    ledger = relevance(pairs, {"objects": objects}, rule=rule, bias=bias).ledger
    everything = ledger.inputs + sum(entry.bias + entry.stabiliser + entry.unassigned for entry in ledger.entries)
    close(everything / ledger.magnitude, ledger.explained / ledger.magnitude)
    for entry in ledger.entries:
        close(entry.imbalance / ledger.magnitude, torch.zeros(len(objects)).double())
        assert bias == "absorb" or (entry.bias == 0).all()
        assert rule == "epsilon" or (entry.stabiliser == 0).all()


def test_without_biases_the_inputs_get_everything(pairs: nn.Module, objects: torch.Tensor) -> None:
    for layer in pairs.modules():
        if isinstance(layer, nn.Linear):
            nn.init.zeros_(layer.bias)
    found = relevance(pairs, {"objects": objects}, rule="zero")
    close(found.inputs["objects"].sum((1, 2)), found.logits[:, 1])


@pytest.mark.parametrize("rule", RULES)
def test_rows_are_alone(pairs: nn.Module, objects: torch.Tensor, rule: str) -> None:
    together = relevance(pairs, {"objects": objects}, rule=rule)
    for memory in (1, 4000):
        chunked = relevance(pairs, {"objects": objects}, rule=rule, memory=memory)
        close(chunked.inputs["objects"], together.inputs["objects"])
        close(chunked.ledger.entries[-1].bias, together.ledger.entries[-1].bias)
    for row in range(len(objects)):
        alone = relevance(pairs, {"objects": objects[row : row + 1]}, rule=rule)
        close(alone.inputs["objects"][0], together.inputs["objects"][row])
        close(alone.logits[0], together.logits[row])


def test_cut_inputs_and_full_ones_agree(pairs: nn.Module, objects: torch.Tensor) -> None:
    """Asking for a layer's relevance makes the engine compute every slot."""
    full = relevance(pairs, {"objects": objects}, layers=["effect"])
    cut = relevance(pairs, {"objects": objects})
    close(full.inputs["objects"], cut.inputs["objects"])
    close(full.ledger.absorbed, cut.ledger.absorbed)
    assert full.layers["effect"].shape == (len(COUNTS), SLOTS, SLOTS, 5)
    received = next(entry.received for entry in full.ledger.entries if entry.layer == "effect.1")
    close(full.layers["effect"].sum((1, 2, 3)), received)
    assert (full.layers["effect"].diagonal(0, 1, 2) == 0).all()  # nothing has an effect on itself


def test_order_of_the_objects_does_not_matter(pairs: nn.Module, objects: torch.Tensor) -> None:
    order = torch.randperm(SLOTS, generator=torch.Generator().manual_seed(2))
    found = relevance(pairs, {"objects": objects[:, order]}).inputs["objects"]
    close(found, relevance(pairs, {"objects": objects}).inputs["objects"][:, order])


def test_single_precision(pairs: nn.Module, objects: torch.Tensor) -> None:
    exact = relevance(pairs, {"objects": objects})
    network, rounded = pairs.float(), objects.float()
    single = relevance(network, {"objects": rounded})
    assert single.inputs["objects"].dtype == torch.float32
    scale = exact.inputs["objects"].abs().max()
    close(single.inputs["objects"].double() / scale, exact.inputs["objects"] / scale, 1e-5)
    double = relevance(network, {"objects": rounded.numpy()}, dtype=torch.float64)
    assert double.inputs["objects"].dtype == torch.float64
    assert next(network.parameters()).dtype == torch.float32


def test_the_network_is_left_alone(pairs: nn.Module, objects: torch.Tensor) -> None:
    pairs.train()
    state = {name: values.clone() for name, values in pairs.state_dict().items()}
    pairs(objects).sum().backward()
    gradients = [parameter.grad.clone() for parameter in pairs.parameters() if parameter.grad is not None]
    with torch.inference_mode():
        relevance(pairs, {"objects": objects})
    assert pairs.training
    assert all("forward" not in vars(module) for module in pairs.modules())
    assert all(torch.equal(values, state[name]) for name, values in pairs.state_dict().items())
    left = [parameter.grad for parameter in pairs.parameters()]
    assert all(torch.equal(a, b) for a, b in zip(left, gradients, strict=True) if a is not None)
    assert all(parameter.requires_grad for parameter in pairs.parameters())


def test_targets(pairs: nn.Module, objects: torch.Tensor) -> None:
    def of(target: Any) -> Relevance:
        return relevance(pairs, {"objects": objects}, target=target)

    first, second = of(0), of(1)
    difference = second.inputs["objects"] - first.inputs["objects"]
    for target in ("log-odds", (1, 0)):
        close(of(target).inputs["objects"], difference)
        close(of(target).ledger.explained, second.logits[:, 1] - second.logits[:, 0])
    close(of((0, 1)).inputs["objects"], -difference)


def test_relevance_of_padding_is_kept_apart() -> None:
    """To a network that shifts its inputs, empty slots are something."""

    class Shifted(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.shift, self.out = nn.Softplus(), nn.Linear(SLOTS * FEATURES, 2)

        def forward(self, objects: torch.Tensor) -> torch.Tensor:
            logits: torch.Tensor = self.out(self.shift(objects).flatten(1))
            return logits

    network = seeded(Shifted)
    objects = random_objects(COUNTS)
    found = relevance(network, {"objects": objects}, rule="zero")
    contributions = (functional.softplus(objects).flatten(1) * network.get_parameter("out.weight")[1]).detach()
    contributions = contributions.reshape(objects.shape)
    close(found.inputs["objects"], torch.where(objects == 0, 0.0, contributions))
    close(found.padding["objects"], torch.where(objects == 0, contributions, 0.0).sum((1, 2)))
    assert (found.padding["objects"].abs() > 0).sum() == sum(count < SLOTS for count in COUNTS)


def test_sums_over_objects_and_features(pairs: nn.Module, objects: torch.Tensor) -> None:
    found = relevance(pairs, {"objects": objects})
    values = found.inputs["objects"].numpy()
    np.testing.assert_allclose(found.of_features("objects"), np.einsum("rsf->rf", values))
    np.testing.assert_allclose(found.of_objects("objects"), np.einsum("rsf->rs", values))


def test_composites_choose_by_name_then_by_type(pairs: nn.Module, objects: torch.Tensor) -> None:
    names = ["pair", "effect.1", "each.0", "out"]
    rules = [make_rule(name) for name in ("gamma", "epsilon", "z-plus", "zero")]
    by_name = relevance(pairs, {"objects": objects}, composite=list(zip(names, rules, strict=True)))
    mixed: Any = [("pair", rules[0]), ("e[!a]*", rules[1]), ("out", rules[3]), (nn.Linear, rules[2])]
    close(relevance(pairs, {"objects": objects}, composite=mixed).inputs["objects"], by_name.inputs["objects"])
    uniform = relevance(pairs, {"objects": objects}, rule="gamma").inputs["objects"]
    assert not torch.allclose(uniform, by_name.inputs["objects"])


def test_preset_a() -> None:
    network = Flat(nn.Sequential(nn.Conv1d(SLOTS, 2, 2), nn.ReLU(), nn.Flatten(), nn.Linear(4, 2))).double()
    inputs = {"objects": random_objects([SLOTS] * 4)}
    named: Any = [("layer.0", make_rule("z-plus")), ("layer.3", make_rule("epsilon", epsilon=0.1))]
    expected = relevance(network, inputs, composite=named).inputs["objects"]
    close(relevance(network, inputs, composite=preset_a()).inputs["objects"], expected)


class NormalisedPairs(nn.Module):
    """A network that standardises its objects before it pairs them."""

    def __init__(self) -> None:
        super().__init__()
        self.normalise, self.pairs = Standardise(FEATURES), PairNetwork()

    def forward(self, objects: torch.Tensor) -> torch.Tensor:
        logits: torch.Tensor = self.pairs(self.normalise(objects))
        return logits


def test_a_baseline_is_subtracted_where_inputs_meet_weights() -> None:
    """LRP-0 gives (x - baseline) times the gradient, in the numbers that the first linear layers see."""
    objects = random_objects(COUNTS)
    objects = torch.where(objects == 0, 0.0, objects + 3)
    network, moments = seeded(NormalisedPairs), Moments(FEATURES)
    assert isinstance(network, NormalisedPairs)
    moments.add(objects)
    network.normalise.fit(moments)
    baseline = mean_objects({"objects": objects})
    found = relevance(network, {"objects": objects}, rule="zero", baseline=baseline)
    inner = network.normalise(objects).requires_grad_()
    (gradient,) = torch.autograd.grad(network.pairs(inner)[:, 1].sum(), inner)
    center = torch.where(objects == 0, 0.0, network.normalise(baseline["objects"][None, None]))
    close(found.inputs["objects"], (inner.detach() - center) * gradient)
    assert (found.padding["objects"] == 0).all()


@pytest.mark.parametrize("rule", RULES)
def test_objects_at_the_baseline_have_no_relevance(rule: str) -> None:
    objects = random_objects(COUNTS)
    objects[3, 2] = objects[4, 0]
    baseline = {"objects": objects[4, 0]}
    found = relevance(seeded(PairNetwork), {"objects": objects}, rule=rule, baseline=baseline)
    assert (found.of_objects("objects")[[3, 4], [2, 0]] == 0).all()
    close(found.ledger.imbalance / found.ledger.magnitude, torch.zeros(len(COUNTS)).double())


def test_mean_objects() -> None:
    objects = random_objects(COUNTS)
    real = np.concatenate([row[:count] for row, count in zip(objects.numpy(), COUNTS, strict=True)])
    np.testing.assert_allclose(mean_objects({"objects": objects})["objects"], real.mean(0))


def test_constants_have_no_relevance() -> None:
    """What a layer gets from the network itself is booked as bias."""

    class WithReference(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.reference = nn.Parameter(torch.ones(1, 1, FEATURES))
            self.pair, self.out = PairLinear(2 * FEATURES, 4), nn.Linear(4 * SLOTS, 2)

        def forward(self, objects: torch.Tensor) -> torch.Tensor:
            logits: torch.Tensor = self.out(self.pair(objects, self.reference).flatten(1))
            return logits

    network = seeded(WithReference)
    objects = random_objects([SLOTS] * 3)
    found = relevance(network, {"objects": objects}, rule="zero")
    close(found.inputs["objects"], gradient_times_input(network, {"objects": objects}, 1)["objects"])
    close(found.ledger.entries[1].received, found.ledger.inputs + found.ledger.entries[1].bias)
