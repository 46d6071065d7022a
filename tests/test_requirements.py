"""What a project tells installers: metadata from fair.toml, one pin of the engine, versions from one lock."""

import re
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
from fairmodel.fair import metadata
from fairmodel.metadata.source import read_metadata
from hatchling.metadata.core import ProjectMetadata
from hatchling.plugin.manager import PluginManager
from packaging.requirements import Requirement

from .conftest import Bake
from .projects import REFERENCE, ROOT, TEMPLATE

ENGINE = ROOT / "fairmodel"
LOCKS = [folder / "constraints.txt" for folder in (ROOT, TEMPLATE, REFERENCE)]
NOT_LOCKED = {"tensorrt"}  # what only some machines can use


def core_metadata(project: Path) -> dict[str, Any]:
    """The core metadata as the build back-end reads them."""
    found = ProjectMetadata(str(project), PluginManager())
    return {"name": found.core.name, "version": found.version, **found.core_raw_metadata}


def declared(project: Path) -> dict[str, Any]:
    """The table [project] of a pyproject.toml."""
    table: dict[str, Any] = tomllib.loads((project / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return table


def requirements(project: Path, *without: str) -> list[Requirement]:
    """The dependencies and those of all extras, the engine's own extras aside."""
    table = declared(project)
    extras = {name: lines for name, lines in table["optional-dependencies"].items() if name not in without}
    lines = [*table["dependencies"], *(line for extra in extras.values() for line in extra)]
    parsed = map(Requirement, lines)
    return [item for item in parsed if item.name not in ("fairmodel", table["name"])]


def in_file(path: Path) -> list[Requirement]:
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
    metadata.write(project)
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


def test_the_version_stands_once(default_bake: Path) -> None:
    texts = [(default_bake / name).read_text(encoding="utf-8") for name in ("pyproject.toml", "fair.toml")]
    assert [text.count('"0.1.0"') for text in texts] == [0, 1]
    assert core_metadata(default_bake)["version"] == "0.1.0"


def test_a_project_without_a_licence_builds(bake: Bake) -> None:
    project = bake(license="none")
    assert "license" not in core_metadata(project)


@pytest.mark.parametrize("folder", [TEMPLATE, REFERENCE], ids=["template", "reference"])
def test_the_engine_is_pinned_once_in_the_version_of_today(folder: Path) -> None:
    lines = [line.strip() for line in (folder / "pyproject.toml").read_text(encoding="utf-8").splitlines()]
    pins = [line for line in lines if re.match(r'"fairmodel\b.*==', line)]
    assert pins == [f'"fairmodel[train]=={declared(ENGINE)["version"]}",']


@pytest.mark.parametrize("folder", [TEMPLATE, REFERENCE], ids=["template", "reference"])
def test_a_project_offers_the_extras_of_the_engine(folder: Path) -> None:
    offered, extras = declared(ENGINE)["optional-dependencies"], declared(folder)["optional-dependencies"]
    for name in offered.keys() - {"train", "dev"}:
        assert f"fairmodel[{name}]" in extras[name], name
    for lines in extras.values():
        for requirement in (Requirement(line) for line in lines if line.startswith("fairmodel")):
            assert requirement.extras <= offered.keys()


def pins(path: Path) -> dict[str, set[tuple[str, str]]]:
    """Version and marker of every locked distribution; a version may differ between platforms."""
    found: dict[str, set[tuple[str, str]]] = {}
    for requirement in in_file(path):
        found.setdefault(requirement.name, set()).add((str(requirement.specifier), str(requirement.marker)))
    return found


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.parent.name)
def test_a_lock_is_good_on_every_machine(lock: Path) -> None:
    found = pins(lock)
    assert {specifier for specifier, _ in found["torch"]} == {"==2.13.0"}
    assert "fairmodel" not in found
    for name, versions in found.items():
        for specifier, _ in versions:
            assert re.fullmatch(r"==[^+*,]+", specifier), (name, specifier)  # a local version exists on one index only
    assert not re.search(r"https?:|--|file:|@|^-", lock.read_text(encoding="utf-8"), re.MULTILINE)


@pytest.mark.parametrize("lock", LOCKS[1:], ids=lambda path: path.parent.name)
def test_the_locks_agree(lock: Path) -> None:
    all_versions = {name: {specifier for specifier, _ in versions} for name, versions in pins(LOCKS[0]).items()}
    for name, versions in pins(lock).items():
        assert {specifier for specifier, _ in versions} <= all_versions[name], name


@pytest.mark.parametrize(
    ("lock", "wanted"),
    [
        (LOCKS[0], [*requirements(ENGINE, *NOT_LOCKED), *requirements(REFERENCE), *in_file(ROOT / "requirements.txt")]),
        (LOCKS[1], requirements(ENGINE, "dev", *NOT_LOCKED)),
        (LOCKS[2], [*requirements(ENGINE, "dev", *NOT_LOCKED), *requirements(REFERENCE)]),
    ],
    ids=["repository", "template", "reference"],
)
def test_a_lock_fits_the_requirements(lock: Path, wanted: list[Requirement]) -> None:
    found = pins(lock)
    assert len(wanted) > 20
    for requirement in (item for item in wanted if item.name != "fairmodel"):
        versions = {specifier.removeprefix("==") for specifier, _ in found[requirement.name.lower()]}
        assert all(requirement.specifier.contains(version) for version in versions), requirement


def test_a_project_is_locked_without_what_only_tests_of_the_engine_need() -> None:
    peers = {"scikit-learn", "trustme", "types-pyyaml"}
    assert peers <= {Requirement(line).name for line in declared(ENGINE)["optional-dependencies"]["dev"]}
    assert peers & pins(LOCKS[1]).keys() == set()


def test_the_repository_says_the_same_of_itself_twice() -> None:
    stated = declared(ROOT)
    fair = tomllib.loads((ROOT / "fair.toml").read_text(encoding="utf-8"))
    for key in ("version", "license", "keywords", "description"):
        assert stated[key] == fair["identity"][key]
    assert [author["name"] for author in stated["authors"]] == [person["name"] for person in fair["people"]]


@pytest.mark.parametrize("folder", [ROOT, REFERENCE], ids=["repository", "reference"])
def test_the_metadata_follow_their_source(folder: Path) -> None:
    assert metadata.drifted(folder, read_metadata(folder)) == []


@pytest.mark.slow
def test_a_new_requirement_is_noticed(project: Path) -> None:
    """`tools/lock.py` runs in the environment of these tests, which has uv."""
    lock = [str(project / ".venv" / "bin" / "python"), "-B", "tools/lock.py"]
    subprocess.run(lock, cwd=project, check=True)
    before = pins(project / "constraints.txt")
    path = project / "pyproject.toml"
    text = path.read_text(encoding="utf-8")
    path.write_text(re.sub(r'(?m)^(    "fairmodel\[train\].*)$', r'\1\n    "sybil>=6",', text), encoding="utf-8")
    subprocess.run(lock, cwd=project, check=True)
    after = pins(project / "constraints.txt")
    assert after.keys() - before.keys() == {"sybil"}
    assert all(after[name] == before[name] for name in before)
