"""Backends by name; each is imported when it is opened."""

from pathlib import Path
from typing import TYPE_CHECKING

from ...errors import UserError
from ...lazy import Lazy
from ..names import BACKENDS, PRECISIONS
from .backend import Backend

if TYPE_CHECKING:
    from ...interface import Project

__all__ = ["open_backend"]


def open_backend(
    name: str, folder: Path, project: "Project", *, threads: int = 1, precision: str = "float32"
) -> Backend:
    """Load the model in `folder`, such as models/quick, with a runtime that computes with so many threads.

    The network of `project` is built for PyTorch alone. Raises UserError for an unknown name, a
    runtime that is not installed, and a file that is missing, damaged or of another kind; MissingDeviceError where the
    machine has no GPU for a runtime that needs one.
    """
    for value, known, kind in ((name, BACKENDS, "backend"), (precision, PRECISIONS, "precision")):
        if value not in known:
            message = f"there is no {kind} {value!r}; choose one of {', '.join(known)}"
            raise UserError(message)
    try:
        backend: Backend = Lazy(BACKENDS[name])(folder, threads=threads, precision=precision, project=project)
    except ModuleNotFoundError as error:
        extra = error.name if error.name in ("openvino", "tensorrt") else "all"
        message = f"the backend {name} needs {error.name}, which is not installed: pip install -e '.[{extra}]'"
        raise UserError(message) from error
    return backend
