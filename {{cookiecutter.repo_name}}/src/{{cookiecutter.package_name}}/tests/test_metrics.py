"""Metrics against counting, against scikit-learn and against known standard deviations."""

from typing import Any

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, log_loss, roc_auc_score

from ..errors import UserError
from ..evaluation.metrics import classification_metrics, signal_roc


def draw(rows: int, classes: int, seed: int = 0, digits: int | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities that lean to the label; rounded to `digits` they have ties."""
    random = np.random.default_rng(seed)
    label = random.integers(classes, size=rows)
    logits = random.normal(size=(rows, classes)) + 1.2 * np.eye(classes)[label]
    if digits is not None:
        logits = np.round(logits, digits)
    return np.exp(logits) / np.exp(logits).sum(1, keepdims=True), label


def metrics(probability: np.ndarray, label: np.ndarray, **changed: Any) -> dict[str, Any]:
    settings: dict[str, Any] = {"signal": 1, "signal_efficiencies": (0.3, 0.5), "bootstrap": 10, "seed": 1}
    return classification_metrics(probability, label, **(settings | changed))


def pair_counting_auc(score: np.ndarray, is_signal: np.ndarray) -> float:
    """Probability that a signal row scores higher than a background row; a tie counts one half."""
    signal, background = score[is_signal][:, None], score[~is_signal][None, :]
    return float(((signal > background) + 0.5 * (signal == background)).mean())


@pytest.mark.parametrize("digits", [None, 0])
@pytest.mark.parametrize(("classes", "signal"), [(2, 1), (2, 0), (3, 1), (4, 3)])
def test_values_against_counting_and_a_peer(classes: int, signal: int, digits: int | None) -> None:
    probability, label = draw(301, classes, digits=digits)
    found = metrics(probability, label, signal=signal)
    is_signal = label == signal
    assert found["auc"]["value"] == pytest.approx(pair_counting_auc(probability[:, signal], is_signal), abs=1e-12)
    assert found["auc"]["value"] == pytest.approx(roc_auc_score(is_signal, probability[:, signal]), abs=1e-12)
    assert found["accuracy"]["value"] == pytest.approx(accuracy_score(label, probability.argmax(1)), abs=1e-12)
    assert found["cross_entropy"]["value"] == pytest.approx(log_loss(label, probability), abs=1e-12)


@pytest.mark.parametrize("point", [0.1, 0.3, 0.5, 0.77])
@pytest.mark.parametrize("classes", [2, 3])
def test_rejection_against_counting(classes: int, point: float) -> None:
    """The background above the cut lies between that of the signal scores on either side of the wanted efficiency."""
    probability, label = draw(500, classes)
    score, is_signal = probability[:, 1], label == 1
    signal, background = np.sort(score[is_signal])[::-1], score[~is_signal]
    rank = point * len(signal)
    fewest = (background > signal[int(np.ceil(rank)) - 1]).mean() if rank >= 1 else 0.0
    most = (background > signal[int(np.floor(rank))]).mean()
    found = metrics(probability, label, signal_efficiencies=(point,))["rejection"][f"{point:g}"]
    assert fewest - 1e-12 <= (1 / found["value"] if found["value"] else 0) <= most + 1e-12
    assert most - fewest < 0.05


def test_rejection_by_hand() -> None:
    """One background row of ten lies above the second of four signal rows, five above the third, nine the fourth."""
    score = np.array([0.95, 0.8, 0.5, 0.1, 0.9, 0.7, 0.65, 0.6, 0.55, 0.4, 0.3, 0.2, 0.15, 0.05])
    label = np.array([1] * 4 + [0] * 10)
    found = metrics(np.column_stack([1 - score, score]), label, signal_efficiencies=(0.4, 0.6, 0.8))["rejection"]
    assert {point: item["value"] for point, item in found.items()} == pytest.approx(
        {"0.4": 10 / 1, "0.6": 10 / 5, "0.8": 10 / 9}
    )


def test_where_no_background_passes_there_is_a_lower_limit() -> None:
    label = np.array([0] * 40 + [1] * 20)
    score = np.where(label == 1, 0.9, 0.1) + np.linspace(0, 0.05, 60)
    found = metrics(np.column_stack([1 - score, score]), label)
    assert found["rejection"]["0.5"] == {"value": None, "error": None, "lower_limit": 40.0}
    assert found["auc"] == pytest.approx({"value": 1.0, "error": 0.0}, abs=1e-12)


def test_bootstrap_error_of_a_proportion() -> None:
    """Accuracy is a proportion p of n rows: its standard deviation is sqrt(p (1 - p) / n)."""
    probability, label = draw(800, 2)
    found = metrics(probability, label, bootstrap=600)["accuracy"]
    p = found["value"]
    # 600 trials know a standard deviation to 1 / sqrt(2 * 600) = 3 %
    assert found["error"] == pytest.approx(np.sqrt(p * (1 - p) / 800), rel=0.12)


@pytest.mark.parametrize("name", ["auc", "rejection"])
def test_bootstrap_error_is_the_spread_over_samples(name: str) -> None:
    values, errors = [], []
    for seed in range(40):
        item = metrics(*draw(400, 2, seed=seed), bootstrap=20, seed=seed, signal_efficiencies=(0.7,))[name]
        found = item["0.7"] if name == "rejection" else item
        values.append(found["value"])
        errors.append(found["error"])
    # 40 samples know a standard deviation to 11 %
    assert np.mean(errors) == pytest.approx(np.std(values, ddof=1), rel=0.4)


def test_the_seed_decides_the_errors_only() -> None:
    probability, label = draw(100, 2)
    one, again, other = (metrics(probability, label, seed=seed) for seed in (1, 1, 2))
    assert one == again
    assert one["auc"]["value"] == other["auc"]["value"]
    assert one["auc"]["error"] != other["auc"]["error"]


@pytest.mark.parametrize("only", [0, 1])
def test_one_kind_of_row_alone_has_no_curve(only: int) -> None:
    probability, _ = draw(20, 2)
    with pytest.raises(UserError, match="signal and background"):
        metrics(probability, np.full(20, only))


def test_few_rows_of_a_class_do_not_break_the_bootstrap() -> None:
    """A resample may hold no signal at all; it is left out of the spread and not turned into NaN."""
    probability, label = draw(40, 2)
    label[:] = 0
    label[3] = 1
    found = metrics(probability, label, bootstrap=50)
    for item in (found["auc"], found["accuracy"], found["cross_entropy"]):
        assert np.isfinite([item["value"], item["error"]]).all()


def test_the_curve_runs_from_corner_to_corner() -> None:
    probability, label = draw(200, 2, digits=1)
    background, signal = signal_roc(probability[:, 1], label == 1)
    assert (background[0], signal[0], background[-1], signal[-1]) == (0, 0, 1, 1)
    assert (np.diff(background) >= 0).all()
    assert (np.diff(signal) >= 0).all()
    doubled = signal_roc(probability[:, 1], label == 1, np.full(200, 2.0))
    assert np.allclose(doubled[0], background)
    assert np.allclose(doubled[1], signal)
