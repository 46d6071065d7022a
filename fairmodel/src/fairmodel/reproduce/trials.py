"""Trials: the trainings of a study, on all rows or on a random part of them, each done once."""

import shutil
from collections.abc import Mapping, Sequence
from contextlib import redirect_stderr
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from ..config import RunConfig
from ..dataset import Dataset, DatasetWriter
from ..evaluation.evaluate import evaluate
from ..files import read_json, sha256, write_json
from ..identity import identity
from ..interface import Project, Run
from ..paths import Paths, TrialPaths, trials_folder
from ..progress import progress
from ..schema import Schema
from ..splits import SPLITS
from ..training.train import train
from ..workers import Workers
from .outcome import RECORD, Outcome

__all__ = ["Trial", "run_trials", "with_seed", "write_subset"]

BLOCK_ROWS = 4096


def write_subset(source: Path, out: Path, schema: Schema, rows: int, seed: int) -> None:
    """Write `rows` random rows of `source` into `out`, in their order; the same arguments give the same bytes.

    With one seed, more rows contain fewer: the rows of the smaller part are in the larger one too.
    """
    with Dataset(source, schema) as dataset:
        chosen = np.sort(np.random.default_rng(seed).permutation(len(dataset))[:rows])
        provenance = dataset.provenance | {"subset": {"rows": rows, "of": len(dataset), "seed": seed}}
        with DatasetWriter(out, schema, provenance) as writer:
            for start in range(0, len(dataset), BLOCK_ROWS):
                here = chosen[(chosen >= start) & (chosen < start + BLOCK_ROWS)] - start
                if len(here):
                    writer.append(dataset.read(start, start + BLOCK_ROWS).take(here))


@dataclass(frozen=True)
class Trial:
    """A training of a study: its whole configuration, the folder of its data set, and on how many rows, if not all."""

    study: str
    name: str
    config: RunConfig
    data: Path
    rows: int | None = None

    def paths(self, paths: Paths) -> TrialPaths:
        """Where the trial reads and writes, in the project and profile of `paths`."""
        folder = trials_folder(paths) / self.study / self.name
        return TrialPaths(paths.root, paths.profile, folder, self.data, self.rows)

    def identity(self, project: Project, checksums: Mapping[str, str]) -> str:
        """Hash of all that determines the result; `checksums` are those of the three files of its data set."""
        training = identity("train", project, self.config, inputs=checksums, more=self.rows)
        return identity("evaluate", project, self.config, inputs=[training])


def with_seed(config: RunConfig, number: int) -> RunConfig:
    """The configuration of trial `number`, counted from 1: only its training's seed is another than the profile's."""
    training = config.training.model_copy(update={"seed": config.training.seed + number})
    return config.model_copy(update={"training": training})


def run_trials(project: Project, paths: Paths, trials: Sequence[Trial], workers: Workers) -> list[Outcome]:
    """Do what is not done yet; the outcome of each trial, in order.

    A single local worker is this process. What a trial prints goes into `log.txt` in its folder.
    """
    checksums = {folder: _checksums(folder) for folder in {trial.data for trial in trials}}
    known = [trial.identity(project, checksums[trial.data]) for trial in trials]
    done = _finished(paths)
    waiting = [(trial, digest) for trial, digest in zip(trials, known, strict=True) if digest not in done]
    task = partial(_run, project, paths)
    title = trials[0].study
    if workers.scheduler or min(workers.processes, len(waiting)) > 1:
        for _ in workers.run(task, waiting, title=title, unit="trials"):
            pass
    else:
        for item in progress(waiting, total=len(waiting), title=title, unit="trials"):
            task(item)
    done = _finished(paths)
    return [Outcome(done[digest], done[digest]) for digest in known]


def _checksums(folder: Path) -> dict[str, str]:
    return {name: sha256(folder / f"{name}.h5") for name in SPLITS}


def _finished(paths: Paths) -> dict[str, Path]:
    """The folders of all finished trials of a profile, by identity."""
    found = {}
    for record in sorted(trials_folder(paths).glob(f"*/*/{RECORD}")):
        content = read_json(record)
        if content["finished"] and (record.parent / "weights.safetensors").exists():
            found[content["identity"]] = record.parent
    return found


def _run(project: Project, paths: Paths, task: tuple[Trial, str]) -> None:
    """Do one trial, or what is left of it."""
    trial, digest = task
    mine = trial.paths(paths)
    record = _begin(mine.folder, digest)
    with (mine.folder / "log.txt").open("a", encoding="utf-8") as log, redirect_stderr(log):
        if not mine.weights.exists():
            _train(project, trial, mine)
        evaluate(Run(project, trial.config, mine))
    if trial.rows:
        mine.split("train").unlink(missing_ok=True)
    write_json(mine.folder / RECORD, record | {"finished": True})


def _begin(folder: Path, digest: str) -> dict[str, Any]:
    """The record of a trial that begins, or goes on; what an earlier one with other settings left is removed."""
    path = folder / RECORD
    if path.exists():
        record: dict[str, Any] = read_json(path)
        if record["identity"] == digest:
            return record
    shutil.rmtree(folder, ignore_errors=True)
    record = {"schema": 1, "identity": digest, "finished": False}
    write_json(path, record)
    return record


def _train(project: Project, trial: Trial, paths: TrialPaths) -> None:
    if trial.rows:
        seed = trial.config.training.seed
        write_subset(trial.data / "train.h5", paths.split("train"), project.schema, trial.rows, seed)
    train(Run(project, trial.config, paths))
