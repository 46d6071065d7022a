"""TensorRT engines built ahead of time, on a machine without a GPU, for GPUs elsewhere.

TensorRT for RTX does that. It proves that a GPU's runtime takes the graph: every operator, every shape. What the engine
answers is seen on a GPU only.
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from ..errors import UserError
from ..files import atomic_path
from .engine import ENGINES, build_engine, targets_of, unsupported_operators
from .graph import read_graph

__all__ = ["BuiltEngine", "build_ahead", "find_library"]

MODULES = ("tensorrt_rtx", "tensorrt_rtx_bindings")
OLDEST = 80  # the GPUs before have no matrix products in float32


@dataclass(frozen=True)
class BuiltEngine:
    """An engine for a compute capability, and the seconds that it took."""

    target: str
    path: Path
    seconds: float


def find_library() -> Any:
    """The module of TensorRT for RTX; UserError that says how to get it where it is not installed."""
    for name in MODULES:
        if find_spec(name):
            return import_module(name)
    message = (
        "TensorRT for RTX is not installed: pip install --no-deps tensorrt-rtx-cu13-libs tensorrt-rtx-cu13-bindings "
        "(without --no-deps, libraries of CUDA come along, which only a GPU needs)"
    )
    raise UserError(message)


def build_ahead(path: Path, targets: Sequence[str] = ()) -> Iterator[BuiltEngine]:
    """Build an engine of the graph at `path` for each target, such as SM89; by default for all from SM80 on.

    They are written into `engines/` beside the graph. Raises UserError that names operators without support.
    """
    library, graph = find_library(), read_graph(path)
    missing = unsupported_operators(library, graph)
    if missing:
        message = f"{path}: TensorRT {library.__version__} does not support {', '.join(missing)}"
        raise UserError(message)
    for target in targets or _usual(library):
        started = time.perf_counter()
        engine = build_engine(library, graph, path, target)
        made = path.parent / ENGINES / f"{path.stem}-{library.__name__}-{library.__version__}-{target}.engine"
        with atomic_path(made) as temporary:
            temporary.write_bytes(engine)
        yield BuiltEngine(target, made, time.perf_counter() - started)


def _usual(library: Any) -> list[str]:
    return [target for target in targets_of(library) if int(target.removeprefix("SM")) >= OLDEST]
