"""The reliability curve against scikit-learn and SciPy, the calibration error against its definition."""

from typing import Any

import numpy as np
import pytest
from scipy.stats import beta, binomtest
from sklearn.calibration import calibration_curve

from fairmodel.evaluation.rows import ScoredRows
from fairmodel.evaluation.separation import calibration
from fairmodel.evaluation.uncertainty import ONE_SIGMA
from fairmodel.settings.evaluation import EvaluationConfig

from .scores import draw_scores, scored


def measured(rows: ScoredRows, **changed: Any) -> dict[str, Any]:
    return calibration(rows, EvaluationConfig(**({"bootstrap": 50} | changed)))


@pytest.mark.parametrize("classes", [2, 3])
def test_the_curve_against_a_peer(classes: int) -> None:
    rows = draw_scores(700, classes)
    bins = [item for item in measured(rows, calibration_bins=7)["bins"] if item["rows"]]
    signal, score = calibration_curve(rows.is_signal, rows.score, n_bins=7)
    assert [item["signal"]["value"] for item in bins] == pytest.approx(list(signal))
    assert [item["score"] for item in bins] == pytest.approx(list(score))
    for item in bins:
        passing = round(item["signal"]["value"] * item["rows"])
        expected = binomtest(passing, item["rows"]).proportion_ci(ONE_SIGMA)
        assert (item["signal"]["low"], item["signal"]["high"]) == pytest.approx(tuple(expected), rel=1e-6, abs=1e-12)


@pytest.mark.parametrize("weighted", [False, True])
def test_the_error_by_its_definition(weighted: bool) -> None:
    rows = draw_scores(300, weighted=weighted)
    total = 0.0
    for low in np.arange(10) / 10:
        chosen = rows.take((rows.score >= low) & (rows.score < low + 0.1))
        if len(chosen):
            share = np.average(chosen.is_signal, weights=chosen.weight)
            score = np.average(chosen.score, weights=chosen.weight)
            total += chosen.weight.sum() / rows.weight.sum() * abs(share - score)
    assert measured(rows)["error"]["value"] == pytest.approx(total)


def test_intervals_of_weighted_rows_rest_on_their_effective_number() -> None:
    rows = draw_scores(400, weighted=True)
    tail = (1 - ONE_SIGMA) / 2
    for item in measured(rows)["bins"]:
        weight = rows.weight[(rows.score >= item["low"]) & (rows.score < item["high"])]
        number = weight.sum() ** 2 / (weight**2).sum()
        passing = item["signal"]["value"] * number
        assert item["signal"]["low"] == pytest.approx(beta.ppf(tail, passing, number - passing + 1), rel=1e-6)
        assert item["signal"]["high"] == pytest.approx(beta.ppf(1 - tail, passing + 1, number - passing), rel=1e-6)


def test_bins_hold_every_row_once_and_empty_ones_say_so() -> None:
    score = np.array([0.0, 0.1, 0.19999, 0.2, 0.5, 1.0, 1.0])
    found = measured(scored(score, np.array([0, 0, 0, 0, 1, 1, 1])), calibration_bins=5)["bins"]
    assert [item["rows"] for item in found] == [3, 1, 1, 0, 2]
    assert [(item["low"], item["high"]) for item in found][:2] == [(0, 0.2), (0.2, 0.4)]
    assert (found[3]["score"], found[3]["signal"]) == (None, None)
    assert found[4]["signal"]["high"] == 1


def test_a_calibrated_score_reaches_what_a_perfect_one_would() -> None:
    """Labels drawn from the score itself; then scores that are too sure of themselves."""
    random = np.random.default_rng(4)
    score = random.random(2000)
    errors = [measured(scored(score, (random.random(2000) < score).astype(int)))["error"] for _ in range(20)]
    values = [error["value"] for error in errors]
    assert np.mean(values) == pytest.approx(errors[0]["perfect"], abs=3 * np.std(values) / np.sqrt(20))
    sure = measured(scored(np.where(score > 0.5, 0.99, 0.01), (random.random(2000) < score).astype(int)))["error"]
    assert sure["value"] > 20 * sure["error"] > 10 * sure["perfect"]


@pytest.mark.slow
def test_the_error_of_the_error_is_the_spread_over_samples() -> None:
    samples = [draw_scores(1000, seed=seed) for seed in range(30)]
    found = [measured(rows, seed=seed)["error"] for seed, rows in enumerate(samples)]
    spread = np.std([item["value"] for item in found], ddof=1)
    assert np.mean([item["error"] for item in found]) == pytest.approx(spread, rel=0.4)
