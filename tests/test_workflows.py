"""The workflows of this repository and of the template: pinned, of least privilege, and repeatable by anyone."""

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from .projects import ROOT, TEMPLATE, targets

WORKFLOWS = sorted(path for folder in (ROOT, TEMPLATE) for path in (folder / ".github" / "workflows").iterdir())
PIN = re.compile(r"uses: [\w-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+")

WRITERS = (
    {"pages": "write", "id-token": "write"},
    {"id-token": "write"},
    {"contents": "read", "packages": "write", "id-token": "write", "attestations": "write"},
    {"contents": "write"},
    {"contents": "write", "pull-requests": "write"},
)
UPLOAD = 'gh release upload "$TAG" '
CONDITIONS = (
    "github.ref == 'refs/heads/main' && ",
    "github.event_name == 'release'",
    "startsWith(github.ref, 'refs/tags/fairmodel-') && ",
)
RELEASES = ("release.yml", "engine-release.yml")


def workflow_id(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.fixture(params=WORKFLOWS, ids=workflow_id)
def path(request: pytest.FixtureRequest) -> Path:
    """Every workflow in turn."""
    workflow: Path = request.param
    return workflow


def load(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return content


def jobs(path: Path) -> list[dict[str, Any]]:
    return list(load(path)["jobs"].values())


def steps(path: Path) -> Iterator[dict[str, Any]]:
    for job in jobs(path):
        yield from job["steps"]


def uses(path: Path) -> list[str]:
    """The lines that call an action, comment included."""
    lines = (line.strip().removeprefix("- ") for line in path.read_text(encoding="utf-8").splitlines())
    return [line for line in lines if line.startswith("uses:")]


def check(program: str, *arguments: str) -> None:
    """Run a checker of the environment, which must find nothing."""
    path = Path(sys.executable).with_name(program)
    assert path.exists(), f"{program} is not installed: run `make setup`"
    result = subprocess.run([path, *arguments], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr


def test_the_repository_has_the_workflows_of_the_template_that_of_the_engine_and_none_of_images() -> None:
    names = [{path.name for path in WORKFLOWS if path.parents[2] == folder} for folder in (ROOT, TEMPLATE)]
    shared = {"ci.yml", "docs.yml", "release.yml"}
    assert names == [{*shared, "engine-release.yml"}, {*shared, "container.yml"}]


def test_actions_are_pinned_to_commits_that_name_their_version(path: Path) -> None:
    lines = uses(path)
    assert len(lines) == sum("uses" in step for step in steps(path)) > 0
    assert [line for line in lines if not PIN.fullmatch(line)] == []


def test_an_action_has_one_pin_everywhere() -> None:
    lines = {line for path in WORKFLOWS for line in uses(path)}
    actions = {line.split("@")[0] for line in lines}
    assert len(lines) == len(actions), sorted(lines)


def test_permissions_are_granted_to_jobs_alone(path: Path) -> None:
    assert load(path)["permissions"] == {}
    for job in jobs(path):
        granted = job["permissions"]
        assert granted in ({"contents": "read"}, *WRITERS)
        if "write" in granted.values():
            assert job["if"].startswith(CONDITIONS), "only the main branch and a release may write"
            run = [step["run"] for step in job["steps"] if "run" in step]
            assert all(command.startswith(UPLOAD) for command in run), "a job that may write runs no code"


def test_no_run_is_endless_or_superfluous(path: Path) -> None:
    assert load(path)["concurrency"]["cancel-in-progress"] is (path.name not in RELEASES)
    assert all(0 < job["timeout-minutes"] <= 30 for job in jobs(path))


def test_checkouts_keep_no_credentials(path: Path) -> None:
    checkouts = [step for step in steps(path) if step.get("uses", "").startswith("actions/checkout@")]
    assert {step["with"]["persist-credentials"] for step in checkouts} == {False}


def test_every_run_step_is_one_existing_make_target(path: Path, default_bake: Path) -> None:
    commands = [step["run"] for step in steps(path) if "run" in step and not step["run"].startswith(UPLOAD)]
    known = targets(default_bake if path.is_relative_to(TEMPLATE) else ROOT)
    assert commands
    for command in commands:
        program, target, *settings = shlex.split(command)
        assert program == "make", command
        assert target in known, f"{command!r}: the Makefile has {sorted(known)}"
        assert all(re.fullmatch(r"[A-Z]+=[\w.-]+", setting) for setting in settings), command


@pytest.mark.parametrize("where", ["repository", "project"])
def test_zizmor_finds_nothing(where: str, default_bake: Path) -> None:
    folder = {"repository": ROOT, "project": default_bake}[where]
    check("zizmor", "--offline", "--no-progress", "--persona", "pedantic", str(folder))


@pytest.mark.parametrize("where", ["repository", "project"])
@pytest.mark.parametrize(
    ("schema", "files"), [("github-workflows", ".github/workflows/*.yml"), ("dependabot", ".github/dependabot.yml")]
)
def test_files_match_the_schema_of_their_kind(where: str, schema: str, files: str, default_bake: Path) -> None:
    folder = {"repository": ROOT, "project": default_bake}[where]
    check("check-jsonschema", "--builtin-schema", f"vendor.{schema}", *map(str, folder.glob(files)))


def test_workflows_reach_a_project_as_they_are(default_bake: Path) -> None:
    for path in WORKFLOWS:
        if path.is_relative_to(TEMPLATE):
            assert (default_bake / path.relative_to(TEMPLATE)).read_bytes() == path.read_bytes()


def test_a_token_of_an_archive_is_seen_by_one_step_of_a_protected_job(path: Path) -> None:
    """The job that drafts has a token of its own, and no other step of a job sees it."""
    for job in jobs(path):
        seen = [step["run"] for step in job["steps"] if "secrets." in str(step) and "run" in step]
        assert "secrets." not in str(job.get("env"))
        if seen:
            assert seen in (["make publish-draft"], ["make publish"])
            assert job["environment"] == {"make publish-draft": "zenodo-draft", "make publish": "zenodo"}[seen[0]]
