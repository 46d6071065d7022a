"""ONNX Runtime with its TensorRT provider, which leaves to CUDA what TensorRT does not take."""

from pathlib import Path
from typing import TYPE_CHECKING

import onnxruntime
import torch

from ...errors import UserError
from ...settings.inference import PRECISIONS
from ..engine import ENGINES, MOST_ROWS, require_gpu
from ..graph import read_graph
from .backend import BlockSize
from .onnxruntime import OnnxRuntime, Provider, open_session

if TYPE_CHECKING:
    from ...interface import Project

__all__ = ["OnnxRuntimeTensorRT", "open_model"]

PROVIDER = "TensorrtExecutionProvider"


def open_model(folder: Path, *, threads: int, precision: str, project: "Project") -> "OnnxRuntimeTensorRT":
    """The graph in a folder; the provider keeps its engines in `engines/` there."""
    del project
    device = require_gpu("the TensorRT provider of ONNX Runtime")
    if PROVIDER not in onnxruntime.get_available_providers():
        message = (
            f"ONNX Runtime {onnxruntime.__version__} is installed without {PROVIDER}; "
            "put onnxruntime-gpu in the place of onnxruntime, and run pip install 'fairmodel[tensorrt]'"
        )
        raise UserError(message)
    path = folder / PRECISIONS[precision]
    graph = read_graph(path)
    settings = {
        "device_id": device.index,
        "trt_fp16_enable": precision == "float16",
        "trt_engine_cache_enable": True,
        "trt_engine_cache_path": str(folder / ENGINES),
    }
    cuda = ("CUDAExecutionProvider", {"device_id": device.index})
    providers: list[Provider] = [(PROVIDER, settings), cuda, "CPUExecutionProvider"]
    backend = OnnxRuntimeTensorRT(graph, open_session(graph.content, path, threads, providers))
    backend.device = torch.cuda.get_device_name(device)
    return backend


class OnnxRuntimeTensorRT(OnnxRuntime):
    """A session on a GPU, which is given many rows at once."""

    block_size = BlockSize(objects=64 * MOST_ROWS, rows=MOST_ROWS)
