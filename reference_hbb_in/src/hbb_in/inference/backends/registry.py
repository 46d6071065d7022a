"""Backends by name; each is imported when it is opened."""

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from ...errors import UserError
from .backend import Backend

if TYPE_CHECKING:
    from ...interface import Project

__all__ = ["BACKENDS", "open_backend"]

BACKENDS = ("onnxruntime",)


def open_backend(name: str, folder: Path, *, threads: int = 1, project: "Project | None" = None) -> Backend:
    """Load the model in `folder`, such as models/quick, with a runtime that computes with so many threads.

    `project` is the face to build the network with, this project's own if None. Raises UserError for an unknown name, a
    runtime that is not installed, and a file that is missing, damaged or of another kind.
    """
    if name not in BACKENDS:
        message = f"there is no backend {name!r}; choose one of {', '.join(BACKENDS)}"
        raise UserError(message)
    module = import_module(f".{name}", __package__)
    opened: Callable[..., Backend] = module.open_model
    return opened(folder, threads=threads, project=project)
