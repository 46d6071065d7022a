"""A training that was killed goes on and ends with the same bits as one that was not."""

import dataclasses
import signal
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import torch

from fairmodel.config import RunConfig
from fairmodel.dataset import Samples
from fairmodel.files import read_json, sha256
from fairmodel.identity import identity
from fairmodel.interface import Run
from fairmodel.training import train as train_module
from fairmodel.training.batches import Rows
from fairmodel.training.checkpoint import load_checkpoint, save_checkpoint
from fairmodel.training.train import Training, train

from .projects import ENGINE_ROOT


def result(run: Run) -> tuple[str, str]:
    return sha256(run.paths.weights), sha256(run.paths.model / "history.csv")


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """The result of a training of the other project that nothing disturbs."""
    from .projects import make_project, other_config, other_project

    project, config = other_project(), other_config()
    run = Run(project, config, make_project(tmp_path_factory.mktemp("whole") / "project", project, config))
    train(run)
    return result(run)


def stop_in(run: Run, epoch: int, step: int = 2) -> list[int]:
    """Train until the middle of an epoch; the epochs that began."""
    place = (epoch, step)
    begun = []
    shuffled = Rows.shuffled

    def interrupted(rows: Rows, size: int, *, seed: int, epoch: int) -> Iterator[Samples]:
        begun.append(epoch)
        for number, batch in enumerate(shuffled(rows, size, seed=seed, epoch=epoch)):
            if (epoch, number) == place:
                raise KeyboardInterrupt
            yield batch

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Rows, "shuffled", interrupted)
        with pytest.raises(KeyboardInterrupt):
            train(run)
    return begun


@pytest.mark.parametrize("stops", [(1,), (3,), (6,), (2, 2, 5)], ids=str)
def test_a_stopped_training_ends_with_the_same_bits(
    stops: tuple[int, ...], other: Run, expected: tuple[str, str]
) -> None:
    first = 1
    for epoch in stops:
        assert stop_in(other, epoch) == list(range(first, epoch + 1))
        assert not other.paths.weights.exists()
        first = epoch
    train(other)
    assert result(other) == expected
    assert not (other.paths.model / "checkpoint.pt").exists()
    assert [len(seconds) for seconds in read_json(other.paths.run)["training"]["seconds"].values()] == [6, 6]


@pytest.mark.parametrize("place", [(1, 0), (1, 4), (4, 1), (6, 5)], ids=str)
def test_a_long_epoch_is_saved_on_the_way(
    place: tuple[int, int], other: Run, expected: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a checkpoint after each step, only the steps that were not done are done."""
    monkeypatch.setattr(train_module, "CHECKPOINT_SECONDS", 0.0)
    stop_in(other, *place)
    rows = []
    take_step = Training._step

    def counting(training: Training, batch: Samples) -> torch.Tensor:
        rows.append(len(batch))
        return take_step(training, batch)

    monkeypatch.setattr(Training, "_step", counting)
    train(other)
    assert len(rows) == 6 * (6 - place[0] + 1) - place[1]
    assert result(other) == expected


@pytest.mark.slow
def test_a_killed_training_ends_with_the_same_bits(other: Run, expected: tuple[str, str]) -> None:
    module = f"{__package__}.killed_training"
    process = subprocess.run(
        [sys.executable, "-m", module, str(other.paths.root), "2"],
        check=False,
        capture_output=True,
        text=True,
        cwd=ENGINE_ROOT,
    )
    assert process.returncode == -signal.SIGKILL, process.stderr
    assert {path.name for path in other.paths.model.iterdir()} == {"checkpoint.pt", "checkpoint.pt.part"}
    assert stop_in(other, 4) == [3, 4]
    train(other)
    assert result(other) == expected
    assert {path.suffix for path in other.paths.model.iterdir()} == {".safetensors", ".json", ".csv"}


def test_a_resumed_training_that_was_done_only_writes_its_result(
    other: Run, expected: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed after the last epoch, before the weights: nothing is trained again."""

    def fail(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(train_module, "run_record", fail)
        with pytest.raises(KeyboardInterrupt):
            train(other)
    assert not other.paths.weights.exists()
    with monkeypatch.context() as patch:
        patch.setattr(Rows, "shuffled", fail)
        train(other)
    assert result(other) == expected


@pytest.mark.slow
@pytest.mark.parametrize("damage", ["nothing", "random", "truncated", "no dictionary"])
def test_a_damaged_checkpoint_is_ignored(damage: str, other: Run, expected: tuple[str, str]) -> None:
    stop_in(other, 3)
    path = other.paths.model / "checkpoint.pt"
    content = path.read_bytes()
    if damage == "no dictionary":
        torch.save([1, 2], path)
    else:
        path.write_bytes({"nothing": b"", "random": bytes(range(256)) * 9, "truncated": content[:-300]}[damage])
    train(other)
    assert result(other) == expected


@pytest.mark.parametrize("changed", [{"seed": 2}, {"epochs": 7}, {"learning_rate": 0.01}], ids=str)
def test_a_checkpoint_of_another_configuration_is_ignored(
    changed: dict[str, Any], other: Run, expected: tuple[str, str]
) -> None:
    training = other.config.training.model_copy(update=changed)
    stop_in(dataclasses.replace(other, config=other.config.model_copy(update={"training": training})), 3)
    train(other)
    assert result(other) == expected


def test_the_identity_of_a_training_follows_model_training_data_and_code(
    other: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = {"train.h5": "a", "val.h5": "b"}
    config = other.config

    def digest(config: RunConfig = config, data: dict[str, str] = data) -> str:
        return identity("train", other.project, config, inputs=data)

    first = digest()
    assert digest(data=dict(data)) == first
    model = config.model.model_copy(update={"channels": 7})
    evaluation = config.evaluation.model_copy(update={"bootstrap": 7})
    assert digest(config.model_copy(update={"model": model})) != first
    assert digest(config.model_copy(update={"evaluation": evaluation})) == first
    assert digest(data=data | {"val.h5": "c"}) != first
    monkeypatch.setattr("fairmodel.identity.digest", lambda path: path.name)
    assert digest() != first


def test_a_checkpoint_cannot_run_code(other: Run) -> None:
    """A pickled object that is no tensor or plain value is not loaded."""
    path = other.paths.model / "checkpoint.pt"
    save_checkpoint(path, {"identity": "a", "network": {}})
    assert load_checkpoint(path, "a") == {"identity": "a", "network": {}}
    assert load_checkpoint(path, "b") is None
    save_checkpoint(path, {"identity": "a", "network": print})
    assert load_checkpoint(path, "a") is None
