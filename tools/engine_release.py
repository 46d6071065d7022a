"""Build what a release of the engine publishes: the wheel that travels in projects, and the source distribution.

    python tools/engine_release.py --tag fairmodel-1.0.0    # writes both into dist/

The version must be the same everywhere: in the tag, pyproject.toml, fair.toml, the files made from it, the changelog.
"""

import argparse
import re
import subprocess
import sys
import tomllib
from pathlib import Path

from fairmodel.errors import UserError
from fairmodel.fair.metadata import write_or_check

ROOT = Path(__file__).resolve().parents[1]
ENGINE = ROOT / "fairmodel"


def problems(tag: str = "", engine: Path = ENGINE) -> list[str]:
    """One line for each place whose version differs from that of pyproject.toml."""
    version = _toml(engine / "pyproject.toml")["project"]["version"]
    found = []
    if tag and tag != f"fairmodel-{version}":
        found.append(f"the tag is {tag!r}, and pyproject.toml has version {version!r}; tag fairmodel-{version}")
    if (other := _toml(engine / "fair.toml")["identity"]["version"]) != version:
        found.append(f"fair.toml has version {other!r}, and pyproject.toml {version!r}; write the same into both")
    changes = (engine / "CHANGELOG.md").read_text(encoding="utf-8")
    if not re.search(rf"^## {re.escape(version)}\b", changes, flags=re.MULTILINE):
        found.append(f"CHANGELOG.md has no section '## {version}'; say there what has changed")
    try:
        write_or_check(folder=engine, check=True)
    except UserError as error:
        found.append(str(error))
    return found


def build(out: Path, engine: Path = ENGINE) -> None:
    """Write wheel and source distribution into a folder."""
    out.mkdir(parents=True, exist_ok=True)
    subprocess.run([sys.executable, str(engine / "tools" / "pack.py"), str(out)], check=True)
    hatch = [sys.executable, "-m", "hatchling", "build", "-t", "sdist", "-d", str(out.resolve())]
    subprocess.run(hatch, cwd=engine, check=True)


def _toml(path: Path) -> dict[str, dict[str, str]]:
    content: dict[str, dict[str, str]] = tomllib.loads(path.read_text(encoding="utf-8"))
    return content


def main() -> int:
    """Check and build; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tag", default="", help="the tag of the release; empty: none yet")
    options = parser.parse_args()
    found = problems(options.tag)
    for problem in found:
        print(f"error: {problem}", file=sys.stderr)
    if not found:
        build(ROOT / "dist")
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main())
