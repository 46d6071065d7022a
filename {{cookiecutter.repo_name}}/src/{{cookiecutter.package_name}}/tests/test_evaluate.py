"""Evaluation: metrics.json has one shape for every project and holds what the stored scores give."""

import json

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from sklearn.metrics import roc_auc_score

from ..config import Section
from ..dataset import Dataset
from ..errors import UserError
from ..evaluation.evaluate import evaluate
from ..evaluation.predict import load_network, predict
from .conftest import Run


def test_metrics_have_the_shape_that_is_promised(evaluated: Run) -> None:
    schema = evaluated.project.SCHEMA
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
    for name in ("auc", "accuracy", "cross_entropy"):
        assert set(metrics[name]) == {"value", "error"}
        assert metrics[name]["error"] >= 0
    efficiencies = evaluated.config.evaluation.signal_efficiencies
    assert list(metrics["rejection"]) == [f"{efficiency:g}" for efficiency in efficiencies]
    for item in metrics["rejection"].values():
        assert set(item) - {"lower_limit"} == {"value", "error"}
        assert (item["value"] is None) == ("lower_limit" in item)


def test_scores_are_probabilities_that_give_the_metrics(evaluated: Run) -> None:
    schema = evaluated.project.SCHEMA
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
    network = load_network(trained.project, trained.config, trained.paths)
    with Dataset(trained.paths.processed / "test.h5", trained.project.SCHEMA) as dataset:
        whole, single = predict(network, dataset, 1000), predict(network, dataset, 7)
        with torch.no_grad():
            rows = {name: torch.from_numpy(array) for name, array in dataset.read(0, 3).inputs.items()}
            first = torch.softmax(network(**rows).double(), 1).numpy()
    np.testing.assert_allclose(whole, single, atol=1e-6)
    np.testing.assert_allclose(whole[:3], first, atol=1e-6)


def test_the_same_evaluation_gives_the_same_file(evaluated: Run) -> None:
    before = evaluated.paths.metrics.read_bytes(), evaluated.paths.scores.read_bytes()
    evaluate(evaluated.project, evaluated.config, evaluated.paths)
    assert (evaluated.paths.metrics.read_bytes(), evaluated.paths.scores.read_bytes()) == before


def test_no_weights(other: Run) -> None:
    with pytest.raises(UserError, match=r"weights\.safetensors does not exist; .*`make train PROFILE=tiny`"):
        evaluate(other.project, other.config, other.paths)


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
        evaluate(other.project, other.config, other.paths)
    assert not other.paths.report.exists()
