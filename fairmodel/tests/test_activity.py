"""Relative activity of nodes: sums written out, for layers on objects and for convolutions."""

import numpy as np
import pytest
import torch
from torch import nn

from fairmodel.evaluation.activity import layers_of, relative_activity, sparsity
from fairmodel.interpret.activity import difference, labels_of
from fairmodel.testing.samples import random_samples

from .projects import CELLS, other_config, other_project

ROWS = 40  # more than one batch


class OnObjects(nn.Module):
    """Two layers on each object, a sum, one layer on the sum."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = nn.Sequential(nn.Linear(2, 7), nn.ReLU(), nn.Linear(7, 5), nn.ReLU())
        self.outer = nn.Sequential(nn.Linear(5, 4), nn.Tanh(), nn.Linear(4, 3))

    def forward(self, cells: torch.Tensor) -> torch.Tensor:
        assert cells.requires_grad
        logits: torch.Tensor = self.outer(self.inner(cells).sum(1))
        return logits


@pytest.fixture
def network() -> OnObjects:
    with torch.random.fork_rng():
        torch.manual_seed(1)
        return OnObjects()


def test_activity_is_the_sum_over_rows_and_objects_of_a_class(network: OnObjects) -> None:
    samples = random_samples(CELLS, ROWS)
    layers = relative_activity(network, samples, 3)
    assert [layer.shape for layer in layers] == [(3, 7), (3, 5), (3, 4)]
    with torch.no_grad():
        cells = torch.from_numpy(samples.inputs["cells"])
        first = network.inner[:2](cells)  # (row, slot, 7)
        second = network.inner[2:](first)
        third = network.outer[:2](second.sum(1))[:, None]
    for layer, values in zip(layers, (first, second, third), strict=True):
        for label in range(3):
            total = values[torch.from_numpy(samples.labels == label)].abs().double().sum((0, 1)).numpy()
            np.testing.assert_allclose(layer[label], total / total.max(), rtol=1e-6)


def test_sparsity_is_the_share_of_inactive_nodes_and_leaves_no_hooks(network: OnObjects) -> None:
    samples = random_samples(CELLS, ROWS)
    layers = relative_activity(network, samples, 3)
    counts = [sum(int((layer[label] < 0.2).sum()) for layer in layers) / 16 for label in range(3)]
    assert sparsity(network, samples, 3) == pytest.approx(np.mean(counts))
    assert not any(module._forward_hooks for module in network.modules())


def test_a_dead_layer_is_inactive(network: OnObjects) -> None:
    with torch.no_grad():
        network.inner[0].get_parameter("bias").fill_(-1e6)
    assert relative_activity(network, random_samples(CELLS, ROWS), 3)[0].tolist() == [[0.0] * 7] * 3


def test_the_nodes_of_a_convolution_are_its_channels() -> None:
    network = other_project().build(other_config().model)
    network.eval()
    (layer,) = relative_activity(network, random_samples(CELLS, ROWS), 3)
    assert layer.shape == (3, other_config().model.channels)
    assert layer.max(1).tolist() == [1, 1, 1]


def test_a_network_without_activations_has_no_sparsity() -> None:
    class Linear(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = nn.Linear(2, 3)

        def forward(self, cells: torch.Tensor) -> torch.Tensor:
            logits: torch.Tensor = self.layer(cells).sum(1)
            return logits

    assert sparsity(Linear(), random_samples(CELLS, ROWS), 3) is None


def test_layers_are_named_and_dead_nodes_found(network: OnObjects) -> None:
    with torch.no_grad():
        network.inner[2].get_parameter("bias").copy_(torch.tensor([1e3, 1e3, 1e3, -1e6, 1e3]))
    layers = layers_of(network, random_samples(CELLS, ROWS), 3)
    assert [layer.name for layer in layers] == ["inner.1", "inner.3", "outer.1"]
    assert labels_of(layers) == ["inner 1", "inner 2", "outer 1"]
    assert layers[1].dead.tolist() == [False, False, False, True, False]


def test_the_difference_is_the_signal_minus_the_mean_of_the_others() -> None:
    relative = np.array([[1.0, 0.2], [0.5, 1.0], [0.0, 0.4]])
    assert difference(relative, 1).tolist() == pytest.approx([0.5 - 0.5, 1.0 - 0.3])
