"""Evaluation: metrics.json has one shape for every project and holds what the stored scores give."""

import json
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from sklearn.metrics import roc_auc_score

from fairmodel.config import EvaluationConfig, Section
from fairmodel.dataset import Dataset, DatasetWriter
from fairmodel.errors import UserError
from fairmodel.evaluation.evaluate import evaluate
from fairmodel.evaluation.network import load_network, predict
from fairmodel.evaluation.rows import read_metrics
from fairmodel.files import write_json
from fairmodel.interface import Run
from fairmodel.testing.samples import random_samples


def test_metrics_have_the_shape_that_is_promised(evaluated: Run) -> None:
    schema = evaluated.project.schema
    metrics = json.loads(evaluated.paths.metrics.read_text(encoding="utf-8"))
    label = np.load(evaluated.paths.scores)["label"]
    assert {key: metrics[key] for key in ("schema", "profile", "split")} == {
        "schema": 1,
        "profile": "tiny",
        "split": "test",
    }
    assert metrics[schema.entity] == len(label)
    assert metrics["classes"] == {name: int((label == index).sum()) for index, name in enumerate(schema.classes)}
    assert metrics["parameters"] == sum(
        parameter.numel() for parameter in evaluated.project.build(evaluated.config.model).parameters()
    )
    for name in ("auc", "accuracy", "cross_entropy", "brier"):
        assert set(metrics[name]) == {"value", "error"}
        assert metrics[name]["error"] >= 0
    options = evaluated.config.evaluation
    assert_rejection(metrics["rejection"], options)
    assert set(metrics["calibration"]["error"]) == {"value", "error", "perfect"}
    assert sum(item["rows"] for item in metrics["calibration"]["bins"]) == len(label)
    assert list(metrics["dependence"]) == list(metrics["sculpting"]) == list(options.dependence)
    for name, bins in metrics["dependence"].items():
        assert [(item["low"], item["high"]) for item in bins] == list(pairwise(options.dependence[name]))
    background = [name for index, name in enumerate(schema.classes) if index != schema.signal]
    kinds = background if len(background) > 1 else []
    assert list(metrics["groups"]) == [*kinds, *(group.name for group in options.groups)]
    parts = [*metrics["groups"].values(), *(item for bins in metrics["dependence"].values() for item in bins)]
    for item in parts:
        assert set(item) - {"low", "high"} == {"rows", "auc", "rejection"}
        if item["rejection"]:
            assert_rejection(item["rejection"], options)


def assert_rejection(table: dict[str, Any], options: EvaluationConfig) -> None:
    """One entry for each signal efficiency, with an interval around the value or a limit in its place."""
    assert list(table) == [f"{efficiency:g}" for efficiency in options.signal_efficiencies]
    for item in table.values():
        assert set(item) == {"value", "error", "low", "high", "level", "passing"}
        assert (item["value"] is None) == (item["passing"] == 0)
        assert item["low"] <= (item["value"] or np.inf) <= (item["high"] or np.inf)


def test_metrics_come_back(evaluated: Run) -> None:
    assert read_metrics(evaluated.paths.metrics) == json.loads(evaluated.paths.metrics.read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("content", "problem"), [(None, "does not exist"), ([], "holds no metrics"), ({"inputs": {}}, "has no 'auc'")]
)
def test_metrics_that_cannot_be_read_are_named(content: Any, problem: str, tmp_path: Path) -> None:
    path = tmp_path / "metrics.json"
    if content is not None:
        write_json(path, content)
    with pytest.raises(UserError, match=rf"metrics\.json {problem}.*make evaluate"):
        read_metrics(path)


@pytest.mark.parametrize("prepared", ["other"], indirect=True)
def test_parts_of_the_rows_are_looked_at(evaluated: Run) -> None:
    """The other project has a spectator in which one bin is nearly empty, a group, and two classes of background."""
    metrics = json.loads(evaluated.paths.metrics.read_text(encoding="utf-8"))
    with Dataset(evaluated.paths.split("test"), evaluated.project.schema) as dataset:
        exposure, label = dataset.column("spectators/exposure"), dataset.labels()
    empty, filled = metrics["dependence"]["exposure"]
    assert (empty["auc"], filled["auc"] is None) == (None, False)
    for item in (empty, filled):
        inside = (exposure >= item["low"]) & (exposure < item["high"])
        assert item["rows"] == {"signal": (inside & (label == 1)).sum(), "background": (inside & (label != 1)).sum()}
    assert list(metrics["groups"]) == ["dark & dull", "mixed", "<long>"]
    assert metrics["groups"]["<long>"]["rows"]["background"] == ((label != 1) & (exposure >= 0)).sum()


