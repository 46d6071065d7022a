"""The engine itself: its version, and the hash of its source, which stand in every record."""

from functools import cache
from hashlib import sha256
from importlib import metadata
from pathlib import Path

__all__ = ["ENGINE", "engine_entry", "engine_hash", "engine_line", "engine_version", "package_files"]

ENGINE = "fairmodel"
FOLDER = Path(__file__).parents[1]


def engine_version() -> str:
    """Version of the installed engine, "unknown" where it runs from bare source."""
    try:
        return metadata.version(ENGINE)
    except metadata.PackageNotFoundError:
        return "unknown"


def package_files(folder: Path) -> list[Path]:
    """Every file of a package that can affect a result, in a fixed order; the pages in a wheel cannot."""
    files = (path for path in folder.rglob("*") if path.is_file() and path.suffix != ".pyc")
    hidden = (".", "__pycache__", "_docs")
    return sorted(path for path in files if not any(part.startswith(hidden) for part in path.relative_to(folder).parts))


@cache
def engine_hash() -> str:
    """SHA-256 over names and contents of the engine's files: the same for a wheel, an editable install and a zip."""
    digest = sha256()
    for path in package_files(FOLDER):
        digest.update(path.relative_to(FOLDER).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def engine_entry() -> dict[str, str]:
    """Return the entry of a record for the engine: name, version and hash."""
    return {"name": ENGINE, "version": engine_version(), "sha256": engine_hash()}


def engine_line() -> str:
    """Return the same as one line for a person."""
    return f"{ENGINE} {engine_version()} (sha256 {engine_hash()[:12]})"
