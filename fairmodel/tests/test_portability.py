"""Runtimes beside each other: the numbers are those of the answers, and what could not run says so."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.metrics import roc_auc_score

from fairmodel.dataset import Dataset
from fairmodel.errors import UserError
from fairmodel.evaluation.rows import ScoredRows
from fairmodel.inference.backends import open_backend
from fairmodel.interface import Published, Run
from fairmodel.portability import run as module
from fairmodel.portability.compare import compare_platforms
from fairmodel.portability.measure import RuntimeMeasurement, Task, measure
from fairmodel.portability.run import Settings, portability, portability_sections
from fairmodel.portability.tables import answers, describe_platform

from .conftest import copy_of

pytestmark = pytest.mark.slow  # a graph is exported first

SETTINGS = Settings(threads=1, batches=(3, 20), repeats=4)


def task_of(run: Run, backend: str = "onnxruntime") -> Task:
    test = run.paths.split("test")
    return Task(run.project, run.paths.model, test, backend, "float32", 1, SETTINGS.batches, SETTINGS.repeats)


def test_a_runtime_is_measured(exported: Run) -> None:
    found = measure(task_of(exported))
    with Dataset(exported.paths.split("test"), exported.project.schema) as dataset:
        inputs = dataset.read().inputs
    expected = open_backend("torch", exported.paths.model, project=exported.project).run(inputs).logits
    assert found.logits is not None
    np.testing.assert_allclose(found.logits, expected, rtol=1e-4, atol=1e-4)
    assert found.times is not None
    assert {size: len(seconds) for size, seconds in found.times.items()} == {1: 4, 3: 4, 20: 4}
    assert min(min(seconds) for seconds in found.times.values()) > 0
    assert found.device == "CPU"
    assert found.busy > 0
    assert found.memory > 10
    assert found.as_json()["seconds"].keys() == {"1", "3", "20"}


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU on this machine")
def test_a_runtime_that_cannot_run_is_a_result(exported: Run) -> None:
    found = measure(task_of(exported, "tensorrt"))
    assert found.missing_device
    assert found.as_json()["status"] == "not run here"
    assert "no NVIDIA GPU for TensorRT" in found.as_json()["problem"]


def test_answers_against_the_definitions() -> None:
    random = np.random.default_rng(3)
    label = random.integers(0, 3, 200)
    expected = random.normal(size=(200, 3))
    logits = expected + 0.1 * random.normal(size=(200, 3))

    def scored(values: np.ndarray) -> ScoredRows:
        exponential = np.exp(values)
        return ScoredRows(exponential / exponential.sum(1, keepdims=True), label, np.ones(200), 1)

    found = answers(scored(logits), scored(expected), logits, expected)
    score, other = scored(logits).probability, scored(expected).probability
    assert found["auc"] == pytest.approx(roc_auc_score(label == 1, score[:, 1]), rel=1e-12)
    assert found["accuracy"] == np.mean([row.argmax() == truth for row, truth in zip(score, label, strict=True)])
    assert found["fidelity"] == pytest.approx(
        1 - np.mean([abs(a - b) for a, b in zip(score, other, strict=True)], 0)[1]
    )
    assert found["same_class"] == np.mean(logits.argmax(1) == expected.argmax(1))
    assert found["largest_logit_difference"] == max(abs(logits - expected).ravel())


def here(function: Any, tasks: list[Task], processes: int) -> Any:
    """Without the seconds that a process takes to start."""
    assert processes == 1
    return enumerate(map(function, tasks))


@pytest.fixture(scope="module")
def measured(exported: Run, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The comparison, made in this process, in a copy of the run."""
    published = {"portability": Published("Somebody & al.", {"torch, float32": {"auc": 0.9, "accuracy": 0.8}})}
    own = replace(exported.project, published=published)
    run = replace(copy_of(exported, tmp_path_factory.mktemp("measured")), project=own)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "run_locally", here)
        patch.setattr(module, "BACKENDS", ("torch", "onnxruntime", "tensorrt"))
        portability(run.project, run.paths, SETTINGS)
    return run


