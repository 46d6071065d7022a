"""Masking: what is hidden is hidden, nothing else is touched, and the effect is that of slow formulas."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import nn

from fairmodel.dataset import Samples
from fairmodel.errors import UserError
from fairmodel.interpret.masking.figures import masking_figure
from fairmodel.interpret.masking.masks import MODES, Baseline, masked, object_ranks, real_slots, without_objects
from fairmodel.interpret.masking.studies import ranks_of, unneeded
from fairmodel.schema import Feature, Input, Schema
from fairmodel.testing.samples import assert_same, random_samples

TWO = Schema(
    entity="rows",
    inputs=(
        Input("near", slots=6, features=tuple(Feature(name, "1", name, 1, 5) for name in ("a", "b", "c"))),
        Input("far", slots=3, features=(Feature("a", "1", "a", 1, 5), Feature("d", "1", "d", 1, 5))),
    ),
    classes=("off", "on"),
    signal=1,
)


class Sums(nn.Module):
    """Logits of the second class: the sum of all numbers of one input, or of both."""

    def __init__(self, *names: str) -> None:
        super().__init__()
        self.names = names

    def forward(self, near: torch.Tensor, far: torch.Tensor) -> torch.Tensor:
        inputs = {"near": near, "far": far}
        score = torch.stack([inputs[name].sum((1, 2)) for name in self.names]).sum(0) / 40 - 1
        return torch.stack([torch.zeros_like(score), score], 1)


def area(labels: np.ndarray, score: np.ndarray) -> float:
    """How often a row of the second class scores higher than one of the first; even scores count half."""
    difference = score[labels == 1][:, None] - score[labels == 0]
    return float((np.sign(difference) + 1).mean() / 2)


def baseline(samples: Samples, *names: str, trials: int = 20) -> Baseline:
    return Baseline(Sums(*names), samples, 1, trials=trials, seed=3, batch_size=16)


@pytest.mark.parametrize("mode", MODES)
def test_masking_touches_one_feature_of_the_real_objects_of_one_input(mode: str) -> None:
    samples, before = random_samples(TWO, 50), random_samples(TWO, 50)
    found = masked(samples, TWO, {"near": ["b"]}, mode, np.random.default_rng(1))
    assert_same(samples, before)
    assert found.inputs["far"] is samples.inputs["far"]
    old, new, real = samples.inputs["near"], found.inputs["near"], real_slots(samples, "near")
    assert np.array_equal(new[..., [0, 2]], old[..., [0, 2]])
    assert not new[~real].any()
    b, was = new[real][:, 1], old[real][:, 1]
    if mode == "permutation":
        assert sorted(b) == sorted(was)
        assert (b != was).mean() > 0.9
    else:
        assert b == pytest.approx(0 if mode == "zero" else was.mean(dtype=np.float64), rel=1e-6)


def test_features_of_one_name_in_two_inputs_are_two_features() -> None:
    samples = random_samples(TWO, 20)
    found = masked(samples, TWO, {"far": ["a"]}, "zero")
    assert np.array_equal(found.inputs["near"], samples.inputs["near"])
    assert not found.inputs["far"][..., 0].any()
    assert found.inputs["far"][..., 1].any()


@pytest.mark.parametrize("mode", MODES)
def test_masking_an_input_that_the_network_ignores_costs_nothing(mode: str) -> None:
    samples = random_samples(TWO, 60)
    everything = {"far": ["a", "d"]}
    effect = baseline(samples, "near").effect([masked(samples, TWO, everything, mode)])
    assert (effect.loss.value, effect.loss.error) == (0, 0)
    assert (effect.fidelity.value, effect.fidelity.error) == (1, 0)
    assert baseline(samples, "near", "far").effect([masked(samples, TWO, everything, mode)]).fidelity.value < 1


def test_the_effect_is_that_of_the_formulas() -> None:
    samples = random_samples(TWO, 80, seed=5)
    hidden = [masked(samples, TWO, {"near": ["a", "c"]}, "permutation", np.random.default_rng(i)) for i in range(3)]
    reference = baseline(samples, "near", "far", trials=400)
    effect = reference.effect(hidden)

    def scores(rows: Samples) -> np.ndarray:
        total = (rows.inputs["near"].sum((1, 2)) + rows.inputs["far"].sum((1, 2))) / 40 - 1
        score: np.ndarray = 1 / (1 + np.exp(-total.astype(np.float64)))
        return score

    whole, parts = scores(samples), [scores(rows) for rows in hidden]
    areas = [area(samples.labels, part) for part in parts]
    assert reference.auc.value == pytest.approx(area(samples.labels, whole))
    assert effect.auc.value == pytest.approx(np.mean(areas))
    assert effect.loss.value == pytest.approx(reference.auc.value - np.mean(areas))
    assert effect.relative.value == pytest.approx(effect.loss.value / reference.auc.value)
    assert effect.fidelity.value == pytest.approx(
        1 - np.mean([np.abs(part - whole).mean() for part in parts]), abs=1e-6
    )
    # what the rows do, from a bootstrap of our own, and what the shuffles do
    random = np.random.default_rng(9)
    drawn = [random.integers(80, size=80) for _ in range(400)]
    losses = [
        area(samples.labels[rows], whole[rows]) - np.mean([area(samples.labels[rows], part[rows]) for part in parts])
        for rows in drawn
    ]
    expected = np.hypot(np.std(losses), np.std(areas, ddof=1) / np.sqrt(3))
    assert effect.loss.error == pytest.approx(expected, rel=0.15)


def test_objects_that_are_taken_out_leave_no_gap_and_no_trace() -> None:
    samples = random_samples(TWO, 30)
    ranks = object_ranks(samples, TWO, "near", "c")
    found = without_objects(samples, "near", ranks == 1)
    assert found.inputs["far"] is samples.inputs["far"]
    for row in range(30):
        number = samples.counts["near"][row]
        objects = samples.inputs["near"][row, :number]
        largest = objects[:, 2].argmax() if number else 0
        expected = np.delete(objects, largest, 0) if number else objects
        assert found.counts["near"][row] == len(expected)
        assert np.array_equal(found.inputs["near"][row, : len(expected)], expected)
        assert not found.inputs["near"][row, len(expected) :].any()


def test_ranks_are_those_of_the_slots_unless_a_feature_is_named() -> None:
    samples = random_samples(TWO, 10)
    assert object_ranks(samples, TWO, "far")[0].tolist() == [1, 2, 3]
    only = without_objects(samples, "far", object_ranks(samples, TWO, "far") > 2)
    assert np.array_equal(only.inputs["far"][:, :2], samples.inputs["far"][:, :2])
    assert only.counts["far"].tolist() == np.minimum(samples.counts["far"], 2).tolist()
    nothing = without_objects(samples, "far", np.ones((10, 3), bool))
    assert not nothing.inputs["far"].any()
    assert not nothing.counts["far"].any()
    assert ranks_of(3) == [1, 2, 3]
    assert ranks_of(60) == [1, 2, 3, 4, 5, 7, 10, 15, 20, 30, 40, 50, 60]


def test_features_below_a_threshold_are_unneeded() -> None:
    losses = {("near", "a"): 0.02, ("near", "b"): 0.0004, ("far", "a"): -0.001, ("far", "d"): 0.00009}
    rows = [
        {"input": name, "feature": feature, "zero": {"relative": {"value": loss}}}
        for (name, feature), loss in losses.items()
    ]
    assert unneeded(rows, "zero", 0, ["near", "far"]) == {"near": [], "far": ["a"]}
    assert unneeded(rows, "zero", 0.01, ["near", "far"]) == {"near": [], "far": ["a", "d"]}
    assert unneeded(rows, "zero", 0.05, ["near"]) == {"near": ["b"]}


@pytest.mark.parametrize(
    ("mask", "message"),
    [
        (lambda samples: masked(samples, TWO, {"near": ["d"]}, "zero"), "'near' has no feature 'd'; it has a, b, c"),
        (
            lambda samples: masked(samples, TWO, {"nearby": ["a"]}, "zero"),
            "no input 'nearby'; the inputs are near, far",
        ),
        (
            lambda samples: masked(samples, TWO, {"near": ["a"]}, "median"),
            "'median'; there are zero, mean, permutation",
        ),
        (lambda samples: object_ranks(samples, TWO, "far", "size"), "'far' has no feature 'size'"),
    ],
)
def test_a_wrong_name_is_refused(mask: Callable[[Samples], object], message: str) -> None:
    with pytest.raises(UserError, match=message):
        mask(random_samples(TWO, 5))


@pytest.mark.parametrize("infidelity", [0.0, 0.03])
def test_a_figure_of_nothing_lost_is_drawn(infidelity: float) -> None:
    effect = {"relative": {"value": 0.0, "error": 0.0}, "fidelity": {"value": 1 - infidelity, "error": 0.0}}
    rows = [{"input": "near", "feature": name, **dict.fromkeys(MODES, effect)} for name in ("a", "b")]
    figure = masking_figure(rows)
    left, right = figure.axes
    assert [text.get_text() for text in left.get_yticklabels()] == ["a", "b"]
    assert right.get_xscale() == ("log" if infidelity else "linear")
