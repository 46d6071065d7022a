"""Areas and rejections against counting, against scikit-learn, and against the truth of many experiments."""

from typing import Any

import numpy as np
import pytest
from scipy.stats import norm
from sklearn.metrics import roc_auc_score, roc_curve

from fairmodel.evaluation.rows import ScoredRows
from fairmodel.evaluation.separation import Ranking, separate, separation_entry
from fairmodel.evaluation.uncertainty import ONE_SIGMA, interval, resamples
from fairmodel.settings.evaluation import EvaluationConfig

from .scores import draw_scores, scored


def entry(rows: ScoredRows, **changed: Any) -> dict[str, Any]:
    return separation_entry(rows, EvaluationConfig(**({"bootstrap": 10} | changed)))


def pair_counting_auc(rows: ScoredRows) -> float:
    """Probability that a signal row scores higher than a background row; a tie counts one half."""
    score, is_signal, weight = rows.score, rows.is_signal, rows.weight
    signal, background = score[is_signal][:, None], score[~is_signal][None, :]
    pairs = weight[is_signal][:, None] * weight[~is_signal][None, :]
    return float((pairs * ((signal > background) + 0.5 * (signal == background))).sum() / pairs.sum())


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("digits", [None, 0])
@pytest.mark.parametrize(("classes", "signal"), [(2, 1), (2, 0), (3, 1), (4, 3)])
def test_area_against_counting_and_a_peer(classes: int, signal: int, digits: int | None, weighted: bool) -> None:
    rows = draw_scores(301, classes, signal=signal, digits=digits, weighted=weighted)
    found = entry(rows)["auc"]["value"]
    assert found == pytest.approx(pair_counting_auc(rows), abs=1e-12)
    assert found == pytest.approx(roc_auc_score(rows.is_signal, rows.score, sample_weight=rows.weight), abs=1e-12)


@pytest.mark.parametrize("digits", [None, 1])
def test_the_curve_against_a_peer(digits: int | None) -> None:
    rows = draw_scores(200, digits=digits, weighted=True)
    ranking = Ranking(rows.score, rows.is_signal)
    background, signal = ranking.curve(rows.weight)
    expected = roc_curve(rows.is_signal, rows.score, sample_weight=rows.weight, drop_intermediate=False)
    for found, wanted in zip((background, signal, ranking.threshold), expected, strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-12)
    assert (background[0], signal[0], background[-1], signal[-1]) == (0, 0, 1, 1)


@pytest.mark.parametrize("point", [0.1, 0.3, 0.5, 0.77])
@pytest.mark.parametrize("classes", [2, 3])
def test_rejection_against_counting(classes: int, point: float) -> None:
    """The threshold is that signal score above or at which the wanted share of the signal lies."""
    rows = draw_scores(500, classes)
    signal = np.sort(rows.score[rows.is_signal])[::-1]
    threshold = signal[int(np.ceil(point * len(signal))) - 1]
    passing = int((rows.score[~rows.is_signal] >= threshold).sum())
    found = entry(rows, signal_efficiencies=(point,))["rejection"][f"{point:g}"]
    assert found["passing"] == passing
    assert (found["value"] or np.inf) == pytest.approx((~rows.is_signal).sum() / passing if passing else np.inf)


def test_rejection_by_hand() -> None:
    """One background row of twelve lies above the fourth of ten signal rows, five above the sixth, nine the eighth."""
    score = np.repeat([0.95, 0.8, 0.5, 0.1, 0.05], 2)
    background = np.array([0.9, 0.7, 0.65, 0.6, 0.55, 0.4, 0.3, 0.2, 0.15, 0.03, 0.02, 0.01])
    label = np.array([1] * 10 + [0] * 12)
    rows = scored(np.concatenate([score, background]), label)
    found = entry(rows, signal_efficiencies=(0.4, 0.6, 0.8))
    assert found["rows"] == {"signal": 10, "background": 12}
    rejection = {point: (item["value"], item["passing"]) for point, item in found["rejection"].items()}
    assert rejection == {"0.4": (12 / 1, 1), "0.6": (pytest.approx(12 / 5), 5), "0.8": (pytest.approx(12 / 9), 9)}


def test_the_error_of_a_rejection_counts_at_least_one_passing_row() -> None:
    """In some of the trials not one of the two background rows that pass is drawn."""
    label = np.array([1] * 40 + [0] * 60)
    rows = scored(np.concatenate([np.linspace(0.5, 1, 40), [0.9, 0.8], np.linspace(0, 0.4, 58)]), label)
    trials = separate(rows, np.array([0.5]), trials=50, seed=1).trial_background[:, 0]
    rejections = [1 / trial if trial else 60 for trial in trials]
    assert 0 < sum(trial == 0 for trial in trials) < 50
    found = entry(rows, bootstrap=50, signal_efficiencies=(0.5,))["rejection"]["0.5"]
    assert found["error"] == pytest.approx(np.std(np.minimum(rejections, 60), ddof=1))


def test_limits_and_intervals_rest_on_the_effective_number_of_rows() -> None:
    """Of 40 background rows, ten weigh 3 and the others 1: (30 + 30)^2 / (90 + 30) = 30 effective rows."""
    label = np.array([0] * 40 + [1] * 20)
    weight = np.where(np.arange(60) < 10, 3.0, 1.0)
    rows = scored(np.where(label == 1, 0.9, 0.1) + np.linspace(0, 0.05, 60), label, weight)
    found = entry(rows, signal_efficiencies=(0.5,))["rejection"]["0.5"]
    assert found["low"] == pytest.approx(1 / (1 - 0.05 ** (1 / 30)), rel=1e-6)


