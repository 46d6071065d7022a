"""Projects for the tests: this one with random rows, and one that is as unlike it as can be."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from fairmodel import project as this_project
from fairmodel.config import (
    DataConfig,
    EvaluationConfig,
    ExportConfig,
    InterpretationConfig,
    RunConfig,
    Section,
    TrainingConfig,
    load_config,
)
from fairmodel.settings.evaluation import Group
from fairmodel.interface import Ablation, Published, ReportSection, Study, ValidationSection
from fairmodel.paths import Paths
from fairmodel.settings.reproduction import ReproductionConfig
from fairmodel.schema import Feature, Input, Schema
from fairmodel.splits import SPLITS
from fairmodel.workers import Workers
from .samples import random_samples, write_dataset

if TYPE_CHECKING:
    import torch
    from matplotlib.figure import Figure
    from torch import nn

    from fairmodel.dataset import Samples
    from fairmodel.inference.rows import RowReader
    from fairmodel.interpret.lrp.layer import Handler

__all__ = [
    "CELLS_TOML",
    "PROFILE",
    "ROOT",
    "StandIn",
    "make_project",
    "other_config",
    "other_project",
    "own_config",
    "own_project",
]

ROOT = Path(__file__).resolve().parents[3]
PROFILE = "tiny"
ROWS = {"train": 96, "val": 64, "test": 64}

CELLS = Schema(
    entity="images",
    inputs=(
        Input(
            "cells",
            slots=10,
            features=(Feature("depth", "mm", "depth below the surface", 0, 5), Feature("tilt", "rad", "angle", -1, 1)),
        ),
    ),
    classes=("dark & dull", "<bright>", "mixed"),
    signal=1,
    spectators=(Feature("exposure", "ms", "relative to the mean"),),
)

CELLS_TOML = """
[data]
fractions = { train = 0.5, val = 0.25, test = 0.25 }
[data.options]
rows = 40
[model]
channels = 6
[training]
epochs = 2
batch_size = 16
[evaluation]
bootstrap = 5
[export]
rows = 8
"""

# a title that would break HTML, TOML, JSON or a shell if it were pasted anywhere
FAIR = r"""
[identity]
title = "<script>alert('1')</script> & \"two\" \\ ünï"
version = "1.2.3"
description = "A model for <b>tests</b>."
license = "MIT"
doi = "10.5281/zenodo.1234567"
[[people]]
name = "A Group"
"""


@dataclass
class StandIn:
    """A project whose data step writes random rows."""

    SCHEMA: Schema
    DataOptions: type[Section]
    ModelOptions: type[Section]
    network: "Callable[[Any], nn.Module]"
    drawing: "Callable[[Samples, Figure], None]"
    STUDIES: Mapping[str, Study] = field(default_factory=dict)
    REPORT: tuple[ReportSection, ...] = ()
    ABLATIONS: Mapping[str, Ablation] = field(default_factory=dict)
    PUBLISHED: Mapping[str, Published] = field(default_factory=dict)
    VALIDATION: tuple[ValidationSection, ...] = ()
    RULES: Mapping[str, Callable[[], "Handler"]] = field(default_factory=dict)
    READERS: Mapping[str, Callable[[], "RowReader"]] = field(default_factory=dict)

    def prepare(self, config: DataConfig, out: Path, *, raw: Path, source: str, workers: Workers) -> None:
        """Write the three splits."""
        del raw, source, workers
        for seed, name in enumerate(SPLITS):
            samples = random_samples(self.SCHEMA, ROWS[name], seed=config.seed + seed)
            write_dataset(out / f"{name}.h5", self.SCHEMA, samples)

    def build(self, config: Section) -> "nn.Module":
        """Make the untrained network."""
        return self.network(config)

    def plot(self, row: "Samples", figure: "Figure") -> None:
        """Draw one row."""
        self.drawing(row, figure)


class Rows(Section):
    rows: int = 40


class Channels(Section):
    channels: Annotated[int, Field(gt=0)] = 6


def convolution(config: Channels) -> "nn.Module":
    """A network that minds the order of the slots, does not normalise, and draws random numbers as it trains."""
    from torch import nn

    class Convolution(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layers = nn.Sequential(
                nn.Conv1d(2, config.channels, 3, padding=1),
                nn.BatchNorm1d(config.channels),
                nn.ReLU(),
                nn.Dropout(0.1),
                nn.Flatten(),
                nn.Linear(10 * config.channels, 3),
            )

        def forward(self, cells: "torch.Tensor") -> "torch.Tensor":
            logits: torch.Tensor = self.layers(cells.transpose(1, 2))
            return logits

    return Convolution()


def draw_cells(row: "Samples", figure: "Figure") -> None:
    """The cells of an image as points, with its class as the title."""
    number = int(row.counts["cells"][0])
    axes = figure.subplots()
    axes.scatter(*row.inputs["cells"][0, :number].T)
    axes.set_title(CELLS.classes[row.labels[0]])


def other_project() -> StandIn:
    """One input of another name, three classes, a convolutional network."""
    section = ReportSection("An <extra> section", "make extra", lambda config, _: f"<p>extra {config.profile}</p>")
    return StandIn(
        CELLS,
        Rows,
        Channels,
        convolution,
        draw_cells,
        REPORT=(section,),
        ABLATIONS={"narrow": Ablation("Two <channels>", {"channels": 2})},
        PUBLISHED={"ablations": Published("Somebody & al.", {"narrow": {"auc": (0.8, 0.1), "sparsity": 0.5}})},
    )


def own_project() -> StandIn:
    """This project's schema and network."""
    return StandIn(
        this_project.SCHEMA,
        this_project.DataOptions,
        this_project.ModelOptions,
        this_project.build,
        this_project.plot,
    )


