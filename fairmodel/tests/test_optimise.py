"""The optimiser, the learning rate and the average of the weights, against their formulas."""

import math

import numpy as np
import pytest
import torch
from torch import nn

from fairmodel.config import TrainingConfig
from fairmodel.training.optimise import make_optimiser, make_scheduler, update_average

STEPS = 7
RATE, DECAY = 0.05, 0.3


def gradients(steps: int) -> np.ndarray:
    return np.random.default_rng(1).normal(size=(steps, 3)) * [1e-6, 1.0, 100.0]


def written_out(kind: str, weights: np.ndarray) -> np.ndarray:
    """Algorithm 1 of Kingma and Ba (2015) and algorithm 2 of Loshchilov and Hutter (2019)."""
    m, v = np.zeros(3), np.zeros(3)
    for step, gradient in enumerate(gradients(STEPS), 1):
        decayed = gradient + (DECAY * weights if kind == "adam" else 0)
        m = 0.9 * m + 0.1 * decayed
        v = 0.999 * v + 0.001 * decayed**2
        corrected = m / (1 - 0.9**step) / (np.sqrt(v / (1 - 0.999**step)) + 1e-8)
        weights = weights - RATE * (corrected + (DECAY * weights if kind == "adamw" else 0))
    return weights


@pytest.mark.parametrize("kind", ["adam", "adamw"])
def test_the_optimiser_follows_its_paper(kind: str) -> None:
    network = nn.Linear(3, 1, bias=False).double()
    first = network.weight.detach().numpy().copy()[0]
    options = TrainingConfig.model_validate(
        {"epochs": 1, "optimiser": kind, "learning_rate": RATE, "weight_decay": DECAY}
    )
    optimiser = make_optimiser(network, options)
    for gradient in gradients(STEPS):
        network.weight.grad = torch.from_numpy(gradient[None])
        optimiser.step()
    np.testing.assert_allclose(network.weight.detach().numpy()[0], written_out(kind, first), rtol=1e-12)


def rates(steps: int, **options: object) -> list[float]:
    """The learning rate of every step."""
    config = TrainingConfig.model_validate({"epochs": 1, "learning_rate": 0.1} | options)
    optimiser = make_optimiser(nn.Linear(1, 1), config)
    scheduler = make_scheduler(optimiser, config, steps=steps)
    found = []
    for _ in range(steps):
        found.append(optimiser.param_groups[0]["lr"])
        optimiser.step()
        scheduler.step()
    return found


def test_constant_is_constant() -> None:
    assert rates(9, schedule="constant") == [0.1] * 9


def test_one_cycle_rises_and_falls_along_half_waves() -> None:
    """Smith (arXiv:1708.07120): from a 25th to the peak in the first 30 %, then down to a 250 000th."""
    found, top = rates(101, schedule="one-cycle"), 0.3 * 101 - 1
    for step, rate in enumerate(found):
        low, part = (0.1 / 25, step / top) if step <= top else (0.1 / 250_000, 1 - (step - top) / (100 - top))
        assert rate == pytest.approx(low + (0.1 - low) * (1 - math.cos(math.pi * part)) / 2, rel=1e-9)


@pytest.mark.parametrize("decay", [0.5, 0.99])
def test_the_average_weighs_each_step_by_the_decay(decay: float) -> None:
    """The mean over steps with weights decay^(age), of any number of them."""
    network, average = nn.BatchNorm1d(2), nn.BatchNorm1d(2)
    weights = np.random.default_rng(2).normal(size=(STEPS, 2))
    for step, values in enumerate(weights, 1):
        with torch.no_grad():
            network.weight.copy_(torch.from_numpy(values))
        network.running_mean = torch.full((2,), float(step))
        update_average(average, network, decay=decay, step=step)
        ages = np.arange(step)[::-1]
        expected = np.average(weights[:step], axis=0, weights=decay**ages)
        np.testing.assert_allclose(average.weight.detach().numpy(), expected, rtol=1e-5)
        assert average.running_mean is not None
        assert average.running_mean.tolist() == [step, step]
