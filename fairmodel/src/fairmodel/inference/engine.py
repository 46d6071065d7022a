"""TensorRT engines: built for the GPU that is here, or ahead of time for others."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch

from ..errors import MissingDeviceError, UserError
from ..files import atomic_path
from .graph import Graph, read_graph

__all__ = [
    "ENGINES",
    "MOST_ROWS",
    "BuiltEngine",
    "Ranges",
    "build_ahead",
    "build_engine",
    "find_library",
    "profile_ranges",
    "require_gpu",
    "targets_of",
    "unsupported_operators",
]

ENGINES = "engines"  # folder beside the graph
USUAL_ROWS, MOST_ROWS = 1024, 4200

Shape = tuple[int, ...]
Ranges = dict[str, tuple[Shape, Shape, Shape]]


def profile_ranges(graph: Graph) -> Ranges:
    """Smallest, usual and largest shape of each input, for the optimisation profile of an engine."""

    def shape(rows: int, slots: int, features: int, name: str, full: int) -> Shape:
        return rows, slots if name in graph.cut else full, features

    return {
        item.name: (
            shape(1, 1, len(item.features), item.name, item.slots),
            shape(USUAL_ROWS, (item.slots + 1) // 2, len(item.features), item.name, item.slots),
            shape(MOST_ROWS, item.slots, len(item.features), item.name, item.slots),
        )
        for item in graph.schema.inputs
    }


def build_engine(library: Any, graph: Graph, path: Path, target: str | None = None) -> bytes:
    """A serialised engine of the graph that was read from `path`.

    `library` is the module `tensorrt` or `tensorrt_rtx`; `target` is a compute capability such as SM89, to build for
    ahead of time, which only the latter can. Raises UserError with what the library said where it does not take it.
    """
    log = _log(library)
    builder = library.Builder(log)
    network = builder.create_network(1 << int(library.NetworkDefinitionCreationFlag.STRONGLY_TYPED))
    parser = library.OnnxParser(network, log)
    if not parser.parse(graph.content):
        errors = [str(parser.get_error(index)) for index in range(parser.num_errors)]
        message = f"{path}: TensorRT {library.__version__} does not take the graph: {'; '.join(errors)}"
        raise UserError(message)
    config = builder.create_builder_config()
    profile = builder.create_optimization_profile()
    for name, ranges in profile_ranges(graph).items():
        profile.set_shape(name, *ranges)
    config.add_optimization_profile(profile)
    config.clear_flag(library.BuilderFlag.TF32)  # which would round float32 to ten bits
    if target is not None:
        config.num_compute_capabilities = 1
        config.set_compute_capability(_capability(library, target), 0)
    engine = builder.build_serialized_network(network, config)
    if engine is None:
        message = f"{path}: TensorRT {library.__version__} cannot build an engine: {'; '.join(log.messages)}"
        raise UserError(message)
    return bytes(engine)


def unsupported_operators(library: Any, graph: Graph) -> list[str]:
    """Names of the ONNX operators of a graph that the library's parser does not know."""
    log = _log(library)
    network = library.Builder(log).create_network(0)
    parser = library.OnnxParser(network, log)
    return sorted(name for name in set(_operators(graph)) if not parser.supports_operator(name))


def _operators(graph: Graph) -> Iterator[str]:
    import onnx

    for node in onnx.load_model_from_string(graph.content).graph.node:
        yield node.op_type


def targets_of(library: Any) -> list[str]:
    """Names of the compute capabilities that the library can build for ahead of time, oldest first."""
    names = (name for name in dir(library.ComputeCapability) if name.startswith("SM"))
    return sorted(names, key=lambda name: int(name.removeprefix("SM")))


def _capability(library: Any, target: str) -> Any:
    known = targets_of(library)
    if target not in known:
        message = f"TensorRT {library.__version__} does not build for {target!r}, only for {', '.join(known)}"
        raise UserError(message)
    return getattr(library.ComputeCapability, target)


def _log(library: Any) -> Any:
    """A logger that keeps errors and warnings, for the message of an exception."""

    class Log(library.ILogger):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.messages: list[str] = []

        def log(self, severity: Any, message: str) -> None:
            if severity <= library.ILogger.Severity.WARNING:
                self.messages.append(message)

    return Log()


def require_gpu(runtime: str) -> torch.device:
    """The first NVIDIA GPU; MissingDeviceError where PyTorch finds none."""
    if not torch.cuda.is_available():
        build = f"CUDA {torch.version.cuda}" if torch.version.cuda else "the CPU alone"
        message = (
            f"there is no NVIDIA GPU for {runtime} on this machine: PyTorch {torch.__version__}, built for {build}, "
            "finds none; use another backend here, or install the driver and a CUDA build of PyTorch"
        )
        raise MissingDeviceError(message)
    return torch.device("cuda", 0)


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