def read(run: Run) -> dict[str, Any]:
    path = run.paths.report / "portability" / "portability.json"
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU on this machine")
def test_the_files_of_the_comparison(measured: Run) -> None:
    content = read(measured)
    assert list(content["runtimes"]) == ["torch, float32", "onnxruntime, float32", "tensorrt, float32"]
    reference, onnx, tensorrt = content["runtimes"].values()
    assert reference["fidelity"] == reference["same_class"] == 1.0
    assert reference["largest_logit_difference"] == 0.0
    assert onnx["auc"] == pytest.approx(reference["auc"], abs=1e-6)
    assert 0 < onnx["largest_logit_difference"] < 1e-3
    assert tensorrt["status"] == "not run here"
    speed = content["tables"][1]["rows"]["onnxruntime, float32"]
    assert speed["throughput"] == pytest.approx(20 / np.median(onnx["seconds"]["20"]))
    assert speed["latency"] == pytest.approx(1000 * np.median(onnx["seconds"]["1"]))
    assert content["platform"] == describe_platform()
    folder = measured.paths.report / "portability"
    assert {path.suffix for path in folder.glob("portability.*")} == {".json", ".md", ".tex", ".png", ".pdf"}
    text = (folder / "portability.md").read_text(encoding="utf-8")
    assert "| tensorrt, float32 | not run here |" in text
    assert "no NVIDIA GPU" in text
    assert "| 80.00 | 90.000 |" in text


def test_the_report_shows_the_comparison(measured: Run) -> None:
    ((title, command, fragment),) = portability_sections(measured.paths)
    assert title == "The same model in several runtimes"
    assert command == "make portability PROFILE=tiny"
    assert fragment.count("<table") == 3
    assert "data:image/png;base64," in fragment


def test_two_platforms(measured: Run, tmp_path: Path) -> None:
    first = measured.paths.report / "portability" / "portability.json"
    content = read(measured)
    for found in content["runtimes"].values():
        for seconds in found.get("seconds", {}).values():
            seconds[:] = [2 * value for value in seconds]
        found.get("seconds", {}).pop("3", None)
    content["platform"] |= {"GPU": "one <GPU>"}
    second = tmp_path / "other" / "portability" / "portability.json"
    second.parent.mkdir(parents=True)
    second.write_text(json.dumps(content), encoding="utf-8")
    compare_platforms(measured, a=first, b=second)
    (made,) = first.parent.glob("compare-*.json")
    tables = json.loads(made.read_text(encoding="utf-8"))["tables"]
    assert tables[0]["rows"]["torch, float32"]["ratio"] == pytest.approx(0.5)
    assert tables[2]["rows"]["GPU"]["other"] == "one <GPU>"
    made.unlink()


def test_platforms_that_cannot_be_compared(measured: Run, tmp_path: Path) -> None:
    first = measured.paths.report / "portability" / "portability.json"
    content = read(measured)
    content["record"]["inputs"] = {"models/other": "1"}
    (tmp_path / "other.json").write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(UserError, match="of different models or test rows"):
        compare_platforms(measured, a=first, b=tmp_path / "other.json")
    content = read(measured)
    content["settings"]["batches"] = [7]
    (tmp_path / "sizes.json").write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(UserError, match=r"no size of batch was measured on both: \[3, 20\] and \[7\]"):
        compare_platforms(measured, a=first, b=tmp_path / "sizes.json")
    (tmp_path / "foreign.json").write_text("{}", encoding="utf-8")
    with pytest.raises(UserError, match=r"foreign\.json was not written by `make portability`"):
        compare_platforms(measured, a=first, b=tmp_path / "foreign.json")


def test_without_the_network_there_is_nothing_to_compare_with(exported: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "run_locally", lambda *_: [(0, RuntimeMeasurement(problem="no weights here"))])
    with pytest.raises(UserError, match="no weights here"):
        portability(exported.project, exported.paths, SETTINGS)
