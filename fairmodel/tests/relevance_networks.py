"""Networks that relevance is propagated through in the tests, and the rules as their papers write them."""

from typing import Any

import torch
from torch import nn

from fairmodel.layers import EmptySlot, PairLinear, WeightedSum

__all__ = ["Flat", "PairNetwork", "close", "fractions", "random_objects", "seeded"]

SLOTS, FEATURES = 7, 3


class Flat(nn.Module):
    """One layer, whose numbers are the logits."""

    def __init__(self, layer: nn.Module) -> None:
        super().__init__()
        self.layer = layer

    def forward(self, objects: torch.Tensor) -> torch.Tensor:
        logits: torch.Tensor = self.layer(objects).flatten(1)
        return logits


class PairNetwork(nn.Module):
    """Objects with the sum of the effects of all others, then summed: no matter how many empty slots are cut off."""

    def __init__(self, slots: int = SLOTS) -> None:
        super().__init__()
        self.empty = EmptySlot(slots)
        self.pair = PairLinear(2 * FEATURES, 8)
        self.effect = nn.Sequential(nn.ReLU(), nn.Linear(8, 5), nn.ReLU())
        self.sum_effects = WeightedSum()
        self.each = nn.Sequential(nn.Linear(FEATURES + 5, 8), nn.ReLU())
        self.sum_objects = WeightedSum()
        self.out = nn.Linear(8, 2)

    def forward(self, objects: torch.Tensor) -> torch.Tensor:
        objects, weights = self.empty(objects)
        others = weights - torch.eye(len(weights)).to(weights)
        effects = self.sum_effects(self.effect(self.pair(objects, objects)), others)
        logits: torch.Tensor = self.out(self.sum_objects(self.each(torch.cat([objects, effects], -1)), weights))
        return logits


def seeded(kind: type[nn.Module], *arguments: Any, **named: Any) -> nn.Module:
    """A module in double precision whose weights and statistics are random, always the same."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(4)
        module = kind(*arguments, **named).double()
        for buffer in module.buffers():
            if buffer.is_floating_point():
                nn.init.uniform_(buffer, 0.5, 1.5)
        return module


def close(found: torch.Tensor, expected: torch.Tensor, tolerance: float = 1e-12) -> None:
    """The same numbers but for rounding."""
    torch.testing.assert_close(found, expected, rtol=tolerance, atol=tolerance)


def random_objects(counts: list[int], *, seed: int = 0) -> torch.Tensor:
    """Objects (row, slot, feature), real ones first, as many as given for each row."""
    values = torch.randn(len(counts), SLOTS, FEATURES, generator=torch.Generator().manual_seed(seed)).double()
    return values * (torch.arange(SLOTS) < torch.tensor(counts)[:, None]).unsqueeze(2)


def fractions(
    rule: str, activations: torch.Tensor, weights: torch.Tensor, bias: torch.Tensor, *, absorb: bool, parameter: float
) -> torch.Tensor:
    """Which part of R_k goes to R_j, (j, k): activations (j,), weights (j, k), bias (k,)."""
    own = activations[:, None] * weights
    constant = bias if absorb else torch.zeros_like(bias)
    if rule == "zero":
        return own / (own.sum(0) + constant)
    if rule == "epsilon":
        z = own.sum(0) + constant
        return own / (z + parameter * z.sign())
    if rule == "gamma":
        boosted = activations[:, None] * (weights + parameter * weights.relu())
        return boosted / (boosted.sum(0) + constant + parameter * constant.relu())
    if rule == "generalized-gamma":
        return _generalized_gamma(own, constant, own.sum(0) + bias, parameter)
    positive, negative = own.clamp(min=0), own.clamp(max=0)
    alpha, beta = (1.0, 0.0) if rule == "z-plus" else (1 + parameter, parameter)
    excitation = positive / (positive.sum(0) + constant.clamp(min=0))
    inhibition = negative / (negative.sum(0) + constant.clamp(max=0))
    return alpha * excitation.nan_to_num(0.0) - beta * inhibition.nan_to_num(0.0)


def _generalized_gamma(own: torch.Tensor, constant: torch.Tensor, z: torch.Tensor, gamma: float) -> torch.Tensor:
    """What has the sign of z counts 1 + gamma times."""
    boosted = own + gamma * torch.where(own.sign() == z.sign(), own, 0.0)
    also = constant + gamma * torch.where(constant.sign() == z.sign(), constant, 0.0)
    return boosted / (boosted.sum(0) + also)
