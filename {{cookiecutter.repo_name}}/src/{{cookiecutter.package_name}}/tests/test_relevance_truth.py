"""Data whose truth is known: one feature has the same law in both classes, far from zero."""

from dataclasses import dataclass

import pytest
import torch
from torch import nn
from torch.nn import functional

from ..interpret import mean_objects, relevance
from ..layers import WeightedSum

USELESS, OFFSET = 2, 8


class Sets(nn.Module):
    """The mean of what one network makes of each object, classified."""

    def __init__(self) -> None:
        super().__init__()
        self.each = nn.Sequential(nn.Linear(3, 16), nn.ReLU(), nn.Linear(16, 16), nn.ReLU())
        self.sum, self.out = WeightedSum(), nn.Linear(16, 2)

    def forward(self, objects: torch.Tensor) -> torch.Tensor:
        weights = objects.new_full((objects.shape[1],), 1 / objects.shape[1])
        logits: torch.Tensor = self.out(self.sum(self.each(objects), weights))
        return logits


def draw(rows: int, seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Objects (row, 5, 3) and labels: a useful feature, a less useful one, and 8 +- 0.5, which says nothing."""
    labels = torch.arange(rows) % 2
    objects = torch.randn(rows, 5, 3, generator=torch.Generator().manual_seed(seed))
    signs = (2 * labels - 1)[:, None].float()
    return torch.stack(
        [objects[..., 0] + signs / 2, objects[..., 1] + signs / 4, OFFSET + objects[..., 2] / 2], -1
    ), labels


@dataclass(frozen=True)
class Trained:
    network: nn.Module
    objects: torch.Tensor
    labels: torch.Tensor

    def shares(self, **options: object) -> torch.Tensor:
        """Share of each feature in the mean magnitude of the relevance, (feature,)."""
        found = relevance(self.network, {"objects": self.objects}, **options)  # type: ignore[arg-type]
        magnitude = found.of_features("objects").abs().mean(0)
        return magnitude / magnitude.sum()

    def accuracy(self, objects: torch.Tensor) -> float:
        return float((self.network(objects).argmax(1) == self.labels).float().mean())


@pytest.fixture(scope="module")
def trained() -> Trained:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = Sets()
    objects, labels = draw(4000, 0)
    optimiser = torch.optim.Adam(network.parameters(), 1e-2)
    for batch in torch.randint(len(labels), (120, 256), generator=torch.Generator().manual_seed(0)):
        optimiser.zero_grad()
        torch.autograd.backward(functional.cross_entropy(network(objects[batch]), labels[batch]))
        optimiser.step()
    return Trained(network.eval(), *draw(1000, 1))


def test_the_network_uses_what_is_useful(trained: Trained) -> None:
    accuracy = trained.accuracy(trained.objects)
    assert accuracy > 0.87
    lost = []
    for feature in range(3):
        shuffled = trained.objects.clone()
        order = torch.randperm(5000, generator=torch.Generator().manual_seed(feature))
        shuffled[..., feature] = shuffled[..., feature].flatten()[order].reshape(-1, 5)
        lost.append(accuracy - trained.accuracy(shuffled))
    assert lost[0] > 0.2
    assert 0.02 < lost[1] < lost[0]
    assert abs(lost[USELESS]) < 0.01


def test_the_naive_recipe_credits_the_useless_feature(trained: Trained) -> None:
    """Plain gamma, one class's logit, relative to zero, biases ignored."""
    assert trained.shares(rule="gamma", gamma=0.25, bias="ignore")[USELESS] > 0.25


@pytest.mark.parametrize("epsilon", [0.01, 0.1, 0.25])
def test_the_recommended_recipe_does_not(trained: Trained, epsilon: float) -> None:
    """Epsilon on the log-odds, relative to the mean object."""
    baseline = mean_objects({"objects": trained.objects})
    shares = trained.shares(epsilon=epsilon, target="log-odds", baseline=baseline)
    assert shares[USELESS] < 0.05
    assert shares[0] > shares[1] > 0.1


def test_a_log_odds_target_alone_is_no_remedy(trained: Trained) -> None:
    assert trained.shares(target="log-odds")[USELESS] > 0.15
