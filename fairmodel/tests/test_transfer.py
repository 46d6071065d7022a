"""A download over HTTP: whatever the network does, the right file or none, and no byte twice without need."""

import hashlib
import signal
import subprocess
import sys
import threading
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from fairmodel.download import transfer
from fairmodel.download.http import read_http
from fairmodel.download.manifest import ManifestFile
from fairmodel.download.transfer import download
from fairmodel.errors import UserError

from .disk import full_disk
from .server import Answer, Server, answer, broken_after, redirect, serve, whole, without_length

CONTENT = np.random.default_rng(1).bytes(200_000)
FILE = ManifestFile(
    name="a.bin",
    bytes=len(CONTENT),
    sha256=hashlib.sha256(CONTENT).hexdigest(),
    adler32=f"{zlib.adler32(CONTENT):08x}",
)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(transfer, "PAUSES", (0.0, 0.0, 0.0))
    with serve() as server:
        yield server


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize(
    ("answers", "ranges"),
    [
        ([], [None]),
        ([without_length], [None]),
        ([answer(500), answer(429, {"Retry-After": "0"}), answer(503, {"Retry-After": "soon"})], [None] * 4),
        ([broken_after(0), broken_after(0), broken_after(0)], [None] * 4),
        ([broken_after(70_000)], [None, "bytes=70000-"]),
        ([*[answer(500)] * 3, broken_after(9), *[answer(500)] * 3], [*[None] * 4, *["bytes=9-"] * 4]),
        ([broken_after(1)] * 9, [None, *(f"bytes={n}-" for n in range(1, 10))]),
        ([broken_after(70_000), whole], [None, "bytes=70000-"]),
        ([broken_after(70_000), broken_after(50_000), whole], [None, "bytes=70000-", "bytes=120000-"]),
        ([broken_after(70_000), answer(206, {"Content-Range": "bytes 3-9/10"})], [None, *["bytes=70000-"] * 2]),
    ],
    ids=["good", "no length", "unwell", "silent", "broken", "both", "broken often", "no ranges", "late", "wrong range"],
)
def test_the_file_arrives(answers: list[Answer], ranges: list[str | None], server: Server, tmp_path: Path) -> None:
    address = server.add("/a.bin", CONTENT, *answers)
    download(FILE, address, tmp_path / "deep" / "a.bin", read_http)
    assert (tmp_path / "deep" / "a.bin").read_bytes() == CONTENT
    assert names(tmp_path) == ["a.bin"]
    assert server.asked(address) == ranges


WRONG_BYTE = CONTENT[:150_000] + bytes([CONTENT[150_000] ^ 1]) + CONTENT[150_001:]


@pytest.mark.parametrize(
    ("content", "answers", "problem"),
    [
        (WRONG_BYTE, [], rf"it has the sha256 {hashlib.sha256(WRONG_BYTE).hexdigest()}, {FILE.sha256} is expected"),
        (CONTENT[:-1], [], "has 199999 bytes, data/files.toml expects 200000 of 'a.bin'"),
        (CONTENT + b"x", [], "has 200001 bytes, data/files.toml expects 200000 of 'a.bin'"),
        (CONTENT + b"x", [without_length], r"it has 20\d+ bytes, 200000 are expected"),
        (CONTENT[:-1], [without_length] * 9, "ended at byte 199999 of 200000; .* try it later"),
        (CONTENT, [answer(404)], r"answers 404 \(Not Found\); compare the entry"),
        (CONTENT, [answer(403)], r"answers 403 \(Forbidden\)"),
        (CONTENT, [answer(503)] * 4, r"answers 503 \(Service Unavailable\).* goes on at byte 0"),
        (CONTENT, [broken_after(5), *[answer(500)] * 4], "goes on at byte 5"),
    ],
    ids=["corrupted", "short", "long", "long, no length", "short, no length", "gone", "denied", "unwell", "broken"],
)
def test_a_wrong_file_never_gets_the_name(
    content: bytes, answers: list[Answer], problem: str, server: Server, tmp_path: Path
) -> None:
    address = server.add("/a.bin", content, *answers)
    with pytest.raises(UserError, match=problem) as caught:
        download(FILE, address, tmp_path / "a.bin", read_http)
    assert str(caught.value).startswith(address)
    assert not (tmp_path / "a.bin").exists()


def test_a_wrong_file_leaves_the_old_one_and_nothing_to_go_on_from(server: Server, tmp_path: Path) -> None:
    (tmp_path / "a.bin").write_bytes(b"old")
    with pytest.raises(UserError, match="Nothing of it was kept"):
        download(FILE, server.add("/a.bin", WRONG_BYTE), tmp_path / "a.bin", read_http)
    assert names(tmp_path) == ["a.bin"]
    assert (tmp_path / "a.bin").read_bytes() == b"old"