def other_config() -> RunConfig:
    """A run of the other project that takes a second."""
    return RunConfig(
        profile=PROFILE,
        data=DataConfig(options=Rows()),
        model=Channels(),
        training=TrainingConfig(
            epochs=6,
            batch_size=16,
            micro_batch=8,
            learning_rate=0.02,
            schedule="one-cycle",
            ema_decay=0.5,
            device="cpu",
        ),
        evaluation=EvaluationConfig(
            batch_size=50,
            bootstrap=20,
            signal_efficiencies=(0.25, 0.5),
            dependence={"exposure": (-4, -1, 4)},
            groups=(Group(name="<long>", spectator="exposure", low=0),),
        ),
        export=ExportConfig(rows=20),
        interpretation=InterpretationConfig(rows=40, repeats=2, bootstrap=5),
        reproduction=ReproductionConfig(seeds=2, splits=("file",), fractions=(0.5, 1.0)),
    )


def own_config() -> RunConfig:
    """The network of the project's smallest profile, trained for a moment."""
    smallest = load_config(ROOT / "config" / "smoke.toml", this_project.DataOptions, this_project.ModelOptions)
    return smallest.model_copy(
        update={
            "profile": PROFILE,
            "training": TrainingConfig(epochs=3, batch_size=16, micro_batch=8, learning_rate=0.01, device="cpu"),
            "evaluation": smallest.evaluation.model_copy(update={"batch_size": 50, "bootstrap": 20}),
            "export": ExportConfig(rows=20),
            "interpretation": InterpretationConfig(rows=40, repeats=2, bootstrap=5),
        }
    )


def make_project(root: Path, project: StandIn, config: RunConfig) -> Paths:
    """Lay out a project's folder with its data set; `config/tiny.toml` is that of the other project."""
    (root / "config").mkdir(parents=True)
    (root / "config" / f"{PROFILE}.toml").write_text(CELLS_TOML, encoding="utf-8")
    (root / "fair.toml").write_text(FAIR, encoding="utf-8")
    paths = Paths.of_project(root, config.profile)
    project.prepare(config.data, paths.processed, raw=paths.raw, source="simulation", workers=Workers(1))
    return paths
