"""What the core expects of a project: the face that `project.py` shows."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from .config import DataConfig, RunConfig, Section
from .schema import Schema

if TYPE_CHECKING:
    import argparse

    from matplotlib.figure import Figure
    from torch import nn

    from .dataset import Samples
    from .inference.rows import RowReader
    from .interpret.lrp.layer import Handler
    from .validation.checks import Collector
    from .workers import Workers

__all__ = ["Ablation", "Project", "Published", "ReportSection", "Study", "ValidationSection"]


@dataclass(frozen=True)
class Study:
    """A subcommand that only this project has; `load` imports its module when the command runs, not before.

    `load()` returns the function to call with the parsed arguments; `arguments` adds the command's own options.
    """

    help: str
    load: Callable[[], "Callable[[argparse.Namespace], None]"]
    arguments: "Callable[[argparse.ArgumentParser], None] | None" = None


@dataclass(frozen=True)
class ReportSection:
    """An extra section of the HTML report.

    `render(config, reports)` gets the run's configuration and its reports folder and returns an HTML fragment.
    """

    title: str
    command: str
    render: Callable[[RunConfig, Path], str]


@dataclass(frozen=True)
class ValidationSection:
    """An extra section of the page on the data; `load` imports its module when the page is made, not before.

    `load()` returns what to call with the provenance of the data set (how its rows were made). The collector that this
    gives sees every row once, in blocks, and then draws figures and judges what was seen (`validation.checks`).
    """

    title: str
    load: Callable[[], "Callable[[Mapping[str, Any]], Collector]"]


@dataclass(frozen=True)
class Ablation:
    """A variant of the network for `make ablations`: `model` replaces keys of the `[model]` section."""

    label: str
    model: Mapping[str, Any]


@dataclass(frozen=True)
class Published:
    """Numbers of a publication for the table of a study: row -> column -> value, or value and error.

    Rows and columns have the names that the study gives them in its JSON file; shares are fractions of one.
    """

    source: str
    rows: Mapping[str, Mapping[str, float | tuple[float, float]]]


class Project(Protocol):
    """The attributes of `project.py`, and nothing else, are what the core reads of a project."""

    SCHEMA: Schema
    DataOptions: type[Section]
    ModelOptions: type[Section]
    STUDIES: Mapping[str, Study]
    REPORT: tuple[ReportSection, ...]
    ABLATIONS: Mapping[str, Ablation]
    PUBLISHED: Mapping[str, Published]
    VALIDATION: tuple[ValidationSection, ...]
    RULES: Mapping[str, Callable[[], "Handler"]]
    READERS: Mapping[str, Callable[[], "RowReader"]]

    def prepare(self, config: DataConfig, out: Path, *, raw: Path, source: str, workers: "Workers") -> None:
        """Write `train.h5`, `val.h5` and `test.h5` of the schema into `out`; tables on them may lie beside them.

        Downloads and intermediate results go into `raw`, which survives a kill and makes a rerun quick.
        `workers` share out what takes long. The result depends on `config` and `source` alone, never on them.
        """

    def build(self, config: Section) -> "nn.Module":
        """Make an untrained network from the `[model]` section.

        `network(**inputs)` takes each input by name, float32 (batch, slot, feature), and returns logits (batch, class).
        """

    def plot(self, row: "Samples", figure: "Figure") -> None:
        """Draw one row, samples of length 1, into an empty figure; `data plot` saves it."""
