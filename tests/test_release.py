"""The commands of a project's release, as its workflow has them, run on the reference against a stand-in for Zenodo."""

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from fairmodel.fair.crate.graph import CRATE, from_crate
from fairmodel.files import read_json

from .engine import engine_tests
from .projects import REFERENCE, ROOT, borrow_environment, repository_files, run_environment

pytestmark = pytest.mark.slow  # the smoke profile

SERVER = engine_tests("invenio_server")
TOKEN: str = SERVER.TOKEN
PROFILE = "smoke"
LATER = 2**31
STEPS = {
    "draft": ("make all", "make publish-dry-run", "make publish-draft", "make stamp-doi"),
    "publish": ("make publish",),
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the reference, with what its smoke profile has made so far."""
    copy = tmp_path / REFERENCE.name
    folders = ("build", "data/raw", "data/processed", "models", "reports")
    made = [path for name in folders for path in (REFERENCE / name / PROFILE).rglob("*")]
    for path in (*repository_files(REFERENCE), *(path for path in (*made, REFERENCE / CRATE) if path.is_file())):
        target = copy / path.relative_to(REFERENCE)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, target)
    ready = borrow_environment(copy) / f"ready-{copy.name}"
    os.utime(ready, (LATER, LATER))  # or make would install the copy, once the DOI is in its fair.toml
    return copy


def run_steps(workflow: dict[str, Any], job: str, project: Path, settings: dict[str, str]) -> list[str]:
    """Run the steps of a job that a machine without GitHub can run, as GitHub does; returns their commands."""
    commands = [step["run"] for step in workflow["jobs"][job]["steps"] if "run" in step]
    wanted = [command for command in commands if command in STEPS[job]]
    for command in wanted:
        shell = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", command]
        environment = run_environment() | settings
        result = subprocess.run(shell, cwd=project, env=environment, capture_output=True, text=True, check=False)
        assert result.returncode == 0, f"{command}: {result.stdout}{result.stderr}"
        assert TOKEN not in result.stdout + result.stderr
    return wanted


def test_the_reference_is_released_fetched_and_predicts_what_was_recorded(project: Path, tmp_path: Path) -> None:
    workflow = yaml.safe_load((project / ".github" / "workflows" / "release.yml").read_text(encoding="utf-8"))
    with SERVER.serve_invenio() as site:
        settings = {"PROFILE": PROFILE, "BASE_URL": site.base, "ZENODO_TOKEN": TOKEN}
        assert tuple(run_steps(workflow, "draft", project, settings)) == STEPS["draft"]
        (draft,) = site.records.values()
        assert not draft["is_published"]
        shutil.rmtree(project / "build")  # the next job starts from a new machine
        assert tuple(run_steps(workflow, "publish", project, settings)) == STEPS["publish"]
        (record,) = site.records.values()
        assert record["is_published"]
        doi = record["pids"]["doi"]["identifier"]
        identity = tomllib.loads((project / "fair.toml").read_text(encoding="utf-8"))["identity"]
        assert identity["doi"] == doi
        assert fetch_alone(doi, f"{site.base}/doi", tmp_path) < 1e-4
    steps = {action.step for action in from_crate(read_json(tmp_path / "model" / CRATE))}
    assert {"train", "evaluate", "export", "fair publish"} <= steps


def fetch_alone(doi: str, resolver: str, folder: Path) -> float:
    """Fetch and run the sample with the one file that is made for that, in a process without the project."""
    shutil.copy(ROOT / "fairmodel" / "src" / "fairmodel" / "fair" / "fetch" / "fetch_model.py", folder)
    libraries = folder / "libraries"
    libraries.mkdir()
    installed = Path(sys.prefix) / "lib" / f"python{sys.version_info[0]}.{sys.version_info[1]}" / "site-packages"
    for name in ("numpy", "numpy.libs", "onnxruntime"):
        if (installed / name).exists():
            (libraries / name).symlink_to(installed / name)
    program = f"from fetch_model import *; print(fetch({doi!r}, 'model', archive=Archive({resolver!r})).check())"
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": f"{libraries}:{folder}", "HOME": str(folder)}
    command = [sys.executable, "-S", "-c", program]
    result = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    return float(result.stdout)
