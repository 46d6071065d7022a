"""What a project tells installers: metadata from fair.toml, requirements from files, versions from one lock."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hatchling.metadata.core import ProjectMetadata
from hatchling.plugin.manager import PluginManager
from hbb_in.fair import metadata
from hbb_in.fair.source import read_metadata
from packaging.requirements import Requirement

from .conftest import Bake
from .projects import REFERENCE, ROOT, TEMPLATE

LOCKS = [folder / "constraints.txt" for folder in (ROOT, TEMPLATE, REFERENCE)]
NOT_LOCKED = ("apt.txt", "tensorrt.txt")  # Debian packages, and what only some machines can use


def core_metadata(project: Path) -> dict[str, Any]:
    """The `[project]` table once the build back-end has filled it in."""
    found = ProjectMetadata(str(project), PluginManager())
    assert found.core.name
    return dict(found.core_raw_metadata)


def requirements(path: Path) -> list[Requirement]:
    """The requirements of a file, read by the library that defines them."""
    lines = (line.partition("#")[0].strip() for line in path.read_text(encoding="utf-8").splitlines())
    return [Requirement(line) for line in lines if line]


def test_the_identity_comes_from_the_metadata_source(project: Path) -> None:
    fair = project / "fair.toml"
    text = fair.read_text(encoding="utf-8")
    text = text.replace('version = "0.1.0"', 'version = "3.2.1"').replace(
        'repository = ""', 'repository = "https://a.b"'
    )
    people = '[[people]]\ngiven-names = "Ada"\nfamily-names = "Lovelace"\nemail = "ada@example.org"\n\n[model]'
    fair.write_text(text.replace("[model]", people), encoding="utf-8")
    found = core_metadata(project)
    identity = tomllib.loads(fair.read_text(encoding="utf-8"))["identity"]
    assert found["version"] == "3.2.1"
    assert found["license"] == "MIT"
    assert found["description"] == identity["description"]
    assert found["keywords"] == identity["keywords"]
    assert found["urls"] == {"Repository": "https://a.b"}
    assert found["authors"] == [
        {"name": "FAIR Model contributors"},
        {"name": "Ada Lovelace", "email": "ada@example.org"},
    ]


def test_a_project_without_a_licence_builds(bake: Bake) -> None:
    project = bake(license="none")
    assert "license" not in core_metadata(project)


def test_extras_come_from_files(project: Path) -> None:
    folder = project / "requirements"
    (folder / "project.txt").write_text("scipy>=1  # a comment\n\n# another\n", encoding="utf-8")
    (folder / "project-simulation.txt").write_text("vector>=1\n", encoding="utf-8")
    (folder / "project-test.txt").write_text("sybil>=6\n", encoding="utf-8")
    found = core_metadata(project)
    assert list(map(Requirement, found["dependencies"])) == [
        *requirements(folder / "core.txt"),
        Requirement("scipy>=1"),
    ]
    extras = {name: list(map(Requirement, lines)) for name, lines in found["optional-dependencies"].items()}
    core = {"cluster", "docs", "download", "openvino", "serve", "tensorrt", "test"}
    assert extras.keys() == {"all", "simulation", *core}
    assert extras["test"] == [*requirements(folder / "test.txt"), Requirement("sybil>=6")]
    assert extras["simulation"] == [Requirement("vector>=1")]
    assert extras.pop("tensorrt") == requirements(folder / "tensorrt.txt")  # only machines with a GPU can use it
    assert set(extras.pop("all")) == {requirement for lines in extras.values() for requirement in lines}


def pins(path: Path) -> dict[str, set[tuple[str, str]]]:
    """Version and marker of every locked distribution; a version may differ between platforms."""
    found: dict[str, set[tuple[str, str]]] = {}
    for requirement in requirements(path):
        found.setdefault(requirement.name, set()).add((str(requirement.specifier), str(requirement.marker)))
    return found


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.parent.name)
def test_a_lock_is_good_on_every_machine(lock: Path) -> None:
    found = pins(lock)
    assert {specifier for specifier, _ in found["torch"]} == {"==2.13.0"}
    for name, versions in found.items():
        for specifier, _ in versions:
            assert re.fullmatch(r"==[^+*,]+", specifier), (name, specifier)  # a local version exists on one index only
    assert not re.search(r"https?:|--|file:|@", lock.read_text(encoding="utf-8"))


@pytest.mark.parametrize("lock", LOCKS[1:], ids=lambda path: path.parent.name)
def test_the_locks_agree(lock: Path) -> None:
    all_versions = {name: {specifier for specifier, _ in versions} for name, versions in pins(LOCKS[0]).items()}
    for name, versions in pins(lock).items():
        assert {specifier for specifier, _ in versions} <= all_versions[name], name


@pytest.mark.parametrize(
    ("lock", "sources"),
    [
        (LOCKS[0], ["requirements.txt", "reference_hbb_in/requirements/*.txt"]),
        (LOCKS[1], ["{{cookiecutter.repo_name}}/requirements/*.txt"]),
        (LOCKS[2], ["reference_hbb_in/requirements/*.txt"]),
    ],
    ids=lambda value: value.parent.name if isinstance(value, Path) else "",
)
def test_a_lock_fits_the_requirements(lock: Path, sources: list[str]) -> None:
    found = pins(lock)
    files = [path for pattern in sources for path in ROOT.glob(pattern) if path.name not in NOT_LOCKED]
    assert files
    for requirement in (requirement for path in files for requirement in requirements(path)):
        versions = {specifier.removeprefix("==") for specifier, _ in found[requirement.name.lower()]}
        assert all(requirement.specifier.contains(version) for version in versions), requirement


def test_the_repository_says_the_same_of_itself_twice() -> None:
    stated = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    fair = tomllib.loads((ROOT / "fair.toml").read_text(encoding="utf-8"))
    for key in ("version", "license", "keywords", "description"):
        assert stated[key] == fair["identity"][key]
    assert [author["name"] for author in stated["authors"]] == [person["name"] for person in fair["people"]]


def test_the_repositorys_metadata_follow_their_source() -> None:
    assert metadata.drifted(ROOT, read_metadata(ROOT)) == []


@pytest.mark.slow
def test_a_new_file_of_requirements_is_noticed(project: Path) -> None:
    lock = [sys.executable, "-B", "tools/lock.py"]
    subprocess.run(lock, cwd=project, check=True)
    before = pins(project / "constraints.txt")
    (project / "requirements" / "project-extra.txt").write_text("sybil>=6\n", encoding="utf-8")
    subprocess.run(lock, cwd=project, check=True)
    after = pins(project / "constraints.txt")
    assert after.keys() - before.keys() == {"sybil"}
    assert all(after[name] == before[name] for name in before)
