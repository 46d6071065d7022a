"""The evaluation step: metrics of a trained network on the test split."""

from pathlib import Path

import numpy as np

from ..dataset import Dataset
from ..errors import UserError
from ..files import sha256, write_json
from ..interface import Run
from ..training.device import find_device
from ..training.threads import threads
from .metrics import measure
from .predict import load_network, predict
from .rows import ScoredRows, write_scores

__all__ = ["evaluate"]


def evaluate(run: Run) -> None:
    """Write `scores.npz` and `metrics.json` of the test split into the profile's report folder."""
    schema, options = run.project.schema, run.config.evaluation
    network = load_network(run).to(find_device(run.config.training.device))
    test = run.paths.split("test")
    with Dataset(test, schema) as dataset:
        weight = _weights(dataset, run.paths.config) if options.weights else np.ones(len(dataset))
        with threads(options.threads):
            probability = predict(network, dataset, options.batch_size)
        spectators = {name: dataset.column(f"spectators/{name}") for name in options.spectators}
        rows = ScoredRows(probability, dataset.labels(), weight, schema.signal, spectators)
    metrics = measure(rows.take(rows.weight > 0), schema.classes, options)
    write_scores(rows, run.paths.scores)
    classes = {name: int((rows.label == index).sum()) for index, name in enumerate(schema.classes)}
    parameters = sum(parameter.numel() for parameter in network.parameters())
    inputs = {path.relative_to(run.paths.root).as_posix(): sha256(path) for path in (run.paths.weights, test)}
    header = {"schema": 1, "profile": run.paths.profile, "split": "test", schema.entity: len(rows), "classes": classes}
    about = {"weighted": options.weights, "parameters": parameters, "inputs": inputs}
    write_json(run.paths.metrics, header | about | metrics)


def _weights(dataset: Dataset, config: Path) -> np.ndarray:
    """The weights of all rows, float64 (row,); UserError where they have no meaning."""
    problem = dataset.provenance.get("unusable_weights")
    weight = dataset.column("weights").astype(np.float64)
    wrong = np.flatnonzero(~(np.isfinite(weight) & (weight >= 0)))
    if not problem and len(wrong):
        problem = f"that of row {wrong[0]} is {weight[wrong[0]]:g}, and shares need finite ones that are not negative"
    if problem:
        remedy = f"set weights = false in [evaluation] of {config}"
        message = f"{dataset.path}: the weights cannot be used: {problem}; {remedy}"
        raise UserError(message)
    return weight
