"""Two networks on the same rows: formulas of their own, and errors that know what the networks share."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from fairmodel.evaluation.rows import ScoredRows
from fairmodel.reproduce.compare import agreement, fidelity, paired_bootstrap

ROWS = 400


def networks(seed: int = 0) -> tuple[ScoredRows, ScoredRows]:
    """Rows of three classes with the answers of two networks that err alike."""
    random = np.random.default_rng(seed)
    label = random.integers(0, 3, size=ROWS)
    common = random.normal(size=(ROWS, 3)) + 1.5 * np.eye(3)[label]
    exponentials = [np.exp(common + random.normal(scale=0.2, size=(ROWS, 3))) for _ in range(2)]
    weight = random.uniform(0.5, 2, size=ROWS)
    first, second = (ScoredRows(values / values.sum(1, keepdims=True), label, weight, 1) for values in exponentials)
    return first, second


def test_values_and_errors_follow_their_definitions() -> None:
    """Every bootstrap sample written out row by row, and measured by another library."""
    a, b = networks()
    pairs = paired_bootstrap(a, b, points=(0.5,), trials=25, seed=3)
    random = np.random.default_rng(3)
    samples = [random.integers(ROWS, size=ROWS) for _ in range(25)]

    def auc(rows: ScoredRows) -> float:
        return float(roc_auc_score(rows.is_signal, rows.score, sample_weight=rows.weight))

    def accuracy(rows: ScoredRows) -> float:
        return float(rows.weight[rows.probability.argmax(1) == rows.label].sum() / rows.weight.sum())

    for name, measure in (("auc", auc), ("accuracy", accuracy)):
        values = [measure(rows) for rows in (a, b)]
        drawn = np.array([[measure(rows.take(sample)) for rows in (a, b)] for sample in samples])
        pair = pairs[name]
        assert (pair.a.value, pair.b.value) == pytest.approx(values)
        assert (pair.a.error, pair.b.error) == pytest.approx(drawn.std(0, ddof=1))
        assert pair.difference.value == pytest.approx(values[1] - values[0])
        assert pair.difference.error == pytest.approx((drawn[:, 1] - drawn[:, 0]).std(ddof=1))


def test_the_background_efficiency_is_that_of_a_cut() -> None:
    a, b = (replace(rows, weight=np.ones(ROWS)) for rows in networks())
    pair = paired_bootstrap(a, b, points=(0.5,), trials=2, seed=0)["0.5"]
    signal = np.sort(a.score[a.is_signal])[::-1]
    threshold = signal[int(np.ceil(0.5 * len(signal))) - 1]
    assert pair.a.value == pytest.approx((a.score[~a.is_signal] >= threshold).mean())


def test_networks_that_err_alike_have_a_difference_better_known_than_either() -> None:
    pair = paired_bootstrap(*networks(), points=(), trials=100, seed=0)["auc"]
    assert pair.difference.error < 0.5 * np.hypot(pair.a.error, pair.b.error)


def test_a_network_does_not_differ_from_itself() -> None:
    a, _ = networks()
    for pair in paired_bootstrap(a, a, points=(0.3,), trials=5, seed=0).values():
        assert pair.a == pair.b
        assert (pair.difference.value, pair.difference.error) == (0, 0)
    assert fidelity(a, a) == agreement(a, a) == 1


def test_fidelity_and_agreement() -> None:
    label, weight = np.array([0, 1, 1]), np.array([1.0, 1.0, 2.0])
    a = ScoredRows(np.array([[0.9, 0.1], [0.4, 0.6], [0.2, 0.8]]), label, weight, 1)
    b = replace(a, probability=np.array([[0.6, 0.4], [0.6, 0.4], [0.2, 0.8]]))
    assert fidelity(a, b) == pytest.approx(1 - (0.3 + 0.2 + 2 * 0.0) / 4)
    assert agreement(a, b) == pytest.approx(3 / 4)
