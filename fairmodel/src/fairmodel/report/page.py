"""The HTML report: one self-contained page that shows the results and names the command behind each."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from matplotlib.figure import Figure

from ..dataset import Dataset
from ..evaluation.rows import metric_rows, read_metrics, read_scores
from ..fair.check.command import fair_sections
from ..files import read_json, write_text
from ..interface import Project, Run
from ..interpret.masking.figures import loss_figure
from ..interpret.section import interpretation_sections
from ..lazy import Lazy
from ..metadata.source import read_metadata
from ..paths import Paths
from ..portability.run import portability_sections
from ..present.style import data_uri, figure_style, save_figure
from ..reproduce.result import reproduction_sections
from .dependence import dependence_figure, groups_figure
from .figures import calibration_figure, history_figure, input_figure, roc_figure, score_figure

__all__ = ["Plot", "draw", "report"]

INPUT_ROWS = 4000


@dataclass(frozen=True)
class Plot:
    """A figure of the report: the name of its files, its title, a sentence on it, and the step that made the data."""

    name: str
    title: str
    text: str
    step: str
    figure: Figure
    wide: bool = False


def report(run: Run) -> None:
    """Draw the figures into `figures/` and write `report.html`."""
    metrics, record = read_metrics(run.paths.metrics), read_json(run.paths.run)
    with figure_style():
        plots = draw(run, metrics, record)
        images = {plot.name: _image(plot, run.paths) for plot in plots}
    sections = [
        (item.title, item.command, Lazy(item.render)(run.config, run.paths.report)) for item in run.project.report
    ]
    sections += (
        interpretation_sections(run.paths)
        + reproduction_sections(run.paths)
        + portability_sections(run.paths)
        + fair_sections(run.paths)
    )
    environment = Environment(
        loader=PackageLoader(__package__ or "", "."), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    page = environment.get_template("page.html.j2").render(
        model=read_metadata(run.paths.root).identity,
        rows=metric_rows(metrics),
        metrics=metrics,
        entity=run.project.schema.entity,
        run=record,
        profile=run.paths.profile,
        configuration=run.config.model_dump(mode="json"),
        plots=plots,
        images=images,
        sections=sections,
    )
    write_text(run.paths.page, page)


def draw(run: Run, metrics: dict[str, Any], record: dict[str, Any]) -> list[Plot]:
    """All figures of the report; groups, dependence and the ranking of the features where there is any of them."""
    return [
        *_performance(run, metrics),
        _history(run.paths, record),
        *_dependence(run.project, metrics),
        *_importance(run.paths),
        *_inputs(run.project, run.paths),
    ]


def _performance(run: Run, metrics: dict[str, Any]) -> Iterator[Plot]:
    schema, options = run.project.schema, run.config.evaluation
    rows = read_scores(run.paths.scores, schema.signal)
    rows = rows.take(rows.weight > 0)
    text = "The threshold on the score runs along the curve. The band contains the uncertainty of the threshold."
    roc = roc_figure(rows, schema, metrics, options)
    yield Plot("roc", "How well signal and background separate", text, "evaluate", roc)
    text = "Each class by itself; rows far on the wrong side are those that the network takes for something else."
    score = score_figure(rows, schema, run.config.report.score_bins)
    yield Plot("score", "The network's score in each class", text, "evaluate", score)
    error = metrics["calibration"]["error"]
    text = (
        f"Of the {schema.entity} with a score of 0.8, 80 % should be signal. Mean distance from that: "
        f"{error['value']:.4f} ± {error['error']:.4f}; a network without fault would have {error['perfect']:.4f}."
    )
    calibration = calibration_figure(metrics, schema)
    yield Plot("calibration", "Whether the score is a probability", text, "evaluate", calibration)


def _history(paths: Paths, record: dict[str, Any]) -> Plot:
    text = "The network of the epoch with the least validation loss is kept."
    figure = history_figure(paths.history, record["training"]["best_epoch"])
    return Plot("history", "How the training went", text, "train", figure)


def _dependence(project: Project, metrics: dict[str, Any]) -> Iterator[Plot]:
    schema = project.schema
    if metrics["groups"]:
        text = "Each kind of background against all signal. Arrows are lower limits: no background passes."
        figure = groups_figure(metrics, schema)
        yield Plot("groups", "Which background is hard to tell from signal", text, "evaluate", figure)
    explanation = (
        "Signal and background of the same bin; arrows are lower limits. Below, the shape of the background before and "
        "after the cuts that leave so much signal, with their Jensen-Shannon divergence in bits, and that of as many "
        f"{schema.entity} chosen blindly."
    )
    spectators = {feature.name: feature for feature in schema.spectators}
    for number, name in enumerate(metrics["dependence"]):
        figure = dependence_figure(spectators[name], metrics, schema)
        text = f"{name}: {spectators[name].description}. {'' if number else explanation}"
        yield Plot(f"dependence_{name}", f"How it depends on {name}", text, "evaluate", figure)


def _importance(paths: Paths) -> Iterator[Plot]:
    """The ranking of the features, if that step has run."""
    if paths.importance.exists():
        text = "Features that carry the same information hide each other's loss."
        figure = loss_figure(read_json(paths.importance)["features"])
        yield Plot("importance", "What each feature is worth", text, "explain", figure)


def _inputs(project: Project, paths: Paths) -> Iterator[Plot]:
    schema = project.schema
    with Dataset(paths.split("test"), schema) as dataset:
        samples = dataset.read(0, INPUT_ROWS)
    text = f"Real objects of the first {len(samples)} {schema.entity} of the test split."
    for item in schema.inputs:
        title = f"What the network sees: {item.name}"
        yield Plot(f"inputs_{item.name}", title, text, "data", input_figure(samples, item, schema), wide=True)


def _image(plot: Plot, paths: Paths) -> str:
    """Write the figure into `figures/`; returns its PNG as a data URI."""
    return data_uri(save_figure(plot.figure, paths.report / "figures" / plot.name))
