"""What has to be the same in two processes for the same results: Python, source of engine and project, libraries."""

import os
import platform
import re
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path

from ..metadata.engine import ENGINE, engine_hash, package_files

__all__ = ["Environment"]


@dataclass(frozen=True)
class Environment:
    """The environment of a process, to be compared in another one.

    `package` is that of the project; `mark` is a file in the folder that tasks write to, which a process that works on
    them has to see.
    """

    python: str
    package: str
    source: str
    libraries: tuple[tuple[str, str], ...]
    mark: Path | None = None

    @classmethod
    def here(cls, package: str, mark: Path | None = None) -> "Environment":
        """That of this process: distributed and what engine and project require, as far as it is installed."""
        versions = {name: _version(name) for name in sorted({"distributed", *_requirements(package)})}
        libraries = tuple((name, version) for name, version in versions.items() if version)
        return cls(_python(), package, _source_digest(package), libraries, mark)

    def mismatches(self) -> list[str]:
        """What differs in the process that calls this; a library counts where it is installed."""
        found = [f"Python {_python()} instead of {self.python}"] if _python() != self.python else []
        for name, version in self.libraries:
            if _version(name) not in (None, version):
                found.append(f"{name} {_version(name)} instead of {version}")
        if _source_digest(self.package) != self.source:
            found.append("other source files of engine or project, or those of before a change, which need a new start")
        if self.mark and not (self.mark.is_file() and os.access(self.mark.parent, os.W_OK)):
            found.append(f"no write access to the same {self.mark.parent}")
        return found


def _python() -> str:
    return ".".join(platform.python_version_tuple()[:2])


@cache
def _source_digest(package: str) -> str:
    """SHA-256 of the source of engine and project; kept, because a process goes on with modules once imported."""
    digest = sha256(engine_hash().encode())
    spec = find_spec(package) if package else None
    folder = Path(spec.origin).parent if spec and spec.origin else None
    for path in package_files(folder) if folder else ():
        digest.update(path.relative_to(folder or path).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def _requirements(package: str) -> set[str]:
    """Names of what engine and project require, extras included."""
    names = {ENGINE, *(metadata.packages_distributions().get(package, ()) if package else ())}
    lines: list[str] = []
    for name in names:
        with suppress(metadata.PackageNotFoundError):
            lines += metadata.requires(name) or ()
    return {match.group() for line in lines if (match := re.match(r"[\w.-]+", line))}


def _version(name: str) -> str | None:
    with suppress(metadata.PackageNotFoundError):
        return metadata.version(name)
    return None
