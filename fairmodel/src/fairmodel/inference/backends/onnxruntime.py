"""ONNX Runtime on the CPU."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import onnxruntime

from ...errors import UserError
from ...settings.inference import PRECISIONS
from ..graph import OUTPUTS, Graph, read_graph
from .backend import Backend, Outputs

if TYPE_CHECKING:
    from ...interface import Project

__all__ = ["OnnxRuntime", "Provider", "open_model", "open_session"]

Provider = str | tuple[str, Mapping[str, Any]]
FATAL = 4


def open_model(folder: Path, *, threads: int, precision: str, project: "Project") -> "OnnxRuntime":
    """The graph in a folder, in a session of its own."""
    del project
    path = folder / PRECISIONS[precision]
    graph = read_graph(path)
    return OnnxRuntime(graph, open_session(graph.content, path, threads))


def open_session(
    content: bytes, path: Path, threads: int, providers: Sequence[Provider] = ("CPUExecutionProvider",)
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

    def __init__(self, graph: Graph, session: onnxruntime.InferenceSession) -> None:
        super().__init__(graph.schema, graph.cut)
        self.session = session

    def compute(self, inputs: Mapping[str, np.ndarray]) -> Outputs:
        """Run the session."""
        return Outputs(*self.session.run(list(OUTPUTS), dict(inputs)))
