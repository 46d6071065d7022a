"""New projects stand on their own feet: environment, tests, style, documentation and pipeline, each by its command."""

import json
import os
import shutil
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from .conftest import Bake

HOSTILE = {
    "project_name": 'Zoë\'s "tagger": v2 & more',
    "repo_name": "Zoe.s-tagger",
    "package_name": "zoe_tagger",
    "author_name": "Zoë O'Brien: PhD",
    "orcid": "0000-0002-1825-0097",
    "email": "zoe@example.org",
    "affiliation": "Universität <X> \\ Y",
    "description": 'A: "quoted" \\ back\\slash é <b> & {curly} # no comment',
    "license": "GPL-3.0-or-later",
    "data_doi": "10.5281/zenodo.1234567",
    "code_doi": "10.5281/zenodo.7654321",
    "data_source": "zenodo",
    "gpu_image": "no",
}
COMMANDS = [("setup",), ("test",), ("lint",), ("docs",), ("all", "PROFILE=smoke")]
TOO_LONG = 1200  # seconds: something hangs
OUTSIDE = ("PYTHONPATH", "VIRTUAL_ENV", "VENV", "PROFILE")


@pytest.fixture(scope="module", params=[{}, HOSTILE], ids=["default", "hostile"])
def project(request: pytest.FixtureRequest, bake: Bake, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A project as its author gets it, in a repository of its own, without an environment."""
    baked = bake(**request.param)
    folder = Path(shutil.copytree(baked, tmp_path_factory.mktemp("own") / baked.name))
    author = ("-c", "user.name=A", "-c", "user.email=a@example.org")
    for command in (("init", "--quiet"), ("add", "--all"), (*author, "commit", "--quiet", "--message", "Start")):
        subprocess.run(["git", *command], cwd=folder, check=True)
    yield folder
    shutil.rmtree(folder / ".venv", ignore_errors=True)  # pytest keeps the folder for a while, and this is large


@pytest.mark.slow
@pytest.mark.parametrize("arguments", COMMANDS, ids=" ".join)
def test_every_command_of_a_new_project(project: Path, arguments: tuple[str, ...]) -> None:
    """In the order of a first day; `pytest --durations=0` shows how long each took."""
    environment = {name: value for name, value in os.environ.items() if name not in OUTSIDE}
    result = subprocess.run(
        ["make", *arguments],
        cwd=project,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=TOO_LONG,
    )
    assert result.returncode == 0, f"{result.stdout}\n{result.stderr}"[-5000:]


@pytest.mark.slow
def test_what_a_new_project_leaves(project: Path) -> None:
    """After that day: metrics, and the identity that was answered, and a clean repository."""
    metrics = json.loads((project / "reports" / "smoke" / "metrics.json").read_text(encoding="utf-8"))
    assert metrics["auc"]["value"] > 0.8
    answers = json.loads((project / ".cookiecutter.json").read_text(encoding="utf-8"))
    fair = tomllib.loads((project / "fair.toml").read_text(encoding="utf-8"))
    assert fair["identity"]["title"] == answers["project_name"]
    status = subprocess.run(["git", "status", "--short"], cwd=project, capture_output=True, text=True, check=True)
    assert status.stdout == ""
