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

from fairmodel.serving.client import predict

from .served import Linear, rows, write_model
from .server import serve

WORKER = """
import json, sys
sys.modules["fairmodel"] = None  # whoever imports the package fails
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
def task(tmp_path: Path) -> dict[str, Any]:
    """Arguments of the function: the model, its checksum and a few rows."""
    path = write_model(tmp_path / "model")
    inputs = {name: array.tolist() for name, array in rows(3).items()}
    return {"model": str(path), "sha256": hashlib.sha256(path.read_bytes()).hexdigest(), "inputs": inputs}


def check(found: dict[str, Any]) -> None:
    for name, array in Linear()(rows(3)).items():
        np.testing.assert_allclose(found[name], array, rtol=1e-5, atol=1e-5)


def test_the_source_alone_predicts_in_a_fresh_process(task: dict[str, Any], cache: Path, tmp_path: Path) -> None:
    with serve() as site:
        address = site.add("/model.onnx", Path(task["model"]).read_bytes())
        for _ in range(2):
            message = json.dumps({"source": inspect.getsource(predict), "arguments": task | {"model": address}})
            command = [sys.executable, "-I", "-c", WORKER]
            result = subprocess.run(command, input=message, capture_output=True, text=True, cwd=tmp_path, check=False)
            assert result.returncode == 0, result.stderr
            check(json.loads(result.stdout))
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
