"""The model that is served: opened once, compared with the answers it once gave; and the same for Triton."""

import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import UserError
from ..files import atomic_path, write_text
from ..inference.graph import OUTPUTS, Graph, read_graph
from ..schema import Schema
from ..settings.serving import Limits
from .batching import Arrays
from .requests import DATATYPE

if TYPE_CHECKING:
    from ..interface import Project
    from ..paths import Paths

__all__ = ["SAMPLE", "Served", "model_config", "open_served", "read_own_graph", "sample_rows", "write_repository"]

SAMPLE = "sample.safetensors"


@dataclass(frozen=True)
class Served:
    """A model by its name in addresses; `run` takes and returns arrays by name, float32, rows along the first axis."""

    name: str
    version: str
    schema: Schema
    properties: Mapping[str, str]
    run: Callable[[Arrays], Arrays]

    def metadata(self) -> dict[str, Any]:
        """The protocol's description of the model; -1 stands for any number of rows."""
        inputs = [
            {
                "name": item.name,
                "datatype": DATATYPE,
                "shape": [-1, item.slots, len(item.features)],
                "parameters": {"features": ",".join(item.feature_names)},
            }
            for item in self.schema.inputs
        ]
        outputs = [{"name": name, "datatype": DATATYPE, "shape": [-1, len(self.schema.classes)]} for name in OUTPUTS]
        about = {"name": self.name, "versions": [self.version], "platform": "onnx_onnxv1"}
        return {**about, "inputs": inputs, "outputs": outputs, "properties": dict(self.properties)}


def read_own_graph(path: Path, schema: Schema) -> Graph:
    """Read a graph of this project. Raises UserError where it is none, or has other inputs, features or classes."""
    graph = read_graph(path)
    found, wanted = _described(graph.schema), _described(schema)
    differing = [name for name in sorted(found.keys() | wanted.keys()) if found.get(name) != wanted.get(name)]
    if differing:
        name = differing[0]
        message = (
            f"{path} does not belong to this project as it is now: {name} {found.get(name, 'is not in it')}, in the "
            f"project {wanted.get(name, 'there is none')}; run `make export`, or name another profile"
        )
        raise UserError(message)
    return graph


def _described(schema: Schema) -> dict[str, str]:
    inputs = {item.name: f"has {item.slots} slots of {', '.join(item.feature_names)}" for item in schema.inputs}
    return inputs | {"class": f"is one of {', '.join(schema.classes)}"}


def open_served(paths: "Paths", project: "Project", *, threads: int, tolerance: float) -> Served:
    """Open a profile's exported graph with ONNX Runtime.

    Raises UserError where the file is missing, damaged or of another project, or where the rows that `export` put
    beside it get other logits than there, by more than `tolerance` of the largest.
    """
    from ..inference.backends import open_backend

    schema = project.schema
    graph = read_own_graph(paths.onnx, schema)
    backend = open_backend("onnxruntime", paths.model, project, threads=threads)

    def run(inputs: Arrays) -> Arrays:
        outputs = backend.run(inputs)
        return {"logits": outputs.logits, "probabilities": outputs.probabilities}

    model = Served(project.package, graph.properties.get("version") or "1", schema, graph.properties, run)
    _check_sample(model, paths.model / SAMPLE, tolerance)
    return model


def sample_rows(path: Path, schema: Schema, number: int) -> dict[str, np.ndarray]:
    """So many rows of the sample beside a graph, by input; from the start again where it has fewer."""
    sample = _read_sample(path, schema)
    return {name: np.resize(sample[name], (number, *sample[name].shape[1:])) for name in _names(schema)}


def _check_sample(model: Served, path: Path, tolerance: float) -> None:
    """Ask the model for rows whose logits are known."""
    sample = _read_sample(path, model.schema)
    found = model.run({name: sample[name] for name in _names(model.schema)})["logits"]
    difference = float(np.abs(found - sample["logits"]).max() / np.abs(sample["logits"]).max())
    if not difference <= tolerance:
        message = (
            f"the graph's logits for the rows in {path} differ by {difference:.2g} of the largest from those recorded "
            f"there, more than [export] tolerance = {tolerance:g}; run `make export` again"
        )
        raise UserError(message)


def _read_sample(path: Path, schema: Schema) -> dict[str, np.ndarray]:
    """The rows beside an exported graph, with the outputs that PyTorch gave for them."""
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        sample = load_file(path)
    except FileNotFoundError as error:
        message = f"{path} does not exist; run `make export`"
        raise UserError(message) from error
    except SafetensorError as error:
        message = f"{path} is damaged ({error}); run `make export` again"
        raise UserError(message) from error
    missing = [name for name in (*_names(schema), "logits") if name not in sample]
    if missing:
        message = f"{path} has no {', '.join(missing)}; run `make export` again"
        raise UserError(message)
    return sample


def _names(schema: Schema) -> list[str]:
    return [item.name for item in schema.inputs]


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
