"""The network: its formula, and what it must not depend on."""

from collections.abc import Iterator

import pytest
import torch
from fairmodel.layers import Moments

from {{ cookiecutter.package_name }}.data.features import SCHEMA
from {{ cookiecutter.package_name }}.model.deep_sets import DeepSets, build
from {{ cookiecutter.package_name }}.model.options import ModelOptions


@pytest.fixture(autouse=True)
def seed() -> Iterator[None]:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        yield


def jets(counts: list[int], slots: int = 24) -> torch.Tensor:
    """Random particles, real ones first."""
    particles = torch.randn(len(counts), slots, 5, dtype=torch.float64)
    return particles * (torch.arange(slots) < torch.tensor(counts)[:, None])[:, :, None]


@pytest.fixture(params=[False, True], ids=["physical", "normalised"])
def network(request: pytest.FixtureRequest) -> DeepSets:
    network = DeepSets(5, 2, hidden=8, latent=4).double()
    if request.param:
        moments = Moments(5)
        moments.add(3 * jets([24] * 50) + 1)
        network.normalise["particles"].fit(moments)  # type: ignore[operator]
    return network


def test_the_order_of_the_particles_does_not_matter(network: DeepSets) -> None:
    particles = jets([24, 7, 1])
    order = torch.randperm(24)
    torch.testing.assert_close(network(particles[:, order]), network(particles))


def test_empty_slots_do_not_matter(network: DeepSets) -> None:
    particles = jets([5, 0, 3])
    torch.testing.assert_close(network(particles[:, :5]), network(particles))
    for count, row, logits in zip([5, 0, 3], particles, network(particles), strict=True):
        torch.testing.assert_close(network(row[None, :count])[0], logits)


def test_the_jets_of_a_batch_do_not_see_each_other(network: DeepSets) -> None:
    particles = jets([4, 24, 11])
    torch.testing.assert_close(network(particles[1:2])[0], network(particles)[1])


def test_every_real_particle_matters(network: DeepSets) -> None:
    particles = jets([6])
    particles.requires_grad_()
    gradient = torch.autograd.grad(network(particles)[0, 0], particles)[0][0]
    assert (gradient[:6].abs().sum(1) > 0).all()
    assert not gradient[6:].any()


def test_against_the_formula() -> None:
    """rho(sum over particles of phi(particle)), one jet and one particle at a time."""
    network = DeepSets(5, 2, hidden=8, latent=4).double()
    counts = [3, 24, 0]
    particles = jets(counts)
    for row, count, found in zip(particles, counts, network(particles), strict=True):
        total = torch.zeros(4, dtype=torch.float64)
        for particle in row[:count]:
            total = total + network.of_particle(particle)
        torch.testing.assert_close(network.of_jet(total), found)


def test_the_configuration_decides_the_sizes() -> None:
    network = build(ModelOptions(hidden=10, latent=6))
    phi = (5 * 10 + 10) + (10 * 10 + 10) + (10 * 6 + 6)
    rho = (6 * 10 + 10) + (10 * 2 + 2)
    assert sum(parameter.numel() for parameter in network.parameters()) == phi + rho
    (item,) = SCHEMA.inputs
    logits = network(**{item.name: torch.zeros(3, item.slots, len(item.features))})
    assert logits.shape == (3, len(SCHEMA.classes))
