"""Two projects that are unlike each other, for all tests: sets of particles, and images of three classes."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from fairmodel.config import (
    DataConfig,
    EvaluationConfig,
    ExportConfig,
    InterpretationConfig,
    RunConfig,
    Section,
    TrainingConfig,
)
from fairmodel.interface import Ablation, Project, Published, ReportSection, Run
from fairmodel.paths import Paths
from fairmodel.schema import Feature, Input, Schema
from fairmodel.settings.evaluation import Group
from fairmodel.settings.reproduction import ReproductionConfig
from fairmodel.splits import SPLITS
from fairmodel.workers import Workers

if TYPE_CHECKING:
    import torch
    from matplotlib.figure import Figure
    from torch import nn

    from fairmodel.dataset import Samples

__all__ = [
    "CELLS",
    "CELLS_TOML",
    "ENGINE_ROOT",
    "FAIR",
    "PROFILE",
    "SHOWERS",
    "Channels",
    "Rows",
    "make_project",
    "make_run",
    "other_config",
    "other_project",
    "own_config",
    "own_project",
]

ENGINE_ROOT = Path(__file__).resolve().parents[1]
PROFILE = "tiny"
ROWS = {"train": 96, "val": 64, "test": 64}

SHOWERS = Schema(
    entity="jets",
    inputs=(
        Input(
            "particles",
            slots=12,
            features=(
                Feature("ptrel", "1", "transverse momentum over that of the jet", 0, 1),
                Feature("etarel", "1", "pseudorapidity relative to the jet axis", -1.5, 1.5),
                Feature("charge", "e", "electric charge", -1, 1),
            ),
        ),
    ),
    classes=("one-prong", "two-prong"),
    signal=1,
    spectators=(
        Feature("jet_pt", "GeV", "transverse momentum of the jet", 0, 1e4),
        Feature("jet_mass", "GeV", "invariant mass of the jet", 0, 1e4),
    ),
)

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


class Rows(Section):
    """`[data.options]` of both projects."""

    rows: int = 40


class Widths(Section):
    """`[model]` of the showers."""

    hidden: Annotated[int, Field(gt=0)] = 8


class Channels(Section):
    """`[model]` of the cells."""

    channels: Annotated[int, Field(gt=0)] = 6


def prepare_random(schema: Schema, config: DataConfig, out: Path, *, raw: Path, source: str, workers: Workers) -> None:
    """Write the three splits with random rows."""
    from fairmodel.testing.samples import random_samples, write_dataset

    assert raw.parts
    assert source
    assert workers.processes
    for seed, name in enumerate(SPLITS):
        samples = random_samples(schema, ROWS[name], seed=config.seed + seed)
        write_dataset(out / f"{name}.h5", schema, samples)


def prepare_showers(config: DataConfig, out: Path, **options: Any) -> None:
    """Write random showers."""
    prepare_random(SHOWERS, config, out, **options)


def prepare_cells(config: DataConfig, out: Path, **options: Any) -> None:
    """Write random cells."""
    prepare_random(CELLS, config, out, **options)


def deep_sets(config: Widths) -> "nn.Module":
    """One network for every particle, a sum, one network for the sum; inputs are standardised."""
    from torch import nn

    from fairmodel.layers import Standardise, WeightedSum, is_real

    (particles,) = SHOWERS.inputs

    class DeepSets(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            hidden = config.hidden
            self.normalise = nn.ModuleDict({"particles": Standardise(len(particles.features))})
            self.of_particle = nn.Sequential(
                nn.Linear(len(particles.features), hidden), nn.ReLU(), nn.Linear(hidden, hidden), nn.ReLU()
            )
            self.sum_particles = WeightedSum()
            self.of_jet = nn.Sequential(nn.Linear(hidden, hidden), nn.ReLU(), nn.Linear(hidden, 2))

        def forward(self, particles: "torch.Tensor") -> "torch.Tensor":
            real = is_real(particles).squeeze(-1).to(particles.dtype)
            features = self.of_particle(self.normalise["particles"](particles))
            logits: torch.Tensor = self.of_jet(self.sum_particles(features, real))
            return logits

    return DeepSets()


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


def draw_points(schema: Schema, row: "Samples", figure: "Figure") -> None:
    """The first two features of the objects as points, with the class as the title."""
    (item,) = schema.inputs
    number = int(row.counts[item.name][0])
    axes = figure.subplots()
    axes.scatter(*row.inputs[item.name][0, :number, :2].T)
    axes.set_title(schema.classes[row.labels[0]])


draw_shower: "Callable[[Samples, Figure], None]" = partial(draw_points, SHOWERS)
draw_cells: "Callable[[Samples, Figure], None]" = partial(draw_points, CELLS)


def extra_section(config: RunConfig, reports: Path) -> str:
    """A section of the report."""
    assert reports.parts
    return f"<p>extra {config.profile}</p>"


def other_project() -> Project:
    """One input of another name, three classes, a convolutional network."""
    return Project(
        package=__package__ or "tests",
        schema=CELLS,
        prepare=".projects:prepare_cells",
        build=".projects:convolution",
        data_options=Rows,
        model_options=Channels,
        plot=".projects:draw_cells",
        report=(ReportSection("An <extra> section", "make extra", ".projects:extra_section"),),
        ablations={"narrow": Ablation("Two <channels>", {"channels": 2})},
        published={"ablations": Published("Somebody & al.", {"narrow": {"auc": (0.8, 0.1), "sparsity": 0.5}})},
    )


def own_project() -> Project:
    """Sets of particles, two classes, Deep Sets."""
    return Project(
        package=__package__ or "tests",
        schema=SHOWERS,
        prepare=".projects:prepare_showers",
        build=".projects:deep_sets",
        data_options=Rows,
        model_options=Widths,
        plot=".projects:draw_shower",
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
    """A run of the showers that takes a second."""
    return RunConfig(
        profile=PROFILE,
        data=DataConfig(options=Rows()),
        model=Widths(),
        training=TrainingConfig(epochs=3, batch_size=16, micro_batch=8, learning_rate=0.01, device="cpu"),
        evaluation=EvaluationConfig(
            batch_size=50,
            bootstrap=20,
            dependence={"jet_pt": (-4, 0, 4)},
            groups=(
                Group(name="light", spectator="jet_mass", high=0),
                Group(name="heavy", spectator="jet_mass", low=0),
            ),
        ),
        export=ExportConfig(rows=20),
        interpretation=InterpretationConfig(rows=40, repeats=2, bootstrap=5),
    )


def make_project(root: Path, project: Project, config: RunConfig) -> Paths:
    """Lay out a project's folder with its data set; `config/tiny.toml` is that of the other project."""
    (root / "config").mkdir(parents=True)
    (root / "config" / f"{PROFILE}.toml").write_text(CELLS_TOML, encoding="utf-8")
    (root / "fair.toml").write_text(FAIR, encoding="utf-8")
    (root / "pyproject.toml").write_text('[project]\nname = "tests"\ndependencies = ["fairmodel[train]"]\n')
    paths = Paths.of_project(root, config.profile)
    project.prepare(config.data, paths.processed, raw=paths.raw, source="simulation", workers=Workers(1))
    return paths


def make_run(root: Path, project: Project, config: RunConfig) -> Run:
    """The same as a run."""
    return Run(project, config, make_project(root, project, config))
