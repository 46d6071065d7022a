"""Statistics in one pass, against the same from all rows at once."""

from typing import Any

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from fairmodel.dataset import Samples
from fairmodel.schema import Feature, Input, Schema
from fairmodel.testing.samples import random_samples
from fairmodel.validation.statistics import QUANTILES, Statistics

SCHEMA = Schema(
    entity="sheets",
    inputs=(
        Input("dots", slots=6, features=(Feature("size", "mm", "a size", 0, 4), Feature("hue", "1", "a hue"))),
        Input("lines", slots=2, features=(Feature("length", "m", "a length", -1, 1),)),
    ),
    classes=("white", "grey", "black"),
    signal=2,
    spectators=(Feature("area", "m^2", "an area"),),
)


@pytest.fixture(scope="module")
def samples() -> Samples:
    return random_samples(SCHEMA, 900, seed=4)


@pytest.fixture(scope="module")
def summary(samples: Samples) -> dict[str, Any]:
    return summarise([samples.take(rows) for rows in np.array_split(np.arange(len(samples)), 7)])


def summarise(parts: list[Samples]) -> dict[str, Any]:
    statistics = Statistics(SCHEMA)
    for part in parts:
        statistics.add(part)
    return statistics.summary()


def objects(samples: Samples, item: Input, column: int, rows: np.ndarray) -> np.ndarray:
    real = np.arange(item.slots) < samples.counts[item.name][:, None]
    chosen: np.ndarray = samples.inputs[item.name][rows][real[rows]][:, column].astype(np.float64)
    return chosen


@pytest.mark.parametrize("item", SCHEMA.inputs, ids=lambda item: item.name)
@pytest.mark.parametrize("of_class", range(3))
def test_moments_and_quantiles(samples: Samples, summary: dict[str, Any], item: Input, of_class: int) -> None:
    for column, feature in enumerate(item.features):
        values = objects(samples, item, column, samples.labels == of_class)
        entry = summary["columns"][item.name][feature.name]["classes"][SCHEMA.classes[of_class]]
        assert entry["objects"] == len(values)
        assert entry["mean"] == pytest.approx(values.mean(), rel=1e-5)
        assert entry["rms"] == pytest.approx(values.std(), rel=1e-5)
        assert entry["quantiles"] == pytest.approx(np.quantile(values, QUANTILES, method="inverted_cdf"), rel=0.003)


def test_the_single_feature_area(samples: Samples, summary: dict[str, Any]) -> None:
    item = SCHEMA.inputs[0]
    signal = samples.labels == SCHEMA.signal
    parts = [objects(samples, item, 0, rows) for rows in (signal, ~signal)]
    truth = np.repeat([1, 0], [len(part) for part in parts])
    exact = roc_auc_score(truth, np.concatenate(parts))
    assert summary["columns"]["dots"]["size"]["auc"] == pytest.approx(exact, abs=0.002)


def test_spectators_count_once_for_each_row(samples: Samples, summary: dict[str, Any]) -> None:
    entry = summary["columns"]["spectators"]["area"]["classes"]["grey"]
    values = samples.spectators["area"][samples.labels == 1].astype(np.float64)
    assert entry["objects"] == len(values) == summary["rows"]["grey"]
    assert entry["error"] == pytest.approx(values.std() / np.sqrt(len(values)), rel=1e-4)


def test_errors_come_from_rows_where_objects_are_alike(samples: Samples) -> None:
    copies = dict(samples.inputs)
    copies["dots"] = np.where(copies["dots"] != 0, copies["dots"][:, :1], 0)
    counts = {**samples.counts, "dots": np.full_like(samples.counts["dots"], 6)}
    alike = Samples(copies, counts, samples.labels, samples.weights, samples.spectators, samples.event)
    full = alike.take(np.flatnonzero((copies["dots"] != 0).all(axis=(1, 2))))
    entry = summarise([full])["columns"]["dots"]["size"]["classes"]["black"]
    values = full.inputs["dots"][full.labels == 2, 0, 0].astype(np.float64)
    assert entry["objects"] == 6 * len(values)
    assert entry["error"] == pytest.approx(values.std() / np.sqrt(len(values)), rel=1e-4)


def test_shares_at_the_edges_of_the_range(samples: Samples) -> None:
    inputs = {name: array.copy() for name, array in samples.inputs.items()}
    rows = np.flatnonzero(samples.counts["dots"] > 0)
    inputs["dots"][rows, 0, 0] = np.where(np.arange(len(rows)) % 4 == 0, 4.0, 0.0)
    changed = Samples(inputs, samples.counts, samples.labels, samples.weights, samples.spectators, samples.event)
    for index, name in enumerate(SCHEMA.classes):
        values = objects(changed, SCHEMA.inputs[0], 0, changed.labels == index)
        entry = summarise([changed])["columns"]["dots"]["size"]["classes"][name]
        assert entry["at_low"] == pytest.approx(np.mean(values == 0), rel=1e-5)
        assert entry["at_high"] == pytest.approx(np.mean(values == 4), rel=1e-5)
    assert summarise([changed])["columns"]["dots"]["hue"]["classes"]["grey"]["at_low"] is None


def test_a_class_without_rows_has_no_numbers(samples: Samples) -> None:
    entry = summarise([samples.take(np.flatnonzero(samples.labels != 1))])["columns"]["dots"]["size"]
    assert entry["classes"]["grey"] == {"objects": 0}
    assert 0 <= entry["auc"] <= 1
