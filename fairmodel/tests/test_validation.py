"""The page on the data: self-contained, complete, and honest about what it finds."""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.figure import Figure

from fairmodel.dataset import Samples
from fairmodel.errors import UserError
from fairmodel.files import read_json
from fairmodel.interface import Run, ValidationSection
from fairmodel.testing.samples import random_samples, write_dataset
from fairmodel.validation.checks import DataCheck, DataFigure, DataFindings
from fairmodel.validation.page import validate, validate_data

from .projects import make_project, other_config, other_project
from .test_report import Page

pytestmark = pytest.mark.slow  # whole pages

INF = float("inf")


class DepthCheck:
    """A section: the mean depth of all cells, and something that these data do not tell."""

    def __init__(self, provenance: Mapping[str, Any]) -> None:
        assert provenance["source"] == "random"
        self.depths: list[np.ndarray] = []

    def add(self, samples: Samples) -> None:
        real = np.arange(10) < samples.counts["cells"][:, None]
        self.depths.append(samples.inputs["cells"][real, 0])

    def finish(self) -> DataFindings:
        figure = Figure()
        figure.subplots().plot([1, 2])
        mean = float(np.concatenate(self.depths).mean())
        return DataFindings(
            (DataFigure("depth", "How deep <cells> are.", figure),),
            (
                DataCheck("mean depth", "mm", 2.4, 2.6, "a book", mean, 0.05),
                DataCheck("mean depth | again", "mm", 0.0, 1.0, "another book", mean, 0.05),
                DataCheck("colour", "1", 0.0, INF, "a third book", None),
            ),
            ("Cells were & are small.",),
        )


def make_run(root: Path) -> Run:
    section = ValidationSection("Depths <of cells>", f"{__name__}:DepthCheck")
    project, config = replace(other_project(), validation=(section,)), other_config()
    return Run(project, config, make_project(root / "project", project, config))


