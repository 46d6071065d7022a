"""The evaluation step: scores of the test split, and all metrics of them with errors."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from ..dataset import Dataset
from ..errors import UserError
from ..files import sha256, write_json
from ..interface import Run
from ..progress import progress
from ..settings.evaluation import EvaluationConfig
from ..training.device import find_device, threads
from .dependence import dependence, groups, sculpting
from .network import load_network, predict
from .rows import ScoredRows, write_scores
from .separation import FEWEST_ROWS, calibration, separation_entry
from .uncertainty import resamples

__all__ = ["averages", "evaluate", "measure"]

LEAST_PROBABILITY = 1e-38  # the logarithm of 0 is not finite


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


def measure(rows: ScoredRows, classes: Sequence[str], options: EvaluationConfig) -> dict[str, Any]:
    """Every metric with its uncertainty (docs: "Metrics"); UserError where signal or background is too rare."""
    numbers = [int(rows.is_signal.sum()), int((~rows.is_signal).sum())]
    if min(numbers) < FEWEST_ROWS:
        message = (
            f"metrics need at least {FEWEST_ROWS} rows each of signal and background, "
            f"here are {numbers[0]} and {numbers[1]}; make more data"
        )
        raise UserError(message)
    parts: dict[str, Callable[[], Any]] = {
        "separation": partial(separation_entry, rows, options),
        "averages": partial(averages, rows, options),
        "calibration": partial(calibration, rows, options),
        "groups": partial(groups, rows, classes, options),
        "dependence": partial(dependence, rows, options),
        "sculpting": partial(sculpting, rows, options),
    }
    found = {name: part() for name, part in progress(parts.items(), total=len(parts), title="metrics", unit="parts")}
    whole = found.pop("separation")
    return {"auc": whole["auc"], **found.pop("averages"), "rejection": whole["rejection"], **found}


def averages(rows: ScoredRows, options: EvaluationConfig) -> dict[str, Any]:
    """Accuracy, cross-entropy and Brier score, each the mean of a number that every row has."""
    chosen = rows.probability[np.arange(len(rows)), rows.label]
    terms = {
        "accuracy": rows.probability.argmax(axis=1) == rows.label,
        "cross_entropy": -np.log(np.maximum(chosen, LEAST_PROBABILITY)),
        "brier": np.square(rows.score - rows.is_signal),
    }
    table = np.array(list(terms.values()), dtype=np.float64)
    drawn = resamples(rows.is_signal, rows.weight, trials=options.bootstrap, seed=options.seed)
    value = np.average(table, axis=1, weights=rows.weight)
    error = np.std([np.average(table, axis=1, weights=weight) for weight in drawn], axis=0, ddof=1)
    return {name: {"value": float(value[i]), "error": float(error[i])} for i, name in enumerate(terms)}
