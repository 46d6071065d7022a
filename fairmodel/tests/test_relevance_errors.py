"""What cannot be explained is refused by name."""

import inspect
from typing import Any

import pytest
import torch
from torch import nn

from fairmodel.errors import UserError
from fairmodel.interpret import make_rule, mean_objects, relevance
from fairmodel.interpret.lrp.handlers import Layer, plus
from fairmodel.interpret.lrp.rules import RULES

from .relevance_networks import FEATURES, SLOTS, Flat, PairNetwork, close, random_objects, seeded

ZERO = make_rule("zero")


def explained(**options: Any) -> Any:
    return relevance(seeded(PairNetwork), {"objects": random_objects([3, 4])} | options.pop("inputs", {}), **options)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"rule": "delta"}, "no relevance rule 'delta'; the rules are zero, epsilon, gamma"),
        ({"rule": "zero", "epsilon": 1.0}, "'zero' has no parameter 'epsilon'; it has none"),
        ({"rule": "epsilon", "epsilon": 0.0}, "epsilon = 0.0 has to be positive"),
        ({"rule": "gamma", "gamma": -1.0}, "gamma = -1.0 must not be negative"),
        ({"rule": "generalized-gamma", "gamma": -1.0}, "gamma = -1.0 must not be negative"),
        ({"rule": "alpha-beta", "alpha": 2.0, "beta": 2.0}, "do not conserve relevance; alpha - beta has to be 1"),
        ({"rule": "alpha-beta", "alpha": 0.0, "beta": -1.0}, "beta = -1.0 must not be negative"),
        ({"bias": "spread"}, '"absorb" or "ignore", not \'spread\''),
        ({"composite": [("*", ZERO)], "rule": "zero"}, "either a composite or a rule"),
        ({"composite": [("out", ZERO)]}, r"no rule for the layer 'pair' \(PairLinear\); end it with"),
        ({"composite": [("outt", ZERO), ("*", ZERO)]}, "no layer's name fits 'outt'.* the layers are pair, effect.1"),
        ({"target": 2}, "target = 2 is no class.* classes 0 to 1"),
        ({"target": (1, 1)}, r"target = \(1, 1\) is no class, nor a pair"),
        ({"target": "logodds"}, "target = 'logodds' for a network of 2 classes"),
        ({"layers": ["effects"]}, "no layer 'effects'; its layers are empty, pair, effect"),
        ({"layers": ["empty"]}, "'empty' is called twice or returns no tensor"),
        ({"baseline": {"object": torch.zeros(3)}}, "baseline for 'object', which is no input; the inputs are objects"),
        ({"baseline": {"objects": torch.zeros(4)}}, r"has shape \(4,\), expected \(3,\) or \(7, 3\)"),
        ({"inputs": {"others": torch.zeros(2)}}, "takes the inputs objects, not objects, others"),
        ({"inputs": {"objects": torch.zeros(0, 7, 3)}}, "no rows to explain.*0 of objects"),
        ({"inputs": {"objects": torch.full((1, 7, 3), torch.inf)}}, "objects holds numbers that are not finite"),
    ],
)
def test_bad_questions(options: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError, match=message):
        explained(**options)


def test_log_odds_need_two_classes() -> None:
    with pytest.raises(UserError, match="for a network of 3 classes"):
        relevance(Flat(nn.AvgPool1d(SLOTS, padding=0)), {"objects": torch.ones(1, 3, SLOTS)}, target="log-odds")


def test_a_mean_needs_objects() -> None:
    with pytest.raises(UserError, match="input 'objects' holds no object"):
        mean_objects({"objects": torch.zeros(3, SLOTS, FEATURES)})


class Scaled(nn.Linear):
    """A layer of a type that the engine cannot know, although it derives from one that it does."""

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        """Two times the linear map."""
        return 2 * super().forward(values)


def scaled(layer: Layer, values: torch.Tensor) -> torch.Tensor:
    module = layer.module
    assert isinstance(module, Scaled)
    return layer.linear(lambda a, w, b: plus(2 * a[0] @ w[0].T, b), (module.weight,), values, bias=2 * module.bias)


