"""The project's face: all that the core reads of it (docs: "Make it yours")."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from fairmodel.config import DataConfig
from .data.features import SCHEMA
from .data.options import DataOptions
from fairmodel.interface import Ablation, Published, ReportSection, Study, ValidationSection
from .model.options import ModelOptions

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from torch import nn

    from fairmodel.dataset import Samples
    from fairmodel.inference.rows import RowReader
    from fairmodel.interpret.lrp.layer import Handler
    from fairmodel.workers import Workers

__all__ = [
    "ABLATIONS",
    "PUBLISHED",
    "READERS",
    "REPORT",
    "RULES",
    "SCHEMA",
    "STUDIES",
    "VALIDATION",
    "DataOptions",
    "ModelOptions",
    "build",
    "plot",
    "prepare",
]

STUDIES: Mapping[str, Study] = {}
REPORT: tuple[ReportSection, ...] = ()
ABLATIONS: Mapping[str, Ablation] = {
    "small": Ablation("8 hidden units, sum of 4", {"hidden": 8, "latent": 4}),
    "tiny": Ablation("4 hidden units, sum of 2", {"hidden": 4, "latent": 2}),
}
PUBLISHED: Mapping[str, Published] = {}
VALIDATION: tuple[ValidationSection, ...] = ()
RULES: Mapping[str, Callable[[], "Handler"]] = {}
READERS: Mapping[str, Callable[[], "RowReader"]] = {}


def prepare(config: DataConfig, out: Path, *, raw: Path, source: str, workers: "Workers") -> None:
    """Write the data set: `train.h5`, `val.h5` and `test.h5` in `out`."""
    from .data.prepare import prepare as prepare_data

    prepare_data(config, out, raw=raw, source=source, workers=workers)


def build(config: ModelOptions) -> "nn.Module":
    """Make the untrained network that the `[model]` section describes."""
    from .model.deep_sets import DeepSets

    (particles,) = SCHEMA.inputs
    return DeepSets(len(particles.features), len(SCHEMA.classes), hidden=config.hidden, latent=config.latent)


def plot(row: "Samples", figure: "Figure") -> None:
    """Draw one jet."""
    from .data.display import draw_jet

    draw_jet(row, figure)
