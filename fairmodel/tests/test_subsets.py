"""Bins, groups and shapes against what one gets by picking the rows by hand."""

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from scipy.spatial.distance import jensenshannon

from fairmodel.evaluation.dependence import bin_of, dependence, divergence, groups, sculpting
from fairmodel.evaluation.rows import ScoredRows
from fairmodel.evaluation.separation import separation_entry
from fairmodel.settings.evaluation import EvaluationConfig, Group

from .scores import draw_scores, scored

EDGES = (-1.0, 0.0, 0.4, 2.5)


def options(**changed: Any) -> EvaluationConfig:
    settings: dict[str, Any] = {"bootstrap": 10, "dependence": {"height": EDGES}}
    return EvaluationConfig(**(settings | changed))


def test_the_bins_are_those_of_a_histogram() -> None:
    values = np.array([-2, -1, -0.5, 0, 0.39, 0.4, 2.5, 2.6, np.nan, np.inf, -np.inf], dtype=np.float64)
    place = bin_of(values, EDGES)
    assert place.tolist() == [-1, 0, 0, 1, 1, 2, 2, -1, -1, -1, -1]
    counted, _ = np.histogram(values[np.isfinite(values)], EDGES)
    assert np.bincount(place[place >= 0]).tolist() == counted.tolist()


@pytest.mark.parametrize("classes", [2, 3])
def test_a_bin_has_the_metrics_of_its_rows(classes: int) -> None:
    rows = draw_scores(400, classes, weighted=True)
    height = rows.spectators["height"]
    found = dependence(rows, options())["height"]
    for item, (low, high) in zip(found, pairwise(EDGES), strict=True):
        inside = rows.take((height >= low) & (height < high))
        assert item == {"low": low, "high": high} | separation_entry(inside, options())


def test_a_group_is_a_part_of_the_background_and_is_compared_with_all_signal() -> None:
    kinds = (
        Group(name="low", spectator="height", high=0.2),
        Group(name="middle", spectator="height", low=0.2, high=0.3),
        Group(name="high", spectator="height", low=0.3),
    )
    rows = draw_scores(400)
    found = groups(rows, ("dull", "bright"), options(groups=kinds))
    assert list(found) == ["low", "middle", "high"]
    height, background = rows.spectators["height"], ~rows.is_signal
    chosen = rows.take(rows.is_signal | (background & (height < 0.2)))
    assert found["low"] == separation_entry(chosen, options())
    assert sum(item["rows"]["background"] for item in found.values()) == background.sum()
    assert {item["rows"]["signal"] for item in found.values()} == {rows.is_signal.sum()}


def test_a_group_holds_its_lower_bound_and_not_its_upper_one() -> None:
    number = np.arange(60) % 3
    rows = scored(np.linspace(0, 1, 60), (np.arange(60) < 20).astype(int), spectators={"number": number})
    kinds = (Group(name="one", spectator="number", low=1, high=2),)
    found = groups(rows, ("dull", "bright"), options(groups=kinds))
    assert found["one"]["rows"]["background"] == (number[20:] == 1).sum()


def test_several_background_classes_are_groups() -> None:
    rows = draw_scores(300, 3, signal=1)
    found = groups(rows, ("dull", "bright", "mixed"), options(groups=(Group(name="low", spectator="height", high=0),)))
    assert list(found) == ["dull", "mixed", "low"]
    assert found["mixed"] == separation_entry(rows.take(rows.label != 0), options())
    assert groups(draw_scores(300), ("dull", "bright"), options()) == {}


def test_divergence_against_a_peer() -> None:
    random = np.random.default_rng(0)
    for _ in range(5):
        first, second = random.poisson(2, size=(2, 8)).astype(np.float64) + np.eye(8)[0]
        assert divergence(first, second) == pytest.approx(jensenshannon(first, second, base=2) ** 2)
    assert divergence(np.array([1, 2, 3.0]), np.array([2, 4, 6.0])) == pytest.approx(0, abs=1e-12)
    assert divergence(np.array([1, 0.0]), np.array([0, 5.0])) == pytest.approx(1)


def shapes(rows: ScoredRows) -> dict[str, Any]:
    content: dict[str, Any] = sculpting(rows, options(bootstrap=100, signal_efficiencies=(0.5,)))["height"]
    return content


def test_a_score_that_follows_the_spectator_sculpts_it_and_another_does_not() -> None:
    random = np.random.default_rng(2)
    label = random.integers(2, size=3000)
    height = random.uniform(-1, 2.5, size=3000)
    follows, blind = (height + 1) / 3.5, random.random(3000)
    sculpted = shapes(scored(follows, label, spectators={"height": height}))["after"]["0.5"]
    left_alone = shapes(scored(blind, label, spectators={"height": height}))["after"]["0.5"]
    assert sculpted["divergence"]["value"] > 0.1 > 20 * sculpted["divergence"]["chance"]
    assert sculpted["shares"][0] == 0
    found = left_alone["divergence"]
    assert found["value"] == pytest.approx(found["chance"], abs=4 * found["chance"])
    assert 0 < found["error"] < 10 * found["chance"]


def test_shapes_by_counting() -> None:
    rows = draw_scores(3000, weighted=True)
    found = shapes(rows)
    background = rows.take(~rows.is_signal)
    height = background.spectators["height"]
    signal = np.argsort(-rows.score[rows.is_signal])
    half = np.cumsum(rows.weight[rows.is_signal][signal]) / rows.weight[rows.is_signal].sum()
    cut = rows.score[rows.is_signal][signal][np.searchsorted(half, 0.5)]
    inside = (height >= EDGES[0]) & (height <= EDGES[-1])
    passing = inside & (background.score >= cut)
    for shares, chosen in ((found["before"], inside), (found["after"]["0.5"]["shares"], passing)):
        counted, _ = np.histogram(height[chosen], EDGES, weights=background.weight[chosen])
        assert shares == pytest.approx((counted / counted.sum()).tolist())
    assert found["after"]["0.5"]["passing"] == passing.sum()


def test_nothing_is_said_of_few_passing_rows_and_of_empty_bins() -> None:
    label = np.array([1] * 20 + [0] * 20)
    rows = scored(np.linspace(1, 0, 40), label, spectators={"height": np.zeros(40)})
    assert shapes(rows)["after"]["0.5"] == {"passing": 0, "shares": None, "divergence": None}
    outside = scored(np.linspace(1, 0, 40), label, spectators={"height": np.full(40, 9.0)})
    assert shapes(outside)["before"] is None
    assert dependence(outside, options())["height"][0]["rows"] == {"signal": 0, "background": 0}


def test_a_cut_that_all_rows_pass_changes_nothing() -> None:
    label = np.array([1] * 20 + [0] * 20)
    height = np.tile([-0.5, 0.2, 1.0, 2.0], 10)
    rows = scored(np.full(40, 0.5), label, spectators={"height": height})
    assert shapes(rows)["after"]["0.5"]["divergence"] == pytest.approx({"value": 0, "error": 0, "chance": 0}, abs=1e-12)
