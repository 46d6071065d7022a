"""The command line: each mistake is one line and exit code 1, and nothing half-written has a final name."""

import io
import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from fairmodel.cli import main
from fairmodel.dataset import Dataset
from fairmodel.interface import Command, Run, option
from fairmodel.workers import Workers

from .disk import full_disk

BOTH = ["data", "--workers", "2", "--scheduler", "tcp://there:1"]
Call = tuple[tuple[Any, ...], dict[str, Any]]
SEEN: list[Call] = []
FINISHED = {".h5", ".safetensors", ".json", ".csv", ".npz", ".onnx", ".html", ".png", ".pdf"}


def run(run: Run, command: str, *arguments: str) -> int:
    """One command on the other project's folder."""
    return main(run.project, [command, "--project", str(run.paths.root), "--profile", "tiny", *arguments])


def outputs(root: Path) -> set[str]:
    """Files that the steps made; those that a person wrote are left out."""
    written = {"config/tiny.toml", "fair.toml", "pyproject.toml"}
    return {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()} - written


def assert_one_line(capsys: pytest.CaptureFixture[str], *parts: str) -> None:
    """Standard error is one line of the form `error: ...` with these parts in it."""
    error = capsys.readouterr().err
    assert error.startswith("error: ")
    assert error.count("\n") == 1
    assert error.endswith("\n")
    for part in parts:
        assert part in error


@pytest.mark.slow
def test_every_step_in_order(other: Run, capsys: pytest.CaptureFixture[str]) -> None:
    root = other.paths.root
    for step, made in {
        "stamps": {"build/tiny/data.json", "build/tiny/train.json", "build/tiny/report.json"},
        "data": {f"data/processed/tiny/{name}" for name in ("train.h5", "val.h5", "test.h5", "splits.json")},
        "train": {f"models/tiny/{name}" for name in ("weights.safetensors", "run.json", "config.json", "history.csv")},
        "evaluate": {"reports/tiny/metrics.json", "reports/tiny/scores.npz"},
        "export": {"models/tiny/model.onnx"},
        "report": {"reports/tiny/report.html", "reports/tiny/figures/roc.png", "reports/tiny/figures/inputs_cells.pdf"},
    }.items():
        before = outputs(root) if step != "data" else set()
        assert run(other, step) == 0
        assert made <= outputs(root) - before
    capsys.readouterr()
    assert run(other, "summary") == 0
    assert capsys.readouterr().out.splitlines()[-1] == f"Report: {root}/reports/tiny/report.html"
    assert {path for path in outputs(root) if Path(path).suffix not in FINISHED} <= {"build/provenance.lock"}


