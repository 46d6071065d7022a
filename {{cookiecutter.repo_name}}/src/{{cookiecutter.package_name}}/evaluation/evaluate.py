"""Evaluate a trained network on the test split."""

from typing import Any

import numpy as np

from ..config import RunConfig
from ..dataset import Dataset
from ..files import atomic_path, sha256, write_json
from ..interface import Project
from ..paths import Paths
from ..training.threads import threads
from .metrics import classification_metrics
from .predict import load_network, predict

__all__ = ["evaluate"]


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
