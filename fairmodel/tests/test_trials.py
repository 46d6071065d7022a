"""Trials: each is done once, goes on after a kill, and is done anew when what determines it has changed."""

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from fairmodel.files import read_json, sha256
from fairmodel.interface import Run
from fairmodel.reproduce import trials as trials_module
from fairmodel.reproduce.outcome import Outcome
from fairmodel.reproduce.trials import Trial, run_trials, with_seed
from fairmodel.training import checkpoint
from fairmodel.training import train as train_module
from fairmodel.training.train import train
from fairmodel.workers import Workers

from .projects import make_project, own_config, own_project

pytestmark = pytest.mark.slow  # trainings of trials

ONE = Workers(1)


def short(run: Run, **training: Any) -> Run:
    """The same run with two epochs and other values in `[training]`."""
    changed = run.config.training.model_copy(update={"epochs": 2} | training)
    return dataclasses.replace(run, config=run.config.model_copy(update={"training": changed}))


def trial(run: Run, name: str = "one", study: str = "some", rows: int | None = None) -> Trial:
    return Trial(study, name, run.config, run.paths.processed, rows)


def do(run: Run, *trials: Trial, workers: Workers = ONE) -> list[Outcome]:
    return run_trials(run.project, run.paths, trials, workers)


@pytest.fixture
def trained_trials(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The folders of the trainings that begin from here on."""
    begun: list[Path] = []

    def counted(run: Run) -> None:
        begun.append(run.paths.model)
        train(run)

    monkeypatch.setattr(trials_module, "train", counted)
    return begun


def test_a_trial_is_a_training_like_any_other(other: Run) -> None:
    run = short(other)
    (outcome,) = do(run, trial(run))
    assert outcome.model == run.paths.root / "models" / "tiny" / "trials" / "some" / "one"
    train(run)
    assert sha256(outcome.model / "weights.safetensors") == sha256(run.paths.weights)
    names = {path.name for path in outcome.model.iterdir()}
    files = {"weights.safetensors", "config.json", "run.json", "history.csv", "metrics.json", "scores.npz", "log.txt"}
    assert files | {"trial.json"} <= names
    assert "epoch 2/2" in (outcome.model / "log.txt").read_text(encoding="utf-8")
    assert 0 < outcome.epoch_seconds("validation") < 60
    assert 0 < outcome.epoch_seconds("training") < outcome.run["duration_seconds"]
    assert (outcome.epochs, outcome.best["epoch"]) == (2, outcome.run["training"]["best_epoch"])
    assert outcome.test_checksum == sha256(run.paths.split("test"))


def test_a_finished_trial_is_kept(other: Run, trained_trials: list[Path]) -> None:
    run = short(other)
    (first,) = do(run, trial(run))
    times = {path.name: path.stat().st_mtime_ns for path in first.model.iterdir()}
    (second,) = do(run, trial(run))
    assert len(trained_trials) == 1
    assert {path.name: path.stat().st_mtime_ns for path in second.model.iterdir()} == times


def test_a_trial_without_its_weights_is_done_anew(other: Run, trained_trials: list[Path]) -> None:
    run = short(other)
    (first,) = do(run, trial(run))
    (first.model / "weights.safetensors").unlink()
    do(run, trial(run))
    assert len(trained_trials) == 2


def test_studies_share_trials(other: Run, trained_trials: list[Path]) -> None:
    run = short(other)
    do(run, trial(run))
    same, seeded = do(
        run, trial(run, study="another"), Trial("another", "two", with_seed(run.config, 1), run.paths.processed)
    )
    assert same.model.parent.name == "some"
    assert (seeded.model.parent.name, seeded.run["seed"]) == ("another", run.config.training.seed + 1)
    assert len(trained_trials) == 2


@pytest.mark.parametrize("what", ["training", "evaluation", "rows", "train", "test"])
def test_a_trial_is_done_anew_when_something_has_changed(what: str, other: Run, trained_trials: list[Path]) -> None:
    run = short(other)
    (first,) = do(run, trial(run))
    before = read_json(first.model / "trial.json")["identity"]
    (first.model / "left").touch()
    rows = 50 if what == "rows" else None
    if what == "training":
        run = short(run, seed=9)
    elif what == "evaluation":
        evaluation = run.config.evaluation.model_copy(update={"bootstrap": 7})
        run = dataclasses.replace(run, config=run.config.model_copy(update={"evaluation": evaluation}))
    elif what != "rows":
        path = run.paths.split(what)
        path.write_bytes(path.read_bytes() + b"\0")
    (second,) = do(run, trial(run, rows=rows))
    assert len(trained_trials) == 2
    assert read_json(second.model / "trial.json")["identity"] != before
    assert not (second.model / "left").exists()


def test_a_trial_with_fewer_rows_trains_on_them_and_keeps_no_copy(other: Run) -> None:
    run = short(other)
    (outcome,) = do(run, trial(run, rows=40))
    assert not (outcome.model / "train.h5").exists()
    assert outcome.test_checksum == sha256(run.paths.split("test"))
    (whole,) = do(run, trial(run, name="whole"))
    assert sha256(outcome.model / "weights.safetensors") != sha256(whole.model / "weights.safetensors")


@pytest.mark.parametrize("rows", [None, 40])
def test_a_stopped_trial_goes_on(rows: int | None, other: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    run = short(other, epochs=3)
    saved: list[Any] = []

    def stop(*arguments: Any) -> None:
        save(*arguments)
        saved.append(arguments)
        if len(saved) == 2:
            raise KeyboardInterrupt

    save = checkpoint.save_checkpoint
    with monkeypatch.context() as patch:
        patch.setattr(train_module, "save_checkpoint", stop)
        with pytest.raises(KeyboardInterrupt):
            do(run, trial(run, rows=rows))
        (outcome,) = do(run, trial(run, rows=rows))
    assert len(saved) == 3
    assert len(outcome.run["training"]["seconds"]["training"]) == 3
    (whole,) = do(run, trial(short(run, epochs=3), name="whole", rows=rows))
    assert whole.model == outcome.model


def test_a_trial_that_stopped_after_its_training_is_only_evaluated(
    other: Run, trained_trials: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    run = short(other)

    def stop(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(trials_module, "evaluate", stop)
        with pytest.raises(KeyboardInterrupt):
            do(run, trial(run))
    (outcome,) = do(run, trial(run))
    assert len(trained_trials) == 1
    assert read_json(outcome.model / "metrics.json")["auc"]["value"] > 0.5


def test_trials_side_by_side_have_the_same_bits(tmp_path: Path) -> None:
    """In one process and in two, which get the project by the names of its functions."""
    project, config = own_project(), own_config()
    checksums = []
    for name, workers in (("a", Workers(1)), ("b", Workers(2))):
        paths = make_project(tmp_path / name, project, config)
        trials = [Trial("some", str(number), with_seed(config, number), paths.processed) for number in (1, 2)]
        outcomes = run_trials(project, paths, trials, workers)
        checksums.append([sha256(outcome.model / "weights.safetensors") for outcome in outcomes])
    assert checksums[0] == checksums[1]
    assert len(set(checksums[0])) == 2
