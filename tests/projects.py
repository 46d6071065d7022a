"""What the tests share: where things are, projects made with the template, and make running in them."""

import importlib.util
import json
import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from cookiecutter.main import cookiecutter

__all__ = [
    "CONTEXT",
    "PROFILES",
    "REFERENCE",
    "ROOT",
    "SWITCHES",
    "TEMPLATE",
    "borrow_environment",
    "copy_template",
    "fenced",
    "file_names",
    "load_script",
    "make",
    "make_command",
    "render",
    "render_from",
    "repository_files",
    "run_environment",
    "targets",
]

ROOT = Path(__file__).resolve().parents[1]
TEMPLATE = ROOT / "{{cookiecutter.repo_name}}"
REFERENCE = ROOT / "reference_hbb_in"
CONTEXT: dict[str, Any] = json.loads((ROOT / "cookiecutter.json").read_text(encoding="utf-8"))
SWITCHES = {name: choices for name, choices in CONTEXT.items() if isinstance(choices, list) and name[0] != "_"}
PROFILES = ("smoke", "quick", "full")
PARTS = ("cookiecutter.json", "hooks", "templates", TEMPLATE.name, "fairmodel")


def render(folder: Path, **answers: str) -> Path:
    """A new project with these answers, and the defaults for all others."""
    return render_from(ROOT, folder, answers)


def render_from(template: Path, folder: Path, answers: Mapping[str, str] | None = None) -> Path:
    """The same from another copy of the template."""
    return Path(cookiecutter(str(template), no_input=True, output_dir=str(folder), extra_context=dict(answers or {})))


def copy_template(folder: Path) -> Path:
    """A copy of what makes a project: answers, hooks, licences, skeleton and engine; the links stay links."""
    for path in repository_files():
        name = path.relative_to(ROOT)
        if name.parts[0] in PARTS:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, folder / name, follow_symlinks=False)
    return folder


def file_names(folder: Path) -> list[str]:
    """Every file below a folder, relative to it."""
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def repository_files(folder: Path = ROOT) -> list[Path]:
    """The files that are, or would be, committed."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z", "."]
    listing = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True).stdout
    paths = [folder / name for name in listing.split("\0") if name]
    return [path for path in paths if path.is_file() or path.is_symlink()]


def load_script(path: Path) -> ModuleType:
    """Import a script that belongs to no package."""
    specification = importlib.util.spec_from_file_location(path.stem, path)
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(path.parent)
        specification.loader.exec_module(module)
    return module


def borrow_environment(project: Path) -> Path:
    """Give a project a `.venv` in which all that these tests can import can be imported, so that nothing is installed.

    Its folders are its own: an installation, if there is one after all, cannot harm the environment of the tests.
    """
    environment, shared = project / ".venv", Path(sysconfig.get_path("purelib"))
    packages = environment / shared.relative_to(sys.prefix)
    packages.mkdir(parents=True)
    (packages / "borrowed.pth").write_text(f"import site; site.addsitedir({str(shared)!r})\n", encoding="utf-8")
    (environment / "bin").mkdir()
    for path in (Path(sys.prefix) / "pyvenv.cfg", *(Path(sys.prefix) / "bin").iterdir()):
        (environment / path.relative_to(sys.prefix)).symlink_to(path)
    (environment / f"ready-{project.name}").touch()
    return environment


def run_environment() -> dict[str, str]:
    """Environment variables for a project that is not installed; one thread, so that results repeat exactly."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    return inherited | {"PYTHONPATH": "src", "PYTHONDONTWRITEBYTECODE": "1", "OMP_NUM_THREADS": "1"}


def make_command(arguments: Sequence[str]) -> list[str]:
    """The call of make."""
    return ["make", "--no-print-directory", *arguments]


def make(project: Path, *arguments: str, status: int = 0) -> str:
    """Run make in a project that borrowed its environment; returns what it printed, errors included."""
    result = subprocess.run(
        make_command(arguments),
        cwd=project,
        env=run_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert result.returncode == status, f"make {' '.join(arguments)}: {result.returncode}\n{result.stdout}"
    return result.stdout


def targets(project: Path) -> set[str]:
    """The targets that `make help` lists."""
    lines = make(project, "help").splitlines()
    return {line.split()[0] for line in lines if line.startswith("  ")}


def fenced(text: str, language: str) -> list[str]:
    """The lines inside the fenced code blocks of a language, those continued by a backslash joined."""
    lines: list[str] = []
    inside = ""
    for line in text.splitlines():
        if line.lstrip().startswith("```"):
            inside = "" if inside else line.strip().strip("`") or "plain"
        elif inside == language:
            lines.append(line)
    return "\n".join(lines).replace("\\\n", " ").splitlines()
