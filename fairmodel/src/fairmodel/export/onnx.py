"""The sample that goes with a model: some rows with the network's answer, by which anybody can test a copy of it."""

import json
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from safetensors.numpy import save

from ..config import RunConfig
from ..dataset import Dataset, Samples
from ..errors import UserError
from ..evaluation.network import load_network
from ..files import atomic_path, read_json, sha256
from ..inference.graph import OUTPUTS
from ..interface import Run
from ..layers import occupied_slots
from ..metadata.source import read_metadata
from ..paths import Paths
from ..schema import Schema
from ..settings.inference import GRAPH
from ..training.batches import as_tensors
from .graph import WithProbabilities, inputs_to_cut, make_graph, with_all_slots

__all__ = ["DENSE", "SAMPLE", "choose_rows", "export", "largest_difference", "read_rows", "write_sample"]

SAMPLE = "sample.safetensors"
ROWS = 32

FEW = 4  # rows for each number of objects
DENSE = "model-dense.onnx"


def export(run: Run) -> None:
    """Write `model.onnx`, `model-dense.onnx` and `sample.safetensors` into the profile's model folder.

    The graphs take any number of rows, in physical units, and return `logits` and `probabilities`. In the first one the
    slot axes are dynamic too, where the network gives the same answer without its empty slots; the dense one has all
    slots, for runtimes that want fixed shapes. Both are checked against PyTorch on test rows and on rows with every
    number of objects; a larger difference than `[export] tolerance` is an error, and no file appears.
    """
    schema = run.project.schema
    network = load_network(run)
    with Dataset(run.paths.split("test"), schema) as dataset:
        inputs = _with_empty_row(as_tensors(dataset.read(0, run.config.export.rows))[0])
        counts = {item.name: dataset.column(f"counts/{item.name}") for item in schema.inputs}
        sample = read_rows(dataset, choose_rows(counts))
    module = WithProbabilities(network, tuple(item.name for item in schema.inputs)).eval()
    cut = inputs_to_cut(network, inputs)
    models = {GRAPH: make_graph(module, inputs, cut, run.config.export.opset)}
    models[DENSE] = with_all_slots(models[GRAPH], {item.name: item.slots for item in schema.inputs})
    for name, model in models.items():
        _describe(model, schema, run.paths)
        _check(largest_difference(model, module, inputs, cut if name == GRAPH else ()), run.config, run.paths)
    for name, model in models.items():
        _write(run.paths.model / name, model)
    _write_sample(run.paths.model / SAMPLE, module, sample)


