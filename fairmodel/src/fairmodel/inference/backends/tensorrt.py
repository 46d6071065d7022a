"""TensorRT on an NVIDIA GPU: an engine that is built once, and a runner that lives on PyTorch's tensors and streams."""

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from ...errors import UserError
from ...files import atomic_path
from ...settings.inference import PRECISIONS
from ..engine import ENGINES, MOST_ROWS, build_engine, require_gpu
from ..graph import OUTPUTS, Graph, read_graph
from .backend import Backend, BlockSize, Outputs

if TYPE_CHECKING:
    from ...interface import Project

__all__ = ["TensorRT", "cached_engine", "engine_path", "open_model"]


def open_model(folder: Path, *, threads: int, precision: str, project: "Project") -> "TensorRT":
    """The engine of the graph in a folder; the first time, for this GPU and version, it is built and kept."""
    del threads, project
    device = require_gpu("TensorRT")
    import tensorrt

    path = folder / PRECISIONS[precision]
    graph = read_graph(path)
    return TensorRT(graph, cached_engine(tensorrt, graph, path, torch.cuda.get_device_name(device)), tensorrt, device)


def cached_engine(library: Any, graph: Graph, path: Path, device: str) -> bytes:
    """The engine beside the graph that was made from these bytes, by this version, for this device; or a new one."""
    cached = engine_path(library, graph, path, device)
    if not cached.exists():
        engine = build_engine(library, graph, path)
        with atomic_path(cached) as temporary:
            temporary.write_bytes(engine)
    return cached.read_bytes()


def engine_path(library: Any, graph: Graph, path: Path, device: str) -> Path:
    """Where the engine of a graph is kept: named by the graph's checksum, the library's version and the device."""
    digest = hashlib.sha256(graph.content).hexdigest()[:16]
    place = re.sub(r"[^A-Za-z0-9]+", "-", device)
    return path.parent / ENGINES / f"{path.stem}-{digest}-{library.__name__}-{library.__version__}-{place}.engine"


class TensorRT(Backend):
    """An engine with a context of its own; of several threads, one computes at a time."""

    block_size = BlockSize(objects=64 * MOST_ROWS, rows=MOST_ROWS)

    def __init__(self, graph: Graph, engine: bytes, library: Any, device: torch.device) -> None:
        super().__init__(graph.schema, graph.cut)
        self._runtime = library.Runtime(library.Logger(library.Logger.ERROR))
        self._engine = self._runtime.deserialize_cuda_engine(engine)
        if self._engine is None:
            message = (
                f"TensorRT {library.__version__} cannot load its engine; delete the folder {ENGINES}/ of the model"
            )
            raise UserError(message)
        self._context = self._engine.create_execution_context()
        self._place, self._lock = device, Lock()
        self._stream = torch.cuda.Stream(device)  # type: ignore[no-untyped-call]
        self.device = torch.cuda.get_device_name(device)

    def compute(self, inputs: Mapping[str, np.ndarray]) -> Outputs:
        """Copy to the GPU, execute and copy back, all in one stream, in parts of at most `MOST_ROWS` rows."""
        rows = len(next(iter(inputs.values())))
        starts = range(0, rows, MOST_ROWS)
        with self._lock:
            parts = [self._execute({n: a[start : start + MOST_ROWS] for n, a in inputs.items()}) for start in starts]
        logits, probabilities = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
        return Outputs(logits, probabilities)

    def _execute(self, inputs: Mapping[str, np.ndarray]) -> list[np.ndarray]:
        rows = len(next(iter(inputs.values())))
        with torch.cuda.stream(self._stream):
            pinned = {
                name: torch.from_numpy(np.ascontiguousarray(array)).pin_memory() for name, array in inputs.items()
            }
            tensors = {name: tensor.to(self._place, non_blocking=True) for name, tensor in pinned.items()}
            for name, tensor in tensors.items():
                self._context.set_input_shape(name, tuple(tensor.shape))
            shape = (rows, len(self.schema.classes))
            found = {name: torch.empty(shape, device=self._place) for name in OUTPUTS}
            for name, tensor in (tensors | found).items():
                self._context.set_tensor_address(name, tensor.data_ptr())
            if not self._context.execute_async_v3(self._stream.cuda_stream):
                message = f"TensorRT could not compute {rows} rows on {self.device}; is its memory full?"
                raise UserError(message)
            host = [torch.empty(shape, pin_memory=True).copy_(found[name], non_blocking=True) for name in OUTPUTS]
        self._stream.synchronize()
        return [tensor.numpy().copy() for tensor in host]
