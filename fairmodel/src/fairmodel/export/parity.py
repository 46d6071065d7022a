"""Whether a graph says what PyTorch says, for any number of rows and of objects in them."""

from collections.abc import Collection, Iterator, Mapping

import numpy as np
import onnx
import onnxruntime
import torch

from ..inference.graph import OUTPUTS
from .graph import WithProbabilities

__all__ = ["largest_difference"]

FEW = 4  # rows for each number of objects


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
    occupied = ((objects != 0).any(2) * (_slot(objects)[0, :, 0] + 1)).amax(1)
    rows = occupied.argsort(descending=True)[:FEW]
    places = torch.arange(objects.shape[1]) % occupied[rows].clamp(min=1).unsqueeze(1)
    return objects[rows].gather(1, places.unsqueeze(2).expand(-1, -1, objects.shape[2]))


def _slot(objects: torch.Tensor) -> torch.Tensor:
    return torch.arange(objects.shape[1]).reshape(1, -1, 1)


def _cut(objects: torch.Tensor) -> torch.Tensor:
    occupied = int(((objects != 0).any(2).any(0) * torch.arange(1, objects.shape[1] + 1)).max())
    return objects[:, : max(1, occupied)]
