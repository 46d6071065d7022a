"""The model that is served: opened once, and compared with the answers it once gave."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import UserError
from ..inference.graph import OUTPUTS, Graph, read_graph
from ..schema import Schema
from .batching import Arrays
from .tensors import DATATYPE

if TYPE_CHECKING:
    from ..interface import Project
    from ..paths import Paths

__all__ = ["SAMPLE", "Served", "open_served", "read_own_graph", "sample_rows"]

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
