"""The function for remote workers: its source alone predicts, in a process that cannot import the package."""

import hashlib
import inspect
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file

from ..serving.remote import predict
from .conftest import Run
from .server import serve

PACKAGE = __package__.split(".")[0]
WORKER = """
import json, sys
sys.modules[sys.argv[1]] = None  # whoever imports the package fails
task = json.load(sys.stdin)
names = {}
exec(task["source"], names)
json.dump(names["predict"](**task["arguments"]), sys.stdout)
"""


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache of this test alone; no proxy stands between it and a server on this machine."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    return tmp_path / "cache" / "fair-models"


@pytest.fixture
def task(exported: Run) -> dict[str, Any]:
    """Arguments of the function: the model, its checksum and a few rows."""
    sample = load_file(exported.paths.model / "sample.safetensors")
    inputs = {item.name: sample[item.name][:3].tolist() for item in exported.project.SCHEMA.inputs}
    content = exported.paths.onnx.read_bytes()
    return {"model": str(exported.paths.onnx), "sha256": hashlib.sha256(content).hexdigest(), "inputs": inputs}


def check(found: dict[str, Any], run: Run) -> None:
    sample = load_file(run.paths.model / "sample.safetensors")
    for name in ("logits", "probabilities"):
        np.testing.assert_allclose(found[name], sample[name][:3], rtol=1e-4, atol=1e-5)


def test_the_source_alone_predicts_in_a_fresh_process(
    task: dict[str, Any], exported: Run, cache: Path, tmp_path: Path
) -> None:
    with serve() as site:
        address = site.add("/model.onnx", exported.paths.onnx.read_bytes())
        for _ in range(2):
            message = json.dumps({"source": inspect.getsource(predict), "arguments": task | {"model": address}})
            command = [sys.executable, "-I", "-c", WORKER, PACKAGE]
            result = subprocess.run(command, input=message, capture_output=True, text=True, cwd=tmp_path, check=False)
            assert result.returncode == 0, result.stderr
            check(json.loads(result.stdout), exported)
        assert len(site.requests) == 1  # the second time it comes from the cache
    assert [path.name for path in cache.iterdir()] == [f"{task['sha256']}.onnx"]


def test_another_file_is_refused(task: dict[str, Any], cache: Path) -> None:
    with pytest.raises(ValueError, match="expected 0000"):
        predict(**task | {"sha256": "0" * 64})
    assert not cache.exists()
    predict(**task)
    (kept,) = cache.iterdir()
    kept.write_bytes(b"changed")
    with pytest.raises(ValueError, match=r"fair-models.* expected"):
        predict(**task)


def test_numbers_that_are_not_finite_are_refused(task: dict[str, Any]) -> None:
    name = next(iter(task["inputs"]))
    task["inputs"][name][1][0][0] = float("nan")
    with pytest.raises(ValueError, match=f"{name}.*NaN"):
        predict(**task)
