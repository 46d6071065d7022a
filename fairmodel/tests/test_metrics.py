"""Averages against scikit-learn and known standard deviations; the whole table, and when there is none."""

from typing import Any

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, brier_score_loss, log_loss

from fairmodel.errors import UserError
from fairmodel.evaluation.evaluate import averages, measure
from fairmodel.evaluation.rows import ScoredRows, read_scores, write_scores
from fairmodel.settings.evaluation import EvaluationConfig

from .scores import draw_scores, scored


def averaged(rows: ScoredRows, **changed: Any) -> dict[str, Any]:
    return averages(rows, EvaluationConfig(**({"bootstrap": 10} | changed)))


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize(("classes", "signal"), [(2, 1), (2, 0), (3, 1)])
def test_values_against_a_peer(classes: int, signal: int, weighted: bool) -> None:
    rows = draw_scores(301, classes, signal=signal, weighted=weighted)
    found = {name: item["value"] for name, item in averaged(rows).items()}
    assert found == pytest.approx(
        {
            "accuracy": accuracy_score(rows.label, rows.probability.argmax(1), sample_weight=rows.weight),
            "cross_entropy": log_loss(rows.label, rows.probability, sample_weight=rows.weight),
            "brier": brier_score_loss(rows.is_signal, rows.score, sample_weight=rows.weight),
        },
        abs=1e-12,
    )


def test_bootstrap_error_of_a_proportion() -> None:
    """Accuracy is a proportion p of n rows: its standard deviation is sqrt(p (1 - p) / n)."""
    found = averaged(draw_scores(800), bootstrap=600)["accuracy"]
    p = found["value"]
    # 600 trials know a standard deviation to 1 / sqrt(2 * 600) = 3 %
    assert found["error"] == pytest.approx(np.sqrt(p * (1 - p) / 800), rel=0.12)


def test_weights_that_differ_make_errors_larger() -> None:
    rows = draw_scores(800)
    weight = np.where(np.arange(800) % 10 == 0, 50.0, 1.0)
    weighted = averaged(ScoredRows(rows.probability, rows.label, weight, 1), bootstrap=100)["accuracy"]["error"]
    assert weighted > 2 * averaged(rows, bootstrap=100)["accuracy"]["error"]


def test_a_probability_of_zero_costs_much_but_not_everything() -> None:
    label = np.array([0, 1] * 20)
    found = averaged(scored(np.where(np.arange(40) == 1, 0.0, 0.5), label))["cross_entropy"]["value"]
    assert found == pytest.approx((-np.log(1e-38) + 39 * np.log(2)) / 40)


def test_the_seed_decides_the_errors_only() -> None:
    rows = draw_scores(100)
    options = [EvaluationConfig(bootstrap=10, seed=seed) for seed in (1, 1, 2)]
    one, again, other = (measure(rows, ("dull", "bright"), option) for option in options)
    assert one == again
    for name in ("auc", "accuracy", "cross_entropy", "brier"):
        assert one[name]["value"] == other[name]["value"]
        assert one[name]["error"] != other[name]["error"]


@pytest.mark.parametrize("rare", [0, 1])
def test_one_kind_of_row_alone_has_no_metrics(rare: int) -> None:
    label = np.full(40, 1 - rare)
    label[:9] = rare
    numbers = "9 and 31" if rare else "31 and 9"
    with pytest.raises(UserError, match=rf"at least 10 rows each of signal and background, here are {numbers};"):
        measure(scored(np.linspace(0, 1, 40), label), ("dull", "bright"), EvaluationConfig())


def test_scores_come_back_from_their_file(tmp_path: Any) -> None:
    rows = draw_scores(30, 3, weighted=True)
    write_scores(rows, tmp_path / "scores.npz")
    found = read_scores(tmp_path / "scores.npz", rows.signal)
    np.testing.assert_allclose(found.score, rows.score, atol=1e-7)
    assert np.array_equal(found.label, rows.label)
    assert np.array_equal(found.weight, rows.weight)


@pytest.mark.parametrize("damage", ["missing", "truncated", "other arrays"])
def test_a_damaged_file_of_scores(damage: str, tmp_path: Any) -> None:
    path = tmp_path / "scores.npz"
    if damage != "missing":
        write_scores(draw_scores(30), path)
        path.write_bytes(path.read_bytes()[:-40])
    if damage == "other arrays":
        with path.open("wb") as stream:
            np.savez(stream, label=np.zeros(3))
    with pytest.raises(UserError, match=r"scores\.npz cannot be read .*`make evaluate`"):
        read_scores(path, 1)
