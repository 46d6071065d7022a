"""A project takes over a later version of the template with cruft: the skeleton follows, what its user owns stays."""

import json
import os
import re
import shutil
import subprocess
import sys
from fnmatch import fnmatch
from pathlib import Path

import pytest
from cookiecutter.main import cookiecutter

from .projects import CONTEXT, TEMPLATE, copy_template, load_script, render_from, repository_files

KEPT = CONTEXT["_user_owned"] + CONTEXT["_generated"]
IDENTITY = {
    f"GIT_{role}_{key}": "somebody@example.org" for role in ("AUTHOR", "COMMITTER") for key in ("NAME", "EMAIL")
}
LATER = "# of the later version\n"
ANSWERS = {"project_name": "Jets' tagger", "package_name": "tagger", "license": "Apache-2.0"}


def run(command: list[str], folder: Path) -> str:
    environment = os.environ | IDENTITY | {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    result = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def commit(folder: Path, message: str) -> None:
    run(["git", "add", "--all"], folder)
    run(["git", "commit", "--quiet", "--message", message], folder)


def cruft(folder: Path, *arguments: str) -> str:
    return run([sys.executable, "-m", "cruft", *arguments], folder)


def append(path: Path, text: str) -> None:
    with path.open("a", encoding="utf-8") as stream:
        stream.write(text)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with the template of today, tagged, and a later version of it with a later engine."""
    folder = copy_template(tmp_path_factory.mktemp("template"))
    run(["git", "init", "--quiet", "--initial-branch=main"], folder)
    commit(folder, "first")
    run(["git", "tag", "v1"], folder)
    skeleton, source = folder / TEMPLATE.name, "src/{{cookiecutter.package_name}}"
    for name in ("Makefile", "tools/lock.py", "README.md", f"{source}/project.py", "tests/model/test_deep_sets.py"):
        append(skeleton / name, LATER)
    (skeleton / "tools" / "later.py").write_text('"""A new tool."""\n', encoding="utf-8")
    (skeleton / "apptainer.def").unlink()
    engine = folder / "fairmodel" / "pyproject.toml"
    engine.write_text(re.sub(r'(?m)^version = ".*"', 'version = "1.1.0"', engine.read_text(encoding="utf-8")))
    append(folder / "fairmodel" / "src" / "fairmodel" / "splits.py", LATER)
    commit(folder, "second")
    return folder


def work_on(project: Path, package: str) -> dict[str, bytes]:
    """Let a user work on a project, and commit it; returns what the user owns."""
    for name in ("project.py", "model/deep_sets.py", "data/options.py"):
        append(project / "src" / package / name, "# mine\n")
    (project / "src" / package / "model" / "another.py").write_text('"""Mine."""\n', encoding="utf-8")
    (project / "src" / package / "data" / "display.py").unlink()
    (project / "config" / "mine.toml").write_text("# mine\n", encoding="utf-8")
    (project / "README.md").write_text("# Mine\n", encoding="utf-8")
    append(project / "pyproject.toml", "# mine\n")
    commit(project, "mine")
    return kept_files(project)


def kept_files(project: Path) -> dict[str, bytes]:
    """The files that belong to the user or are generated."""
    names = [path.relative_to(project).as_posix() for path in repository_files(project)]
    return {name: (project / name).read_bytes() for name in names if any(fnmatch(name, item) for item in KEPT)}


@pytest.fixture(scope="module", params=["cruft create", "cookiecutter and cruft link"])
def updated(
    request: pytest.FixtureRequest, template: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, dict[str, bytes]]:
    """A project of the first version with a user's work in it, after its update; and the user's files before it."""
    folder = tmp_path_factory.mktemp("projects")
    run(["git", "clone", "--quiet", "--branch", "v1", str(template), "clone"], folder)
    if request.param == "cruft create":
        answers = ["--extra-context", json.dumps(ANSWERS)]
        cruft(folder, "create", str(template), "--checkout", "v1", "--no-input", *answers)
    else:
        render_from(folder / "clone", folder, ANSWERS)
    project = folder / "jets-tagger"
    run(["git", "init", "--quiet", "--initial-branch=main"], project)
    if request.param != "cruft create":
        # what the page on updates says
        text = (project / ".cookiecutter.json").read_text(encoding="utf-8")
        known = run(["sed", "-n", r's/.*"template_commit": "\(.*\)",/\1/p', ".cookiecutter.json"], project).strip()
        commit(project, "made")
        cruft(project, "link", str(template), "--no-input", "--extra-context", text, "--checkout", known)
    before = work_on(project, ANSWERS["package_name"])
    cruft(project, "update", "--skip-apply-ask", "--checkout", "main")
    return project, before


@pytest.mark.slow
def test_what_the_user_owns_stays_to_the_byte(updated: tuple[Path, dict[str, bytes]]) -> None:
    project, before = updated
    assert kept_files(project) == before
    assert "src/tagger/model/another.py" in before
    assert "vendor/fairmodel-1.0.0-py3-none-any.whl" in before


@pytest.mark.slow
def test_the_skeleton_is_that_of_the_later_version(updated: tuple[Path, dict[str, bytes]]) -> None:
    project, _ = updated
    for name in ("Makefile", "tools/lock.py"):
        assert (project / name).read_text(encoding="utf-8").endswith(LATER)
    assert (project / "tools" / "later.py").exists()
    assert not (project / "apptainer.def").exists()


@pytest.mark.slow
def test_the_update_leaves_nothing_to_sort_out(updated: tuple[Path, dict[str, bytes]]) -> None:
    """Nothing rejected, and no other file changed than those of the later version."""
    project, _ = updated
    assert list(project.rglob("*.rej")) == []
    status = run(["git", "status", "--porcelain", "--untracked-files=all"], project)
    changed = {line[3:] for line in status.splitlines()}
    assert changed == {"Makefile", "tools/lock.py", "tools/later.py", "apptainer.def", ".cruft.json"}
    assert "No differences" in cruft(project, "check") or "up to date" in cruft(project, "check")


@pytest.mark.slow
def test_the_engine_is_raised_by_one_command(
    template: Path, updated: tuple[Path, dict[str, bytes]], tmp_path: Path
) -> None:
    project, before = updated
    copy = Path(shutil.copytree(project, tmp_path / project.name))
    wheel = load_script(template / "fairmodel" / "tools" / "pack.py").pack(tmp_path, template / "fairmodel")
    run(["make", "engine", f"WHEEL={wheel}"], copy)
    after = kept_files(copy) | {f"vendor/{wheel.name}": wheel.read_bytes()}
    changed = {name for name in before if after.get(name) != before[name]}
    assert changed == {
        "pyproject.toml",
        ".cookiecutter.json",
        "vendor/SHA256SUMS",
        "vendor/fairmodel-1.0.0-py3-none-any.whl",
    }
    assert '"fairmodel[train]==1.1.0"' in (copy / "pyproject.toml").read_text(encoding="utf-8")


@pytest.mark.slow
def test_a_project_made_from_a_git_address_is_whole(template: Path, tmp_path: Path) -> None:
    known = run(["git", "rev-parse", "v1"], template).strip()
    made = cookiecutter(f"git+file://{template}", checkout="v1", no_input=True, output_dir=str(tmp_path))
    assert json.loads((Path(made) / ".cookiecutter.json").read_text(encoding="utf-8"))["template_commit"] == known
    assert [path.name for path in Path(made, "vendor").glob("*.whl")] == ["fairmodel-1.0.0-py3-none-any.whl"]
