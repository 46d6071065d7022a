"""Export to ONNX, and refuse to write a graph that differs from PyTorch."""

import json
import logging
import warnings
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from torch import nn

from ..config import RunConfig
from ..dataset import Dataset
from ..errors import UserError
from ..evaluation.predict import load_network
from ..fair.source import read_metadata
from ..files import atomic_path
from ..interface import Project
from ..paths import Paths
from ..schema import Schema
from ..training.batches import as_tensors

__all__ = ["check_graph", "export"]


class WithProbabilities(nn.Module):
    """The network as it is exported: logits, and the probabilities they stand for."""

    def __init__(self, network: nn.Module, names: tuple[str, ...]) -> None:
        super().__init__()
        self.network, self.names = network, names

    def forward(self, *inputs: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Inputs in the schema's order, (batch, slot, feature); returns two tensors (batch, class)."""
        logits = self.network(**dict(zip(self.names, inputs, strict=True)))
        return logits, torch.softmax(logits, 1)


def export(project: Project, config: RunConfig, paths: Paths) -> None:
    """Write `model.onnx`: one file, any batch size, named inputs, outputs `logits` and `probabilities`.

    The graph is checked against PyTorch on test rows first; a larger difference than `[export] tolerance` is an error
    and no file appears.
    """
    schema = project.SCHEMA
    network = load_network(project, config, paths)
    with Dataset(paths.split("test"), schema) as dataset:
        inputs = _with_empty_row(as_tensors(dataset.read(0, config.export.rows))[0])
    names = tuple(item.name for item in schema.inputs)
    module = WithProbabilities(network, names).eval()
    model = _graph(module, tuple(inputs[name] for name in names), names, config.export.opset)
    _describe(model, schema, paths)
    with atomic_path(paths.onnx) as temporary:
        onnx.save(model, temporary)
        difference = check_graph(temporary, module, inputs)
        if not difference <= config.export.tolerance:
            message = (
                f"the ONNX graph differs from PyTorch by {difference:.2g} of the largest logit, more than "
                f"[export] tolerance = {config.export.tolerance:g} in {paths.config}; no file was written"
            )
            raise UserError(message)


def check_graph(path: Path, module: WithProbabilities, inputs: dict[str, torch.Tensor]) -> float:
    """Largest difference between ONNX Runtime and PyTorch, relative to the largest logit; also for a single row."""
    onnx.checker.check_model(onnx.load(path), full_check=True)
    session = onnxruntime.InferenceSession(path.read_bytes(), providers=["CPUExecutionProvider"])
    worst = 0.0
    for rows in (len(next(iter(inputs.values()))), 1):
        part = {name: tensor[-rows:] for name, tensor in inputs.items()}
        with torch.inference_mode():
            logits, probabilities = (output.numpy() for output in module(*(part[name] for name in module.names)))
        found = session.run(["logits", "probabilities"], {name: tensor.numpy() for name, tensor in part.items()})
        worst = max(worst, float(np.abs(found[0] - logits).max() / np.abs(logits).max()))
        worst = max(worst, float(np.abs(found[1] - probabilities).max()))
    return worst


def _with_empty_row(inputs: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """The rows and one more without any object, the case that graphs get wrong most easily."""
    return {name: torch.cat([tensor, torch.zeros_like(tensor[:1])]) for name, tensor in inputs.items()}


def _graph(
    module: WithProbabilities, inputs: tuple[torch.Tensor, ...], names: tuple[str, ...], opset: int
) -> onnx.ModelProto:
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        program = torch.onnx.export(
            module,
            inputs,
            dynamo=True,
            verbose=False,
            opset_version=opset,
            input_names=list(names),
            output_names=["logits", "probabilities"],
            dynamic_shapes={"inputs": tuple({0: torch.export.Dim("batch")} for _ in names)},
        )
    if program is None:
        message = "PyTorch returned no ONNX program; check the installed torch and onnxscript versions"
        raise UserError(message)
    return program.model_proto


def _describe(model: onnx.ModelProto, schema: Schema, paths: Paths) -> None:
    """Fill metadata_props, so that the file says what it is wherever it goes."""
    identity = read_metadata(paths.root).identity
    features = {
        item.name: [{"name": feature.name, "unit": feature.unit} for feature in item.features] for item in schema.inputs
    }
    properties = {key: getattr(identity, key) for key in ("title", "version", "license", "doi")}
    properties |= {"profile": paths.profile, "classes": json.dumps(schema.classes), "inputs": json.dumps(features)}
    onnx.helper.set_model_props(model, properties)
