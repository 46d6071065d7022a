"""TensorRT engines, built from the exported graph.

TensorRT and TensorRT for RTX have the same interface, so that one builder serves both: the first builds for the GPU at
hand, the second also ahead of time for GPUs that are not there. Networks are strongly typed: the precision is that of
the graph, float16 comes from the float16 graph.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..errors import UserError
from .graph import Graph

__all__ = ["ENGINES", "MOST_ROWS", "Ranges", "build_engine", "profile_ranges", "targets_of", "unsupported_operators"]

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
