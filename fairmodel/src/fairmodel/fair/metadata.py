"""Writes the files that are generated from `fair.toml`, or checks that they still follow it.

Standard library only: a new project writes its first metadata before anything is installed.
"""

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from ..errors import UserError
from ..files import write_text
from ..metadata.source import SOURCE, Metadata, read_metadata
from .citation import citation
from .codemeta import codemeta
from .zenodo import zenodo

__all__ = ["GENERATORS", "drifted", "main", "write", "write_or_check"]

GENERATORS: Mapping[str, Callable[[Metadata], str]] = {
    "CITATION.cff": citation,
    ".zenodo.json": zenodo,
    "codemeta.json": codemeta,
}


def write(root: Path) -> list[str]:
    """Write every generated file of the project in `root` that is out of date; returns their names."""
    metadata = read_metadata(root)
    names = drifted(root, metadata)
    for name in names:
        write_text(root / name, GENERATORS[name](metadata))
    return names


def drifted(root: Path, metadata: Metadata) -> list[str]:
    """Names of the generated files that are missing or differ from what `metadata` makes of them."""
    return [name for name, generate in GENERATORS.items() if _content(root / name) != generate(metadata).encode()]


def _content(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None


def write_or_check(*, folder: Path, check: bool) -> None:
    """Write or check the files of the project in `folder`. Raises UserError naming each file that drifted."""
    if not check:
        names = write(folder)
        sys.stdout.write(f"written: {', '.join(names) or 'nothing, all files are up to date'}\n")
    elif names := drifted(folder, read_metadata(folder)):
        message = f"{', '.join(names)} does not follow {SOURCE}; run `make metadata`"
        raise UserError(message)


def main(argv: Sequence[str] | None = None) -> int:
    """Run on its own; returns the exit code."""
    parser = argparse.ArgumentParser(prog=f"python -m {__spec__.name}", description=__doc__)
    parser.add_argument("--check", action="store_true", help=f"change nothing; fail if a file does not follow {SOURCE}")
    parser.add_argument("--project", type=Path, default=Path(), help="the project's folder (default: the current one)")
    arguments = parser.parse_args(argv)
    try:
        write_or_check(folder=arguments.project, check=arguments.check)
    except UserError as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
