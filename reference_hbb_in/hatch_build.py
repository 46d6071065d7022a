"""The project's core metadata: identity from `fair.toml`, dependencies from `requirements/`."""

import re
import tomllib
from pathlib import Path
from typing import Any

from hatchling.metadata.plugin.interface import MetadataHookInterface

EXTRAS = ("cluster", "docs", "download", "openvino", "serve", "tensorrt", "test")
SPECIAL = ("tensorrt",)  # for machines with certain hardware


class FairMetadataHook(MetadataHookInterface):
    """Fills the dynamic fields of `[project]`, so that none of them is written down twice."""

    def update(self, metadata: dict[str, Any]) -> None:
        """Set every field that `pyproject.toml` declares dynamic and `fair.toml` has a value for."""
        root = Path(self.root)
        fair = tomllib.loads((root / "fair.toml").read_text(encoding="utf-8"))
        extras = optional_dependencies(root / "requirements")
        fields = identity(fair) | {
            "dependencies": dependencies(root / "requirements"),
            "optional-dependencies": extras | {"all": every(extras)},
        }
        metadata.update({name: value for name, value in fields.items() if value})


def identity(fair: dict[str, Any]) -> dict[str, Any]:
    """Core metadata fields of the identity in `fair.toml`; a field without a value is empty."""
    about = fair["identity"]
    doi = about.get("concept-doi") or about.get("doi")
    urls = {"Repository": about.get("repository"), "DOI": f"https://doi.org/{doi}" if doi else ""}
    return {
        "version": about["version"],
        "description": " ".join(about["description"].split()),
        "keywords": about.get("keywords"),
        "authors": [author(person) for person in fair.get("people", [])],
        "license": about.get("license"),
        "urls": {name: url for name, url in urls.items() if url},
    }


def author(person: dict[str, str]) -> dict[str, str]:
    """Name and e-mail address of one of the people in `fair.toml`."""
    name = person.get("name") or f"{person.get('given-names', '')} {person.get('family-names', '')}".strip()
    return {key: value for key, value in {"name": name, "email": person.get("email")}.items() if value}


def dependencies(folder: Path) -> list[str]:
    """Requirements of the core and of the project."""
    return read(folder / "core.txt") + read(folder / "project.txt")


def optional_dependencies(folder: Path) -> dict[str, list[str]]:
    """One extra for each of the core's files in `EXTRAS`, and for each `project-<extra>.txt`."""
    extras = {name: read(folder / f"{name}.txt") for name in EXTRAS}
    for path in sorted(folder.glob("project-*.txt")):
        name = path.stem.removeprefix("project-")
        extras[name] = extras.get(name, []) + read(path)
    return extras


def every(extras: dict[str, list[str]]) -> list[str]:
    """Requirements of the extra `all`, which can be installed and used on any machine."""
    return sorted({line for name, lines in extras.items() if name not in SPECIAL for line in lines})


def read(path: Path) -> list[str]:
    """Requirements in a file, one per line, without comments."""
    lines = (re.sub(r"(^|\s+)#.*", "", line).strip() for line in path.read_text(encoding="utf-8").splitlines())
    return [line for line in lines if line]
