"""The reference is a true instance of the template, and one set of versions serves the whole repository."""

import shutil
import subprocess
import tarfile
from pathlib import Path
from types import ModuleType

import pytest
from fairmodel.fair.publish.archive import pack_source_code

from .projects import REFERENCE, ROOT, TEMPLATE, load_script

FOLDERS = {"repository": ROOT, "template": TEMPLATE, "reference": REFERENCE}


@pytest.fixture(scope="module")
def sync() -> ModuleType:
    """The script behind `make reference-sync`."""
    return load_script(ROOT / "tools" / "reference_sync.py")


@pytest.fixture(scope="module")
def fresh(sync: ModuleType) -> dict[str, bytes]:
    """What the template renders today for the reference's answers."""
    files: dict[str, bytes] = sync.template_files(REFERENCE)
    return files


@pytest.fixture
def copy(sync: ModuleType, fresh: dict[str, bytes], tmp_path: Path) -> Path:
    """A copy of the reference without drift, in a repository of its own."""
    folder = tmp_path / REFERENCE.name
    for name in sync.tracked_files(REFERENCE):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(REFERENCE / name, folder / name)
    subprocess.run(["git", "init", "--quiet", folder], check=True)
    sync.synchronise(folder, fresh)
    return folder


def versions(path: Path) -> set[tuple[str, str]]:
    """Names and pinned versions; a name has several where platforms differ."""
    lines = [line.partition(" ;")[0].strip() for line in path.read_text(encoding="utf-8").splitlines()]
    pins = [line.partition("==") for line in lines if line and not line.startswith("#")]
    assert all(separator for _, separator, _ in pins), f"{path} has a line that pins nothing"
    return {(name, version) for name, _, version in pins}


def test_every_folder_that_is_called_a_reference_is_looked_at(sync: ModuleType) -> None:
    assert sync.instances() == sorted(ROOT.glob("reference_*"))
    assert REFERENCE in sync.instances()


def test_the_reference_is_an_instance(sync: ModuleType, fresh: dict[str, bytes]) -> None:
    assert len(fresh) > 20
    assert sync.problems(REFERENCE, fresh) == []


def test_an_instance_here_holds_no_engine(sync: ModuleType) -> None:
    assert not [name for name in sync.tracked_files(REFERENCE) if name.startswith("vendor/")]


def test_drift_loss_strays_and_copies_are_named(sync: ModuleType, fresh: dict[str, bytes], copy: Path) -> None:
    with (copy / "tools" / "install.py").open("a") as stream:
        stream.write("# drift\n")
    (copy / "Makefile").unlink()
    (copy / "tools" / "stray.py").write_text("# nobody's\n")
    shutil.copy(ROOT / "fairmodel" / "src" / "fairmodel" / "splits.py", copy / "src" / "hbb_in" / "mine.py")
    with (copy / "src" / "hbb_in" / "project.py").open("a") as stream:
        stream.write("# the project's own affair\n")
    assert sorted(sync.problems(copy, fresh)) == [
        "Makefile is missing",
        "src/hbb_in/mine.py is a copy of the engine's fairmodel/splits.py",
        "tools/install.py differs from the template",
        "tools/stray.py belongs neither to the template nor to the project",
    ]


def test_synchronising_mends_what_the_template_owns_alone(
    sync: ModuleType, fresh: dict[str, bytes], copy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    own = copy / "src" / "hbb_in" / "project.py"
    own.write_text("# mine\n")
    (copy / "Makefile").unlink()
    (copy / "tools" / "stray.py").write_text("# nobody's\n")
    capsys.readouterr()
    sync.synchronise(copy, fresh)
    assert capsys.readouterr().out.splitlines() == ["updated Makefile", "removed tools/stray.py"]
    assert sync.problems(copy, fresh) == []
    assert own.read_text() == "# mine\n"


def test_a_published_archive_of_the_reference_brings_its_engine(tmp_path: Path) -> None:
    pack_source_code(REFERENCE, tmp_path, "unpacked")
    with tarfile.open(tmp_path / "source.tar.gz") as archive:
        archive.extractall(tmp_path, filter="data")
    project = tmp_path / "unpacked"
    (wheel,) = (project / "vendor").glob("*.whl")
    install = load_script(project / "tools" / "install.py")
    assert install.engine_of(project) == [f"fairmodel @ {wheel.as_uri()}"]


@pytest.mark.parametrize("folder", FOLDERS)
def test_constraints_hold_everywhere(folder: str) -> None:
    path = FOLDERS[folder] / "constraints.txt"
    text, pins = path.read_text(encoding="utf-8"), versions(path)
    assert ("torch", "2.13.0") in pins
    assert [pin for pin in pins if "+" in pin[1]] == [], "a local version exists on one index only"
    assert "://" not in text
    assert not [line for line in text.splitlines() if line.startswith("-")], "an option is the user's to choose"


@pytest.mark.parametrize("folder", ["template", "reference"])
def test_constraints_agree_with_those_of_the_repository(folder: str) -> None:
    assert versions(FOLDERS[folder] / "constraints.txt") <= versions(ROOT / "constraints.txt")
