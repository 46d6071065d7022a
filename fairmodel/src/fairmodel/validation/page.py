"""The validation of a data set: one self-contained page, the same as Markdown, and all numbers as JSON."""

import json
import math
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from ..dataset import Dataset, Samples
from ..files import read_json, write_json, write_text
from ..interface import Project, Run
from ..lazy import Lazy
from ..metadata.source import read_metadata
from ..paths import Paths
from ..present.style import data_uri, figure_style, save_figure, write_figure
from ..progress import progress
from ..splits import SPLITS
from .checks import DataCheck, DataFindings
from .figures import distribution_figure
from .reference import compare, reference_statistics, worst
from .statistics import QUANTILES, Statistics

__all__ = ["validate", "validate_data"]

BLOCK = 4096  # rows in memory at a time
LEAST_PROBABILITY = 0.01  # of the largest deviation from the reference statistics


@dataclass(frozen=True)
class PagePart:
    """A section of the page: its title, and what it found."""

    title: str
    findings: DataFindings


def validate_data(run: Run, *, write_reference: bool = False) -> None:
    """Validate, and print the verdicts in short and where the page is."""
    page, checks = validate(run.project, run.paths, write_reference=write_reference)
    verdicts = [check.verdict for check in checks]
    counts = ", ".join(f"{verdict}: {verdicts.count(verdict)}" for verdict in dict.fromkeys(verdicts))
    sys.stdout.write(f"{len(checks)} checks; {counts or 'none'}\nPage: {page}\n")


def validate(project: Project, paths: Paths, *, write_reference: bool = False) -> tuple[Path, list[DataCheck]]:
    """Read every row of the data set in blocks, and write the validation folder; returns the page and all checks.

    If `write_reference`, the statistics become the reference of the profile; if not, they are compared with it.
    """
    statistics = Statistics(project.schema)
    with Dataset(paths.split("train"), project.schema) as train:
        provenance = train.provenance
    collectors = [(section.title, Lazy(section.collector)(provenance)) for section in project.validation]
    for samples in _blocks(project, paths, "validate"):
        statistics.add(samples)
        for _, collector in collectors:
            collector.add(samples)
    summary = statistics.summary()
    if write_reference:
        content = reference_statistics(summary, project.schema, _blocks(project, paths, "reference"))
        write_text(paths.reference_statistics, _compact_json(content))
    with figure_style():
        parts = [PagePart(title, collector.finish()) for title, collector in collectors]
        parts.append(_reference_part(project, paths))
        figures = _save_figures(statistics, parts, paths, project.schema.classes)
    checks = [check for part in parts for check in part.findings.checks]
    content = {"source": provenance.get("source"), **summary, "checks": [_describe(check) for check in checks]}
    write_json(paths.validation / "validation.json", content)
    return _write_pages(project, paths, parts, content, figures), checks


def _blocks(project: Project, paths: Paths, title: str) -> Iterator[Samples]:
    """All rows of the three splits."""
    total = 0
    for name in SPLITS:
        with Dataset(paths.split(name), project.schema) as data:
            total += len(data)
    with progress(None, total=total, title=title, unit=project.schema.entity) as bar:
        for name in SPLITS:
            with Dataset(paths.split(name), project.schema) as data:
                for samples in data.batches(BLOCK):
                    yield samples
                    bar.update(len(samples))


