"""Smaller networks and fewer features, each trained anew: what is lost against the whole network."""

import time
from collections.abc import Mapping
from functools import partial
from typing import Any

from pydantic import ValidationError

from ..config import RunConfig
from ..dataset import Dataset, Samples
from ..errors import UserError
from ..evaluation.activity import sparsity
from ..evaluation.network import load_network
from ..interface import Ablation, Project, Run
from ..paths import Paths, TrialPaths
from ..present.tables import Cell, Column, Table
from ..workers import Workers
from .compare import agreement, fidelity, paired_bootstrap
from .figures import ablations_figure
from .outcome import Beside, Outcome
from .result import StudyResult, write_result
from .trials import Trial, run_trials, with_seed

__all__ = ["BASELINE", "run_ablations"]

STUDY = "ablations"
BASELINE = "baseline"
AUC = Column("auc", "AUC")
FIDELITY = Column("fidelity", "Fidelity", digits=2, percent=True)
SPARSITY = Column("sparsity", "Sparsity", digits=2)
COLUMNS = (
    Column("model", "Model"),
    Column("parameters", "Parameters"),
    AUC,
    Column("difference", "AUC - baseline"),
    FIDELITY,
    Column("agreement", "Same decision", digits=2, percent=True),
    SPARSITY,
)
NOTES = (
    "Fidelity: 1 - mean distance of the score from the baseline's. Same decision: share of the test rows that get the "
    "baseline's class.",
    "Sparsity: share of nodes whose relative activity is below 0.2, mean over the classes.",
    "Errors are those of the finite test split; the difference from the baseline is of the same bootstrap samples. "
    "Each model is one training.",
)


def run_ablations(run: Run, workers: Workers) -> None:
    """Train the profile's network and each variant of `Project(ablations=…)` with the same seed on the same rows.

    Writes `reports/<profile>/reproduction/ablations.*`.
    """
    started = time.perf_counter()
    variants = _variants(run.project)
    config = with_seed(run.config, 1)
    configs = {name: _vary(run.project, config, name, ablation) for name, ablation in variants.items()}
    trials = [Trial(STUDY, name, each, run.paths.processed) for name, each in configs.items()]
    outcomes = run_trials(run.project, run.paths, trials, workers)
    with Dataset(run.paths.split("test"), run.project.schema) as dataset:
        samples = dataset.read(0, run.config.interpretation.rows)
    beside = Beside.of(run.project, STUDY)
    rows = {
        trial.name: {"model": variants[trial.name].label}
        | _row(run.project, trial, outcome, outcomes[0])
        | {"sparsity": _sparsity(run.project, run.paths, trial, outcome, samples)}
        | beside.cells(trial.name)
        for trial, outcome in zip(trials, outcomes, strict=True)
    }
    columns = (*COLUMNS, *beside.columns(AUC, FIDELITY, SPARSITY))
    table = Table(STUDY, "Smaller networks, trained anew", columns, rows, (*NOTES, *beside.notes))
    draw = partial(ablations_figure, rows)
    write_result(run.paths, StudyResult(STUDY, STUDY, config.training.seed, [table], draw, outcomes), started)


def _variants(project: Project) -> dict[str, Ablation]:
    """All models of the study, the whole one first."""
    if not project.ablations or BASELINE in project.ablations:
        message = (
            f"Project(ablations=…) must name at least one variant of the network, and none {BASELINE!r}, "
            "which is the network of the profile itself"
        )
        raise UserError(message)
    return {BASELINE: Ablation("Baseline", {})} | dict(project.ablations)


def _vary(project: Project, config: RunConfig, name: str, ablation: Ablation) -> RunConfig:
    changed: Mapping[str, Any] = config.model.model_dump() | dict(ablation.model)
    try:
        model = project.model_options.model_validate(changed)
    except ValidationError as error:
        problem = error.errors()[0]
        key = ".".join(map(str, problem["loc"]))
        message = f"Project(ablations=…)[{name!r}] does not fit the [model] section: {key}: {problem['msg']}"
        raise UserError(message) from error
    return config.model_copy(update={"model": model})


def _row(project: Project, trial: Trial, outcome: Outcome, baseline: Outcome) -> dict[str, Cell]:
    """What the scores and the metrics of a model say."""
    signal, options = project.schema.signal, trial.config.evaluation
    a, b = baseline.scores(signal), outcome.scores(signal)
    pairs = paired_bootstrap(a, b, points=(), trials=options.bootstrap, seed=options.seed)
    return {
        "parameters": int(outcome.metrics["parameters"]),
        "auc": outcome.metric("auc"),
        "difference": None if trial.name == BASELINE else pairs["auc"].difference,
        "fidelity": fidelity(a, b),
        "agreement": agreement(a, b),
    }


def _sparsity(project: Project, paths: Paths, trial: Trial, outcome: Outcome, samples: Samples) -> float | None:
    mine = TrialPaths(paths.root, paths.profile, outcome.model, trial.data)
    return sparsity(load_network(Run(project, trial.config, mine)), samples, len(project.schema.classes))
