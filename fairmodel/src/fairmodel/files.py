"""Files that are either whole or absent: write under a temporary name, then rename."""

import hashlib
import io
import json
import os
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from pathlib import Path
from typing import Any

from .errors import UserError

__all__ = ["PART", "LateErrorFile", "atomic_path", "read_json", "read_toml", "sha256", "write_json", "write_text"]

# what is added to the name of an unfinished file; on a cluster, where two may write the same file, one for each
PART = ContextVar("PART", default=".part")


@contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`; rename it to `path` only if the block succeeds.

    A block that fails leaves neither file; a killed process leaves at most a `*.part` file,
    which no reader takes for finished and the next run overwrites.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        message = f"cannot create the folder {path.parent}: {error.strerror}; check its permissions or free space"
        raise UserError(message) from error
    temporary = path.with_name(path.name + PART.get())
    try:
        yield temporary
        with temporary.open("rb") as stream:
            os.fsync(stream.fileno())
        temporary.replace(path)
    except OSError as error:
        message = f"cannot write {path}: {error.strerror or error}; check its permissions and the free disk space"
        raise UserError(message) from error
    finally:
        with suppress(OSError):
            temporary.unlink()


class LateErrorFile(io.FileIO):
    """A new binary file for a library that crashes when a write fails, as HDF5 does: errors wait until `check`."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, "w+")
        self._error: OSError | None = None

    def write(self, data: Any, /) -> int:
        """Write all of `data`, or keep the error."""
        rest = memoryview(data).cast("B")
        try:
            while rest:
                rest = rest[super().write(rest) :]
        except OSError as error:
            self._error = self._error or error
        return len(data)

    def truncate(self, size: int | None = None, /) -> int:
        """Change the length, or keep the error."""
        try:
            return super().truncate(size)
        except OSError as error:
            self._error = self._error or error
            return size or 0

    def check(self) -> None:
        """Raise the first error that was kept."""
        if self._error:
            raise self._error


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 text atomically."""
    with atomic_path(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_json(path: Path, content: Any) -> None:
    """Write `content` atomically as indented JSON (UTF-8, NaN refused)."""
    write_text(path, json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def read_json(path: Path) -> Any:
    """Read a JSON file; a missing or damaged one is named in the error."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        message = f"{path} does not exist; run the step that makes it (see `make help`)"
        raise UserError(message) from error
    except ValueError as error:
        message = f"{path} is not valid JSON ({error}); if a step made it, delete it and run the step again"
        raise UserError(message) from error


def read_toml(path: Path) -> dict[str, Any]:
    """Read a TOML file; a damaged one is named in the error. Raises FileNotFoundError where there is none."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        message = f"{path} is not valid TOML: {error}"
        raise UserError(message) from error


def sha256(path: Path) -> str:
    """Hexadecimal SHA-256 of a file."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
