"""A model repository for the Triton inference server, with a configuration that comes from the graph.

https://docs.nvidia.com/deeplearning/triton-inference-server/user-guide/docs/user_guide/model_configuration.html
"""

import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path

from ..files import atomic_path, write_text
from ..inference.graph import OUTPUTS, Graph
from .limits import Limits

__all__ = ["model_config", "write_repository"]

LABELS = "labels.txt"


def write_repository(graph: Graph, source: Path, folder: Path, name: str, limits: Limits) -> Path:
    """Write `<name>/config.pbtxt`, the names of the classes, and the graph as version 1; returns the model's folder.

    The server reads the configuration first, so it is written last. `source` is the file of the graph.
    """
    model = folder / name
    with atomic_path(model / "1" / "model.onnx") as temporary:
        shutil.copyfile(source, temporary)
    write_text(model / LABELS, "".join(f"{label}\n" for label in graph.schema.classes))
    write_text(model / "config.pbtxt", model_config(graph, name, limits))
    return model


def model_config(graph: Graph, name: str, limits: Limits) -> str:
    """The text of `config.pbtxt`; -1 stands for a number of slots that the graph leaves to the client."""
    classes = len(graph.schema.classes)
    inputs = [
        _tensor(item.name, (-1 if item.name in graph.cut else item.slots, len(item.features)))
        for item in graph.schema.inputs
    ]
    outputs = [_tensor(OUTPUTS[0], (classes,)), _tensor(OUTPUTS[1], (classes,), f" label_filename: {_quoted(LABELS)}")]
    preferred = [size for size in (limits.batch // 4, limits.batch) if size > 1]
    lines = [
        f"name: {_quoted(name)}",
        'backend: "onnxruntime"',
        'default_model_filename: "model.onnx"',
        f"max_batch_size: {limits.rows}",
        *_block("input", inputs),
        *_block("output", outputs),
        "dynamic_batching {",
        *(f"  preferred_batch_size: {size}" for size in preferred),
        f"  max_queue_delay_microseconds: {round(1e6 * limits.delay)}",
        "}",
        *(
            f"parameters {{ key: {_quoted(key)} value {{ string_value: {_quoted(value)} }} }}"
            for key, value in sorted(graph.properties.items())
        ),
    ]
    return "\n".join(lines) + "\n"


def _tensor(name: str, dims: Sequence[int], more: str = "") -> str:
    return f"{{ name: {_quoted(name)} data_type: TYPE_FP32 dims: {list(dims)}{more} }}"


def _block(kind: str, items: Iterable[str]) -> list[str]:
    return [f"{kind} {item}" for item in items]


def _quoted(text: str) -> str:
    """A string of the text format: printable ASCII as it is, every other byte of its UTF-8 as three octal digits."""
    plain = {byte: chr(byte) for byte in range(32, 127)} | {ord('"'): r"\"", ord("\\"): r"\\"}
    return '"' + "".join(plain.get(byte, f"\\{byte:03o}") for byte in text.encode()) + '"'
