"""ONNX Runtime on the CPU."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import onnxruntime

from ...errors import UserError
from ..graph import GRAPH, OUTPUTS, Graph, read_graph
from .backend import Backend, Outputs

if TYPE_CHECKING:
    from ...interface import Project

__all__ = ["OnnxRuntime", "open_model", "session"]

FATAL = 4


def open_model(folder: Path, *, threads: int, project: "Project | None" = None) -> "OnnxRuntime":
    """The graph in a folder, in a session of its own."""
    del project
    path = folder / GRAPH
    graph = read_graph(path)
    return OnnxRuntime(graph, session(graph.content, path, threads=threads))


def session(
    content: bytes, path: Path, *, threads: int, providers: tuple[str, ...] = ("CPUExecutionProvider",)
) -> onnxruntime.InferenceSession:
    """A session for the graph that was read from `path`; raises UserError where the runtime refuses it."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    options.log_severity_level = FATAL  # what goes wrong is raised as well
    try:
        return onnxruntime.InferenceSession(content, options, providers=list(providers))
    except Exception as error:  # the runtime raises types of its own, one for each status
        message = f"{path}: ONNX Runtime {onnxruntime.__version__} refuses the graph ({error}); run `make export` again"
        raise UserError(message) from error


class OnnxRuntime(Backend):
    """A graph in a session of ONNX Runtime, which is reused for every batch."""

    def __init__(self, graph: Graph, opened: onnxruntime.InferenceSession) -> None:
        super().__init__(graph.schema, graph.cut)
        self.session = opened

    def compute(self, inputs: Mapping[str, np.ndarray]) -> Outputs:
        """Run the session."""
        return Outputs(*self.session.run(list(OUTPUTS), dict(inputs)))
