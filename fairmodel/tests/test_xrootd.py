"""Reading over XRootD, with a binding that answers as the real one does; the package itself is optional."""

import sys
import types
import zlib
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest

from fairmodel.download import transfer
from fairmodel.download.clients import read_xrootd
from fairmodel.download.manifest import ManifestFile
from fairmodel.download.transfer import download
from fairmodel.errors import UserError

CONTENT = np.random.default_rng(3).bytes(3000)
FILE = ManifestFile(name="a.root", bytes=len(CONTENT), adler32=f"{zlib.adler32(CONTENT):08x}")
ADDRESS = "root://storage.example//eos/a.root"


class Status:
    def __init__(self, message: str = "") -> None:
        self.ok, self.message = not message, message


class RemoteFile:
    """A read returns at most 1024 bytes, and the one at byte 2048 fails the first time."""

    reads: ClassVar[list[int]] = []

    def __enter__(self) -> "RemoteFile":
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing is open."""

    def open(self, address: str, **_: int) -> tuple[Status, None]:
        return Status("" if address == ADDRESS else "[ERROR] no such\nfile"), None

    def stat(self, **_: int) -> tuple[Status, types.SimpleNamespace]:
        return Status(), types.SimpleNamespace(size=len(CONTENT))

    def read(self, offset: int, size: int, **_: int) -> tuple[Status, bytes]:
        self.reads.append(offset)
        if offset == 2048 and self.reads.count(2048) == 1:
            return Status("[ERROR] the server is unwell"), b""
        return Status(), CONTENT[offset : offset + min(size, 1024)]


@pytest.fixture
def binding(monkeypatch: pytest.MonkeyPatch) -> None:
    client = types.SimpleNamespace(File=RemoteFile)
    monkeypatch.setitem(sys.modules, "XRootD", types.SimpleNamespace(client=client))
    monkeypatch.setattr(RemoteFile, "reads", [])
    monkeypatch.setattr(transfer, "PAUSES", (0.0,))


@pytest.mark.usefixtures("binding")
@pytest.mark.parametrize(("left", "reads"), [(0, [0, 1024, 2048, 2048]), (2500, [2500])])
def test_a_file_arrives_and_goes_on(left: int, reads: list[int], tmp_path: Path) -> None:
    if left:
        (tmp_path / "a.root.part").write_bytes(CONTENT[:left])
    download(FILE, ADDRESS, tmp_path / "a.root", read_xrootd)
    assert (tmp_path / "a.root").read_bytes() == CONTENT
    assert RemoteFile.reads == reads


@pytest.mark.usefixtures("binding")
def test_a_missing_file_is_named_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"b\.root: \[ERROR\] no such file; the same command goes on at byte 0"):
        download(FILE, ADDRESS.replace("a.root", "b.root"), tmp_path / "a.root", read_xrootd)


def test_the_package_is_optional(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "XRootD", None)
    with pytest.raises(
        UserError, match=r'protocol = "xrootd" needs the Python package xrootd.* or set protocol = "http"'
    ):
        download(FILE, ADDRESS, tmp_path / "a.root", read_xrootd)
