"""The AUC against the number of training rows: whether more data would help, and how much."""

import time
from collections.abc import Mapping, Sequence
from functools import partial
from statistics import fmean

from ..config import RunConfig
from ..dataset import Dataset
from ..interface import Run
from ..paths import Paths
from ..present.tables import Cell, Column, Measured, Table
from ..workers import Workers
from .figures import learning_curve_figure
from .outcome import Beside
from .result import StudyResult, write_result
from .statistics import PowerLaw, Spread, fit_power_law
from .trials import Trial, run_trials, with_seed

__all__ = ["learning_curve", "trainings_at"]

STUDY = "learning-curve"
COLUMNS = (
    Column("rows", "Training rows"),
    Column("trainings", "Trainings"),
    Column("auc", "AUC, mean ± standard deviation"),
    Column("bootstrap", "Error of the test sample"),
)
NOTE = (
    "Every training takes random rows of its own. The standard deviation is that of single trainings; the error of the "
    "test sample is common to all points. Each training has the epochs of the profile, so that one on fewer rows makes "
    "fewer steps."
)


def learning_curve(run: Run, workers: Workers) -> None:
    """Train on each share of `[reproduction] fractions` of the training rows, several times on the small ones.

    Writes `reports/<profile>/reproduction/learning-curve.*`.
    """
    started = time.perf_counter()
    with Dataset(run.paths.split("train"), run.project.schema) as dataset:
        everything = len(dataset)
    trials = [
        _trial(run.config, run.paths, fraction, number, everything)
        for fraction in sorted(run.config.reproduction.fractions)
        for number in range(1, trainings_at(fraction, run.config.reproduction.seeds) + 1)
    ]
    outcomes = run_trials(run.project, run.paths, trials, workers)
    points: dict[int, list[Measured]] = {}
    for trial, outcome in zip(trials, outcomes, strict=True):
        points.setdefault(trial.rows or everything, []).append(outcome.metric("auc"))
    spreads = {number: Spread.of([auc.value for auc in found]) for number, found in points.items()}
    fit = _fit(spreads)
    beside = Beside.of(run.project, STUDY)
    rows = {str(number): _row(number, spreads[number], found) for number, found in points.items()}
    notes = (NOTE, *_extrapolation(fit, max(spreads)), *beside.notes)
    table = Table(STUDY, "AUC against the number of training rows", COLUMNS, rows, notes)
    draw = partial(learning_curve_figure, points, spreads, fit, run.project.schema.entity)
    details = {"fit": fit.as_json() if fit else None}
    result = StudyResult(STUDY, STUDY, run.config.training.seed, [table], draw, outcomes, details)
    write_result(run.paths, result, started)


def trainings_at(fraction: float, most: int) -> int:
    """How many trainings a share of the rows gets: those that cost about one on all rows, from 2 up to `most`."""
    return min(max(int(1 / fraction), 2), most)


def _trial(config: RunConfig, paths: Paths, fraction: float, number: int, everything: int) -> Trial:
    seeded = with_seed(config, number)
    rows = max(1, round(fraction * everything))
    name = f"{rows}-rows-seed-{seeded.training.seed}"
    return Trial(STUDY, name, seeded, paths.processed, rows if rows < everything else None)


def _row(rows: int, spread: Spread, found: Sequence[Measured]) -> dict[str, Cell]:
    return {
        "rows": rows,
        "trainings": len(found),
        "auc": Measured(spread.mean, spread.deviation),
        "bootstrap": fmean(auc.error for auc in found),
    }


def _fit(spreads: Mapping[int, Spread]) -> PowerLaw | None:
    """A power law through 1 - AUC; the error of a point is the standard error of its mean."""
    losses = [1 - spread.mean for spread in spreads.values()]
    errors = [spread.deviation / spread.number**0.5 for spread in spreads.values()]
    return fit_power_law(list(spreads), losses, errors)


def _extrapolation(fit: PowerLaw | None, rows: int) -> tuple[str, ...]:
    if fit is None:
        return ()
    loss = fit.at(2 * rows)
    return (f"A power law through the points gives {1 - loss.value:.4f} ± {loss.error:.4f} for twice as many rows.",)
