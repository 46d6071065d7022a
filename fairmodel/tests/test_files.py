"""Files are whole or absent."""

import errno
import hashlib
import os
import signal
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest

from fairmodel.errors import UserError
from fairmodel.files import PART, LateErrorFile, atomic_path, read_json, sha256, write_json, write_text


def test_a_reader_of_the_old_file_keeps_it(tmp_path: Path) -> None:
    """The new file takes the name in one step: who has opened the old one never sees a mixture."""
    path = tmp_path / "a.txt"
    write_text(path, "old")
    with path.open() as stream:
        write_text(path, "new and longer")
        assert stream.read() == "old"
    assert path.read_text() == "new and longer"


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*"))


def test_text_appears_whole_in_a_new_folder(tmp_path: Path) -> None:
    write_text(tmp_path / "deep" / "er" / "a.txt", "ünï\n")
    assert (tmp_path / "deep" / "er" / "a.txt").read_bytes() == "ünï\n".encode()
    assert names(tmp_path) == ["a.txt", "deep", "er"]


@pytest.mark.parametrize("before", [None, "old"])
@pytest.mark.parametrize("error", [RuntimeError("x"), KeyboardInterrupt(), OSError(errno.ENOSPC, "No space left")])
def test_a_failed_block_leaves_what_was_there(error: BaseException, before: str | None, tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    if before:
        path.write_text(before)

    def write() -> None:
        with atomic_path(path) as temporary:
            temporary.write_text("half")
            raise error

    with pytest.raises(UserError if isinstance(error, OSError) else type(error)):
        write()
    assert names(tmp_path) == (["a.txt"] if before else [])
    assert not before or path.read_text() == before


def test_a_full_disk_names_the_file_and_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"cannot write .*a\.txt: No space left on device; .*free disk space"):
        full(tmp_path / "a.txt")


def full(path: Path) -> None:
    with atomic_path(path):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_file_in_the_place_of_a_folder(tmp_path: Path) -> None:
    (tmp_path / "folder").write_text("a file")
    with pytest.raises(UserError, match=r"cannot create the folder .*folder"):
        write_text(tmp_path / "folder" / "a.txt", "text")


def test_a_folder_in_the_place_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "a.txt").mkdir()
    with pytest.raises(UserError, match=r"cannot write .*a\.txt"):
        write_text(tmp_path / "a.txt", "text")
    assert names(tmp_path) == ["a.txt"]


def test_a_killed_writer_leaves_no_file_under_the_name(tmp_path: Path) -> None:
    """The next writer goes over what the killed one left."""
    path = tmp_path / "a.txt"
    script = (
        "import os, sys, pathlib\n"
        "from fairmodel.files import atomic_path\n"
        "with atomic_path(pathlib.Path(sys.argv[1])) as temporary:\n"
        "    temporary.write_text('half')\n"
        f"    os.kill(os.getpid(), {int(signal.SIGKILL)})\n"
    )
    result = subprocess.run([sys.executable, "-c", script, str(path)], check=False)
    assert result.returncode == -signal.SIGKILL
    assert names(tmp_path) == ["a.txt.part"]
    write_text(path, "whole")
    assert names(tmp_path) == ["a.txt"]
    assert path.read_text() == "whole"


def test_two_writers_of_one_file_do_not_meet(tmp_path: Path) -> None:
    """As on a cluster, when a worker that was given up for dead writes on: each file is whole at all times."""
    path = tmp_path / "a.txt"

    def begin(stack: ExitStack, suffix: str) -> Path:
        token = PART.set(suffix)
        try:
            return stack.enter_context(atomic_path(path))
        finally:
            PART.reset(token)

    with ExitStack() as slow, ExitStack() as quick:
        given_up, again = begin(slow, ".1.part"), begin(quick, ".2.part")
        given_up.write_text("first ")
        again.write_text("second")
        quick.close()
        assert path.read_text() == "second"
        with given_up.open("a") as stream:
            stream.write("half")
        assert path.read_text() == "second"
        slow.close()
    assert path.read_text() == "first half"
    assert names(tmp_path) == ["a.txt"]


def test_errors_wait_until_they_are_asked_for(tmp_path: Path) -> None:
    """The first one counts; what fits is written, in however many pieces the system takes it."""
    content = bytes(range(256)) * 20
    with LateErrorFile(tmp_path / "a") as stream:
        stream.write(content[:1000])
        stream.write(content[1000:])
        stream.check()
        stream.truncate(5000)
    assert (tmp_path / "a").read_bytes() == content[:5000]
    with LateErrorFile(Path("/dev/full")) as stream:
        assert stream.write(b"abc") == 3
        assert stream.truncate(7) == 7
        with pytest.raises(OSError, match="No space left"):
            stream.check()


def test_json_comes_back(tmp_path: Path) -> None:
    content = {"ünï": [1, 2.5, None, "<&>"], "deep": {"a": True}}
    write_json(tmp_path / "a.json", content)
    assert read_json(tmp_path / "a.json") == content
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_json(tmp_path / "b.json", {"value": float("nan")})
    assert names(tmp_path) == ["a.json"]


@pytest.mark.parametrize("content", [None, b"", b'{"a": 1', b"\xff"])
def test_missing_and_damaged_json_are_named(content: bytes | None, tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UserError, match=r"a\.json (does not exist|is not valid JSON)"):
        read_json(path)


def test_checksum(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"abc" * 100_000)
    assert sha256(tmp_path / "a") == hashlib.sha256(b"abc" * 100_000).hexdigest()
