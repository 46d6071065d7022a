"""Everything that the descriptions of a trained model are made from: none of it is typed."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from packaging.requirements import InvalidRequirement, Requirement

from ..errors import UserError
from ..evaluation.rows import read_metrics
from ..files import read_json, read_toml, sha256
from ..interface import Project
from ..metadata.source import Metadata
from ..paths import Paths
from ..schema import Schema
from ..splits import SPLITS
from .crate.action import Checksums
from .crate.graph import media_type

__all__ = ["Facts", "File", "gather", "read_extras", "read_requirements", "run_hardware"]

PUBLISHED = ("weights.safetensors", "model.onnx", "model-dense.onnx", "sample.safetensors", "config.json", "run.json")


@dataclass(frozen=True)
class File:
    """A file by its name, with what proves its content."""

    name: str
    size: int
    sha256: str
    format: str

    @classmethod
    def of(cls, path: Path, digest: str) -> "File":
        """The file at a path."""
        return cls(path.name, path.stat().st_size, digest, media_type(path.name))


@dataclass(frozen=True)
class Facts:
    """Metadata, schema of the data, record of the training, metrics, and the files of model and data set."""

    metadata: Metadata
    schema: Schema
    package: str
    profile: str
    run: Mapping[str, Any]
    metrics: Mapping[str, Any]
    files: tuple[File, ...]
    data: tuple[File, ...]
    requirements: tuple[Requirement, ...]


def gather(project: Project, paths: Paths, metadata: Metadata, folder: Path | None = None) -> Facts:
    """The facts of a profile; the model's files are read in `folder`, by default in the profile's own.

    Raises UserError where the model has not been trained and evaluated, or its data are missing.
    """
    run, metrics = read_json(paths.run), read_metrics(paths.metrics)
    missing = [paths.split(name) for name in SPLITS if not paths.split(name).is_file()]
    if missing:
        message = f"{missing[0]} does not exist; the descriptions need the data set, make it with `make data`"
        raise UserError(message)
    known = Checksums(paths.root)  # large files are read once
    files = _files(((folder or paths.model) / name for name in PUBLISHED), sha256)
    data = _files(map(paths.split, SPLITS), known.of)
    return Facts(
        metadata,
        project.schema,
        project.package,
        paths.profile,
        run,
        metrics,
        files,
        data,
        read_requirements(paths.root),
    )


def _files(paths: Iterable[Path], digest: Callable[[Path], str]) -> tuple[File, ...]:
    return tuple(File.of(path, digest(path)) for path in paths if path.is_file())


def read_requirements(root: Path) -> tuple[Requirement, ...]:
    """What the project declares in pyproject.toml that its code needs, extras left out. Raises UserError."""
    return tuple(_parsed(root, _project_table(root).get("dependencies", ())))


def read_extras(root: Path) -> tuple[Requirement, ...]:
    """What the extras of the project need, all together. Raises UserError."""
    extras = _project_table(root).get("optional-dependencies", {})
    return tuple(item for lines in extras.values() for item in _parsed(root, lines))


def _project_table(root: Path) -> dict[str, Any]:
    path = root / "pyproject.toml"
    table: dict[str, Any] = read_toml(path).get("project", {}) if path.is_file() else {}
    return table


def _parsed(root: Path, lines: Iterable[str]) -> Iterator[Requirement]:
    for line in lines:
        try:
            yield Requirement(line)
        except InvalidRequirement as error:
            message = f"{root / 'pyproject.toml'}: {line!r} is no requirement, such as numpy>=2; correct it"
            raise UserError(message) from error


def run_hardware(run: Mapping[str, Any]) -> str:
    """What the network was trained on, in words."""
    hardware, training = run["hardware"], run.get("training", {})
    cores = f"{hardware['cores']} core" + "s" * (hardware["cores"] != 1)
    return f"{hardware['processor'] or hardware['machine']}, {cores}, device {training.get('device', 'cpu')}"
