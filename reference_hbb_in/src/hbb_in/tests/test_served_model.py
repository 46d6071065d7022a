"""An exported graph as it is served: its answers are PyTorch's, and a file that is not its own is refused."""

import dataclasses
import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file
from starlette.testclient import TestClient

from .. import project as this_project
from ..cli import main
from ..errors import UserError
from ..paths import Paths
from ..schema import Schema
from ..serving.app import make_app
from ..serving.limits import Limits
from ..serving.model import NAME, open_served
from .conftest import Run
from .served import body

PACKAGE = __package__.split(".")[0]
FOREIGN = ("torch", "onnxscript", "matplotlib", "sklearn", "scipy", "jinja2", "h5py")
SCRIPT = f"""
import json, sys
from pathlib import Path
import {PACKAGE}.config, {PACKAGE}.cli, {PACKAGE}.serving.server
from {PACKAGE} import project
from {PACKAGE}.paths import Paths
from {PACKAGE}.serving.model import open_served
open_served(Paths(Path(sys.argv[1]), sys.argv[2]), project.SCHEMA, threads=1, tolerance=1e-4)
print([name for name in json.load(sys.stdin) if name in sys.modules])
"""


def opened(run: Run, schema: Schema | None = None) -> TestClient:
    """A client of the run's model."""
    model = open_served(run.paths, schema or run.project.SCHEMA, threads=1, tolerance=1e-4)
    return TestClient(make_app(model, Limits()))


@pytest.fixture
def copied(exported: Run, tmp_path: Path) -> Run:
    """The exported model and its configuration, to be changed."""
    root = tmp_path / "project"
    for name in ("config", "models"):
        shutil.copytree(exported.paths.root / name, root / name)
    return dataclasses.replace(exported, paths=Paths.of_project(root, exported.paths.profile))


def test_the_answers_are_those_of_the_network(exported: Run) -> None:
    sample = load_file(exported.paths.model / "sample.safetensors")
    inputs = {item.name: sample[item.name] for item in exported.project.SCHEMA.inputs}
    with opened(exported) as client:
        about = client.get(f"/v2/models/{NAME}").json()
        assert about["properties"]["title"] == "<script>alert('1')</script> & \"two\" \\ ünï"
        assert about["versions"] == ["1.2.3"]
        answer = client.post(f"/v2/models/{NAME}/versions/1.2.3/infer", json=body(inputs)).json()
    for item in answer["outputs"]:
        found = np.float32(item["data"]).reshape(item["shape"])
        np.testing.assert_allclose(found, sample[item["name"]], rtol=1e-4, atol=1e-5)


def test_serving_needs_neither_pytorch_nor_the_data(exported: Run) -> None:
    """The image that serves has only what requirements/serve.txt names."""
    result = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(exported.paths.root), exported.paths.profile],
        input=json.dumps([*FOREIGN]),
        capture_output=True,
        text=True,
        check=False,
    )
    if exported.project.SCHEMA == this_project.SCHEMA:
        assert (result.returncode, result.stdout) == (0, "[]\n"), result.stderr
    else:
        assert "does not belong to this project" in result.stderr


def test_a_graph_of_another_project_is_refused(exported: Run) -> None:
    schema = exported.project.SCHEMA
    first, *others = schema.inputs
    for changed in (
        dataclasses.replace(first, features=first.features[::-1]),  # another order
        dataclasses.replace(first, features=first.features[1:]),
        dataclasses.replace(first, slots=first.slots + 1),
        dataclasses.replace(first, name="other"),
    ):
        with pytest.raises(UserError, match=r"does not belong to this project.*make export"):
            opened(exported, dataclasses.replace(schema, inputs=(changed, *others)))
    with pytest.raises(UserError, match="class is one of"):
        opened(exported, dataclasses.replace(schema, classes=schema.classes[::-1]))


def test_answers_that_differ_from_the_recorded_ones_are_refused(copied: Run) -> None:
    path = copied.paths.model / "sample.safetensors"
    sample = load_file(path)
    save_file(sample | {"logits": sample["logits"] + np.float32(0.01)}, path)
    with pytest.raises(UserError, match=r"differ by .* tolerance = 0.0001"):
        opened(copied)
    save_file({"logits": sample["logits"]}, path)
    with pytest.raises(UserError, match=f"has no {copied.project.SCHEMA.inputs[0].name}"):
        opened(copied)
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(UserError, match="damaged"):
        opened(copied)
    path.unlink()
    with pytest.raises(UserError, match="does not exist"):
        opened(copied)


def test_a_damaged_graph_is_refused(copied: Run) -> None:
    copied.paths.onnx.write_bytes(copied.paths.onnx.read_bytes()[:-100])
    with pytest.raises(UserError, match=r"model\.onnx is not a valid ONNX graph"):
        opened(copied)


@pytest.mark.parametrize("command", [["serve"], ["triton-repository"], ["load-test", "http://127.0.0.1:1/v2"]])
def test_a_model_that_is_not_there_is_one_line(
    other: Run, command: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*command, "--project", str(other.paths.root), "--profile", "tiny"], other.project) == 1
    error = capsys.readouterr().err
    assert error.startswith("error: ")
    assert "does not exist" in error
    assert "make export" in error
    assert not other.paths.model.exists()


@pytest.mark.parametrize("wrong", [["--port", "x"], ["--max-rows", "0"], ["--max-delay", "-1"]])
def test_wrong_options_are_wrong_usage(other: Run, wrong: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["serve", "--project", str(other.paths.root), "--profile", "tiny", *wrong], other.project)
    assert caught.value.code == 2
    assert wrong[0] in capsys.readouterr().err
