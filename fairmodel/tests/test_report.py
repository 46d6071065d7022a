"""The report: one page that needs nothing but itself, and says what made each of its parts."""

import base64
import re
import shutil
import struct
import zlib
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from fairmodel.errors import UserError
from fairmodel.evaluation.rows import rejection_text, summary
from fairmodel.files import read_json
from fairmodel.interface import Run
from fairmodel.lazy import Lazy
from fairmodel.metadata.source import read_metadata
from fairmodel.paths import Paths
from fairmodel.report.page import draw, report

pytestmark = pytest.mark.slow  # whole pages, with what they show


class Page(HTMLParser):
    """Elements and text of a page."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.code: list[str] = []
        self.open: list[str] = []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in ("meta", "img"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data
        if self.open[-1:] == ["code"]:
            self.code.append(data)


def figure_names(run: Run) -> set[str]:
    """What the report has to show of a run that was explained."""
    schema, options = run.project.schema, run.config.evaluation
    groups = {"groups"} if options.groups or len(schema.classes) > 2 else set()
    inputs = {f"inputs_{item.name}" for item in schema.inputs}
    dependence = {f"dependence_{name}" for name in options.dependence}
    return {"roc", "score", "calibration", "history", "importance"} | groups | inputs | dependence


@pytest.fixture
def page(reported: Run) -> Page:
    return Page(reported.paths.page)


def pixels(png: bytes) -> np.ndarray:
    """The grey or colour values of a PNG of eight bits, decoded by its specification: (row, byte), filters undone."""
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    place, data, size = 8, b"", (0, 0)
    while place < len(png):
        length, kind = struct.unpack(">I4s", png[place : place + 8])
        chunk = png[place + 8 : place + 8 + length]
        if kind == b"IHDR":
            size = struct.unpack(">II", chunk[:8])
        data += chunk if kind == b"IDAT" else b""
        place += length + 12
    lines = np.frombuffer(zlib.decompress(data), dtype=np.uint8).reshape(size[1], -1)
    assert lines.shape[1] == 1 + 4 * size[0]
    return lines


def test_every_element_is_closed(page: Page) -> None:
    assert page.open == []


def test_the_page_loads_nothing(page: Page, reported: Run) -> None:
    tags = {tag for tag, _ in page.elements}
    assert not tags & {"script", "link", "iframe", "object", "embed", "base"}
    for tag, attributes in page.elements:
        for name in ("src", "href", "srcset", "action", "data"):
            value = attributes.get(name)
            assert value is None or value.startswith("data:image/png;base64,"), (tag, name)
    style = reported.paths.page.read_text(encoding="utf-8").split("<style>")[1].split("</style>")[0]
    assert not re.search(r"url\(|@import", style)


def test_every_figure_shows_something(page: Page, reported: Run) -> None:
    images = [attributes for tag, attributes in page.elements if tag == "img"]
    assert len(images) == len(figure_names(reported))
    decoded = [base64.b64decode((image["src"] or "").split(",", 1)[1]) for image in images]
    assert len(set(decoded)) == len(images)
    for image, png in zip(images, decoded, strict=True):
        lines = pixels(png)
        assert image["alt"]
        assert len(lines) > 200
        # lines that repeat the one above hold nothing new; a drawing has many that do not
        assert len(np.unique(lines, axis=0)) > 50


def test_the_figures_are_files_too(reported: Run) -> None:
    folder = reported.paths.report / "figures"
    wanted = {f"{name}{suffix}" for name in figure_names(reported) for suffix in (".png", ".pdf")}
    assert {path.name for path in folder.iterdir()} == wanted
    assert all(path.read_bytes().startswith(b"%PDF") for path in folder.glob("*.pdf"))


def test_every_part_names_its_command(page: Page, reported: Run) -> None:
    commands = [text for text in page.code if text.startswith("make ")]
    wanted = [f"make {step} PROFILE=tiny" for step in ("all", "data", "evaluate", "explain", "train")]
    assert set(wanted) <= set(commands)
    headings = sum(tag == "h2" for tag, _ in page.elements)
    assert len(commands) == headings
    assert set(commands) - set(wanted) == {section.command for section in reported.project.report}


def test_texts_of_people_stay_text(page: Page, reported: Run) -> None:
    title = read_metadata(reported.paths.root).identity.title
    assert title in page.text
    assert "A model for <b>tests</b>." in page.text
    assert not {"b", "bright", "extra"} & {tag for tag, _ in page.elements}
    for name in reported.project.schema.classes:
        assert name in page.text
    for section in reported.project.report:
        assert section.title in page.text
        fragment = Lazy(section.render)(reported.config, reported.paths.report)
        assert fragment in reported.paths.page.read_text(encoding="utf-8")


def test_the_page_holds_the_results_and_the_record(page: Page, reported: Run) -> None:
    metrics, run = read_json(reported.paths.metrics), read_json(reported.paths.model / "run.json")
    for key in ("auc", "accuracy", "cross_entropy", "brier"):
        assert f"{metrics[key]['value']:.4f} ± {metrics[key]['error']:.4f}" in page.text
    for text in (str(metrics["parameters"]), run["hardware"]["processor"], run["finished"], *run["inputs"].values()):
        assert text in page.text


@pytest.mark.parametrize("prepared", ["other"], indirect=True)
def test_the_same_run_gives_the_same_page(reported: Run) -> None:
    before = reported.paths.page.read_bytes()
    report(reported)
    assert reported.paths.page.read_bytes() == before


def test_the_summary_names_metrics_and_page(reported: Run) -> None:
    metrics = read_json(reported.paths.metrics)
    lines = summary(reported.paths).splitlines()
    assert lines[0] == "Profile tiny, test split:"
    assert lines[1].split() == ["AUC", f"{metrics['auc']['value']:.4f}", "±", f"{metrics['auc']['error']:.4f}"]
    assert lines[-1] == f"Report: {reported.paths.page}"
    assert "Expected calibration error" in lines[5]
    points = [float(line.split(" at ")[1].split("%")[0]) / 100 for line in lines if "Rejection at" in line]
    assert points == list(reported.config.evaluation.signal_efficiencies)


@pytest.mark.parametrize(
    ("value", "low", "high", "text"),
    [
        (1132.5, 611.4, 2820.7, "1130 (611 to 2820)"),
        (42.42, 33.049, 60.0, "42.4 (33.0 to 60.0)"),
        (1.234, 1.2, 1.2999, "1.23 (1.20 to 1.30)"),
        (99.96, 9.996, None, "100.0 (> 10.00)"),
        (None, 755.4, None, "> 755 (95% confidence)"),
    ],
)
def test_rejections_are_printed_with_three_digits(
    value: float | None, low: float, high: float | None, text: str
) -> None:
    assert rejection_text({"value": value, "low": low, "high": high, "level": 0.95}) == text


@pytest.mark.parametrize("prepared", ["other"], indirect=True)
def test_a_report_without_optional_parts(reported: Run, tmp_path: Path) -> None:
    """No ranking, no groups, no dependence: then their figures are missing, and nothing else."""
    paths = Paths.of_project(shutil.copytree(reported.paths.root, tmp_path / "copy"), "tiny")
    paths.importance.unlink()
    metrics = read_json(paths.metrics) | {"groups": {}, "dependence": {}, "sculpting": {}}
    plots = draw(replace(reported, paths=paths), metrics, read_json(paths.run))
    assert [plot.name for plot in plots] == ["roc", "score", "calibration", "history", "inputs_cells"]


def test_a_report_without_metrics_says_what_to_do(other: Run) -> None:
    with pytest.raises(UserError, match=r"metrics\.json does not exist; make it with `make evaluate`"):
        report(other)
    assert not other.paths.report.exists()