def test_an_endless_body_is_cut(server: Server, tmp_path: Path) -> None:
    address = server.add("/a.bin", CONTENT * 50, without_length)
    with pytest.raises(UserError, match="bytes, 200000 are expected") as caught:
        download(FILE, address, tmp_path / "a.bin", read_http)
    assert int(str(caught.value).split(" has ")[1].split()[0]) < 2 * len(CONTENT) + (1 << 18)


@pytest.mark.parametrize("left", [CONTENT[:50_000], CONTENT[:49_999] + b"?", WRONG_BYTE, CONTENT * 2])
def test_what_an_earlier_run_left_is_used_if_it_is_right(
    left: bytes, server: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.bin.part").write_bytes(left)
    address = server.add("/a.bin", CONTENT)
    download(FILE, address, tmp_path / "a.bin", read_http)
    assert (tmp_path / "a.bin").read_bytes() == CONTENT
    begun = [f"bytes={len(left)}-"] if len(left) < len(CONTENT) else []
    right = CONTENT.startswith(left)
    assert server.asked(address) == begun + ([] if right else [None])
    assert ("it is fetched from the start" in capsys.readouterr().err) is not right


KILLED = """
import sys, pathlib
from fairmodel.download.http import read_http
from fairmodel.download.manifest import ManifestFile
from fairmodel.download.transfer import download
file = ManifestFile.model_validate_json(sys.argv[1])
download(file, sys.argv[2], pathlib.Path(sys.argv[3]), read_http)
"""


def test_a_killed_download_goes_on(server: Server, tmp_path: Path) -> None:
    """The process dies with half of the file here, while the server goes on sending."""
    half, path = threading.Event(), tmp_path / "a.bin"
    address = server.add("/a.bin", CONTENT, broken_after(120_000, then=lambda: half.wait(60)))
    command = [
        sys.executable,
        "-c",
        KILLED,
        FILE.model_dump_json(by_alias=True, exclude_unset=True),
        address,
        str(path),
    ]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    part = tmp_path / "a.bin.part"
    while process.poll() is None and not (part.exists() and part.stat().st_size):
        half.wait(0.01)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    half.set()
    left = part.stat().st_size
    assert 0 < left <= 120_000
    download(FILE, address, path, read_http)
    assert path.read_bytes() == CONTENT
    assert server.asked(address) == [None, f"bytes={left}-"]


def test_other_hosts_are_followed_and_the_range_with_them(server: Server, tmp_path: Path) -> None:
    (tmp_path / "a.bin.part").write_bytes(CONTENT[:1000])
    with serve() as other:
        there = other.add("/elsewhere", CONTENT)
        download(FILE, server.add("/a.bin", CONTENT, redirect(there)), tmp_path / "a.bin", read_http)
        assert other.asked(there) == ["bytes=1000-"]
    assert (tmp_path / "a.bin").read_bytes() == CONTENT


def test_what_another_host_has_is_verified_too(server: Server, tmp_path: Path) -> None:
    with serve() as other:
        address = server.add("/a.bin", CONTENT, redirect(other.add("/elsewhere", WRONG_BYTE)))
        with pytest.raises(UserError, match="is not the file"):
            download(FILE, address, tmp_path / "a.bin", read_http)
    assert names(tmp_path) == []


def test_no_redirect_reads_files_of_this_machine(server: Server, tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(CONTENT)
    address = server.add("/a.bin", CONTENT, *[redirect((tmp_path / "secret").as_uri())] * 4)
    with pytest.raises(UserError):
        download(FILE, address, tmp_path / "a.bin", read_http)
    assert names(tmp_path) == ["a.bin.part", "secret"]
    assert (tmp_path / "a.bin.part").read_bytes() == b""


@pytest.mark.usefixtures("server")
def test_nobody_answers(tmp_path: Path) -> None:
    with serve() as gone:
        address = gone.address
    with pytest.raises(UserError, match=r"a\.bin: .*refused.*; the same command goes on at byte 0, try it later"):
        download(FILE, address + "/a.bin", tmp_path / "a.bin", read_http)


def test_an_empty_file(server: Server, tmp_path: Path) -> None:
    empty = ManifestFile(name="e", bytes=0, sha256=hashlib.sha256(b"").hexdigest())
    download(empty, server.add("/e", b""), tmp_path / "e", read_http)
    assert (tmp_path / "e").read_bytes() == b""


def test_a_full_disk_names_the_file(server: Server, tmp_path: Path) -> None:
    address = server.add("/a.bin", CONTENT)
    with full_disk(100_000), pytest.raises(UserError, match=r"cannot write .*a\.bin\.part: .*free disk space"):
        download(FILE, address, tmp_path / "a.bin", read_http)
    assert names(tmp_path) == ["a.bin.part"]
