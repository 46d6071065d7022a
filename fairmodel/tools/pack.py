"""Pack the engine into a wheel with the standard library alone; the same source gives the same bytes on any machine.

    python3 fairmodel/tools/pack.py FOLDER    # writes fairmodel-<version>-py3-none-any.whl and SHA256SUMS into it

Nothing is compressed, since zlib's bytes differ from one build to another.
"""

from __future__ import annotations

import argparse
import hashlib
import re
import sys
import tomllib
import zipfile
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

__all__ = ["pack"]

ENGINE = Path(__file__).resolve().parents[1]
WHEEL = "Wheel-Version: 1.0\nGenerator: fairmodel/tools/pack.py\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
LEFTOVERS = ("__pycache__", "_build")
EPOCH = (1980, 1, 1, 0, 0, 0)  # the first date that a zip file can hold
MODE = 0o100644 << 16


def pack(folder: Path, engine: Path = ENGINE) -> Path:
    """Write the wheel of the engine's source, and its checksum, into a folder; returns the path of the wheel."""
    project = tomllib.loads((engine / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    label = f"{project['name']}-{project['version']}"
    about = f"{label}.dist-info"
    files = {f"fairmodel/{name}": content for name, content in _files(engine / "src" / "fairmodel")}
    files |= {f"fairmodel/_docs/{name}": content for name, content in _files(engine / "docs")}
    files = dict(sorted(files.items())) | {
        f"{about}/METADATA": _metadata(project, engine).encode(),
        f"{about}/WHEEL": WHEEL.encode(),
        f"{about}/entry_points.txt": _entry_points(project).encode(),
        **{f"{about}/licenses/{name}": (engine / name).read_bytes() for name in project["license-files"]},
    }
    files[f"{about}/RECORD"] = _record(files, f"{about}/RECORD").encode()
    path = folder / f"{label}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for name, content in files.items():
            member = zipfile.ZipInfo(name, EPOCH)
            member.create_system, member.external_attr = 3, MODE  # as on Unix, wherever it is packed
            archive.writestr(member, content)
    checksum = hashlib.sha256(path.read_bytes()).hexdigest()
    (folder / "SHA256SUMS").write_text(f"{checksum}  {path.name}\n", encoding="utf-8")
    return path


def _files(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Name and content of every file below a folder, but for what tools left there."""
    for path in folder.rglob("*"):
        place = path.relative_to(folder)
        if path.is_file() and path.suffix != ".pyc" and not any(map(_is_leftover, place.parts)):
            yield place.as_posix(), path.read_bytes()


def _is_leftover(part: str) -> bool:
    return part.startswith(".") or part in LEFTOVERS


def _metadata(project: dict[str, Any], engine: Path) -> str:
    """Core metadata 2.4 (https://packaging.python.org/specifications/core-metadata)."""
    lines = ["Metadata-Version: 2.4", f"Name: {project['name']}", f"Version: {project['version']}"]
    lines += [f"Summary: {project['description']}"]
    lines += [f"Author: {author['name']}" for author in project["authors"]]
    lines += [f"License-Expression: {project['license']}"]
    lines += [f"License-File: {name}" for name in project["license-files"]]
    lines += [f"Keywords: {','.join(sorted(project['keywords']))}"]
    lines += [f"Classifier: {classifier}" for classifier in project["classifiers"]]
    lines += [f"Project-URL: {name}, {url}" for name, url in project.get("urls", {}).items()]
    lines += [f"Requires-Python: {project['requires-python']}"]
    lines += [f"Requires-Dist: {requirement}" for requirement in project["dependencies"]]
    extras = project["optional-dependencies"]
    for extra in sorted(extras):
        lines += [f"Provides-Extra: {extra}"]
        needed = dict.fromkeys(_expanded(extra, extras))
        lines += [f"Requires-Dist: {_conditional(requirement, extra)}" for requirement in needed]
    readme = (engine / project["readme"]).read_text(encoding="utf-8")
    return "\n".join([*lines, "Description-Content-Type: text/markdown", "", readme])


def _expanded(extra: str, extras: dict[str, list[str]]) -> Iterator[str]:
    """Requirements of an extra; where it names other extras of the engine, theirs."""
    for requirement in extras[extra]:
        if named := re.fullmatch(r"fairmodel\[(.+)\]", requirement):
            for other in named[1].split(","):
                yield from _expanded(other.strip(), extras)
        else:
            yield requirement


def _conditional(requirement: str, extra: str) -> str:
    """A requirement of an extra, with the marker that it has already."""
    name, _, marker = (part.strip() for part in requirement.partition(";"))
    return f"{name}; ({marker}) and extra == '{extra}'" if marker else f"{name}; extra == '{extra}'"


def _entry_points(project: dict[str, Any]) -> str:
    scripts = (f"{name} = {target}\n" for name, target in project["scripts"].items())
    return "[console_scripts]\n" + "".join(scripts)


def _record(files: dict[str, bytes], own: str) -> str:
    """Name, SHA-256 and size of every file of the wheel, but for this list itself."""
    digests = {name: urlsafe_b64encode(hashlib.sha256(content).digest()).decode() for name, content in files.items()}
    lines = [f"{name},sha256={digests[name].rstrip('=')},{len(content)}\n" for name, content in files.items()]
    return "".join(lines) + f"{own},,\n"


def main() -> int:
    """Pack into the folder that the command line names."""
    parser = argparse.ArgumentParser(description="Pack the engine into a wheel.")
    parser.add_argument("folder", type=Path, help="where the wheel goes")
    print(pack(parser.parse_args().folder))
    return 0


if __name__ == "__main__":
    sys.exit(main())