def _with_empty_row(inputs: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """The rows and one more without any object, the case that graphs get wrong most easily."""
    return {name: torch.cat([tensor, torch.zeros_like(tensor[:1])]) for name, tensor in inputs.items()}


def _check(difference: float, config: RunConfig, paths: Paths) -> None:
    if not difference <= config.export.tolerance:
        message = (
            f"the ONNX graph differs from PyTorch by {difference:.2g} of the largest logit, more than "
            f"[export] tolerance = {config.export.tolerance:g} in {paths.config}; no file was written"
        )
        raise UserError(message)


def _write(path: Path, model: onnx.ModelProto) -> None:
    with atomic_path(path) as temporary:
        temporary.write_bytes(model.SerializeToString(deterministic=True))


def _write_sample(path: Path, module: WithProbabilities, sample: Samples) -> None:
    inputs, _ = as_tensors(sample)
    with torch.inference_mode():
        logits, probabilities = module(*(inputs[name] for name in module.names))
    write_sample(path, sample.inputs, logits.numpy(), probabilities.numpy())


def _describe(model: onnx.ModelProto, schema: Schema, paths: Paths) -> None:
    """Fill metadata_props, so that the file says what it is wherever it goes, and readers can check their inputs."""
    identity = read_metadata(paths.root).identity
    features = {
        item.name: [{"name": feature.name, "unit": feature.unit} for feature in item.features] for item in schema.inputs
    }
    properties = {key: getattr(identity, key) for key in ("title", "version", "license", "doi")}
    properties |= {"profile": paths.profile, "entity": schema.entity, "classes": json.dumps(schema.classes)}
    properties |= {"signal": str(schema.signal), "inputs": json.dumps(features)}
    properties |= {"slots": json.dumps({item.name: item.slots for item in schema.inputs})}
    properties |= {"weights_sha256": sha256(paths.weights)}
    if paths.run.exists():
        run = read_json(paths.run)
        properties |= {"run": json.dumps({key: run.get(key) for key in ("finished", "commit")})}
    onnx.helper.set_model_props(model, properties)


def choose_rows(counts: Mapping[str, np.ndarray], rows: int = ROWS) -> np.ndarray:
    """Indices of at most `rows` rows, int64: from those with fewest objects to those with most, in equal steps.

    `counts` are the numbers of real objects by input, each (row,). No combination of numbers comes twice while there
    are enough others.
    """
    table = np.stack(list(counts.values()), axis=1)
    _, first = np.unique(table, axis=0, return_index=True)
    candidates = first if len(first) >= rows else np.lexsort(table.T[::-1])
    steps = np.linspace(0, len(candidates) - 1, min(rows, len(candidates)))
    chosen: np.ndarray = candidates[steps.round().astype(np.int64)]
    return chosen


def read_rows(dataset: Dataset, rows: np.ndarray) -> Samples:
    """The given rows of a data set, in the given order."""
    return Samples.concatenate([dataset.read(int(row), int(row) + 1) for row in rows])


def write_sample(path: Path, inputs: Mapping[str, np.ndarray], logits: np.ndarray, probabilities: np.ndarray) -> None:
    """Write the inputs by their names, in physical units and padded, with `logits` and `probabilities`, all float32."""
    tensors = {**inputs, "logits": logits, "probabilities": probabilities}
    content = save({name: np.ascontiguousarray(tensor, dtype=np.float32) for name, tensor in tensors.items()})
    with atomic_path(path) as temporary:
        temporary.write_bytes(content)


def largest_difference(
    model: onnx.ModelProto, module: WithProbabilities, inputs: Mapping[str, torch.Tensor], cut: Collection[str]
) -> float:
    """Largest difference of a logit, relative to the largest one, or of a probability, ONNX Runtime against PyTorch.

    Compared are the rows, one of them alone, one that is empty, and rows with every number of objects, from which the
    empty slots are cut off for the graph where it allows that. The graph must also pass the checker of ONNX.
    """
    onnx.checker.check_model(model, full_check=True)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    worst = 0.0
    for rows in (inputs, {name: tensor[-1:] for name, tensor in inputs.items()}, *_every_number(inputs)):
        with torch.inference_mode():
            logits, probabilities = (output.numpy() for output in module(*(rows[name] for name in module.names)))
        fed = {name: _cut(tensor).numpy() if name in cut else tensor.numpy() for name, tensor in rows.items()}
        found = session.run(list(OUTPUTS), fed)
        worst = max(worst, float(np.abs(found[0] - logits).max() / np.abs(logits).max()))
        worst = max(worst, float(np.abs(found[1] - probabilities).max()))
    return worst


def _every_number(inputs: Mapping[str, torch.Tensor]) -> Iterator[dict[str, torch.Tensor]]:
    """Rows without an object, with one, two, ... and as many as there are slots, copies of those that are there."""
    crowded = {name: _crowded(tensor) for name, tensor in inputs.items()}
    for number in range(max(tensor.shape[1] for tensor in inputs.values()) + 1):
        yield {name: torch.where(_slot(tensor) < number, tensor, 0.0) for name, tensor in crowded.items()}


def _crowded(objects: torch.Tensor) -> torch.Tensor:
    """The rows with most objects, and copies of these in the slots behind them."""
    occupied = occupied_slots(objects)
    rows = occupied.argsort(descending=True)[:FEW]
    places = torch.arange(objects.shape[1]) % occupied[rows].clamp(min=1).unsqueeze(1)
    return objects[rows].gather(1, places.unsqueeze(2).expand(-1, -1, objects.shape[2]))


def _slot(objects: torch.Tensor) -> torch.Tensor:
    return torch.arange(objects.shape[1]).reshape(1, -1, 1)


def _cut(objects: torch.Tensor) -> torch.Tensor:
    return objects[:, : max(1, int(occupied_slots(objects).max()))]
