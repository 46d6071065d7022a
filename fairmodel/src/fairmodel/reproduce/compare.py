"""Two networks on the same rows: what the rows do to both of them drops out of the difference."""

import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from scipy.stats import pearsonr, spearmanr

from ..config import profiles
from ..errors import UserError
from ..evaluation.rows import ScoredRows
from ..evaluation.separation import Ranking
from ..evaluation.uncertainty import resamples
from ..interface import Run
from ..present.tables import Cell, Column, Measured, Table
from .figures import comparison_figure
from .outcome import Outcome
from .result import StudyResult, write_result

__all__ = ["Pair", "agreement", "compare", "fidelity", "find_run", "paired_bootstrap"]


def compare(run: Run, a: str, b: str) -> None:
    """Compare two runs: profiles, or folders of models such as those of the trials.

    Writes `reports/<profile>/reproduction/compare-A-B.*`: metrics of both and their difference with errors of a paired
    bootstrap, correlations of the scores, fidelity. Raises UserError for runs with different test rows.
    """
    started = time.perf_counter()
    outcomes = [find_run(run.paths.root, name) for name in (a, b)]
    if outcomes[0].test_checksum != outcomes[1].test_checksum:
        message = (
            f"{a} and {b} were evaluated on different test rows (their checksums differ), so their "
            "difference would say nothing of the networks; evaluate both on one data set"
        )
        raise UserError(message)
    options = run.config.evaluation
    first, second = (outcome.scores(run.project.schema.signal) for outcome in outcomes)
    points = options.signal_efficiencies
    pairs = paired_bootstrap(first, second, points=points, trials=options.bootstrap, seed=options.seed)
    names = [_short(outcome, run.paths.root) for outcome in outcomes]
    tables = [_metrics_table(pairs, points, names), _scores_table(first, second)]
    draw = partial(comparison_figure, (first, second), run.project.schema, names)
    name = "-".join(["compare", *(re.sub(r"[^A-Za-z0-9_]+", "-", each) for each in names)])
    write_result(run.paths, StudyResult(name, f"compare A={a} B={b}", options.seed, tables, draw, outcomes), started)


def find_run(root: Path, name: str) -> Outcome:
    """The trained and evaluated run that a profile or a folder names."""
    folder = root / "models" / name if name in profiles(root / "config") else (root / name).resolve()
    own = folder.parent == root / "models"
    run = Outcome(folder, root / "reports" / folder.name if own else folder)
    if not (folder / "run.json").exists():
        known = ", ".join(profiles(root / "config"))
        message = (
            f"{name!r} is no trained run: give a profile ({known}) that is trained, or the folder of a model, such as "
            "models/quick/trials/seeds/seed-2"
        )
        raise UserError(message)
    if not run.exists:
        message = f"the run {name!r} has no metrics; evaluate it with `make evaluate PROFILE={folder.name}`"
        raise UserError(message)
    return run


def _short(run: Outcome, root: Path) -> str:
    """A run's folder without what all have in common."""
    parts = run.model.relative_to(root).parts if run.model.is_relative_to(root) else run.model.parts[-2:]
    return "/".join(part for part in parts if part not in ("models", "trials"))


@dataclass(frozen=True)
class Pair:
    """A quantity of two networks, and b - a; errors are standard deviations over the same bootstrap samples."""

    a: Measured
    b: Measured
    difference: Measured


def fidelity(a: ScoredRows, b: ScoredRows) -> float:
    """One minus the mean distance of two networks' scores, as arXiv:2212.05081 computes it."""
    return float(1 - np.average(np.abs(a.score - b.score), weights=a.weight))


def agreement(a: ScoredRows, b: ScoredRows) -> float:
    """Share of the rows to which two networks give the same class."""
    return float(np.average(a.probability.argmax(1) == b.probability.argmax(1), weights=a.weight))


def paired_bootstrap(
    a: ScoredRows, b: ScoredRows, *, points: Sequence[float], trials: int, seed: int
) -> dict[str, Pair]:
    """AUC, accuracy and the background efficiency at each signal efficiency of `points`, for both networks.

    `a` and `b` are the same rows with the answers of two networks. Each of the `trials` bootstrap samples is drawn
    once, for both. The keys of background efficiencies are the points, as text.
    """
    measures = [_Measure(rows, points) for rows in (a, b)]
    whole = np.array([measure(a.weight) for measure in measures])  # (network, quantity)
    draws = resamples(a.is_signal, a.weight, trials=trials, seed=seed)
    samples = np.array([[measure(drawn) for measure in measures] for drawn in draws])  # (trial, network, quantity)
    values = np.vstack([whole, np.diff(whole, axis=0)])
    errors = np.concatenate([samples, np.diff(samples, axis=1)], 1).std(0, ddof=1)
    names = ["auc", "accuracy", *(f"{point:g}" for point in points)]
    return {
        name: Pair(*map(Measured, values[:, index].tolist(), errors[:, index].tolist()))
        for index, name in enumerate(names)
    }


class _Measure:
    """The quantities of one network as a function of the rows' weights."""

    def __init__(self, rows: ScoredRows, points: Sequence[float]) -> None:
        self._ranking = Ranking(rows.score, rows.is_signal)
        self._right = rows.probability.argmax(1) == rows.label
        self._points = points

    def __call__(self, weight: np.ndarray) -> list[float]:
        background, signal = self._ranking.curve(weight)
        accuracy = float(np.average(self._right, weights=weight))
        passing = background[np.searchsorted(signal, self._points)]
        return [float(np.trapezoid(signal, background)), accuracy, *passing.tolist()]


def _metrics_table(pairs: dict[str, Pair], points: tuple[float, ...], names: list[str]) -> Table:
    titles = {"auc": "AUC", "accuracy": "Accuracy"}
    titles |= {f"{point:g}": f"Background efficiency at {point:.0%} signal efficiency" for point in points}
    rows: dict[str, dict[str, Cell]] = {
        key: {
            "quantity": titles[key],
            "a": pair.a,
            "b": pair.b,
            "difference": pair.difference,
            "significance": pair.difference.value / pair.difference.error if pair.difference.error else None,
        }
        for key, pair in pairs.items()
    }
    columns = (
        Column("quantity", "Quantity"),
        Column("a", f"A: {names[0]}"),
        Column("b", f"B: {names[1]}"),
        Column("difference", "B - A"),
        Column("significance", "(B - A) / error", digits=1),
    )
    note = "Errors are standard deviations over bootstrap samples of the test rows, the same samples for A and B."
    return Table("metrics", f"{names[0]} and {names[1]} on the same test rows", columns, rows, (note,))


def _scores_table(a: ScoredRows, b: ScoredRows) -> Table:
    pearson, spearman = (float(correlation(a.score, b.score).statistic) for correlation in (pearsonr, spearmanr))
    rows: dict[str, dict[str, Cell]] = {
        "pearson": {"quantity": "Pearson correlation of the scores", "value": pearson},
        "spearman": {"quantity": "Spearman rank correlation of the scores", "value": spearman},
        "fidelity": {"quantity": "Fidelity: 1 - mean distance of the scores", "value": fidelity(a, b)},
        "agreement": {"quantity": "Share of rows with the same decision", "value": agreement(a, b)},
    }
    return Table("scores", "How alike the scores are", (Column("quantity", "Quantity"), Column("value", "Value")), rows)
