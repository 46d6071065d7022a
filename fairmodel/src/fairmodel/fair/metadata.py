"""Write the files that are generated from `fair.toml`, or check that they still follow it.

Needs PyYAML at most: a new project writes its first metadata before anything is installed, beside cookiecutter.
"""

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from ..errors import UserError
from ..files import write_text
from ..metadata.source import SOURCE, Metadata, read_metadata
from .generated import citation, codemeta, zenodo
from .pyproject import PYPROJECT, has_block, with_block

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
        write_text(root / name, _expected(root, metadata)[name])
    return names


def drifted(root: Path, metadata: Metadata) -> list[str]:
    """Names of the generated files that are missing or differ from what `metadata` makes of them."""
    return [name for name, text in _expected(root, metadata).items() if _content(root / name) != text.encode()]


def _expected(root: Path, metadata: Metadata) -> dict[str, str]:
    """The text of each generated file; of pyproject.toml, if it leaves a place for it, some lines are generated."""
    texts = {name: generate(metadata) for name, generate in GENERATORS.items()}
    current = (_content(root / PYPROJECT) or b"").decode()
    return texts | ({PYPROJECT: with_block(current, metadata)} if has_block(current) else {})


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
