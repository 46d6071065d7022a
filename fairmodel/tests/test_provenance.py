"""The record of a run says what is needed to judge and to repeat it."""

import hashlib
import os
import platform
import subprocess
import time
from datetime import UTC, datetime, timedelta
from importlib.machinery import ModuleSpec
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy
import pytest
import torch

from fairmodel.files import read_json
from fairmodel.interface import Run
from fairmodel.metadata import provenance
from fairmodel.metadata.engine import engine_hash
from fairmodel.metadata.provenance import run_record, versions
from fairmodel.paths import Paths


def test_the_record_of_a_training(trained: Run) -> None:
    record = read_json(trained.paths.model / "run.json")
    assert record["schema"] == 1
    assert (record["command"], record["profile"]) == ("train", "tiny")
    assert record["seed"] == trained.config.training.seed
    assert record["software"]["python"] == platform.python_version()
    assert record["software"]["torch"] == torch.__version__
    assert record["software"]["numpy"] == numpy.__version__
    assert record["software"]["onnxruntime"] == version("onnxruntime")
    assert record["hardware"]["cores"] == os.cpu_count()
    assert record["hardware"]["machine"] == platform.machine()
    assert record["duration_seconds"] > 0
    finished = datetime.fromisoformat(record["finished"])
    assert timedelta(0) <= datetime.now(UTC) - finished < timedelta(hours=1)
    assert record["training"]["epochs"] == trained.config.training.epochs
    assert 1 <= record["training"]["best_epoch"] <= record["training"]["epochs"]


def test_checksums_are_those_of_the_data(trained: Run) -> None:
    inputs = read_json(trained.paths.model / "run.json")["inputs"]
    assert set(inputs) == {f"data/processed/tiny/{name}.h5" for name in ("train", "val")}
    for name, digest in inputs.items():
        assert digest == hashlib.sha256((trained.paths.root / name).read_bytes()).hexdigest()


def test_the_resolved_configuration_is_kept(trained: Run) -> None:
    content = read_json(trained.paths.model / "config.json")
    assert content == trained.config.model_dump(mode="json")
    assert type(trained.config.model).model_validate(content["model"]) == trained.config.model


def test_the_build_of_pytorch_is_kept_where_its_distribution_does_not_state_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A wheel of the public index is version 2.13.0, and states +cu130 in its own source alone."""
    folder = tmp_path / "torch"
    folder.mkdir()
    (folder / "__init__.py").touch()
    (folder / "version.py").write_text("from typing import Optional\n__version__ = '2.13.0+cu130'\ndebug = False\n")
    spec = ModuleSpec("torch", None, origin=str(folder / "__init__.py"))
    monkeypatch.setattr(provenance, "find_spec", lambda _: spec)
    monkeypatch.setattr("importlib.metadata.version", lambda _: "2.13.0")
    assert versions()["torch"] == "2.13.0+cu130"
    (folder / "version.py").unlink()
    assert versions()["torch"] == "2.13.0"


def test_the_engine_is_in_the_record(trained: Run) -> None:
    engine = read_json(trained.paths.run)["engine"]
    assert engine == {"name": "fairmodel", "version": version("fairmodel"), "sha256": engine_hash()}


def record(root: Path) -> dict[str, Any]:
    return run_record(Paths(root, "p"), command="train", seed=1, started=time.perf_counter(), inputs={})


def test_the_commit_and_whether_files_differ_from_it(tmp_path: Path) -> None:
    def git(*arguments: str) -> str:
        identity = ["-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"]
        command = ["git", "-C", str(tmp_path), *identity, *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    assert record(tmp_path)["commit"] == {"id": None, "dirty": None}
    git("init", "--quiet")
    assert record(tmp_path)["commit"] == {"id": None, "dirty": None}
    (tmp_path / "a").write_text("1")
    git("add", "a")
    git("commit", "--quiet", "--message", "a")
    head = git("rev-parse", "HEAD")
    assert record(tmp_path)["commit"] == {"id": head, "dirty": False}
    (tmp_path / "a").write_text("2")
    assert record(tmp_path)["commit"] == {"id": head, "dirty": True}


def test_without_git_there_is_no_commit(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert record(tmp_path)["commit"] == {"id": None, "dirty": None}


def test_the_duration_is_that_of_the_step(tmp_path: Path) -> None:
    started = time.perf_counter() - 100
    found = run_record(Paths(tmp_path, "p"), command="x", seed=1, started=started, inputs={})["duration_seconds"]
    assert 100 <= found < 130
