"""What trainings say of the next one: probabilities that come true."""

import numpy as np
import pytest

from fairmodel.reproduce.statistics import Spread, upper_tail


def test_mean_and_deviation() -> None:
    spread = Spread.of([0.9, 0.92, 0.97])
    assert spread.mean == pytest.approx(0.93)
    assert spread.deviation == pytest.approx(np.sqrt((0.03**2 + 0.01**2 + 0.04**2) / 2))
    assert spread.number == 3


@pytest.mark.slow
@pytest.mark.parametrize("number", [2, 4, 10])
def test_a_further_training_passes_a_level_as_often_as_promised(number: int) -> None:
    """Draws from one distribution: p-values of the next draw are uniform; the normal ones are small too often."""
    draws = np.random.default_rng(number).normal(0.98, 0.003, size=(8_000, number + 1))
    tails = [upper_tail(last, Spread.of(trials)) for *trials, last in draws.tolist()]
    student, normal = (np.array([getattr(tail, name) for tail in tails]) for name in ("student", "normal"))
    for level in (0.05, 0.5, 0.9):
        assert (student < level).mean() == pytest.approx(level, abs=0.02)
    assert (normal < 0.05).mean() > 0.065


def test_many_trainings_are_a_known_distribution() -> None:
    """One standard deviation above the mean: 15.87 % of a normal distribution."""
    for number, tolerance in ((10, 0.03), (100_000, 1e-5)):
        tail = upper_tail(2.0, Spread(1.0, 1.0, number))
        assert tail.normal == pytest.approx(0.158655, abs=1e-6)
        assert tail.student == pytest.approx(0.158655, abs=tolerance)
        assert tail.student > tail.normal


def test_two_trainings_follow_cauchy() -> None:
    """With one degree of freedom the tail is 1/2 - atan(t) / pi."""
    tail = upper_tail(1.5, Spread(0.5, 0.4, 2))
    assert tail.student == pytest.approx(0.5 - np.arctan(1 / 0.4 / np.sqrt(1.5)) / np.pi)


def test_trainings_that_never_differ_leave_no_doubt() -> None:
    assert upper_tail(0.9, Spread.of([0.9, 0.9])).student == 1
    assert upper_tail(0.91, Spread.of([0.9, 0.9])).student == 0