@pytest.fixture(scope="module")
def validated(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A project with its page, for tests that look only."""
    made = make_run(tmp_path_factory.mktemp("validated"))
    validate(made.project, made.paths)
    return made


@pytest.fixture
def folder(validated: Run) -> Path:
    return validated.paths.validation


@pytest.mark.parametrize(
    ("low", "high", "seen", "error", "deviation", "verdict"),
    [
        (1.0, 2.0, 1.5, 0.0, 0.0, "agrees"),
        (1.0, 2.0, 2.3, 0.1, 0.3, "differs"),
        (1.0, 2.0, 2.3, 0.2, 0.3, "agrees"),
        (1.0, INF, 0.5, 0.1, -0.5, "differs"),
        (-INF, 2.0, -1e9, 0.0, 0.0, "agrees"),
        (1.0, 2.0, None, 0.0, None, "not available"),
    ],
)
def test_verdicts(
    low: float, high: float, seen: float | None, error: float, deviation: float | None, verdict: str
) -> None:
    check = DataCheck("a length", "m", low, high, "a book", seen, error)
    assert check.deviation == (None if deviation is None else pytest.approx(deviation))
    assert check.verdict == verdict


def test_the_page_is_whole_and_loads_nothing(folder: Path) -> None:
    page = Page(folder / "validation.html")
    assert page.open == []
    images = [attributes["src"] or "" for tag, attributes in page.elements if tag == "img"]
    assert len(images) == len(set(images)) == 3
    assert all(image.startswith("data:image/png;base64,") for image in images)
    assert not {"script", "link", "iframe"} & {tag for tag, _ in page.elements}
    assert {path.name for path in (folder / "figures").glob("*.png")} == {
        "depth.png",
        "columns_cells.png",
        "columns_spectators.png",
    }


def test_texts_stay_text(folder: Path) -> None:
    page = Page(folder / "validation.html")
    for text in ("Depths <of cells>", "How deep <cells> are.", "Cells were & are small.", "dark & dull", "<bright>"):
        assert text in page.text
    assert not {"of", "cells", "bright"} & {tag for tag, _ in page.elements}


def test_every_verdict_is_on_the_page_and_in_the_numbers(folder: Path) -> None:
    content = read_json(folder / "validation.json")
    verdicts = {check["quantity"]: check["verdict"] for check in content["checks"]}
    assert verdicts == {"mean depth": "agrees", "mean depth | again": "differs", "colour": "not available"}
    text = Page(folder / "validation.html").text
    assert all(f"{quantity}" in text for quantity in verdicts)
    assert "2.4 to 2.6 mm" in text
    assert "at least 0" in text


def test_every_column_of_every_class_is_in_all_three_forms(folder: Path, validated: Run) -> None:
    content = read_json(folder / "validation.json")
    page, markdown = Page(folder / "validation.html").text, (folder / "validation.md").read_text(encoding="utf-8")
    assert sum(content["rows"].values()) == 96 + 64 + 64
    for group, names in (("cells", ("depth", "tilt")), ("spectators", ("exposure",))):
        assert list(content["columns"][group]) == list(names)
        for name in names:
            assert list(content["columns"][group][name]["classes"]) == list(validated.project.schema.classes)
            assert name in page
            assert name in markdown
    entry = content["columns"]["cells"]["depth"]["classes"]["mixed"]
    for value in (entry["mean"], entry["rms"], *entry["quantiles"]):
        shown = f"{value:.4g}".replace("-", "\N{MINUS SIGN}")
        assert shown in page
        assert shown in markdown


def test_tables_of_the_markdown_have_straight_columns(folder: Path) -> None:
    lines = (folder / "validation.md").read_text(encoding="utf-8").splitlines()
    tables: list[list[str]] = [[]]
    for line in lines:
        if line.startswith("|"):
            tables[-1].append(line)
        elif tables[-1]:
            tables.append([])
    tables = [table for table in tables if table]
    assert len(tables) == 3
    for table in tables:
        # a bar inside a cell is escaped
        assert len({line.replace(r"\|", "").count("|") for line in table}) == 1
    for link in (line for line in lines if line.startswith("![")):
        assert (folder / link.split("](")[1].rstrip(")")).is_file()


def test_a_reference_is_written_and_then_compared_with(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made = make_run(tmp_path)
    validate_data(made, write_reference=True)
    written = made.paths.reference_statistics.read_text(encoding="utf-8")
    assert json.loads(written)["rows"] == read_json(made.paths.validation / "validation.json")["rows"]
    assert max(len(line) for line in written.splitlines()) < 120
    assert "4 checks; agrees: 2, differs: 1, not available: 1" in capsys.readouterr().out
    for seed, name in enumerate(("train", "val", "test")):
        samples = random_samples(made.project.schema, 200, seed=50 + seed)
        samples.inputs["cells"][..., 1] *= 0.5
        write_dataset(made.paths.split(name), made.project.schema, samples)
    _, checks = validate(made.project, made.paths)
    assert checks[-1].verdict == "differs"
    text = (made.paths.validation / "validation.md").read_text(encoding="utf-8")
    assert "quantile of tilt in class" in text.split("deviates most")[0]
    assert made.paths.reference_statistics.read_text(encoding="utf-8") == written


def test_without_a_reference_the_page_says_how_to_write_one(folder: Path) -> None:
    assert "There are no reference statistics" in (folder / "validation.md").read_text(encoding="utf-8")


def test_a_missing_split_is_named(other: Run) -> None:
    other.paths.split("val").unlink()
    with pytest.raises(UserError, match=r"val\.h5 does not exist"):
        validate(other.project, other.paths)
    assert not other.paths.validation.exists()


@pytest.mark.parametrize("prepared", ["own"], indirect=True)
def test_the_own_project_is_validated(prepared: Run) -> None:
    page, checks = validate(prepared.project, prepared.paths)
    assert page.is_file()
    assert all(check.source for check in checks)
