"""The status of results is told from the record of what made them."""

from dataclasses import replace
from typing import Any

import pytest

from fairmodel.errors import UserError
from fairmodel.fair.crate import status
from fairmodel.fair.crate.record import recorded
from fairmodel.fair.crate.status import print_status
from fairmodel.identity import code_of
from fairmodel.interface import Run
from fairmodel.stamps import write_stamps
from fairmodel.training.train import train


@pytest.fixture
def trained(other: Run) -> Run:
    """A training that is on the record."""
    write_stamps(other)
    with recorded(other, ("train", "--profile", other.paths.profile)):
        train(other)
    return other


def states(run: Run, capsys: pytest.CaptureFixture[str]) -> dict[str, str]:
    capsys.readouterr()
    print_status(run)
    head, *lines = capsys.readouterr().out.splitlines()
    assert head.startswith("fairmodel ")
    return {name: state for name, _, state in (line.strip().partition(" ") for line in lines)}


def test_nothing_has_changed(trained: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert {name: state.strip() for name, state in states(trained, capsys).items()} == {"train": "up to date"}


def test_settings_that_the_step_reads(trained: Run, capsys: pytest.CaptureFixture[str]) -> None:
    training = trained.config.training.model_copy(update={"seed": 99})
    other = replace(trained, config=trained.config.model_copy(update={"training": training}))
    write_stamps(other)  # make has seen the change, but the training has not been repeated
    assert states(other, capsys)["train"].strip() == "stale: settings"
    evaluation = trained.config.evaluation.model_copy(update={"bootstrap": 9})
    other = replace(trained, config=trained.config.model_copy(update={"evaluation": evaluation}))
    assert states(other, capsys)["train"].strip() == "up to date"


def test_code_of_engine_and_project(
    trained: Run, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def differing(step: str, *arguments: Any) -> dict[str, str]:
        return code_of(step, *arguments) | {"engine": "another", "project": "other"}

    monkeypatch.setattr(status, "code_of", differing)
    assert states(trained, capsys)["train"].strip() == "stale: another engine, changed code"


def test_inputs_and_outputs(trained: Run, capsys: pytest.CaptureFixture[str]) -> None:
    train_rows = trained.paths.split("train")
    train_rows.write_bytes(train_rows.read_bytes() + b"more")
    trained.paths.history.unlink()
    said = states(trained, capsys)["train"]
    assert "another data/processed/tiny/train.h5" in said
    assert "models/tiny/history.csv is missing" in said


def test_nothing_is_recorded(other: Run, capsys: pytest.CaptureFixture[str]) -> None:
    print_status(other)
    assert "no step of the profile tiny is recorded; run `make all PROFILE=tiny`" in capsys.readouterr().out


def test_a_damaged_record_is_refused_before_the_work(trained: Run) -> None:
    before = trained.paths.weights.read_bytes()
    (trained.paths.root / "ro-crate-metadata.json").write_text("{}")
    ran: list[str] = []
    with pytest.raises(UserError, match=r"ro-crate-metadata\.json"), recorded(trained, ("train", "--profile", "tiny")):
        ran.append("the step")
    assert ran == []
    assert trained.paths.weights.read_bytes() == before
