"""Bring one file here over an unreliable network: resumed, verified, and under its name only when it is right."""

import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from ..errors import UserError
from ..progress import progress
from .manifest import ManifestFile

__all__ = ["Reader", "Stream", "TransientError", "announce", "download"]

PAUSES = (1.0, 2.0, 4.0)  # seconds before another attempt, each time that one brought nothing


class TransientError(Exception):
    """The other side is unwell for now: another attempt makes sense, after `wait` seconds if it says so."""

    def __init__(self, reason: str, wait: float = 0.0) -> None:
        super().__init__(reason)
        self.wait = wait


@dataclass(frozen=True)
class Stream:
    """A file from byte `offset` on, and the size of all of it where the other side tells."""

    offset: int
    size: int | None
    blocks: Iterator[bytes]


# reader(address, offset): a stream that starts at `offset`, or at 0 where the other side cannot go on in the middle
Reader = Callable[[str, int], AbstractContextManager[Stream]]


def announce(files: Mapping[Path, ManifestFile], folder: Path) -> None:
    """Say how much is to come below `folder`; raises UserError if the disk has no room for it."""
    size = sum(file.size - _left(path) for path, file in files.items())
    place = next(path for path in (folder, *folder.absolute().parents) if path.is_dir())
    free = shutil.disk_usage(place).free
    if size > free:
        message = (
            f"{folder}: {len(files)} files of {size / 1e9:.3g} GB are to come, and {free / 1e9:.3g} GB are free; "
            "choose fewer files, make room, or link data/raw to a larger disk"
        )
        raise UserError(message)
    if files:
        sys.stderr.write(f"{len(files)} files to fetch, {size / 1e9:.3g} GB\n")


def _left(path: Path) -> int:
    """Bytes of a file that an earlier attempt has brought."""
    part = _part(path)
    return part.stat().st_size if part.exists() else 0


def _part(path: Path) -> Path:
    return path.with_name(path.name + ".part")


def download(file: ManifestFile, address: str, path: Path, reader: Reader) -> None:
    """Fetch a file to `path`, going on where an earlier attempt stopped.

    The bytes gather in `<path>.part`, which survives a kill. If they are not the listed file in the end, they are
    deleted; where some were left by an earlier run, the file is fetched once more from the start before that is an
    error. Raises UserError for a file that cannot be had or is another.
    """
    part = _part(path)
    try:
        part.parent.mkdir(parents=True, exist_ok=True)
        resumed = part.exists()
        problem = _fetch(file, address, part, reader)
        if problem and resumed:
            sys.stderr.write(f"note: {part} {problem}; it is fetched from the start\n")
            problem = _fetch(file, address, part, reader)
        if not problem:
            part.replace(path)
    except OSError as error:
        message = f"cannot write {part}: {error.strerror or error}; check its permissions and the free disk space"
        raise UserError(message) from error
    if problem:
        message = (
            f"{address} is not the file {file.name!r} of data/files.toml: it {problem}. Nothing of it was kept; try "
            "again, and if it stays so, compare the entry with the record: the file was replaced in one of them"
        )
        raise UserError(message)


def _fetch(file: ManifestFile, address: str, part: Path, reader: Reader) -> str | None:
    """Complete `part`; says why it is not the listed file, which deletes it."""
    with part.open("ab") as target:
        _complete(file, address, target, reader)
        target.flush()
        os.fsync(target.fileno())
    problem = file.problem(part)
    if problem:
        part.unlink()
    return problem


def _complete(file: ManifestFile, address: str, target: BinaryIO, reader: Reader) -> None:
    """Append until the file has the listed size; attempts are given up when several in a row bring nothing."""
    pauses = iter(PAUSES)
    with progress(None, total=file.size, title=f"fetch {file.name}", unit="B") as bar:
        bar.update(target.tell())
        while (before := target.tell()) < file.size:
            try:
                with reader(address, before) as stream:
                    _append(file, address, target, stream, bar)
            except TransientError as error:
                if target.tell() > before:
                    pauses = iter(PAUSES)
                    continue
                pause = next(pauses, None)
                if pause is None:
                    message = f"{address}: {error}; the same command goes on at byte {target.tell()}, try it later"
                    raise UserError(message) from error
                time.sleep(max(pause, error.wait))


def _append(file: ManifestFile, address: str, target: BinaryIO, stream: Stream, bar: Any) -> None:
    if stream.size not in (None, file.size):
        message = (
            f"{address} has {stream.size} bytes, data/files.toml expects {file.size} of {file.name!r}: it is another "
            "file; compare the entry with the record"
        )
        raise UserError(message)
    if stream.offset != target.tell():
        target.seek(stream.offset)
        target.truncate()
        bar.reset()
        bar.update(stream.offset)
    for block in stream.blocks:
        target.write(block)
        bar.update(len(block))
        if target.tell() > file.size:
            return  # the verification refuses it, however much more there is
    if target.tell() < file.size:
        message = f"the connection ended at byte {target.tell()} of {file.size}"
        raise TransientError(message)
