"""What has to be the same in two processes for the same results: Python, this package's source, the libraries."""

import os
import platform
import re
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib import metadata
from pathlib import Path

from .. import PACKAGE

__all__ = ["Environment"]


@dataclass(frozen=True)
class Environment:
    """The environment of a process, to be compared in another one.

    `mark` is a file in the folder that tasks write to; a process that works on them has to see it.
    """

    python: str
    source: str
    libraries: tuple[tuple[str, str], ...]
    mark: Path | None = None

    @classmethod
    def here(cls, mark: Path | None = None) -> "Environment":
        """That of this process: distributed and what this package requires, as far as it is installed."""
        versions = {name: _version(name) for name in sorted({"distributed", *_requirements()})}
        libraries = tuple((name, version) for name, version in versions.items() if version)
        return cls(_python(), _source_digest(), libraries, mark)

    def mismatches(self) -> list[str]:
        """What differs in the process that calls this; a library counts where it is installed."""
        found = [f"Python {_python()} instead of {self.python}"] if _python() != self.python else []
        for name, version in self.libraries:
            if _version(name) not in (None, version):
                found.append(f"{name} {_version(name)} instead of {version}")
        if _source_digest() != self.source:
            found.append("other source files of this project, or those of before a change, which need a new start")
        if self.mark and not (self.mark.is_file() and os.access(self.mark.parent, os.W_OK)):
            found.append(f"no write access to the same {self.mark.parent}")
        return found


def _python() -> str:
    return ".".join(platform.python_version_tuple()[:2])


@cache
def _source_digest() -> str:
    """SHA-256 of the package's source, tests aside; kept, because a process goes on with modules once imported."""
    folder = Path(__file__).parents[1]
    digest = sha256()
    for path in sorted(path for path in folder.rglob("*.py") if "tests" not in path.relative_to(folder).parts):
        digest.update(path.relative_to(folder).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def _requirements() -> set[str]:
    """Names of what this package requires, its extras included."""
    scripts = metadata.entry_points(group="console_scripts", name=PACKAGE)
    lines = [line for script in scripts if script.dist for line in script.dist.requires or ()]
    return {match.group() for line in lines if (match := re.match(r"[\w.-]+", line))}


def _version(name: str) -> str | None:
    with suppress(metadata.PackageNotFoundError):
        return metadata.version(name)
    return None
