"""Which names a file from elsewhere may have on this machine, whatever its operating system."""

import hashlib
import re
import unicodedata
import zlib
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Protocol

from ..progress import progress

__all__ = ["ALGORITHMS", "checksums", "name_key", "name_problem"]

NOT_ON_WINDOWS = frozenset('<>:"|?*\\')
DEVICE = re.compile(r"(con|prn|aux|nul|(com|lpt)[0-9¹²³])(\..*)?", re.IGNORECASE)
LONGEST_PART = 240  # bytes; file systems allow 255, and unfinished files get a suffix


def name_problem(name: str) -> str | None:
    """Why a name is not that of a file below a folder of ours, such as `train/rows.h5`; None if it is."""
    if any(unicodedata.category(character).startswith("C") for character in name):
        return "holds a control character or an invisible one"
    if found := NOT_ON_WINDOWS & set(name):
        return f"holds {' '.join(sorted(found))}; folders are separated by /"
    for part in name.split("/"):
        if part in ("", ".", ".."):
            return "is not a path below a folder: it starts with /, or has an empty part, . or .."
        if part[0] == " " or part[-1] in " .":
            return f"has the part {part!r}, which begins or ends with a space or ends with a dot"
        if DEVICE.fullmatch(part):
            return f"has the part {part!r}, which is a device on Windows"
        if len(part.encode()) > LONGEST_PART:
            return f"has a part of more than {LONGEST_PART} bytes"
    return "ends like an unfinished file" if name.endswith(".part") else None


def name_key(name: str) -> str:
    """The same for two names that are one file on some system: letter case and the composition of accents."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


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
