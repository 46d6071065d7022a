"""A project on GitLab and on REANA: descriptions that are valid, and commands that run."""

import json
import re
import shlex
import shutil
import subprocess
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
import yaml

from .projects import ROOT, borrow_environment, make, run_environment, targets
from .test_workflows import check

GITLAB, REANA = ".gitlab-ci.yml", "reana.yaml"


def load(project: Path, name: str) -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load((project / name).read_text(encoding="utf-8"))
    return content


def gitlab_jobs(project: Path) -> dict[str, list[str]]:
    """The commands of each job."""
    return {name: item["script"] for name, item in load(project, GITLAB).items() if "script" in item}


def reana_commands(project: Path) -> list[str]:
    """All commands, with the parameters in place."""
    content = load(project, REANA)
    parameters = content["inputs"]["parameters"]
    commands = [command for step in content["workflow"]["specification"]["steps"] for command in step["commands"]]
    return [re.sub(r"\$\{(\w+)\}", lambda found: str(parameters[found[1]]), command) for command in commands]


def test_the_file_for_gitlab_matches_its_schema(default_bake: Path) -> None:
    check("check-jsonschema", "--builtin-schema", "vendor.gitlab-ci", str(default_bake / GITLAB))


def test_every_command_is_one_existing_make_target(default_bake: Path) -> None:
    commands = [*chain(*gitlab_jobs(default_bake).values()), *reana_commands(default_bake)]
    known = targets(default_bake)
    assert len(commands) > 5
    for command in commands:
        program, target, *settings = shlex.split(command)
        assert program == "make", command
        assert target in known, command
        assert all(re.fullmatch(r"[A-Z_]+=[\w.-]+", setting) for setting in settings), command


def test_no_token_is_given_to_a_job_that_needs_none(default_bake: Path) -> None:
    """GitLab gives protected variables to every job of a protected tag; the one that uses it waits for a person."""
    jobs = load(default_bake, GITLAB)
    publishing = [
        name for name, script in gitlab_jobs(default_bake).items() if any("publish" in line for line in script)
    ]
    assert publishing == ["draft"]
    assert jobs["draft"]["rules"] == [{"if": "$CI_COMMIT_TAG", "when": "manual"}]
    assert "TOKEN" not in str(jobs["variables"])


def as_shell(project: Path, command: str, settings: dict[str, str]) -> None:
    """Run a command as both services do."""
    shell = ["bash", "-eo", "pipefail", "-c", command]
    environment = run_environment() | settings
    result = subprocess.run(shell, cwd=project, env=environment, capture_output=True, text=True, check=False)
    assert result.returncode == 0, f"{command}: {result.stdout}{result.stderr}"


@pytest.mark.slow
def test_the_jobs_of_gitlab_run(project: Path) -> None:
    settings = {name: str(value) for name, value in load(project, GITLAB)["variables"].items()}
    jobs = gitlab_jobs(project)
    for command in (*jobs["test"], *jobs["model"]):
        as_shell(project, command, settings)
    for path in load(project, GITLAB)["model"]["artifacts"]["paths"]:
        assert (project / path).is_file() or any((project / path).rglob("*.*")), path


@pytest.mark.slow
def test_the_inputs_of_reana_are_all_that_it_needs(default_bake: Path, tmp_path: Path) -> None:
    inputs = load(default_bake, REANA)["inputs"]
    project = tmp_path / default_bake.name
    for name in inputs["directories"]:
        shutil.copytree(default_bake / name, project / name)
    for name in inputs["files"]:
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(default_bake / name, project / name)
    borrow_environment(project)
    for command in reana_commands(default_bake):
        as_shell(project, command, {})
    for name in load(default_bake, REANA)["outputs"]["directories"]:
        assert any((project / name).rglob("*.*")), name
    assert "Report: " in make(project, "all", f"PROFILE={inputs['parameters']['profile']}")


@pytest.mark.parametrize("where", ["repository", "project"])
def test_the_forms_for_issues_match_their_schema(where: str, default_bake: Path) -> None:
    folder = {"repository": ROOT, "project": default_bake}[where] / ".github" / "ISSUE_TEMPLATE"
    forms = sorted(str(path) for path in folder.glob("*.yml"))
    assert len(forms) == 2
    check("check-jsonschema", "--builtin-schema", "vendor.github-issue-forms", *forms)


@pytest.mark.parametrize("where", ["repository", "project"])
def test_a_container_for_development_sets_the_project_up(where: str, default_bake: Path) -> None:
    folder = {"repository": ROOT, "project": default_bake}[where]
    content = json.loads((folder / ".devcontainer" / "devcontainer.json").read_text(encoding="utf-8"))
    assert content["image"].startswith("docker.io/library/python:3.")
    program, target = [word for word in shlex.split(content["postCreateCommand"]) if "=" not in word]
    assert (program, target in targets(folder)) == ("make", True)
