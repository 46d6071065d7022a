"""The engine of a project is the wheel in vendor/, the one that is listed and pinned, or it is refused."""

import hashlib
import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from .projects import ROOT, TEMPLATE, copy_template, file_names, load_script, make


@pytest.fixture(scope="session")
def install() -> ModuleType:
    """The script, as a module."""
    return load_script(TEMPLATE / "tools" / "install.py")


@pytest.fixture
def asked(tmp_path: Path) -> Path:
    """Everything that decides about an installation, in small."""
    for name in ("pyproject.toml", "fair.toml", "constraints.txt", "more.txt"):
        (tmp_path / name).write_text("# nothing\n", encoding="utf-8")
    return tmp_path


def test_the_engine_is_the_wheel_of_the_project(install: ModuleType, project: Path) -> None:
    (wheel,) = (project / "vendor").glob("*.whl")
    assert install.engine_of(project) == [f"fairmodel @ {wheel.as_uri()}"]
    options = install.parser().parse_args(["-e", f"{project}[all]"])
    before = install.fingerprint(options, install.requested(options))
    content = wheel.read_bytes() + b"another"
    wheel.write_bytes(content)
    (project / "vendor" / "SHA256SUMS").write_text(f"{hashlib.sha256(content).hexdigest()}  {wheel.name}\n")
    assert install.fingerprint(options, install.requested(options)) != before


def test_an_instance_beside_the_engine_uses_its_source(install: ModuleType) -> None:
    assert install.engine_of(ROOT / "reference_hbb_in") == ["--editable", str(ROOT / "fairmodel")]


def test_a_project_without_the_engine_installs_none(install: ModuleType, asked: Path) -> None:
    assert install.engine_of(asked) == []


def remove(project: Path) -> None:
    wheel_of(project).unlink()


def alter(project: Path) -> None:
    wheel_of(project).write_bytes(wheel_of(project).read_bytes() + b"x")


def forget(project: Path) -> None:
    (project / "vendor" / "SHA256SUMS").unlink()


def double(project: Path) -> None:
    shutil.copy(wheel_of(project), wheel_of(project).with_name("fairmodel-9.0.0-py3-none-any.whl"))


def misfit(project: Path) -> None:
    path = project / "pyproject.toml"
    path.write_text(re.sub(r"(fairmodel\[train\]==)[^\"]+", r"\g<1>2.0.0", path.read_text(encoding="utf-8")))


def wheel_of(project: Path) -> Path:
    return next((project / "vendor").glob("*.whl"))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (remove, ["0 wheels", "git checkout"]),
        (alter, ["SHA-256", "SHA256SUMS", "git checkout"]),
        (forget, ["SHA256SUMS says None", "git checkout"]),
        (double, ["2 wheels", "git checkout"]),
        (misfit, ["fairmodel==2.0.0", "make engine"]),
    ],
)
def test_a_wrong_engine_is_refused_before_anything_is_installed(
    project: Path, change: Callable[[Path], None], words: list[str]
) -> None:
    change(project)
    shutil.rmtree(project / ".venv")
    lines = [
        line for line in make(project, "setup", status=2).splitlines() if not line.startswith(("make: ***", "python3 "))
    ]
    assert len(lines) == 1
    assert lines[0].startswith("error: ")
    assert all(word in lines[0] for word in words)
    assert not (project / ".venv").exists()


def later_engine(folder: Path, version: str = "9.9.0") -> Path:
    """A wheel of an engine of another version, that is made of today's source."""
    source = copy_template(folder / "template") / "fairmodel"
    path = source / "pyproject.toml"
    path.write_text(re.sub(r'(?m)^version = ".*"', f'version = "{version}"', path.read_text(encoding="utf-8")))
    wheel: Path = load_script(source / "tools" / "pack.py").pack(folder, source)
    return wheel


def test_another_engine_changes_one_pin_and_one_file(install: ModuleType, project: Path, tmp_path: Path) -> None:
    wheel = later_engine(tmp_path)
    before = {name: (project / name).read_bytes() for name in file_names(project) if ".venv" not in name}
    assert "fairmodel 9.9.0" in make(project, "engine", f"WHEEL={wheel}")
    assert "fairmodel 9.9.0" in make(project, "engine", f"WHEEL={wheel}"), "it can be repeated"
    after = {name: (project / name).read_bytes() for name in file_names(project) if ".venv" not in name}
    assert after.keys() - before.keys() == {f"vendor/{wheel.name}"}
    assert all(name.endswith(".whl") for name in before.keys() - after.keys())
    changed = {name for name in before.keys() & after.keys() if before[name] != after[name]}
    assert changed == {"pyproject.toml", "vendor/SHA256SUMS", ".cookiecutter.json"}
    lines = zip(before["pyproject.toml"].splitlines(), after["pyproject.toml"].splitlines(), strict=True)
    assert [new.decode().strip() for old, new in lines if old != new] == ['"fairmodel[train]==9.9.0",']
    assert install.engine_of(project) == [f"fairmodel @ {(project / 'vendor' / wheel.name).as_uri()}"]
    answers = json.loads(after[".cookiecutter.json"])
    assert answers["engine"] == {"version": "9.9.0", "sha256": hashlib.sha256(wheel.read_bytes()).hexdigest()}
    assert answers["project_name"] == json.loads(before[".cookiecutter.json"])["project_name"]


@pytest.mark.parametrize("damage", ["renamed", "cut", "other", "missing"])
def test_what_is_no_engine_is_refused_and_changes_nothing(project: Path, tmp_path: Path, damage: str) -> None:
    wheel = tmp_path / (
        "fairmodel-7.0.0-py3-none-any.whl" if damage == "renamed" else "fairmodel-1.0.0-py3-none-any.whl"
    )
    content = wheel_of(project).read_bytes()
    if damage != "missing":
        wheel.write_bytes({"renamed": content, "cut": content[: len(content) // 2], "other": b"no zip"}[damage])
    before = {name: (project / name).read_bytes() for name in file_names(project)}
    said = make(project, "engine", f"WHEEL={wheel}", status=2)
    assert len([line for line in said.splitlines() if line.startswith("error: ")]) == 1
    assert {name: (project / name).read_bytes() for name in file_names(project)} == before