def weighted(run: Run, provenance: dict[str, str] | None = None, first: float | None = None) -> Run:
    """The untrained network's weights, a test split with other weights and provenance, and a run that uses them."""
    run.paths.weights.parent.mkdir(parents=True)
    torch.manual_seed(1)
    save_file(run.project.build(run.config.model).state_dict(), run.paths.weights)
    samples = random_samples(run.project.schema, 90)
    if first is not None:
        samples.weights[0] = first
    with DatasetWriter(run.paths.split("test"), run.project.schema, provenance or {}) as writer:
        writer.append(samples)
    options = EvaluationConfig(bootstrap=5, weights=True)
    return replace(run, config=run.config.model_copy(update={"evaluation": options}))


def test_weights_are_used_where_that_is_asked_for(other: Run) -> None:
    evaluate(weighted(other, first=0.0))
    metrics = json.loads(other.paths.metrics.read_text(encoding="utf-8"))
    assert metrics["weighted"] is True
    assert metrics["images"] == 90
    assert sum(item["rows"] for item in metrics["calibration"]["bins"]) == 89
    with np.load(other.paths.scores) as scores:
        score, label, weight = scores["probability"][:, 1], scores["label"], scores["weight"]
    assert np.array_equal(weight, random_samples(other.project.schema, 90).weights * (np.arange(90) > 0))
    assert metrics["auc"]["value"] == pytest.approx(roc_auc_score(label == 1, score, sample_weight=weight), abs=1e-5)


@pytest.mark.parametrize("first", [-1.0, np.nan, np.inf])
def test_weights_that_no_efficiency_can_have(first: float, other: Run) -> None:
    run = weighted(other, first=first)
    with pytest.raises(UserError, match=rf"test\.h5: the weights cannot be used: that of row 0 is {first:g}, .* false"):
        evaluate(run)
    assert not other.paths.report.exists()


def test_weights_that_the_data_set_warns_of(other: Run) -> None:
    run = weighted(other, {"unusable_weights": "they belong to the rows before the selection"})
    with pytest.raises(UserError, match=r"cannot be used: they belong to the rows before the selection; .* = false"):
        evaluate(run)


def test_scores_are_probabilities_that_give_the_metrics(evaluated: Run) -> None:
    schema = evaluated.project.schema
    with np.load(evaluated.paths.scores, allow_pickle=False) as scores:
        probability, label = scores["probability"], scores["label"]
    assert probability.shape == (len(label), len(schema.classes))
    assert np.allclose(probability.sum(1), 1, atol=1e-6)
    metrics = json.loads(evaluated.paths.metrics.read_text(encoding="utf-8"))
    auc = roc_auc_score(label == schema.signal, probability[:, schema.signal])
    assert metrics["auc"]["value"] == pytest.approx(auc, abs=1e-6)
    assert metrics["auc"]["value"] > 0.7
    assert metrics["accuracy"]["value"] == pytest.approx((probability.argmax(1) == label).mean(), abs=1e-6)


def test_predictions_do_not_depend_on_the_batches(trained: Run) -> None:
    network = load_network(trained)
    with Dataset(trained.paths.processed / "test.h5", trained.project.schema) as dataset:
        whole, single = predict(network, dataset, 1000), predict(network, dataset, 7)
        with torch.no_grad():
            rows = {name: torch.from_numpy(array) for name, array in dataset.read(0, 3).inputs.items()}
            first = torch.softmax(network(**rows).double(), 1).numpy()
    np.testing.assert_allclose(whole, single, atol=1e-6)
    np.testing.assert_allclose(whole[:3], first, atol=1e-6)


def test_the_same_evaluation_gives_the_same_file(evaluated: Run) -> None:
    before = evaluated.paths.metrics.read_bytes(), evaluated.paths.scores.read_bytes()
    evaluate(evaluated)
    assert (evaluated.paths.metrics.read_bytes(), evaluated.paths.scores.read_bytes()) == before


def test_no_weights(other: Run) -> None:
    with pytest.raises(UserError, match=r"weights\.safetensors does not exist; .*`make train PROFILE=tiny`"):
        evaluate(other)


@pytest.mark.parametrize("damage", ["random bytes", "truncated", "another size", "other names", "one missing"])
def test_weights_that_do_not_fit(damage: str, other: Run) -> None:
    model: Section = other.config.model
    if damage == "another size":
        model = model.model_copy(update={"channels": 7})
    tensors = {name: tensor.clone() for name, tensor in other.project.build(model).state_dict().items()}
    if damage == "other names":
        tensors = {f"x.{name}": tensor for name, tensor in tensors.items()}
    if damage == "one missing":
        del tensors["layers.0.bias"]
    path = other.paths.weights
    path.parent.mkdir(parents=True)
    save_file(tensors, path)
    assert load_file(path).keys() == tensors.keys()
    if damage == "random bytes":
        path.write_bytes(b"\x07" * 999)
    if damage == "truncated":
        path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(UserError, match=r"weights\.safetensors does not fit the \[model\] section"):
        evaluate(other)
    assert not other.paths.report.exists()
