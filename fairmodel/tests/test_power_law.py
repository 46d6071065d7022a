"""Power laws: a known one is found again, and its errors hold what they promise."""

import math

import numpy as np
import pytest

from fairmodel.reproduce.statistics import fit_power_law

ROWS = [500.0, 1000.0, 2000.0, 5000.0, 10_000.0, 20_000.0]


def truth(rows: float) -> float:
    return 0.012 + 0.2 * math.pow(rows / 1000, -0.6)


LOSSES = [truth(rows) for rows in ROWS]


def test_a_known_law_is_found_again() -> None:
    fit = fit_power_law(ROWS, LOSSES, [1e-4] * len(ROWS))
    assert fit is not None
    assert fit.parameters[0] == pytest.approx(0.012, abs=1e-5)
    assert fit.parameters[2] == pytest.approx(0.6, abs=1e-4)
    assert fit.at(40_000).value == pytest.approx(truth(40_000), rel=1e-4)
    content = fit.as_json()
    assert content["parameters"]["exponent"] == fit.parameters[2]


@pytest.mark.slow
def test_the_error_covers_the_truth_as_often_as_it_says() -> None:
    random = np.random.default_rng(5)
    errors = [0.01 * loss for loss in LOSSES]
    pulls = []
    for _ in range(200):
        fit = fit_power_law(ROWS, random.normal(LOSSES, errors).tolist(), errors)
        assert fit is not None
        loss = fit.at(40_000)
        pulls.append((loss.value - truth(40_000)) / loss.error)
    assert (np.abs(pulls) < 1).mean() == pytest.approx(0.68, abs=0.1)


@pytest.mark.parametrize(
    ("rows", "losses", "errors"),
    [
        (ROWS[:3], [0.3, 0.2, 0.1], [0.01] * 3),
        (ROWS[:4], [0.3, 0.2, 0.1, 0.05], [0.01, 0.0, 0.01, 0.01]),
    ],
    ids=["too few points", "a point without an error"],
)
def test_nothing_is_fitted_to_too_little(rows: list[float], losses: list[float], errors: list[float]) -> None:
    assert fit_power_law(rows, losses, errors) is None
