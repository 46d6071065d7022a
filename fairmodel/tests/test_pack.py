"""The wheel that travels in projects: what hatchling makes of the same source, and the same bytes each time."""

import hashlib
import importlib.util
import re
import shutil
import subprocess
import sys
import zipfile
from base64 import urlsafe_b64decode
from email import message_from_bytes
from email.message import Message
from pathlib import Path
from types import ModuleType

import pytest
from packaging.requirements import Requirement

from .projects import ENGINE_ROOT


@pytest.fixture(scope="module")
def packer() -> ModuleType:
    """The script, as a module."""
    spec = importlib.util.spec_from_file_location("pack", ENGINE_ROOT / "tools" / "pack.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def packed(packer: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path: Path = packer.pack(tmp_path_factory.mktemp("packed"))
    return path


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel that hatchling builds of a clean copy of the source."""
    copy, folder = tmp_path_factory.mktemp("source") / "fairmodel", tmp_path_factory.mktemp("built")
    ignore = shutil.ignore_patterns("__pycache__", ".*", "_build", "tests")
    shutil.copytree(ENGINE_ROOT, copy, ignore=ignore)
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=copy, check=True, capture_output=True)
    (path,) = folder.glob("*.whl")
    return path


def contents(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def about(path: Path) -> Message:
    return message_from_bytes(next(text for name, text in contents(path).items() if name.endswith("/METADATA")))


def test_the_same_files_as_hatchling_packs(packed: Path, built: Path) -> None:
    assert packed.name == built.name
    ours, theirs = contents(packed), contents(built)
    assert sorted(ours) == sorted(theirs)
    differ = {name for name in ours if ours[name] != theirs[name]}
    assert {name.rpartition("/")[2] for name in differ} <= {"METADATA", "WHEEL", "RECORD"}
    assert "fairmodel/_docs/api.md" in ours


def test_the_metadata_say_the_same(packed: Path, built: Path) -> None:
    ours, theirs = about(packed), about(built)
    for name in {*ours.keys(), *theirs.keys()} - {"Metadata-Version", "Requires-Dist"}:
        assert sorted(ours.get_all(name, [])) == sorted(theirs.get_all(name, [])), name
    one, other = ({str(Requirement(line)) for line in item.get_all("Requires-Dist", [])} for item in (ours, theirs))
    assert one == other
    assert str(ours.get_payload()).strip() == str(theirs.get_payload()).strip()


def test_the_record_proves_every_file(packed: Path) -> None:
    files = contents(packed)
    (name,) = (name for name in files if name.endswith("/RECORD"))
    lines = [line.rsplit(",", 2) for line in files[name].decode().splitlines()]
    assert [place for place, _, _ in lines] == list(files)
    assert lines.pop() == [name, "", ""]
    for place, digest, size in lines:
        expected = urlsafe_b64decode(digest.removeprefix("sha256=") + "=")
        assert hashlib.sha256(files[place]).digest() == expected, place
        assert len(files[place]) == int(size)


def test_a_requirement_keeps_its_own_marker(packer: ModuleType) -> None:
    line = packer._conditional('x>=1; python_version < "3.12"', "some")
    marker = Requirement(line).marker
    assert marker is not None
    assert marker.evaluate({"python_version": "3.11", "extra": "some"})
    assert not marker.evaluate({"python_version": "3.13", "extra": "some"})
    assert not marker.evaluate({"python_version": "3.11", "extra": ""})


def test_two_packings_are_the_same_bytes_whatever_lies_around(packer: ModuleType, packed: Path, tmp_path: Path) -> None:
    copy = tmp_path / "elsewhere"
    shutil.copytree(ENGINE_ROOT, copy, ignore=shutil.ignore_patterns(".*", "tests", "_build"))
    (copy / "src" / "fairmodel" / "__pycache__").mkdir(exist_ok=True)
    (copy / "src" / "fairmodel" / "__pycache__" / "cli.cpython-311.pyc").write_bytes(b"compiled")
    (copy / "src" / "fairmodel" / "errors.py").chmod(0o755)
    (copy / "docs" / "_build").mkdir()
    (copy / "docs" / "_build" / "index.html").write_text("<p>built", encoding="utf-8")
    assert packer.pack(tmp_path, copy).read_bytes() == packed.read_bytes()


def test_no_file_of_the_wheel_is_compressed_or_dated(packed: Path) -> None:
    with zipfile.ZipFile(packed) as archive:
        members = archive.infolist()
    assert {(item.compress_type, item.date_time, item.external_attr >> 16) for item in members} == {
        (zipfile.ZIP_STORED, (1980, 1, 1, 0, 0, 0), 0o100644)
    }


def test_the_command_says_where_the_wheel_is(tmp_path: Path) -> None:
    command = [sys.executable, "-I", "-S", str(ENGINE_ROOT / "tools" / "pack.py"), str(tmp_path)]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert re.fullmatch(rf"{re.escape(str(tmp_path))}/fairmodel-[0-9.]+-py3-none-any\.whl\n", said)


def test_an_engine_from_the_wheel_has_the_identity_of_its_source(packed: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(packed) as archive:
        archive.extractall(tmp_path)
    code = (
        "from fairmodel.closure import closure, _root; from fairmodel.metadata.engine import engine_hash;"
        "files = closure(('fairmodel.interpret.*', 'fairmodel.report.page'), ('fairmodel',));"
        "print(engine_hash(), [path.relative_to(_root('fairmodel')).as_posix() for path in files])"
    )
    said = [
        subprocess.run(
            [sys.executable, "-c", code], env={"PYTHONPATH": str(folder)}, capture_output=True, text=True, check=True
        ).stdout
        for folder in (tmp_path, ENGINE_ROOT / "src")
    ]
    assert said[0] == said[1]
    assert "report/page.py" in said[0]
