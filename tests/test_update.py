"""A project takes over a later version of the template with cruft: the core follows, what its user owns stays."""

import os
import shutil
import subprocess
import sys
from fnmatch import fnmatch
from pathlib import Path

import pytest

from .projects import CONTEXT, ROOT, repository_files

PACKAGE = "{{cookiecutter.repo_name}}/src/{{cookiecutter.package_name}}"
KEPT = CONTEXT["_user_owned"] + CONTEXT["_generated"]
IDENTITY = {
    f"GIT_{role}_{key}": "somebody@example.org" for role in ("AUTHOR", "COMMITTER") for key in ("NAME", "EMAIL")
}


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


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with the template of today, tagged, and a later version of it."""
    folder = tmp_path_factory.mktemp("template")
    for path in repository_files():
        if path.relative_to(ROOT).parts[0] in ("cookiecutter.json", "hooks", "templates", "{{cookiecutter.repo_name}}"):
            target = folder / path.relative_to(ROOT)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, target)
    run(["git", "init", "--quiet", "--initial-branch=main"], folder)
    commit(folder, "first")
    run(["git", "tag", "v1"], folder)
    for name in ("progress.py", "project.py", "model/options.py"):
        path = folder / PACKAGE / name
        path.write_text(path.read_text(encoding="utf-8") + "\n# of the later version\n", encoding="utf-8")
    (folder / PACKAGE / "later.py").write_text('"""A new module of the core."""\n', encoding="utf-8")
    (folder / PACKAGE / "sections.py").unlink()
    commit(folder, "second")
    return folder


@pytest.fixture(scope="module")
def updated(template: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, bytes]]:
    """A project of the first version with a user's work in it, after its update; and the user's files before it."""
    folder = tmp_path_factory.mktemp("projects")
    cruft(folder, "create", str(template), "--checkout", "v1", "--no-input")
    project = folder / "fair-model"
    run(["git", "init", "--quiet", "--initial-branch=main"], project)
    package = project / "src" / "fair_model"
    for name in ("project.py", "model/deep_sets.py", "data/options.py"):
        path = package / name
        path.write_text(path.read_text(encoding="utf-8") + "\n# mine\n", encoding="utf-8")
    (package / "model" / "another.py").write_text('"""Mine."""\n', encoding="utf-8")
    (package / "data" / "display.py").unlink()
    (project / "config" / "mine.toml").write_text("# mine\n", encoding="utf-8")
    (project / "README.md").write_text("# Mine\n", encoding="utf-8")
    commit(project, "mine")
    before = {name: (project / name).read_bytes() for name in listed(project) if is_kept(name)}
    cruft(project, "update", "--skip-apply-ask", "--checkout", "main")
    return project, before


def listed(project: Path) -> list[str]:
    return [path.relative_to(project).as_posix() for path in repository_files(project)]


def is_kept(name: str) -> bool:
    return any(fnmatch(name, pattern) for pattern in KEPT)


@pytest.mark.slow
def test_what_the_user_owns_stays_to_the_byte(updated: tuple[Path, dict[str, bytes]]) -> None:
    project, before = updated
    after = {name: (project / name).read_bytes() for name in listed(project) if is_kept(name)}
    assert after.keys() == before.keys()
    assert [name for name in before if after[name] != before[name]] == []
    assert "src/fair_model/model/another.py" in after


@pytest.mark.slow
def test_the_core_is_that_of_the_later_version(updated: tuple[Path, dict[str, bytes]]) -> None:
    project, _ = updated
    package = project / "src" / "fair_model"
    assert (package / "progress.py").read_text(encoding="utf-8").endswith("# of the later version\n")
    assert (package / "later.py").exists()
    assert not (package / "sections.py").exists()


@pytest.mark.slow
def test_the_update_leaves_nothing_to_sort_out(updated: tuple[Path, dict[str, bytes]]) -> None:
    """Nothing rejected, and no other file changed than those of the later version."""
    project, _ = updated
    assert list(project.rglob("*.rej")) == []
    changed = {
        line[3:] for line in run(["git", "status", "--porcelain", "--untracked-files=all"], project).splitlines()
    }
    core = {f"src/fair_model/{name}" for name in ("progress.py", "later.py", "sections.py")}
    assert changed == core | {".cruft.json"}
    assert "No differences" in cruft(project, "check") or "up to date" in cruft(project, "check")
