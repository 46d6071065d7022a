"""SHA-256 of files, taken again only where size or time of change are others than before."""

import json
import time
from pathlib import Path

from ...files import sha256, write_json

__all__ = ["Checksums"]

SETTLED = 0.1  # seconds after which a file that changes once more gets another time of change on every file system


class Checksums:
    """The checksums of a project's files, remembered in `build/checksums.json` from one step to the next."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._path = root / "build" / "checksums.json"
        self._known = self._load()

    def of(self, path: Path) -> str:
        """The file's SHA-256 in hexadecimal."""
        status, name = path.stat(), path.relative_to(self.root).as_posix()
        size, changed, digest = self._known.get(name, (-1, 0, ""))
        if (size, changed) == (status.st_size, status.st_mtime_ns):
            return digest
        settled = time.time_ns() - status.st_mtime_ns > SETTLED * 1e9
        digest = sha256(path)
        if settled:
            self._known[name] = (status.st_size, status.st_mtime_ns, digest)
        return digest

    def save(self) -> None:
        """Remember what was taken, also by others meanwhile; forget files that are gone. For one process at a time."""
        known = self._load() | self._known
        write_json(self._path, {name: entry for name, entry in known.items() if (self.root / name).exists()})

    def _load(self) -> dict[str, tuple[int, int, str]]:
        """What is remembered; a damaged file only costs time."""
        try:
            content = json.loads(self._path.read_text(encoding="utf-8"))
            return {name: (int(size), int(changed), str(digest)) for name, (size, changed, digest) in content.items()}
        except (OSError, ValueError, TypeError, AttributeError):
            return {}
