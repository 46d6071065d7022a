"""The HTML report: one self-contained page that shows the results and names the command behind each."""

import base64
from dataclasses import dataclass
from typing import Any

import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined
from matplotlib.figure import Figure

from ..config import RunConfig
from ..dataset import Dataset
from ..fair.source import read_metadata
from ..files import read_json, write_text
from ..interface import Project
from ..paths import Paths
from .figures import history_figure, input_figure, roc_figure, score_figure
from .style import figure_style, save_figure
from .summary import metric_rows

__all__ = ["report"]

INPUT_ROWS = 4000


@dataclass(frozen=True)
class Plot:
    """A figure on the page: its image as a data URI, and what it shows."""

    title: str
    command: str
    image: str
    wide: bool = False


def report(project: Project, config: RunConfig, paths: Paths) -> None:
    """Draw the figures into `figures/` and write `report.html`."""
    metrics, run = read_json(paths.metrics), read_json(paths.run)
    with figure_style():
        plots = _result_plots(project, config, paths, metrics, run) + _input_plots(project, paths)
    sections = [(item.title, item.command, item.render(config, paths.report)) for item in project.REPORT]
    environment = Environment(
        loader=PackageLoader(__package__ or "", "."), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    page = environment.get_template("page.html.j2").render(
        model=read_metadata(paths.root).identity,
        rows=metric_rows(metrics),
        metrics=metrics,
        entity=project.SCHEMA.entity,
        run=run,
        profile=paths.profile,
        configuration=config.model_dump(mode="json"),
        plots=plots,
        sections=sections,
    )
    write_text(paths.page, page)


def _result_plots(
    project: Project, config: RunConfig, paths: Paths, metrics: dict[str, Any], run: dict[str, Any]
) -> list[Plot]:
    with np.load(paths.scores, allow_pickle=False) as scores:
        probability, label = scores["probability"], scores["label"]
    history = history_figure(paths.history, run["training"]["best_epoch"])
    roc = roc_figure(probability, label, project.SCHEMA, metrics)
    score = score_figure(probability, label, project.SCHEMA, config.report.score_bins)
    return [
        _plot(paths, "roc", "How well signal and background separate", "evaluate", roc),
        _plot(paths, "score", "The network's score in each class", "evaluate", score),
        _plot(paths, "history", "How the training went", "train", history),
    ]


def _input_plots(project: Project, paths: Paths) -> list[Plot]:
    with Dataset(paths.split("test"), project.SCHEMA) as dataset:
        samples = dataset.read(0, INPUT_ROWS)
    return [
        _plot(paths, f"inputs_{item.name}", f"What the network sees: {item.name}", "data", figure, wide=True)
        for item in project.SCHEMA.inputs
        for figure in [input_figure(samples, item, project.SCHEMA)]
    ]


def _plot(paths: Paths, name: str, title: str, step: str, figure: Figure, *, wide: bool = False) -> Plot:
    image = save_figure(figure, paths.report / "figures" / name).read_bytes()
    data = f"data:image/png;base64,{base64.b64encode(image).decode()}"
    return Plot(title, f"make {step} PROFILE={paths.profile}", data, wide)
