"""Training: it learns, keeps the best epoch, and its numbers are its configuration's alone."""

import copy
import csv
import dataclasses
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from torch import nn
from torch.nn import functional

from fairmodel.config import TrainingConfig
from fairmodel.dataset import Dataset
from fairmodel.errors import UserError
from fairmodel.files import read_json, sha256
from fairmodel.interface import Run
from fairmodel.training import train as train_module
from fairmodel.training.batches import Rows, as_tensors
from fairmodel.training.train import Training, train

from .joint_training import Plain, plain


def change(run: Run, **training: Any) -> Run:
    """The same run with other values in `[training]`."""
    changed = run.config.training.model_copy(update=training)
    return dataclasses.replace(run, config=run.config.model_copy(update={"training": changed}))


def with_network(run: Run, build: Callable[[Any], nn.Module] = plain) -> Run:
    """The same run with another network."""
    return dataclasses.replace(run, project=dataclasses.replace(run.project, build=build))


def bits(run: Run) -> str:
    """Train; checksum of the weights and the history."""
    train(run)
    return sha256(run.paths.weights) + sha256(run.paths.model / "history.csv")


def history(run: Run) -> list[dict[str, float]]:
    with (run.paths.model / "history.csv").open(encoding="utf-8", newline="") as stream:
        return [{key: float(value) for key, value in row.items()} for row in csv.DictReader(stream)]


def test_loss_falls_where_classes_can_be_told_apart(trained: Run) -> None:
    rows = history(trained)
    guess = math.log(len(trained.project.schema.classes))
    assert [row["epoch"] for row in rows] == list(range(1, trained.config.training.epochs + 1))
    assert rows[-1]["loss"] < rows[0]["loss"]
    assert min(row["validation_loss"] for row in rows) < 0.8 * guess
    assert max(row["validation_accuracy"] for row in rows) > 1.3 / len(trained.project.schema.classes)


def test_the_folder_holds_the_record_and_no_leftovers(trained: Run) -> None:
    exported = {"model.onnx", "model-dense.onnx", "sample.safetensors"}  # by tests that ran before
    names = {path.name for path in trained.paths.model.iterdir()} - exported
    assert names == {"weights.safetensors", "config.json", "run.json", "history.csv"}


def test_the_record_times_every_epoch(trained: Run) -> None:
    record = read_json(trained.paths.run)["training"]
    assert record["device"] == "cpu"
    for seconds in record["seconds"].values():
        assert len(seconds) == record["epochs"] == len(history(trained))
        assert min(seconds) >= 0
    assert 0 < sum(record["seconds"]["training"]) < read_json(trained.paths.run)["duration_seconds"]


def test_the_history_has_the_learning_rates(other: Run) -> None:
    """Those of the last epoch are next to nothing in a whole cycle."""
    train(other)
    found = [row["learning_rate"] for row in history(other)]
    assert max(found) > 0.5 * other.config.training.learning_rate
    assert 0 < found[-1] < 1e-3 * other.config.training.learning_rate


def test_the_weights_are_those_of_the_network(trained: Run) -> None:
    network = trained.project.build(trained.config.model)
    network.load_state_dict(load_file(trained.paths.weights))


def test_the_weights_can_be_read_by_whom_the_record_can(trained: Run) -> None:
    modes = {path.stat().st_mode for path in trained.paths.model.iterdir()}
    assert len(modes) == 1


def test_same_seed_same_bits(other: Run) -> None:
    first = bits(other)
    assert bits(other) == first
    assert bits(change(other, seed=2)) != first


def test_the_global_generators_are_left_alone(other: Run) -> None:
    torch.manual_seed(7)
    before, numbers = torch.get_rng_state(), repr(np.random.get_state())  # noqa: NPY002 (the legacy state is the point)
    first = bits(other)
    assert torch.equal(torch.get_rng_state(), before)
    assert repr(np.random.get_state()) == numbers  # noqa: NPY002
    torch.manual_seed(8)
    assert bits(other) == first


def test_every_epoch_has_random_numbers_of_its_own(other: Run) -> None:
    drawn: list[list[float]] = [[]]

    class Drawing(Plain):
        def forward(self, cells: torch.Tensor) -> torch.Tensor:
            if self.training:
                drawn[-1] += torch.rand(2).tolist()
            elif drawn[-1]:
                drawn.append([])
            return super().forward(cells)

    train(change(with_network(other, lambda _: Drawing()), epochs=3))
    numbers = [number for epoch in drawn for number in epoch]
    assert [len(epoch) for epoch in drawn] == [24, 24, 24, 0]
    assert len(set(numbers)) == len(numbers)


@pytest.mark.parametrize("micro_batch", [5, 24, 96, 1000])
def test_gradients_of_micro_batches_add_up_to_that_of_the_batch(micro_batch: int, other: Run) -> None:
    """After one step on all rows the gradients are those of the mean loss, here in one pass and in float64."""
    network = Plain()
    exact = copy.deepcopy(network).double()
    run = change(
        with_network(other, lambda _: network), epochs=1, batch_size=96, micro_batch=micro_batch, normalise=False
    )
    with (
        Dataset(run.paths.processed / "train.h5", run.project.schema) as data,
        Dataset(run.paths.processed / "val.h5", run.project.schema) as validation,
    ):
        training = Training(run.project, run.config, data, validation)
        training.run(run.paths, "")
        inputs, labels = as_tensors(data.read())
    loss = functional.cross_entropy(exact(inputs["cells"].double()), labels)
    expected = torch.autograd.grad(loss, list(exact.parameters()))
    for found, gradient in zip(network.parameters(), expected, strict=True):
        assert found.grad is not None
        torch.testing.assert_close(found.grad.double(), gradient, rtol=1e-4, atol=1e-6)
    assert training.history[0]["loss"] == pytest.approx(loss.item(), rel=1e-5)