def test_where_no_background_passes_there_is_a_lower_limit() -> None:
    label = np.array([0] * 40 + [1] * 20)
    found = entry(scored(np.where(label == 1, 0.9, 0.1) + np.linspace(0, 0.05, 60), label))
    limit = pytest.approx(1 / (1 - 0.05 ** (1 / 40)), rel=1e-6)
    nothing = {"value": None, "error": None, "low": limit, "high": None, "level": 0.95, "passing": 0}
    assert found["rejection"] == {"0.3": nothing, "0.5": nothing, "0.8": nothing}
    assert found["auc"] == pytest.approx({"value": 1.0, "error": 0.0}, abs=1e-12)


@pytest.mark.parametrize("weighted", [False, True])
def test_the_quick_bootstrap_against_a_slow_one(weighted: bool) -> None:
    """The same rows, really drawn, and each sample given to scikit-learn."""
    rows = draw_scores(120, digits=1, weighted=weighted)
    found = separate(rows, np.array([0.5]), trials=25, seed=3)
    random = np.random.default_rng(3)
    areas, efficiencies, shifted = [], [], []
    score, weight = rows.score[~rows.is_signal], rows.weight[~rows.is_signal]
    for _ in range(25):
        drawn = rows.take(random.integers(120, size=120))
        areas.append(roc_auc_score(drawn.is_signal, drawn.score, sample_weight=drawn.weight))
        background, signal, threshold = roc_curve(
            drawn.is_signal, drawn.score, sample_weight=drawn.weight, drop_intermediate=False
        )
        place = np.flatnonzero(signal >= 0.5 - 1e-12)[0]
        efficiencies.append(background[place])
        shifted.append(weight[score >= threshold[place]].sum() / weight.sum())
    np.testing.assert_allclose(found.trial_auc, areas, rtol=1e-12)
    np.testing.assert_allclose(found.trial_background[:, 0], efficiencies, rtol=1e-9)
    np.testing.assert_allclose(found.shifted_background[:, 0], shifted, rtol=1e-9)


def test_whole_weights_are_repeated_rows() -> None:
    rows = draw_scores(150, digits=1)
    weight = np.random.default_rng(1).integers(1, 4, size=150)
    repeated = rows.take(np.repeat(np.arange(150), weight))
    weighted = ScoredRows(rows.probability, rows.label, weight.astype(np.float64), rows.signal)
    ours, expected = entry(weighted), entry(repeated)
    assert ours["auc"]["value"] == pytest.approx(expected["auc"]["value"], abs=1e-12)
    for point, item in ours["rejection"].items():
        assert item["value"] == pytest.approx(expected["rejection"][point]["value"])
        assert item["passing"] <= expected["rejection"][point]["passing"]


def test_the_scale_of_the_weights_does_not_matter() -> None:
    rows = draw_scores(200, weighted=True)
    scaled = ScoredRows(rows.probability, rows.label, 1000 * rows.weight, rows.signal)
    ours, expected = entry(scaled), entry(rows)
    assert ours["auc"] == pytest.approx(expected["auc"])
    for point, item in ours["rejection"].items():
        assert item == pytest.approx(expected["rejection"][point])


@pytest.mark.parametrize("name", ["auc", "rejection"])
def test_bootstrap_error_is_the_spread_over_samples(name: str) -> None:
    values, errors = [], []
    for seed in range(40):
        item = entry(draw_scores(400, seed=seed), bootstrap=20, seed=seed, signal_efficiencies=(0.7,))[name]
        found = item["0.7"] if name == "rejection" else item
        values.append(found["value"])
        errors.append(found["error"])
    # 40 samples know a standard deviation to 11 %
    assert np.mean(errors) == pytest.approx(np.std(values, ddof=1), rel=0.4)


@pytest.mark.slow
@pytest.mark.parametrize(("signal", "background", "point"), [(100, 2000, 0.5), (300, 300, 0.8), (60, 60, 0.3)])
def test_the_interval_holds_the_truth_as_often_as_it_says(signal: int, background: int, point: float) -> None:
    """Scores of two Gaussians two widths apart, many times; the truth is known. Few rows make it hold more often."""
    random = np.random.default_rng(0)
    truth = norm.sf(2 - norm.ppf(point))
    label = np.arange(signal + background) < signal
    experiments, inside, too_sure = 80, 0, 0
    for _ in range(experiments):
        rows = scored(norm.cdf(random.normal(np.where(label, 2, 0))), label.astype(np.int64))
        found = separate(rows, np.array([point]), trials=30, seed=1)
        low, high = found.interval(0)
        inside += low <= truth <= high
        low, high = interval(found.passing.astype(np.float64), background)
        too_sure += low <= truth <= high
    # the share of 80 experiments is known to 5.2 %
    assert inside / experiments > ONE_SIGMA - 0.12
    if signal < background:
        assert inside / experiments < ONE_SIGMA + 0.12
        assert too_sure / experiments < 0.5  # with the threshold taken for exact


def test_a_sample_without_one_kind_is_drawn_again() -> None:
    is_signal = np.arange(12) == 5
    drawn = list(resamples(is_signal, np.ones(12), trials=60, seed=1))
    assert len(drawn) == 60
    for weight in drawn:
        assert weight.sum() == 12
        assert weight[5] > 0
        assert weight[~is_signal].any()


def test_too_few_rows_have_no_metrics() -> None:
    label = np.array([1] * 9 + [0] * 50)
    rows = scored(np.linspace(0, 1, 59), label)
    assert entry(rows) == {"rows": {"signal": 9, "background": 50}, "auc": None, "rejection": None}
    label[9] = 1
    assert entry(scored(np.linspace(0, 1, 59), label))["auc"] is not None
