"""OpenVINO on the CPU."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import openvino

from ...errors import UserError
from ...settings.inference import PRECISIONS
from ..graph import OUTPUTS, Graph, read_graph
from .backend import Backend, BlockSize, Outputs

if TYPE_CHECKING:
    from ...interface import Project

__all__ = ["OpenVino", "open_model"]

DEVICE = "CPU"


def open_model(folder: Path, *, threads: int, precision: str, project: "Project") -> "OpenVino":
    """The graph in a folder, compiled for the processor."""
    del project
    path = folder / PRECISIONS[precision]
    graph = read_graph(path)
    # without the hint, processors that have bfloat16 would compute with it
    settings = {"INFERENCE_NUM_THREADS": threads, "NUM_STREAMS": 1, "INFERENCE_PRECISION_HINT": "f32"}
    try:
        core = openvino.Core()
        compiled = core.compile_model(core.read_model(graph.content), DEVICE, settings)
    except Exception as error:  # RuntimeError for most, others for arguments
        message = f"{path}: OpenVINO {openvino.__version__} refuses the graph ({error}); run `make export` again"
        raise UserError(message) from error
    return OpenVino(graph, compiled)


class OpenVino(Backend):
    """A compiled graph; each call has a request of its own, so that threads do not share one."""

    block_size = BlockSize(step=8)  # code is made for each new shape

    def __init__(self, graph: Graph, compiled: Any) -> None:
        super().__init__(graph.schema, graph.cut)
        self.compiled = compiled

    def compute(self, inputs: Mapping[str, np.ndarray]) -> Outputs:
        """Run a request."""
        found = self.compiled.create_infer_request().infer(dict(inputs))
        return Outputs(*(np.array(found[name]) for name in OUTPUTS))
