"""Change the engine of this project: the wheel in vendor/, its checksum, and the pin in pyproject.toml.

    python3 tools/engine.py ~/Downloads/fairmodel-1.1.0-py3-none-any.whl

Can be repeated after it was interrupted. Standard library only.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import sys
import zipfile
from pathlib import Path

from install import ENGINE, PIN, InstallError, check_python

VENDOR = Path("vendor")
ANSWERS = Path(".cookiecutter.json")


def main(argv: list[str] | None = None) -> int:
    """Run; returns the exit code."""
    parser = argparse.ArgumentParser(description="Change the engine of this project.")
    parser.add_argument("wheel", type=Path, help=f"the new engine, {ENGINE}-<version>-py3-none-any.whl")
    wheel = parser.parse_args(argv).wheel
    try:
        check_python()
        version = version_of(wheel)
        change(wheel, version)
    except InstallError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print(f"the engine is {ENGINE} {version} now; run `make setup`, then `make all`, which says what became stale")
    return 0


def version_of(wheel: Path) -> str:
    """The version in the name of a wheel, which has to be one of the engine, whole, and as its metadata say."""
    named = re.fullmatch(rf"{ENGINE}-([^-]+)-py3-none-any\.whl", wheel.name)
    try:
        with zipfile.ZipFile(wheel) as archive:
            damaged = archive.testzip()
            about = archive.read(f"{ENGINE}-{named[1] if named else ''}.dist-info/METADATA").decode()
    except (OSError, KeyError, zipfile.BadZipFile) as error:
        message = f"{wheel} is no wheel of the engine ({error}); give {ENGINE}-<version>-py3-none-any.whl"
        raise InstallError(message) from error
    if damaged or not named or f"\nVersion: {named[1]}\n" not in about:
        message = f"{wheel} is damaged or was renamed; fetch it again"
        raise InstallError(message)
    return named[1]


def change(wheel: Path, version: str) -> None:
    """Put the wheel into vendor/, list its checksum, pin its version, and only then remove the engine of before."""
    project = Path("pyproject.toml")
    text = project.read_text(encoding="utf-8")
    if not PIN.search(text):
        message = f'pyproject.toml pins no engine; write "{ENGINE}[train]=={version}" into dependencies'
        raise InstallError(message)
    content = wheel.read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    VENDOR.mkdir(exist_ok=True)
    write(VENDOR / wheel.name, content)
    write(VENDOR / "SHA256SUMS", f"{digest}  {wheel.name}\n".encode())
    write(project, PIN.sub(rf"\g<1>{version}", text).encode())
    if ANSWERS.is_file():
        answers = json.loads(ANSWERS.read_text(encoding="utf-8")) | {"engine": {"version": version, "sha256": digest}}
        write(ANSWERS, (json.dumps(answers, indent=2, ensure_ascii=False) + "\n").encode())
    for other in VENDOR.glob(f"{ENGINE}-*.whl"):
        if other.name != wheel.name:
            other.unlink()


def write(path: Path, content: bytes) -> None:
    """Write a whole file, or none."""
    part = path.with_name(path.name + ".part")
    part.write_bytes(content)
    part.replace(path)


if __name__ == "__main__":
    sys.exit(main())
