"""`data plot`: the row that was asked for reaches the project, and the figure its file."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure

from fairmodel.cli import main
from fairmodel.dataset import Dataset, Samples
from fairmodel.errors import UserError
from fairmodel.explore.plot import first_row_of_class, plot
from fairmodel.interface import Run
from fairmodel.testing.samples import assert_same

from .disk import full_disk

START = {".png": b"\x89PNG", ".pdf": b"%PDF"}


@pytest.mark.parametrize("suffix", START)
def test_the_figure_is_written(suffix: str, other: Run, tmp_path: Path) -> None:
    out = tmp_path / "new" / f"row{suffix}"
    assert plot(other.project, other.paths.split("test"), 5, out) == out
    content = out.read_bytes()
    assert content.startswith(START[suffix])
    assert [path.name for path in out.parent.iterdir()] == [out.name]
    plot(other.project, other.paths.split("test"), 5, out)
    assert out.read_bytes() == content


def test_the_project_draws_the_row_that_was_asked_for(prepared: Run, tmp_path: Path) -> None:
    drawn: list[Samples] = []
    project = replace(prepared.project, plot=lambda row, _: drawn.append(row))
    plot(project, prepared.paths.split("test"), 9, tmp_path / "row.png")
    with Dataset(prepared.paths.split("test"), project.schema) as data:
        assert_same(drawn[0], data.read(9, 10))
    assert len(drawn) == 1


@pytest.mark.parametrize("start", [0, 7, 30])
def test_a_class_is_found_from_a_row_on(start: int, prepared: Run) -> None:
    path, schema = prepared.paths.split("test"), prepared.project.schema
    with Dataset(path, schema) as data:
        labels = data.labels().tolist()
    for index, name in enumerate(schema.classes):
        assert first_row_of_class(prepared.project, path, name, start) == labels.index(index, start)


@pytest.mark.slow
def test_the_path_is_printed_and_named_after_file_and_row(
    prepared: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    path, name = prepared.paths.split("test"), prepared.project.schema.classes[-1]
    row = first_row_of_class(prepared.project, path, name, 3)
    assert main(prepared.project, ["data", "plot", str(path), "--row", "3", "--class", name]) == 0
    assert capsys.readouterr().out == f"reports/test-row-{row}.png\n"
    assert main(prepared.project, ["data", "plot", str(path), "--out", "here.pdf"]) == 0
    assert capsys.readouterr().out == "here.pdf\n"
    assert {file.name for file in tmp_path.rglob("*.p*")} == {f"test-row-{row}.png", "here.pdf"}


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["--row", "64"], "test.h5 has no row 64; its 64 rows are counted from 0"),
        (["--row", "-1"], "no row -1"),
        (["--row", "64", "--class", "mixed"], "no row 64"),
        (["--class", "blue"], "no class 'blue'; the classes are dark & dull, <bright>, mixed"),
        (["--out", "figure.svg"], r"'figure\.svg'; its name has to end in \.png or \.pdf"),
        (["--out", "figure"], "has to end in"),
    ],
)
def test_mistakes(
    arguments: list[str],
    problem: str,
    other: Run,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    before = set(tmp_path.rglob("*"))
    assert main(other.project, ["data", "plot", str(other.paths.split("test")), *arguments]) == 1
    assert re.search(problem, capsys.readouterr().err)
    assert set(tmp_path.rglob("*")) == before


def test_no_row_of_the_class_is_left(other: Run) -> None:
    path, classes = other.paths.split("test"), other.project.schema.classes
    with Dataset(path, other.project.schema) as data:
        last = [int(np.flatnonzero(data.labels() == index)[-1]) for index in range(len(classes))]
    name, start = classes[int(np.argmin(last))], min(last) + 1
    with pytest.raises(UserError, match=f"no row of class {name} from row {start} on"):
        first_row_of_class(other.project, path, name, start)


def test_a_drawing_that_fails_leaves_no_file(other: Run, tmp_path: Path) -> None:
    def fail(_: Samples, __: Figure) -> None:
        raise RuntimeError

    with pytest.raises(RuntimeError):
        plot(replace(other.project, plot=fail), other.paths.split("test"), 0, tmp_path / "new.png")
    assert not (tmp_path / "new.png").exists()


def test_a_project_that_draws_nothing_says_so(other: Run, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"draws no rows; give it a function in Project\(plot=…\)"):
        plot(replace(other.project, plot=None), other.paths.split("test"), 0, tmp_path / "new.png")


@pytest.mark.parametrize("suffix", START)
def test_a_full_disk_is_an_error_in_words(suffix: str, other: Run, tmp_path: Path) -> None:
    out = tmp_path / f"row{suffix}"
    with full_disk(500), pytest.raises(UserError, match=r"cannot write .*free disk space"):
        plot(other.project, other.paths.split("test"), 0, out)
    assert list(tmp_path.glob("row*")) == []
