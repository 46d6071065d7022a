"""The same raw data, split in other ways: what the choice of the split does to the result."""

import time
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

from ..config import RunConfig
from ..dataset import Dataset
from ..errors import UserError
from ..files import read_json, write_json
from ..identity import identity
from ..interface import Project, Run
from ..present.tables import Cell, Column, Table
from ..splits import SPLITS
from ..workers import Workers
from .figures import splits_figure
from .outcome import Beside, Outcome
from .result import StudyResult, write_result
from .trials import Trial, run_trials, with_seed

__all__ = ["prepare_split", "reproduce_splits", "shared_events"]

STUDY = "splits"
RECORD = "split.json"
METHODS = {
    "event": "By event",
    "file": "By file, in order",
    "random-file": "By file, at random",
    "row": "By row, at random",
    "k-fold": "By file, one fold",
}
COLUMNS = (
    Column("epochs", "Epochs", digits=0),
    Column("validation_accuracy", "Validation accuracy"),
    Column("validation_loss", "Validation loss"),
    Column("training_seconds", "Training, s/epoch", digits=1),
    Column("validation_seconds", "Validation, s/epoch", digits=2),
    Column("auc", "AUC"),
)
ROWS = (
    Column("method", "Split"),
    Column("train", "Training rows"),
    Column("test", "Test rows"),
    Column("shared", "Test rows of training events", digits=1, percent=True),
)
NOTES = (
    "Each split has test rows of its own, so that differences between the rows of this table contain those between "
    "the test samples; the errors are those of the finite test samples.",
)


def reproduce_splits(run: Run, workers: Workers, source: str | None = None) -> None:
    """Train on the data as `[reproduction] splits` divides them, and as the profile does.

    Writes `reports/<profile>/reproduction/splits.*`. The data sets are in `data/processed/<profile>/splits/`.
    """
    started = time.perf_counter()
    source, seeded = source or run.config.data.source, with_seed(run.config, 1)
    methods = list(dict.fromkeys([run.config.data.split, *run.config.reproduction.splits]))
    trials = [Trial(STUDY, method, seeded, prepare_split(run, method, source, workers)) for method in methods]
    outcomes = run_trials(run.project, run.paths, trials, workers)
    beside = Beside.of(run.project, STUDY)
    rows = {
        trial.name: _sizes(run.project, trial.data) | _row(trial.name, outcome) | beside.cells(trial.name)
        for trial, outcome in zip(trials, outcomes, strict=True)
    }
    notes = (*NOTES, _platform(outcomes, run.config, workers), *beside.notes)
    columns = (*ROWS, *COLUMNS, *beside.columns(*COLUMNS))
    table = Table(STUDY, "The same data, split in other ways", columns, rows, notes)
    draw = partial(splits_figure, [METHODS[method] for method in methods], outcomes)
    result = StudyResult(STUDY, "reproduce-splits", seeded.training.seed, [table], draw, outcomes)
    write_result(run.paths, result, started)


def prepare_split(run: Run, method: str, source: str, workers: Workers) -> Path:
    """The folder of the data set that is split by `method`; made from the raw data, unless it is there."""
    if method == run.config.data.split:
        return run.paths.processed
    if source == "zenodo":
        message = "the data of source zenodo are split already; use the source that they were made from"
        raise UserError(message)
    data = run.config.data.model_copy(update={"split": method, "source": source, "folds": None, "fold": None})
    folder = run.paths.processed / "splits" / method
    wanted = identity("data", run.project, run.config.model_copy(update={"data": data}))
    record = folder / RECORD
    if not record.exists() or read_json(record)["identity"] != wanted:
        record.unlink(missing_ok=True)
        folder.mkdir(parents=True, exist_ok=True)
        makers = replace(workers, folder=run.paths.raw)
        run.project.prepare(data, folder, raw=run.paths.raw, source=source, workers=makers)
        write_json(record, {"schema": 1, "identity": wanted, "data": data.model_dump(mode="json")})
    return folder


def shared_events(train: np.ndarray, test: np.ndarray) -> float:
    """Share of the test rows whose event has rows in training, from the event of each row."""
    return float(np.isin(test, train).mean())


def _sizes(project: Project, folder: Path) -> dict[str, Cell]:
    events = {}
    for name in SPLITS:
        with Dataset(folder / f"{name}.h5", project.schema) as dataset:
            events[name] = dataset.column("event")
    shared = shared_events(events["train"], events["test"])
    return {"train": len(events["train"]), "test": len(events["test"]), "shared": shared}


def _row(method: str, outcome: Outcome) -> dict[str, Cell]:
    return {
        "method": METHODS[method],
        "epochs": outcome.epochs,
        "validation_accuracy": outcome.best["validation_accuracy"],
        "validation_loss": outcome.best["validation_loss"],
        "training_seconds": outcome.epoch_seconds("training"),
        "validation_seconds": outcome.epoch_seconds("validation"),
        "auc": outcome.metric("auc"),
    }


def _platform(outcomes: list[Outcome], config: RunConfig, workers: Workers) -> str:
    """What the trainings ran on, from their records."""
    found = dict.fromkeys(
        f"{run['hardware']['processor']}, {run['hardware']['system']}, Python {run['software']['python']}, "
        f"PyTorch {run['software']['torch']}"
        for run in (outcome.run for outcome in outcomes)
    )
    threads = config.training.threads
    return (
        f"Platform: {'; '.join(found)}. Each training used {threads} thread{'s' if threads > 1 else ''}, "
        f"up to {workers.processes} trainings ran at a time."
    )
