"""Compile requirements into `constraints.txt`: one version of everything, for every platform and supported Python.

    python tools/lock.py                # this project with all its extras; keeps the versions that still fit
    python tools/lock.py --upgrade      # the newest versions

The engine is the one that `tools/install.py` would install; its own version is pinned in pyproject.toml. Runs in the
project's environment and needs uv there. Standard library only.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from install import ENGINE, OLDEST_PYTHON, InstallError, engine_of, get_uv, pip_settings, uv_settings

HEADER = "# Versions that work together, on every platform. Written by tools/lock.py from the requirements.\n"

PROJECT = Path("pyproject.toml")


def main(argv: list[str] | None = None) -> int:
    """Run; returns the exit code."""
    parser = argparse.ArgumentParser(description="Compile requirements into one file of constraints.")
    parser.add_argument(
        "sources", nargs="*", type=Path, default=[PROJECT], help="requirements (default: the project's)"
    )
    parser.add_argument("-o", "--output", type=Path, default=Path("constraints.txt"), help="default: %(default)s")
    parser.add_argument("-c", "--constraints", type=Path, help="a file of constraints that this one becomes a part of")
    parser.add_argument("--upgrade", action="store_true", help="take the newest versions instead of those locked now")
    options = parser.parse_args(argv)
    if not get_uv(Path(sys.executable)):
        return 1
    part = options.output.with_name(options.output.name + ".part")
    if options.output.exists():
        part.write_bytes(options.output.read_bytes())
    try:
        status = subprocess.run(
            command(options, part),
            env=environment(),
            check=False,
            input=engines(options.sources),
            stdout=subprocess.DEVNULL,
            text=True,
        ).returncode
        if status == 0:
            part.write_text(HEADER + portable(part.read_text(encoding="utf-8")), encoding="utf-8")
            part.replace(options.output)
    except InstallError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    finally:
        part.unlink(missing_ok=True)
    return status


def command(options: argparse.Namespace, output: Path) -> list[str]:
    """The call of uv; versions that `output` holds already are kept where they still fit."""
    result = [sys.executable, "-m", "uv", "pip", "compile", "--quiet", "--no-header", "--no-annotate", "--universal"]
    result += ["--python-version", ".".join(map(str, OLDEST_PYTHON)), "--output-file", str(output)]
    result += ["--constraint", str(options.constraints)] if options.constraints else []
    result += ["--upgrade"] if options.upgrade else []
    result += ["--extra", "all"] if any(source.name == PROJECT.name for source in options.sources) else []
    return [*result, *map(str, options.sources), "-"]


def engines(sources: Sequence[Path]) -> str:
    """The engines of projects among the sources, as lines of requirements."""
    words = [" ".join(engine_of(source.parent)) for source in sources if source.name == PROJECT.name]
    return "".join(f"{line}\n" for line in dict.fromkeys(words))


def environment() -> dict[str, str]:
    """The settings of pip for uv, without local folders of wheels: others do not have them."""
    settings = uv_settings(pip_settings(Path(sys.executable)))
    return {name: value for name, value in (os.environ | settings).items() if name != "UV_FIND_LINKS"}


def portable(text: str) -> str:
    """The lines without the engine, and without local versions: `torch==2.13.0+cpu` exists on one index alone."""
    return re.sub(r"(==[^\s+;]+)\+[^\s;]+", r"\1", re.sub(rf"(?m)^(-e |{ENGINE} @ ).*\n", "", text))


if __name__ == "__main__":
    sys.exit(main())
