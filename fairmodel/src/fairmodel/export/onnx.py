"""Export to ONNX, and refuse to write a graph that differs from PyTorch."""

import json
from pathlib import Path

import onnx
import torch

from ..config import RunConfig
from ..dataset import Dataset, Samples
from ..errors import UserError
from ..evaluation.predict import load_network
from ..files import atomic_path, read_json, sha256
from ..inference.names import GRAPH
from ..interface import Run
from ..metadata.source import read_metadata
from ..paths import Paths
from ..schema import Schema
from ..training.batches import as_tensors
from .graph import WithProbabilities, inputs_to_cut, make_graph, with_all_slots
from .parity import largest_difference
from .sample import SAMPLE, choose_rows, read_rows, write_sample

__all__ = ["DENSE", "export"]

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
