"""Every rule on every linear layer, against the formulas of the papers for the layer's matrix."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from fairmodel.interpret import make_rule, relevance
from fairmodel.layers import PairLinear, WeightedSum

from .relevance_networks import FEATURES, SLOTS, Flat, close, fractions, random_objects, seeded

PARAMETERS: dict[str, dict[str, float]] = {
    "zero": {},
    "epsilon": {"epsilon": 0.3},
    "gamma": {"gamma": 0.4},
    "generalized-gamma": {"gamma": 0.4},
    "alpha-beta": {"alpha": 1.5, "beta": 0.5},
    "z-plus": {},
}


class Pairs(nn.Module):
    """All pairs of some objects and some others."""

    def __init__(self) -> None:
        super().__init__()
        self.pair = PairLinear(2 * FEATURES, 2)

    def forward(self, objects: torch.Tensor) -> torch.Tensor:
        pairs: torch.Tensor = self.pair(objects[:, :3], objects[:, 3:])
        return pairs


class Sum(nn.Module):
    """The sum of the objects, some of them counted more than once."""

    def __init__(self) -> None:
        super().__init__()
        self.sum = WeightedSum()

    def forward(self, objects: torch.Tensor) -> torch.Tensor:
        total: torch.Tensor = self.sum(objects, torch.arange(SLOTS).to(objects))
        return total


LAYERS: dict[str, Callable[[], nn.Module]] = {
    "linear": lambda: seeded(nn.Linear, FEATURES, 4),
    "linear without bias": lambda: seeded(nn.Linear, FEATURES, 4, bias=False),
    "pairs": lambda: seeded(Pairs),
    "convolution": lambda: seeded(nn.Conv1d, SLOTS, 2, 2, stride=2, padding=1),
    "circular convolution": lambda: seeded(nn.Conv1d, SLOTS, 2, 3, padding=1, padding_mode="circular"),
    "convolution in two dimensions": lambda: nn.Sequential(nn.Unflatten(1, (1, SLOTS)), seeded(nn.Conv2d, 1, 2, 2)),
    "grouped convolution": lambda: seeded(nn.Conv1d, SLOTS, 2 * SLOTS, 2, groups=SLOTS),
    "batch normalisation": lambda: seeded(nn.BatchNorm1d, SLOTS),
    "batch normalisation without weights": lambda: seeded(nn.BatchNorm1d, SLOTS, affine=False),
    "average": lambda: nn.AvgPool1d(2, 1),
    "adaptive average": lambda: nn.AdaptiveAvgPool1d(2),
    "sum": lambda: Sum(),
}


def matrix(network: Flat) -> tuple[torch.Tensor, torch.Tensor]:
    """The affine map of a network that is one, (input, output), and its bias."""
    network.eval()
    with torch.no_grad():
        units = torch.eye(SLOTS * FEATURES).double().reshape(-1, SLOTS, FEATURES)
        bias: torch.Tensor = network(torch.zeros_like(units[:1]))
        outputs: torch.Tensor = network(units)
        return outputs - bias, bias[0]


@pytest.mark.parametrize("bias", ["absorb", "ignore"])
@pytest.mark.parametrize("rule", PARAMETERS)
@pytest.mark.parametrize("kind", LAYERS)
def test_rules_are_those_of_the_papers(kind: str, rule: str, bias: str) -> None:
    network = Flat(LAYERS[kind]())
    types = [(type(module), make_rule(rule, bias=bias, **PARAMETERS[rule])) for module in network.modules()]
    objects = random_objects([SLOTS] * 3)
    weights, constant = matrix(network)
    parameter = {"alpha-beta": 0.5}.get(rule) or next(iter(PARAMETERS[rule].values()), 0.0)
    found = relevance(network, {"objects": objects}, target=len(constant) - 1, composite=types)
    for row, activations in enumerate(objects.flatten(1)):
        explained = (activations @ weights + constant)[-1]
        shares = fractions(rule, activations, weights, constant, absorb=bias == "absorb", parameter=parameter)
        close(found.inputs["objects"][row].flatten(), shares[:, -1] * explained, 1e-11)


def test_max_pooling_gives_all_to_the_winner() -> None:
    objects = random_objects([SLOTS, SLOTS])
    found = relevance(Flat(nn.MaxPool1d(FEATURES)), {"objects": objects}, target=2)
    expected = torch.zeros_like(objects)
    for row, values in enumerate(objects):
        expected[row, 2, values[2].argmax()] = values[2].max()
    close(found.inputs["objects"], expected, 0)


@pytest.mark.parametrize("activation", [nn.Tanh(), nn.GELU(), nn.ReLU(inplace=True), nn.Dropout(0.5)])
def test_activations_keep_relevance(activation: nn.Module) -> None:
    objects = random_objects([SLOTS, SLOTS])
    found = relevance(Flat(nn.Sequential(nn.Linear(FEATURES, 1).double(), activation)), {"objects": objects})
    close(found.ledger.entries[0].received, found.logits[:, 1])


@pytest.mark.parametrize("epsilon", [0.0, 0.2])
@pytest.mark.parametrize("options", [{}, {"batch_first": True}, {"bidirectional": True}, {"bias": False}])
def test_gated_recurrent_unit(options: dict[str, bool], epsilon: float) -> None:
    network = seeded(LastState, **options)
    assert isinstance(network, LastState)
    objects = random_objects([SLOTS, SLOTS])
    rule: Any = {"rule": "epsilon", "epsilon": epsilon} if epsilon else {"rule": "zero"}
    found = relevance(network, {"objects": objects}, target=3, **rule)
    close(found.logits, network(objects), 1e-13)
    for row, values in enumerate(objects):
        expected = slow_relevance(network.gru, values, 3, epsilon)
        close(found.inputs["objects"][row], expected, 1e-10)


class LastState(nn.Module):
    """The last states of a recurrent layer as logits."""

    def __init__(self, **options: bool) -> None:
        super().__init__()
        self.gru = nn.GRU(FEATURES, 4, **options)

    def forward(self, objects: torch.Tensor) -> torch.Tensor:
        states: torch.Tensor = self.gru(objects if self.gru.batch_first else objects.transpose(0, 1))[1]
        return states[0]


def slow_relevance(gru: nn.GRU, steps: torch.Tensor, unit: int, epsilon: float) -> torch.Tensor:
    """Arras et al., arXiv:1706.07206, for one row (step, feature) and one unit of the last forward state."""
    none = torch.zeros(12).double()
    names = ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0")
    w, u, b, c = (getattr(gru, name, none).detach().chunk(3) for name in names)
    states, gates = [torch.zeros(4).double()], []
    for x in steps:
        h = states[-1]
        r, z = (torch.sigmoid(w[i] @ x + b[i] + u[i] @ h + c[i]) for i in (0, 1))
        s = w[2] @ x + b[2] + r * (u[2] @ h + c[2])
        gates.append((r, z, s))
        states.append((1 - z) * torch.tanh(s) + z * h)
    of_state = states[-1] * F.one_hot(torch.tensor(unit), 4)
    relevances = []
    for x, h, after, (r, z, s) in reversed(list(zip(steps, states, states[1:], gates, strict=False))):
        per_unit = of_state / (after + epsilon * after.sign())
        per_sum = per_unit * (1 - z) * torch.tanh(s) / (s + epsilon * s.sign())
        relevances.append(x * (per_sum @ w[2]))
        of_state = per_unit * z * h + h * ((per_sum * r) @ u[2])
    return torch.stack(relevances[::-1])
