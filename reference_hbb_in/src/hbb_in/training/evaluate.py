"""Evaluate a trained network on the test split."""

from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file
from torch import nn

from ..config import RunConfig
from ..dataset import Dataset, Samples
from ..errors import UserError
from ..files import atomic_path, sha256, write_json
from ..interface import Project
from ..paths import Paths
from ..progress import progress
from .batches import as_tensors
from .metrics import classification_metrics
from .threads import threads

__all__ = ["evaluate", "load_network", "predict", "probabilities"]


def load_network(project: Project, config: RunConfig, paths: Paths) -> nn.Module:
    """The trained network of a profile, in evaluation mode."""
    if not paths.weights.exists():
        message = f"{paths.weights} does not exist; train the network with `make train PROFILE={paths.profile}`"
        raise UserError(message)
    network = project.build(config.model)
    try:
        network.load_state_dict(load_file(paths.weights))
    except Exception as error:
        message = f"{paths.weights} does not fit the [model] section of {paths.config} ({error}); train it again"
        raise UserError(message) from error
    return network.eval()


def predict(network: nn.Module, dataset: Dataset, batch_size: int) -> np.ndarray:
    """Class probabilities, float64 (row, class), of every row in order."""
    parts = []
    with progress(None, total=len(dataset), title="predict", unit=dataset.schema.entity) as bar:
        for batch in dataset.batches(batch_size):
            parts.append(probabilities(network, batch))
            bar.update(len(batch))
    return np.concatenate(parts)


def probabilities(network: nn.Module, samples: Samples) -> np.ndarray:
    """Class probabilities, float64 (row, class), of some rows."""
    with torch.inference_mode():
        return torch.softmax(network(**as_tensors(samples)[0]).double(), 1).numpy()


def evaluate(project: Project, config: RunConfig, paths: Paths) -> None:
    """Write `scores.npz` (probability, label) and `metrics.json` of the test split into the profile's report folder."""
    schema, options = project.SCHEMA, config.evaluation
    network = load_network(project, config, paths)
    test = paths.split("test")
    with Dataset(test, schema) as dataset:
        with threads(options.threads):
            probability = predict(network, dataset, options.batch_size)
        label = dataset.labels()
    metrics: dict[str, Any] = classification_metrics(
        probability,
        label,
        signal=schema.signal,
        signal_efficiencies=options.signal_efficiencies,
        bootstrap=options.bootstrap,
        seed=options.seed,
    )
    with atomic_path(paths.scores) as temporary, temporary.open("wb") as stream:
        np.savez(stream, probability=probability.astype(np.float32), label=label)
    classes = {name: int((label == index).sum()) for index, name in enumerate(schema.classes)}
    parameters = sum(parameter.numel() for parameter in network.parameters())
    inputs = {path.relative_to(paths.root).as_posix(): sha256(path) for path in (paths.weights, test)}
    header = {"schema": 1, "profile": paths.profile, "split": "test", schema.entity: len(label), "classes": classes}
    write_json(paths.metrics, header | {"parameters": parameters, "inputs": inputs} | metrics)