def test_early_stopping_keeps_the_best_epoch(other: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    losses = iter([1.0, 0.5, 0.6, 0.7, 0.4])
    monkeypatch.setattr(train_module, "validate", lambda *_: (next(losses), 0.5))
    run = change(other, epochs=5, patience=2, schedule="constant")
    train(run)
    assert [row["validation_loss"] for row in history(run)] == [1.0, 0.5, 0.6, 0.7]
    kept = load_file(run.paths.weights)
    losses = iter([1.0, 0.5])
    two = change(run, epochs=2)
    train(two)
    for name, tensor in load_file(two.paths.weights).items():
        assert torch.equal(tensor, kept[name]), name


def test_one_cycle_ends_where_it_should(other: Run) -> None:
    """The learning rate rises to its peak and is all but zero after the last step."""
    run = change(other, schedule="one-cycle", epochs=2, learning_rate=0.01)
    with (
        Dataset(run.paths.processed / "train.h5", run.project.schema) as data,
        Dataset(run.paths.processed / "val.h5", run.project.schema) as validation,
    ):
        training = Training(run.project, run.config, data, validation)
        rates = []
        training.optimiser.register_step_pre_hook(lambda optimiser, *_: rates.append(optimiser.param_groups[0]["lr"]))
        training.run(run.paths, "")
    assert len(rates) == 2 * 6
    assert max(rates) == pytest.approx(0.01, rel=0.2)
    assert rates[0] < 0.001
    assert rates[-1] < 1e-6


def test_the_published_recipe_written_out(other: Run) -> None:
    """Adam, mean cross-entropy, the best validation loss kept, an end after `patience` epochs without a better one."""
    recipe = {"optimiser": "adam", "schedule": "constant", "learning_rate": 0.03, "ema_decay": None}
    run = change(with_network(other), **recipe, epochs=40, patience=2)
    train(run)
    with (
        Dataset(run.paths.split("train"), run.project.schema) as data,
        Dataset(run.paths.split("val"), run.project.schema) as validation,
    ):
        training, held_out = Training(run.project, run.config, data, validation), as_tensors(validation.read())
        network, optimiser = training.network.double(), torch.optim.Adam(training.network.parameters(), lr=0.03)
        losses: list[float] = []
        while not losses or len(losses) - 1 - losses.index(min(losses)) < 2:
            for batch in Rows(data, 1000).shuffled(16, seed=1, epoch=len(losses) + 1):
                inputs, labels = as_tensors(batch)
                optimiser.zero_grad()
                torch.autograd.backward(functional.cross_entropy(network(inputs["cells"].double()), labels))
                optimiser.step()
            with torch.no_grad():
                losses.append(functional.cross_entropy(network(held_out[0]["cells"].double()), held_out[1]).item())
            if losses[-1] == min(losses):
                best = copy.deepcopy(network.state_dict())
    assert len(losses) < 40
    assert [row["validation_loss"] for row in history(run)] == pytest.approx(losses, rel=1e-4)
    for name, weight in load_file(run.paths.weights).items():
        torch.testing.assert_close(weight.double(), best[name], rtol=1e-3, atol=1e-4)


def test_a_training_that_diverges_says_so_and_writes_no_weights(other: Run) -> None:
    run = change(other, learning_rate=1e30, schedule="constant")
    with pytest.raises(UserError, match="learning_rate"):
        train(run)
    assert not run.paths.weights.exists()


def test_training_refuses_a_missing_and_a_damaged_data_set(other: Run) -> None:
    path = other.paths.processed / "val.h5"
    path.write_bytes(path.read_bytes()[:500])
    with pytest.raises(UserError, match=r"val\.h5"):
        train(other)
    path.unlink()
    with pytest.raises(UserError, match=r"val\.h5 does not exist"):
        train(other)
    assert not other.paths.model.exists()


def test_training_is_in_physical_units_or_normalised_as_asked(prepared: Run, tmp_path: Path) -> None:
    """A network with a normalisation is fitted before its first step, and left as it is if the profile says so."""
    for normalise in (True, False):
        options = prepared.config.training.model_copy(update={"normalise": normalise})
        config = prepared.config.model_copy(update={"training": TrainingConfig.model_validate(options.model_dump())})
        with (
            Dataset(prepared.paths.processed / "train.h5", prepared.project.schema) as data,
            Dataset(prepared.paths.processed / "val.h5", prepared.project.schema) as validation,
        ):
            training = Training(prepared.project, config, data, validation)
            training.start()
        buffers = {name: value for name, value in training.network.named_buffers() if name.startswith("normalise.")}
        touched = [name for name, value in buffers.items() if (value != value[0]).any()]
        assert bool(touched) == (normalise and bool(buffers))
    assert list(tmp_path.iterdir()) == []
