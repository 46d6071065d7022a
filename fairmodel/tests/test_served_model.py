"""An exported graph as it is served: its answers are those recorded with it, and another graph is refused."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file
from starlette.testclient import TestClient

from fairmodel.cli import main
from fairmodel.errors import UserError
from fairmodel.interface import Run
from fairmodel.paths import Paths
from fairmodel.schema import Schema
from fairmodel.serving.app import make_app
from fairmodel.serving.model import Served, open_served
from fairmodel.settings.serving import Limits

from .projects import other_project
from .served import SCHEMA, Linear, body, rows, write_model

NAME = "cells_and_wires"
FOREIGN = ("torch", "onnxscript", "matplotlib", "sklearn", "scipy", "jinja2", "h5py")
SCRIPT = """
import json, sys
from math import inf
from pathlib import Path
import fairmodel.cli, fairmodel.config, fairmodel.serving.server
from fairmodel.interface import Project
from fairmodel.paths import Paths
from fairmodel.serving.model import open_served
from fairmodel.schema import Feature, Input, Schema
project = Project(schema=eval(sys.argv[2]), prepare="of.data:prepare", build="of.model:build", package="a_package")
open_served(Paths(Path(sys.argv[1]), "tiny"), project, threads=1, tolerance=1e-4)
print([name for name in json.load(sys.stdin) if name in sys.modules])
"""


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    """A project that has an exported model and nothing else."""
    found = Paths(tmp_path, "tiny")
    write_model(found.model)
    return found


def opened(paths: Paths, schema: Schema = SCHEMA) -> Served:
    """The model that is served."""
    project = replace(other_project(), schema=schema, package=NAME)
    return open_served(paths, project, threads=1, tolerance=1e-4)


@pytest.mark.parametrize("wires", [3, 1])
def test_the_graph_answers(paths: Paths, wires: int) -> None:
    inputs = rows(7, seed=3, wires=wires)
    with TestClient(make_app(opened(paths), Limits())) as client:
        assert client.get(f"/v2/models/{NAME}").json()["properties"]["title"] == "<title>"
        answer = client.post(f"/v2/models/{NAME}/versions/1.2/infer", json=body(inputs)).json()
    for item in answer["outputs"]:
        found = np.float32(item["data"]).reshape(item["shape"])
        np.testing.assert_allclose(found, Linear()(inputs)[item["name"]], rtol=1e-5, atol=1e-5)


@pytest.mark.slow
def test_the_answers_are_those_of_the_network(exported: Run) -> None:
    sample = load_file(exported.paths.model / "sample.safetensors")
    inputs = {item.name: sample[item.name] for item in exported.project.schema.inputs}
    found = opened(exported.paths, exported.project.schema).run(inputs)
    for name, array in found.items():
        np.testing.assert_allclose(array, sample[name], rtol=1e-4, atol=1e-5)


@pytest.mark.slow
def test_serving_needs_neither_pytorch_nor_the_data(paths: Paths) -> None:
    """The image that serves has only what the extra `serve` names."""
    command = [sys.executable, "-c", SCRIPT, str(paths.root), repr(SCHEMA)]
    result = subprocess.run(command, input=json.dumps(FOREIGN), capture_output=True, text=True, check=False)
    assert (result.returncode, result.stdout) == (0, "[]\n"), result.stderr


@pytest.mark.parametrize(
    "changes",
    [
        {"features": SCHEMA.inputs[0].features[::-1]},
        {"features": SCHEMA.inputs[0].features[1:]},
        {"slots": 5},
        {"name": "other"},
    ],
    ids=str,
)
def test_a_graph_of_another_project_is_refused(paths: Paths, changes: dict[str, object]) -> None:
    first, *others = SCHEMA.inputs
    changed = replace(first, **changes)  # type: ignore[arg-type]
    with pytest.raises(UserError, match=r"does not belong to this project.*make export"):
        opened(paths, replace(SCHEMA, inputs=(changed, *others)))


def test_a_graph_with_other_classes_is_refused(paths: Paths) -> None:
    with pytest.raises(UserError, match="class is one of dark, bright, mixed, in the project is one of mixed"):
        opened(paths, replace(SCHEMA, classes=SCHEMA.classes[::-1]))


def test_answers_that_differ_from_the_recorded_ones_are_refused(paths: Paths) -> None:
    path = paths.model / "sample.safetensors"
    sample = load_file(path)
    save_file(sample | {"logits": sample["logits"] + np.float32(0.1)}, path)
    with pytest.raises(UserError, match=r"differ by .* tolerance = 0.0001"):
        opened(paths)
    save_file({"logits": sample["logits"]}, path)
    with pytest.raises(UserError, match="has no cells, wires"):
        opened(paths)
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(UserError, match="damaged"):
        opened(paths)
    path.unlink()
    with pytest.raises(UserError, match="does not exist"):
        opened(paths)


def test_a_damaged_graph_is_refused(paths: Paths) -> None:
    paths.onnx.write_bytes(paths.onnx.read_bytes()[:-100])
    with pytest.raises(UserError, match=r"model\.onnx"):
        opened(paths)


@pytest.mark.parametrize("command", [["serve"], ["triton-repository"], ["load-test", "http://127.0.0.1:1/v2"]])
def test_a_model_that_is_not_there_is_one_line(
    other: Run, command: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(other.project, [*command, "--project", str(other.paths.root), "--profile", "tiny"]) == 1
    error = capsys.readouterr().err
    assert error.startswith("error: ")
    assert "does not exist" in error
    assert "make export" in error
    assert not other.paths.model.exists()


@pytest.mark.parametrize("wrong", [["--port", "x"], ["--max-rows", "0"], ["--max-delay", "-1"]])
def test_wrong_options_are_wrong_usage(other: Run, wrong: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(other.project, ["serve", "--project", str(other.paths.root), "--profile", "tiny", *wrong])
    assert caught.value.code == 2
    assert wrong[0] in capsys.readouterr().err
