"""The same training with other seeds: how far chance moves the result, and whether a reference value is in reach."""

import time
from collections.abc import Sequence
from functools import partial

from ..config import RunConfig
from ..files import read_json
from ..interface import Run
from ..paths import Paths
from ..present.tables import Cell, Column, Measured, Table
from ..workers import Workers
from .figures import seeds_figure
from .outcome import Beside, Outcome
from .result import StudyResult, write_result
from .statistics import Spread, upper_tail
from .trials import Trial, run_trials, with_seed

__all__ = ["QUANTITIES", "reproduce_seeds"]

STUDY = "seeds"
QUANTITIES = {"validation_accuracy": "Validation accuracy", "accuracy": "Test accuracy", "auc": "AUC"}
MEAN = Column("mean", "Mean ± standard deviation")
REFERENCE = Column("reference", "Reference")
P_VALUE = Column("p_value", "p", digits=2, percent=True)
P_NORMAL = Column("p_normal", "p, normal", digits=2, percent=True)
COLUMNS = (Column("quantity", "Quantity"), MEAN, REFERENCE, P_VALUE, P_NORMAL)
NOTE = (
    "p: probability that one more training does at least as well as the reference, by Student's t distribution; "
    "p, normal: the same if mean and deviation of the trainings were known exactly."
)


def reproduce_seeds(run: Run, workers: Workers) -> None:
    """Train `[reproduction] seeds` times on the same rows with seeds of their own, and compare on the same test rows.

    Writes `reports/<profile>/reproduction/seeds.*`. The p-values say how likely one more training does at least as
    well as the reference value (`spread.upper_tail`).
    """
    started = time.perf_counter()
    configs = [with_seed(run.config, number) for number in range(1, run.config.reproduction.seeds + 1)]
    trials = [Trial(STUDY, f"seed-{each.training.seed}", each, run.paths.processed) for each in configs]
    outcomes = run_trials(run.project, run.paths, trials, workers)
    reference, origin = _reference(run.config, run.paths, outcomes[0])
    beside = Beside.of(run.project, STUDY)
    values = {name: [_value(outcome, name) for outcome in outcomes] for name in QUANTITIES}
    spreads = {name: Spread.of(values[name]) for name in QUANTITIES}
    rows = {name: _row(name, spreads[name], reference.get(name)) | beside.cells(name) for name in QUANTITIES}
    caption = f"{len(trials)} trainings that differ in their seed alone"
    columns = (*COLUMNS, *beside.columns(MEAN, REFERENCE, P_VALUE))
    table = Table(STUDY, caption, columns, rows, (NOTE, origin, *beside.notes))
    draw = partial(seeds_figure, [outcome.run["seed"] for outcome in outcomes], rows, values)
    tables = [table, _trials_table(outcomes)]
    write_result(
        run.paths, StudyResult(STUDY, "reproduce-seeds", run.config.training.seed, tables, draw, outcomes), started
    )


def _value(outcome: Outcome, name: str) -> float:
    return outcome.best[name] if name == "validation_accuracy" else outcome.metric(name).value


def _row(name: str, spread: Spread, reference: float | None) -> dict[str, Cell]:
    row: dict[str, Cell] = {"quantity": QUANTITIES[name], "mean": Measured(spread.mean, spread.deviation)}
    if reference is None:
        return row
    tail = upper_tail(reference, spread)
    return row | {"reference": reference, "p_value": tail.student, "p_normal": tail.normal}


def _reference(config: RunConfig, paths: Paths, trial: Outcome) -> tuple[dict[str, float], str]:
    """The values to hold against the trainings, and where they come from."""
    given = config.reproduction.reference.model_dump(exclude_none=True)
    if given:
        return given, "Reference: the values in [reproduction.reference] of the profile."
    own = Outcome.of_profile(paths)
    if own.exists and own.test_checksum == trial.test_checksum and _is_of(own, config):
        return {name: _value(own, name) for name in QUANTITIES}, "Reference: the profile's own model."
    return {}, "Reference: none; train and evaluate the profile's own model, or set [reproduction.reference]."


def _is_of(own: Outcome, config: RunConfig) -> bool:
    """Whether the model was trained with this configuration."""
    used, wanted = read_json(own.model / "config.json"), config.model_dump(mode="json")
    return all(used[section] == wanted[section] for section in ("model", "training"))


def _trials_table(outcomes: Sequence[Outcome]) -> Table:
    columns = (
        Column("seed", "Seed"),
        Column("epochs", "Epochs"),
        Column("validation_accuracy", "Validation accuracy"),
        Column("accuracy", "Test accuracy"),
        Column("auc", "AUC"),
    )
    rows: dict[str, dict[str, Cell]] = {
        f"seed-{outcome.run['seed']}": {
            "seed": outcome.run["seed"],
            "epochs": outcome.epochs,
            "validation_accuracy": outcome.best["validation_accuracy"],
            "accuracy": outcome.metric("accuracy"),
            "auc": outcome.metric("auc"),
        }
        for outcome in outcomes
    }
    note = "Errors are those of the finite test split, which is the same for all trainings."
    return Table("trainings", "Each training", columns, rows, (note,))