def test_a_layer_without_a_rule_is_named() -> None:
    network = Flat(nn.Sequential(nn.Flatten(), seeded(Scaled, SLOTS * FEATURES, 2)))
    objects = random_objects([3, 4])
    with pytest.raises(
        UserError, match=r"no rule for the layer 'layer.1' \(Scaled\); give its class .* Project\(handlers=…\)"
    ):
        relevance(network, {"objects": objects}, rule="zero")
    found = relevance(network, {"objects": objects}, rule="zero", handlers={"Scaled": lambda: scaled})
    weight = network.get_parameter("layer.1.weight").detach()[1]
    close(found.inputs["objects"], 2 * weight.reshape(SLOTS, FEATURES) * objects)


def test_a_handler_that_loses_relevance_is_found() -> None:
    def losing(layer: Layer, values: torch.Tensor) -> torch.Tensor:
        return scaled(layer, torch.where(values > 0, values, values.detach()))

    network = Flat(nn.Sequential(nn.Flatten(), seeded(Scaled, SLOTS * FEATURES, 2)))
    inputs = {"objects": random_objects([3, 4])}
    with pytest.raises(UserError, match=r"relevance is not conserved in the whole network.* in row"):
        relevance(network, inputs, handlers={"Scaled": lambda: losing})


class Residual(nn.Module):
    """A change and what it changes."""

    def forward(self, values: torch.Tensor, change: torch.Tensor) -> torch.Tensor:
        return values + change


class Deep(nn.Module):
    """A layer around which there is a way."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.add, self.last = nn.Linear(FEATURES, FEATURES), Residual(), nn.Linear(SLOTS * FEATURES, 2)

    def forward(self, objects: torch.Tensor) -> torch.Tensor:
        logits: torch.Tensor = self.last(self.add(objects, self.first(objects)).flatten(1))
        return logits


def residual(layer: Layer, values: torch.Tensor, change: torch.Tensor) -> torch.Tensor:
    return layer.linear(lambda a, w, _: w[0] * (a[0] + a[1]), (values.new_ones(()),), values, change)


def test_arithmetic_outside_of_known_modules_is_named() -> None:
    network, objects = seeded(Deep), random_objects([3, 7]).requires_grad_()
    with pytest.raises(UserError, match="computes Add on the way to the layer 'last', outside the modules"):
        relevance(network, {"objects": objects}, rule="zero")
    found = relevance(network, {"objects": objects}, rule="zero", handlers={"Residual": lambda: residual})
    (gradient,) = torch.autograd.grad(network(objects)[:, 1].sum(), objects)
    close(found.inputs["objects"], (objects * gradient).detach())


def test_functions_that_are_not_linear_are_named() -> None:
    with pytest.raises(UserError, match="computes LogSoftmax on the way to the output"):
        relevance(Flat(nn.Sequential(nn.AvgPool1d(3), nn.LogSoftmax(1))), {"objects": random_objects([3])})


def test_recurrent_layers_are_taken_one_by_one() -> None:
    class Recurrent(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.gru = nn.GRU(FEATURES, 2, num_layers=2, batch_first=True)

        def forward(self, objects: torch.Tensor) -> torch.Tensor:
            states: torch.Tensor = self.gru(objects)[1]
            return states[-1]

    with pytest.raises(UserError, match="gru has 2 layers; explanations need one"):
        relevance(seeded(Recurrent), {"objects": random_objects([3])})


def test_batch_statistics_mix_the_rows() -> None:
    network = Flat(seeded(nn.BatchNorm1d, SLOTS, 1e-5, 0.1, True, False))
    with pytest.raises(UserError, match="layer has no running statistics"):
        relevance(network, {"objects": random_objects([3, 4])})


def test_rows_must_be_the_first_axis() -> None:
    class Transposed(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.each, self.out = nn.Linear(FEATURES, 2), nn.Linear(2 * SLOTS, 2)

        def forward(self, objects: torch.Tensor) -> torch.Tensor:
            logits: torch.Tensor = self.out(self.each(objects.transpose(0, 1)).transpose(0, 1).flatten(1))
            return logits

    with pytest.raises(UserError, match=r"each returns \(.*\) for \d+ rows; rows must be the first axis of all layers"):
        relevance(seeded(Transposed), {"objects": random_objects([7] * SLOTS)}, memory=10**9)


def test_every_rule_is_documented() -> None:
    assert all(inspect.getdoc(rule) for rule in RULES.values())