def test_unknown_profile(other: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(other.project, ["train", "--project", str(other.paths.root), "--profile", "huge"]) == 1
    assert_one_line(capsys, "no profile 'huge'", "config/huge.toml", "profiles here: tiny")


@pytest.mark.parametrize("name", ["", "../tiny", "config/tiny"])
def test_a_profile_is_a_name(name: str, other: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(other.project, ["train", "--project", str(other.paths.root), "--profile", name]) == 1
    assert_one_line(capsys, f"{name!r} is no profile", "such as quick")


def test_a_folder_that_is_no_project(other: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "empty").mkdir()
    assert main(other.project, ["data", "--project", str(tmp_path / "empty")]) == 1
    assert_one_line(capsys, "empty", "no config/ folder", "--project")
    assert list((tmp_path / "empty").iterdir()) == []


def test_a_mistake_in_the_configuration(other: Run, capsys: pytest.CaptureFixture[str]) -> None:
    config = other.paths.config
    config.write_text(config.read_text().replace("epochs = 2", "epochs = 0\nepoch = 1"))
    assert run(other, "train") == 1
    assert_one_line(capsys, str(config), "training.epochs = 0", "training.epoch = 1")


@pytest.mark.parametrize(
    ("step", "missing"),
    [
        ("train", "train.h5"),
        ("evaluate", "weights.safetensors"),
        ("export", "weights.safetensors"),
        ("report", "metrics.json"),
        ("summary", "metrics.json"),
    ],
)
def test_missing_files(step: str, missing: str, other: Run, capsys: pytest.CaptureFixture[str]) -> None:
    for path in other.paths.processed.iterdir():
        path.unlink()
    assert run(other, step) == 1
    assert_one_line(capsys, missing, "does not exist", "make ")
    assert outputs(other.paths.root) == set()


@pytest.mark.parametrize("name", ["train.h5", "val.h5"])
def test_a_corrupted_data_set(name: str, other: Run, capsys: pytest.CaptureFixture[str]) -> None:
    path = other.paths.processed / name
    path.write_bytes(path.read_bytes()[:-1000])
    assert run(other, "train") == 1
    assert_one_line(capsys, str(path), "truncated or corrupted", "make data")


@pytest.mark.slow
def test_weights_of_another_network(other: Run, capsys: pytest.CaptureFixture[str]) -> None:
    """The error of torch has many lines."""
    assert run(other, "train") == 0
    other.paths.config.write_text(other.paths.config.read_text().replace("channels = 6", "channels = 7"))
    capsys.readouterr()
    assert run(other, "evaluate") == 1
    assert_one_line(capsys, str(other.paths.weights), "[model]", "layers.0.weight", "train it again")


@pytest.mark.parametrize(
    ("step", "blocked"),
    [
        ("data", "data"),
        ("data", "data/processed"),
        ("data", "data/processed/tiny"),
        ("train", "models"),
        ("train", "models/tiny"),
        ("stamps", "build"),
    ],
)
def test_a_folder_that_cannot_be_written(
    step: str, blocked: str, other: Run, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """A file stands where the folder belongs, which stops even those whom no permission stops."""
    root = other.paths.root
    if step == "data":
        (root / "data").rename(tmp_path / "data-elsewhere")
    (root / blocked).parent.mkdir(exist_ok=True, parents=True)
    (root / blocked).write_text("a file")
    before = outputs(root)
    assert run(other, step) == 1
    error = capsys.readouterr().err.splitlines()[-1]
    assert error.startswith("error: ")
    assert str(root / blocked) in error
    assert outputs(root) == before


@pytest.mark.parametrize("room", [0, 300, 3000, 9000])
@pytest.mark.parametrize("before", [False, True], ids=["new", "again"])
def test_a_full_disk_in_the_data_step(room: int, before: bool, other: Run, capsys: pytest.CaptureFixture[str]) -> None:
    files = {path: path.read_bytes() for path in other.paths.processed.iterdir()}
    if not before:
        for path in files:
            path.unlink()
    with full_disk(room):
        assert run(other, "data") == 1
    assert_one_line(capsys, "cannot write", "train.h5", "free disk space")
    assert {path for path in other.paths.root.rglob("data/**/*") if path.is_file()} == (
        files.keys() if before else set()
    )
    assert all(path.read_bytes() == content for path, content in files.items() if before)
    assert run(other, "data") == 0
    assert set(other.paths.processed.iterdir()) == files.keys() | {other.paths.processed / "splits.json"}
    with Dataset(other.paths.processed / "train.h5", other.project.schema) as dataset:
        assert len(dataset.read()) == 96


@pytest.mark.parametrize(
    ("step", "room"),
    [
        *(("train", 0), ("train", 500), ("evaluate", 0), ("evaluate", 500), ("report", 500)),
        pytest.param("export", 500, marks=pytest.mark.slow),
    ],
)
@pytest.mark.slow
def test_a_full_disk_in_the_other_steps(step: str, room: int, other: Run, capsys: pytest.CaptureFixture[str]) -> None:
    for before in {"train": (), "evaluate": ("train",), "export": ("train",), "report": ("train", "evaluate")}[step]:
        assert run(other, before) == 0
    there = outputs(other.paths.root)
    capsys.readouterr()
    with full_disk(room):
        assert run(other, step) == 1
    errors = [line for line in capsys.readouterr().err.splitlines() if line.startswith("error: ")]
    assert len(errors) == 1
    assert "cannot write" in errors[0]
    assert not [path for path in outputs(other.paths.root) if path.endswith(".part")]
    new = outputs(other.paths.root) - there
    assert not {path for path in new if path.endswith((".safetensors", ".onnx", ".html", "metrics.json"))}


def test_an_interrupt_is_one_line_too(other: Run, capsys: pytest.CaptureFixture[str]) -> None:
    project = replace(other.project, studies=(Command("wait", "wait", f"{__name__}:interrupt", takes="nothing"),))
    assert main(project, ["wait"]) == 130
    assert_one_line(capsys, "interrupted")


def interrupt() -> None:
    """A study that somebody stops."""
    raise KeyboardInterrupt


def note(*given: Any, **options: Any) -> None:
    """A study that keeps what it gets."""
    SEEN.append((given, options))


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> list[Call]:
    """What `note` gets in this test."""
    monkeypatch.setattr(sys.modules[__name__], "SEEN", calls := list[Call]())
    return calls


def test_a_study_gets_what_it_takes_and_its_options(other: Run, seen: list[Call]) -> None:
    number = option("--number", type=int)
    studies = (
        Command("count", "count", f"{__name__}:note", (number,), takes="nothing"),
        Command("look", "look", f"{__name__}:note", takes="project"),
        Command("work", "work", f"{__name__}:note", (number,), workers="chunks", recorded=False),
    )
    project = replace(other.project, studies=studies)
    assert main(project, ["count", "--number", "7"]) == 0
    assert main(project, ["look"]) == 0
    assert run(replace(other, project=project), "work", "--number", "8", "--workers", "3") == 0
    (count, look, (given, options)) = seen
    assert count == ((), {"number": 7})
    assert look == ((project,), {})
    assert [(item.project, item.paths) for item in given] == [(project, other.paths)]
    assert options == {"number": 8, "workers": Workers(3, folder=other.paths.raw, package="tests")}


def test_a_study_cannot_take_the_name_of_a_step(other: Run, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("train", "fair"):
        project = replace(other.project, studies=(Command(name, "again", f"{__name__}:note"),))
        assert main(project, ["data"]) == 1
        assert_one_line(capsys, f"'{name}'", "rename it")


def test_wrong_usage_is_two(other: Run, capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in (["fly"], [], ["data", "--source", "usb"], ["train", "--workers", "2"], BOTH):
        with pytest.raises(SystemExit) as caught:
            main(other.project, arguments)
        assert caught.value.code == 2
    assert "usage:" in capsys.readouterr().err


def test_the_sources_and_workers_reach_the_project(other: Run, seen: list[Call]) -> None:
    own = replace(other, project=replace(other.project, prepare=f"{__name__}:note"))
    assert run(own, "data") == 0
    assert run(own, "data", "--source", "cern", "--workers", "3") == 0
    assert run(own, "data", "--scheduler", "tcp://there:1") == 0
    raw, out = other.paths.raw, other.paths.processed
    cores = len(os.sched_getaffinity(0))
    assert [(given[1], options) for given, options in seen] == [
        (out, {"raw": raw, "source": "simulation", "workers": Workers(cores, None, raw, "tests")}),
        (out, {"raw": raw, "source": "cern", "workers": Workers(3, None, raw, "tests")}),
        (out, {"raw": raw, "source": "simulation", "workers": Workers(cores, "tcp://there:1", raw, "tests")}),
    ]


def test_the_graph_is_drawn_from_standard_input(
    other: Run, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("all: a b\na: a.file\nb: b.file\nb.file: a.file\n"))
    assert run(other, "graph") == 0
    assert capsys.readouterr().out == f"{other.paths.root}/reports/dag.png\n"
    assert (other.paths.root / "reports" / "dag.png").exists()
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    assert run(other, "graph") == 1
    assert_one_line(capsys, "standard input", "make graph")
