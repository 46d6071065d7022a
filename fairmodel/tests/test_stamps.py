"""The file of a step changes when something changes that the step depends on, and only then; the change is named."""

import json
import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from fairmodel import stamps
from fairmodel.identity import FOOTPRINTS, code_of
from fairmodel.interface import Command, Run
from fairmodel.metadata.engine import engine_hash, engine_version
from fairmodel.stamps import write_stamps

LONG_AGO = 1_000_000_000
ALL = set(FOOTPRINTS)


def changed(run: Run, source: str | None = None) -> set[str]:
    """Steps whose files are written anew."""
    for path in run.paths.build.glob("*"):
        os.utime(path, (LONG_AGO, LONG_AGO))
    write_stamps(run, source=source)
    return {path.stem for path in run.paths.build.iterdir() if path.stat().st_mtime > LONG_AGO}


def with_settings(run: Run, section: str, **values: Any) -> Run:
    options = getattr(run.config, section).model_copy(update=values)
    return replace(run, config=run.config.model_copy(update={section: options}))


@pytest.mark.parametrize(
    ("section", "values", "steps"),
    [
        ("data", {"seed": 7}, {"data"}),
        ("model", {"channels": 7}, {"train", "reproduce"}),
        ("training", {"epochs": 99}, {"train", "reproduce"}),
        ("evaluation", {"bootstrap": 7}, {"evaluate", "report", "reproduce"}),
        ("export", {"rows": 7}, {"export", "quantise"}),
        ("interpretation", {"seed": 7}, {"explain"}),
        ("report", {"score_bins": 7}, {"report"}),
        ("reproduction", {"seeds": 7}, {"reproduce"}),
    ],
)
def test_another_setting_touches_the_steps_that_read_it(
    section: str, values: Mapping[str, Any], steps: set[str], other: Run
) -> None:
    assert changed(other) == ALL
    assert changed(other) == set()
    assert changed(with_settings(other, section, **values)) == steps
    assert changed(other) == steps


def test_every_section_is_read_by_a_step(other: Run) -> None:
    read = {section for footprint in FOOTPRINTS.values() for section in footprint.settings}
    assert read == set(type(other.config).model_fields) - {"profile"}


def test_other_code_touches_the_steps_that_run_it(other: Run) -> None:
    changed(other)
    plain = replace(other, project=replace(other.project, loss="tests.known_truth:train"))
    assert changed(plain) == {"train", "reproduce"}
    assert changed(other) == {"train", "reproduce"}
    study = Command("more", "more", "tests.known_truth:train")
    assert changed(replace(other, project=replace(other.project, studies=(study,)))) == set()


def test_another_source_is_another_data_set(other: Run) -> None:
    changed(other)
    assert changed(other, source="simulation") == set()
    assert changed(other, source="cern") == {"data"}
    assert json.loads((other.paths.build / "data.json").read_text())["settings"]["data"]["source"] == "cern"
    assert changed(other) == {"data"}


@pytest.mark.parametrize(("source", "steps"), [("zenodo", {"data"}), ("cern", {"data"}), ("simulation", set())])
def test_another_list_of_files_is_another_data_set_where_they_are_fetched(
    source: str, steps: set[str], other: Run
) -> None:
    other.paths.manifest.write_text("file = []")
    changed(other, source)
    assert changed(other, source) == set()
    other.paths.manifest.write_text("# another\nfile = []")
    assert changed(other, source) == steps


def test_a_file_tells_what_its_step_depends_on(other: Run) -> None:
    changed(other)
    content = json.loads((other.paths.build / "train.json").read_text())
    assert content["code"] == code_of("train", other.project)
    assert content["settings"] == other.config.model_dump(mode="json", include={"model", "training"})


def test_stale_steps_are_named_with_the_reason(other: Run, capsys: pytest.CaptureFixture[str]) -> None:
    write_stamps(other)
    write_stamps(other)
    assert capsys.readouterr().out == ""
    write_stamps(with_settings(other, "training", epochs=99))
    line = capsys.readouterr().out
    assert line.count("\n") == 1
    assert f"fairmodel {engine_version()} (sha256 {engine_hash()[:12]})" in line
    assert line.endswith(": train (settings), reproduce (settings)\n")


def test_another_engine_and_code_of_the_project_are_told_apart(
    other: Run, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_stamps(other)

    def differing(step: str, project: Any) -> dict[str, str]:
        """As if the engine's training and the project's code of the export had changed."""
        part = {"train": "engine", "export": "project"}.get(step)
        return code_of(step, project) | ({part: "other"} if part else {})

    monkeypatch.setattr(stamps, "code_of", differing)
    write_stamps(other)
    assert capsys.readouterr().out.endswith(": train (another engine), export (changed code)\n")


def test_half_a_file_is_written_anew(other: Run, capsys: pytest.CaptureFixture[str]) -> None:
    write_stamps(other)
    (other.paths.build / "train.json").write_text('{"code": ')
    assert changed(other) == {"train"}
    assert capsys.readouterr().out == ""


def test_a_stamp_is_the_same_wherever_the_project_lies(other: Run, tmp_path: Path) -> None:
    write_stamps(other)
    moved = replace(other, paths=replace(other.paths, root=tmp_path / "elsewhere"))
    write_stamps(moved)
    for step in FOOTPRINTS:
        assert (moved.paths.build / f"{step}.json").read_bytes() == (other.paths.build / f"{step}.json").read_bytes()
