"""What a finished training found, read from its folders."""

import csv
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from statistics import fmean
from typing import Any

from ..errors import UserError
from ..evaluation.rows import ScoredRows, read_metrics, read_scores
from ..files import read_json
from ..interface import Project, Published
from ..paths import Paths
from ..present.tables import Cell, Column, Measured

__all__ = ["RECORD", "Beside", "Outcome"]

RECORD = "trial.json"


@dataclass(frozen=True)
class Outcome:
    """A training and its evaluation: the folder of its model, and that of its metrics, which are one for a trial."""

    model: Path
    report: Path

    @classmethod
    def of_profile(cls, paths: Paths) -> "Outcome":
        """A profile's own model."""
        return cls(paths.model, paths.report)

    @property
    def exists(self) -> bool:
        """Whether the model is trained and evaluated."""
        return all(path.exists() for path in (self.model / "run.json", self.report / "metrics.json"))

    @cached_property
    def run(self) -> dict[str, Any]:
        """The record of the training."""
        content: dict[str, Any] = read_json(self.model / "run.json")
        return content

    @cached_property
    def metrics(self) -> dict[str, Any]:
        """The test metrics."""
        return read_metrics(self.report / "metrics.json")

    @cached_property
    def history(self) -> list[dict[str, float]]:
        """The columns of each epoch."""
        with (self.model / "history.csv").open(encoding="utf-8", newline="") as stream:
            return [{name: float(value) for name, value in row.items()} for row in csv.DictReader(stream)]

    @property
    def best(self) -> dict[str, float]:
        """The epoch whose weights were kept."""
        return self.history[int(self.run["training"]["best_epoch"]) - 1]

    @property
    def epochs(self) -> int:
        """Number of epochs, those after the best one included."""
        return int(self.run["training"]["epochs"])

    def epoch_seconds(self, part: str) -> float:
        """Mean time of an epoch, for its part `training` or `validation`."""
        return fmean(self.run["training"]["seconds"][part])

    def metric(self, name: str) -> Measured:
        """A test metric with its bootstrap error."""
        return Measured(self.metrics[name]["value"], self.metrics[name]["error"])

    @property
    def test_checksum(self) -> str:
        """SHA-256 of the test rows on which the metrics were measured."""
        for name, checksum in self.metrics["inputs"].items():
            if Path(name).name == "test.h5":
                return str(checksum)
        message = f"{self.report / 'metrics.json'} does not name its test rows; evaluate this model again"
        raise UserError(message)

    def scores(self, signal: int) -> ScoredRows:
        """The test rows with the network's answers; `signal` is the index of the signal class."""
        return read_scores(self.report / "scores.npz", signal)


@dataclass(frozen=True)
class Beside:
    """What was published of a study; without a publication there are no columns, no cells and no notes."""

    published: Published | None

    @classmethod
    def of(cls, project: Project, study: str) -> "Beside":
        """What the project declares of a study."""
        return cls(project.published.get(study))

    def columns(self, *columns: Column) -> tuple[Column, ...]:
        """The same columns once more, for the published numbers."""
        if self.published is None:
            return ()
        return tuple(
            replace(column, key=f"published_{column.key}", title=f"{column.title}, published") for column in columns
        )

    def cells(self, row: str) -> dict[str, Cell]:
        """The published cells of a row."""
        numbers = self.published.rows.get(row, {}) if self.published else {}
        return {f"published_{name}": _cell(number) for name, number in numbers.items()}

    @property
    def notes(self) -> tuple[str, ...]:
        """Where the numbers come from."""
        return (f"Published: {self.published.source}.",) if self.published else ()


def _cell(number: float | tuple[float, float]) -> Cell:
    return Measured(*number) if isinstance(number, tuple) else number