def _reference_part(project: Project, paths: Paths) -> PagePart:
    """How the data compare with the profile's reference statistics, where there are any."""
    path = paths.reference_statistics
    name = path.relative_to(paths.root).as_posix()
    if not path.exists():
        remark = f"There are no reference statistics in {name}; `data validate --write-reference` writes them."
        return PagePart("Comparison with the reference statistics", DataFindings(remarks=(remark,)))
    comparisons = compare(read_json(path), project.schema, _blocks(project, paths, "compare"))
    largest, probability = worst(comparisons)
    check = DataCheck(
        quantity=f"probability of the largest deviation among {len(comparisons)}",
        unit="1",
        low=LEAST_PROBABILITY,
        high=1.0,
        source=name,
        seen=probability,
    )
    remark = (
        f"Of all shares of objects below the 16, 50 and 84 % quantiles of {name}, the one below the "
        f"{largest.quantile:.0%} quantile of {largest.column} in class {largest.of_class} deviates most, by "
        f"{largest.deviation:+.1f} standard errors."
    )
    return PagePart("Comparison with the reference statistics", DataFindings(checks=(check,), remarks=(remark,)))


def _save_figures(
    statistics: Statistics, parts: Sequence[PagePart], paths: Paths, classes: Sequence[str]
) -> dict[str, Path]:
    """Write the figures of all sections and groups of columns; returns the image of each by name."""
    folder = paths.validation / "figures"
    drawings = [drawing for part in parts for drawing in part.findings.drawings]
    figures = {drawing.name: save_figure(drawing.figure, folder / drawing.name) for drawing in drawings}
    for name, table in statistics.tables.items():
        path = folder / f"columns_{name}.png"
        figures[path.stem] = write_figure(distribution_figure(table, classes), path)
    return figures


def _describe(check: DataCheck) -> dict[str, Any]:
    """The check for JSON, which knows no infinity: an open end of the range is null."""
    ends = {name: end if math.isfinite(end) else None for name, end in (("low", check.low), ("high", check.high))}
    return asdict(check) | ends | {"deviation": check.deviation, "verdict": check.verdict}


def _write_pages(
    project: Project, paths: Paths, parts: Sequence[PagePart], content: dict[str, Any], figures: dict[str, Path]
) -> Path:
    """Render `validation.html`, with the figures in it, and `validation.md`, with links to them."""
    values = {
        "model": read_metadata(paths.root).identity,
        "profile": paths.profile,
        "entity": project.schema.entity,
        "classes": project.schema.classes,
        "quantiles": QUANTILES,
        "parts": parts,
        "content": content,
    }
    images = {name: data_uri(path) for name, path in figures.items()}
    links = {name: path.relative_to(paths.validation).as_posix() for name, path in figures.items()}
    page = paths.validation / "validation.html"
    write_text(page.with_suffix(".md"), _render("page.md.j2", values | {"images": links}, escape=False))
    write_text(page, _render("page.html.j2", values | {"images": images}, escape=True))
    return page


def _render(template: str, values: dict[str, Any], *, escape: bool) -> str:
    package, _, folder = (__package__ or "").rpartition(".")
    environment = Environment(
        loader=PackageLoader(package, "."), autoescape=escape, undefined=StrictUndefined, trim_blocks=True
    )
    environment.filters |= {"number": _number, "range": _range, "share": _share, "cell": _cell}
    return environment.get_template(f"{folder}/{template}").render(values)


def _number(value: float | None) -> str:
    """Four significant digits."""
    return "" if value is None else f"{value:.4g}".replace("-", "\N{MINUS SIGN}")


def _share(value: float | None) -> str:
    """A share of the objects in per cent."""
    return "" if value is None else f"{100 * value:.3g} %"


def _cell(text: str) -> str:
    """Text for a cell of a Markdown table."""
    return text.replace("|", r"\|")


def _range(check: DataCheck) -> str:
    """The expected range in words."""
    if check.low == check.high:
        return _number(check.low)
    if math.isinf(check.low):
        return f"at most {_number(check.high)}"
    if math.isinf(check.high):
        return f"at least {_number(check.low)}"
    return f"{_number(check.low)} to {_number(check.high)}"


def _compact_json(content: Any) -> str:
    """Indented JSON with each list of numbers on one line."""
    text = json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False)
    return re.sub(r"\[[^\[\]{}]*\]", lambda match: " ".join(match.group().split()), text) + "\n"
