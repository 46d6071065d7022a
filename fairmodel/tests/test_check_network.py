"""A network that does not fit the schema is refused in one line before anything is trained."""

import pytest
import torch
from torch import nn

from fairmodel.errors import UserError
from fairmodel.interface import Run
from fairmodel.training.check import check_network
from fairmodel.training.train import train

from .projects import CELLS, Channels, convolution, other_project


class Wrong(nn.Module):
    """A network with two classes where there are three."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(20, 2)

    def forward(self, cells: torch.Tensor) -> torch.Tensor:
        logits: torch.Tensor = self.layer(cells.flatten(1))
        return logits


class Broken(Wrong):
    """A network that cannot take the input."""

    def forward(self, cells: torch.Tensor) -> torch.Tensor:
        logits: torch.Tensor = self.layer(cells)
        return logits


def test_the_shape_of_the_output() -> None:
    with pytest.raises(UserError, match=r"returns \(2, 2\) for 2 rows, expected logits of shape \(2, 3\).*mixed"):
        check_network(Wrong(), CELLS)


def test_an_error_inside() -> None:
    with pytest.raises(
        UserError, match=r"cannot be evaluated on 2 rows \(cells \(2, 10, 2\)\): RuntimeError: .*forward"
    ):
        check_network(Broken(), CELLS)


def test_no_network_at_all() -> None:
    with pytest.raises(UserError, match="returns None, not a torch"):
        check_network(None, CELLS)


def test_nothing_is_changed() -> None:
    network = convolution(Channels())
    before = {name: value.clone() for name, value in network.state_dict().items()}
    state = torch.get_rng_state()
    check_network(network, CELLS)
    assert network.training
    assert torch.equal(torch.get_rng_state(), state)
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())


def wrong(_: Channels) -> Wrong:
    """Make the network."""
    return Wrong()


def test_a_training_is_refused_before_it_begins(other: Run) -> None:
    from dataclasses import replace

    run = replace(other, project=replace(other_project(), build=wrong))
    with pytest.raises(UserError, match="correct its last layer"):
        train(run)
    assert not run.paths.model.exists()
