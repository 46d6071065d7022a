"""Checksums of files of any size."""

import hashlib
import zlib
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Protocol

from ..progress import progress

__all__ = ["ALGORITHMS", "checksums"]

BLOCK = 1 << 20


class Checksum(Protocol):
    """What a checksum has to offer, as the classes of hashlib do."""

    def update(self, data: bytes, /) -> None:
        """Take in more bytes."""

    def hexdigest(self) -> str:
        """The checksum of all bytes so far, in hexadecimal."""


class Adler32:
    """Adler-32 (RFC 1950): finds accidents, not intent; the only checksum that CERN Open Data publishes."""

    def __init__(self) -> None:
        self._value = zlib.adler32(b"")

    def update(self, data: bytes, /) -> None:
        """Take in more bytes."""
        self._value = zlib.adler32(data, self._value)

    def hexdigest(self) -> str:
        """The checksum of all bytes so far: eight hexadecimal digits."""
        return f"{self._value:08x}"


ALGORITHMS: dict[str, Callable[[], Checksum]] = {"sha256": hashlib.sha256, "adler32": Adler32}


def checksums(path: Path, algorithms: Collection[str]) -> dict[str, str]:
    """Each algorithm's hexadecimal checksum of a file, which is read once, with a progress bar."""
    running = {name: ALGORITHMS[name]() for name in algorithms}
    title = f"check {path.name.removesuffix('.part')}"
    with path.open("rb") as stream, progress(None, total=path.stat().st_size, title=title, unit="B") as bar:
        while block := stream.read(BLOCK):
            for checksum in running.values():
                checksum.update(block)
            bar.update(len(block))
    return {name: checksum.hexdigest() for name, checksum in running.items()}
