"""The comparison with reference statistics: quiet for the same distribution, loud for another."""

import json
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from fairmodel.dataset import Samples
from fairmodel.schema import Feature, Input, Schema
from fairmodel.validation.reference import compare, reference_statistics, worst
from fairmodel.validation.statistics import Statistics

SCHEMA = Schema(
    entity="sheets",
    inputs=(Input("dots", slots=8, features=tuple(Feature(name, "1", "a number") for name in ("first", "second"))),),
    classes=("plain", "coloured"),
    signal=1,
    spectators=(Feature("age", "s", "an age"),),
)


def sheets(rows: int, seed: int, scale: float = 1.0) -> Samples:
    """Dots whose numbers share a part with the others on their sheet; the second number is discrete."""
    random = np.random.default_rng(seed)
    labels = random.integers(0, 2, rows)
    number = random.integers(0, 9, rows)
    common = random.normal(size=(rows, 1, 1))
    values = scale * (common + random.normal(size=(rows, 8, 2)) + labels[:, None, None])
    values[..., 1] = np.round(values[..., 1])
    values = np.where((np.arange(8) < number[:, None])[:, :, None], values, 0)
    return Samples(
        {"dots": values.astype(np.float32)},
        {"dots": number.astype(np.uint16)},
        labels.astype(np.int64),
        np.ones(rows, dtype=np.float32),
        {"age": random.exponential(size=rows).astype(np.float32)},
        np.arange(rows),
    )


def statistics_of(samples: Samples) -> dict[str, Any]:
    statistics = Statistics(SCHEMA)
    statistics.add(samples)
    content = reference_statistics(statistics.summary(), SCHEMA, [samples])
    read: dict[str, Any] = json.loads(json.dumps(content, allow_nan=False))
    return read


@pytest.fixture(scope="module")
def reference() -> dict[str, Any]:
    return statistics_of(sheets(4000, seed=0))


def test_deviations_of_the_same_distribution_follow_a_unit_gaussian(reference: dict[str, Any]) -> None:
    found = [compare(reference, SCHEMA, [sheets(400, seed)]) for seed in range(1, 41)]
    assert {len(comparisons) for comparisons in found} == {2 * 3 * 3}
    deviations = np.array([[comparison.deviation for comparison in comparisons] for comparisons in found])
    assert deviations.mean() == pytest.approx(0, abs=0.2)
    assert deviations.std() == pytest.approx(1, abs=0.15)
    probabilities = np.array([worst(comparisons)[1] for comparisons in found])
    # Bonferroni's bound: at most one in ten below a tenth, but not none
    assert np.mean(probabilities < 0.1) <= 0.2
    assert probabilities.min() < 0.5


def test_a_fifth_more_width_is_found(reference: dict[str, Any]) -> None:
    largest, probability = worst(compare(reference, SCHEMA, [sheets(4000, seed=1, scale=1.2)]))
    assert largest.column in ("first", "second")
    assert probability < 1e-3


def test_the_data_of_the_reference_do_not_deviate(reference: dict[str, Any]) -> None:
    parts = [sheets(4000, seed=0).take(rows) for rows in np.array_split(np.arange(4000), 3)]
    comparisons = compare(reference, SCHEMA, parts)
    assert max(abs(comparison.deviation) for comparison in comparisons) < 0.01
    assert worst(comparisons)[1] == 1


@pytest.mark.parametrize(
    "spoil",
    [
        lambda age: np.where(np.arange(len(age)) < 600, age, age + 3),
        lambda age: np.zeros_like(age),
        lambda age: -age,
    ],
)
def test_other_values_are_found(reference: dict[str, Any], spoil: Callable[[np.ndarray], np.ndarray]) -> None:
    samples = sheets(1000, seed=2)
    samples.spectators["age"][:] = spoil(samples.spectators["age"])
    largest, probability = worst(compare(reference, SCHEMA, [samples]))
    assert largest.column == "age"
    assert probability < 1e-6


def test_a_class_with_few_rows_is_left_out(reference: dict[str, Any]) -> None:
    samples = sheets(1000, seed=3)
    few = np.flatnonzero(samples.labels == 1)[:20]
    rows = np.concatenate([np.flatnonzero(samples.labels == 0), few])
    assert {item.of_class for item in compare(reference, SCHEMA, [samples.take(rows)])} == {"plain"}


def test_a_reference_without_a_class_is_usable() -> None:
    samples = sheets(600, seed=4)
    reference = statistics_of(samples.take(np.flatnonzero(samples.labels == 0)))
    assert {item.of_class for item in compare(reference, SCHEMA, [samples])} == {"plain"}


def test_the_largest_of_many_is_no_surprise() -> None:
    from fairmodel.validation.reference import Comparison

    single = Comparison("first", "plain", 0.5, -3.0)
    assert worst([single])[1] == pytest.approx(math.erfc(3 / math.sqrt(2)))
    many = [Comparison("first", "plain", 0.5, 1.0)] * 99 + [single]
    assert worst(many)[0] is single
    assert worst(many)[1] == pytest.approx(100 * math.erfc(3 / math.sqrt(2)))
