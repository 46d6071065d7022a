"""The identity of a result: the one answer to whether an earlier result is still valid.

Make, checkpoints, trials and the parts of `explain` keep what they have for as long as its identity is the same: the
files of the engine and of the project that the step imports, the schema, the settings, and checksums of the inputs.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .closure import closure, digest
from .config import RunConfig
from .interface import Project
from .lazy import Lazy
from .metadata.engine import ENGINE

__all__ = ["FOOTPRINTS", "Footprint", "code_files", "code_of", "identity", "program", "settings_of"]


@dataclass(frozen=True)
class Footprint:
    """All that a step depends on besides its inputs: modules of the engine, functions of the project, settings.

    `hooks` are fields of `Project`; `settings` are sections of the profile.
    """

    engine: tuple[str, ...]
    hooks: tuple[str, ...] = ()
    settings: tuple[str, ...] = ()


# their effect is in the settings, which count by value, or on the terminal alone
BY_VALUE = tuple(f"{ENGINE}.{name}" for name in ("settings", "config", "progress", "errors"))
NETWORK = ("build",)
FOOTPRINTS: Mapping[str, Footprint] = {
    "data": Footprint(("fairmodel.download.zenodo", "fairmodel.explore.composition"), ("prepare",), ("data",)),
    "validate": Footprint(("fairmodel.validation.page",), ("validation",)),
    "train": Footprint(("fairmodel.training.train",), (*NETWORK, "loss", "optimiser"), ("model", "training")),
    "evaluate": Footprint(("fairmodel.evaluation.evaluate",), NETWORK, ("evaluation",)),
    "export": Footprint(("fairmodel.export.onnx",), NETWORK, ("export",)),
    "quantise": Footprint(("fairmodel.export.precision",), (), ("export",)),
    "triton": Footprint(("fairmodel.serving.model",)),
    "explain": Footprint(("fairmodel.interpret.*",), (*NETWORK, "handlers"), ("interpretation",)),
    "reproduce": Footprint(
        ("fairmodel.reproduce.*",),
        (*NETWORK, "prepare", "loss", "optimiser", "ablations", "published"),
        ("model", "training", "evaluation", "reproduction"),
    ),
    "describe": Footprint(("fairmodel.fair.describe", "fairmodel.fair.check.command")),
    "report": Footprint(("fairmodel.report.page",), ("report",), ("report", "evaluation")),
}


def identity(
    step: str,
    project: Project,
    config: RunConfig,
    *,
    inputs: Mapping[str, str] | Sequence[str] = (),
    modules: Sequence[str] = (),
    more: Any = None,
) -> str:
    """Hash of all that the result of a step depends on.

    `inputs` are SHA-256 checksums of what the step reads; `modules` of the engine take the place of those of the step,
    where the result is a part of it; `more` is anything else, which JSON can hold.
    """
    content = {
        "step": step,
        "code": code_of(step, project, modules),
        "settings": settings_of(step, config),
        "inputs": dict(inputs) if isinstance(inputs, Mapping) else sorted(inputs),
        "more": more,
    }
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def settings_of(step: str, config: RunConfig) -> dict[str, Any]:
    """The sections of the profile that a step reads, ready for JSON."""
    return config.model_dump(mode="json", include=set(FOOTPRINTS[step].settings))


def code_of(step: str, project: Project, modules: Sequence[str] = ()) -> dict[str, str]:
    """Hashes of the code that a step runs: of the engine, of the project, of what the project declares of itself."""
    files = code_files(step, project, modules)
    return {name: _digest(paths) for name, paths in files.items()} | {"declared": _declared(step, project)}


def code_files(step: str, project: Project, modules: Sequence[str] = ()) -> dict[str, list[Path]]:
    """The files of the engine and of the project that a step depends on."""
    footprint = FOOTPRINTS[step]
    roots = (
        *(modules or footprint.engine),
        *(module for hook in footprint.hooks for module in _modules(project, hook)),
    )
    files = closure(roots, (ENGINE, project.package), without=BY_VALUE)
    engine = Path(__file__).parent
    return {
        "engine": [path for path in files if path.is_relative_to(engine)],
        "project": [path for path in files if not path.is_relative_to(engine)],
    }


def program(module: str) -> str:
    """Hash of a module and of what it imports from its own top-level package, the engine and libraries aside."""
    return _digest(closure((module,), (module.partition(".")[0],)))


def _modules(project: Project, hook: str) -> list[str]:
    """The modules that a field of the project names."""
    value = getattr(project, hook)
    match hook:
        case "handlers":
            return [Lazy(function).module for function in value.values()]
        case "validation":
            return [Lazy(section.collector).module for section in value]
        case "report":
            return [Lazy(section.render).module for section in value]
        case "ablations" | "published":
            return []
    return [value.module if isinstance(value, Lazy) else str(value.__module__)]


def _declared(step: str, project: Project) -> str:
    """Hash of what project.py says to the step in values, not in files: the schema and the names of functions."""
    hooks = {hook: _named(getattr(project, hook)) for hook in FOOTPRINTS[step].hooks}
    return hashlib.sha256(repr((project.schema, hooks)).encode()).hexdigest()


def _named(value: Any) -> str:
    return f"{value.__module__}:{value.__qualname__}" if hasattr(value, "__qualname__") else repr(value)


def _digest(paths: Sequence[Path]) -> str:
    """Hash of files, in order; a file counts by its place in its package, wherever that is installed."""
    content = [[_place(path), digest(path)] for path in paths]
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()


def _place(path: Path) -> str:
    """A file's name with the packages that it lies in."""
    folder = path.parent
    while (folder.parent / "__init__.py").is_file():
        folder = folder.parent
    return path.relative_to(folder.parent).as_posix()
