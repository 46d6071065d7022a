"""The project's face: all that the core reads of it (docs: "Make it yours")."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from fairmodel.config import DataConfig
from .data.features import SCHEMA
from .data.options import DataOptions
from .data.readers import READERS
from .model.options import ModelOptions
from .studies import STUDIES
from .interpretation.section import REPORT
from .reproduction.ablations import ABLATIONS, PUBLISHED
from .validation.sections import VALIDATION

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from torch import nn

    from fairmodel.dataset import Samples
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

RULES: Mapping[str, Callable[[], "Handler"]] = {}


def prepare(config: DataConfig, out: Path, *, raw: Path, source: str, workers: "Workers") -> None:
    """Write the data set: `train.h5`, `val.h5` and `test.h5` in `out`."""
    from .data.prepare import prepare as prepare_data

    prepare_data(config, out, raw=raw, source=source, workers=workers)


def build(config: ModelOptions) -> "nn.Module":
    """Make the untrained interaction network that the `[model]` section describes."""
    from .model.build import build as build_network

    return build_network(config, SCHEMA)


def plot(row: "Samples", figure: "Figure") -> None:
    """Draw one jet."""
    from .data.display import draw_jet

    draw_jet(row, figure)
