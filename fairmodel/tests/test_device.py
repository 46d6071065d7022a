"""Where a network computes, and in how many bits."""

import contextlib
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from fairmodel.dataset import Dataset
from fairmodel.errors import UserError
from fairmodel.files import read_json, sha256
from fairmodel.interface import Run
from fairmodel.training import train as train_module
from fairmodel.training.device import device_of, find_device
from fairmodel.training.train import Training, train

from .test_training import change, with_network


@pytest.fixture
def gpus(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)


def test_without_a_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)
    assert find_device("auto") == find_device("cpu") == torch.device("cpu")
    with pytest.raises(UserError, match=r"device = 'cuda' asks for 1 GPUs, and PyTorch finds 0"):
        find_device("cuda")


@pytest.mark.usefixtures("gpus")
def test_each_process_gets_a_gpu_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    assert find_device("cpu") == torch.device("cpu")
    for name in ("auto", "cuda"):
        monkeypatch.delenv("LOCAL_RANK", raising=False)
        assert find_device(name) == torch.device("cuda", 0)
        monkeypatch.setenv("LOCAL_RANK", "1")
        assert find_device(name) == torch.device("cuda", 1)
        monkeypatch.setenv("LOCAL_RANK", "2")
        with pytest.raises(UserError, match="asks for 3 GPUs, and PyTorch finds 2 on this machine; start fewer"):
            find_device(name)


def test_a_step_happens_on_the_device(other: Run) -> None:
    """On the device `meta`, which holds no numbers, any tensor left behind would be an error."""
    run = change(with_network(other), ema_decay=0.9)
    with (
        Dataset(run.paths.split("train"), run.project.schema) as data,
        Dataset(run.paths.split("val"), run.project.schema) as validation,
    ):
        training = Training(run.project, run.config, data, validation, torch.device("meta"))
        training.start()
        loss = training._step(data.read(0, 16))
    assert loss.device == device_of(training.network) == device_of(training.average) == torch.device("meta")
    moments = [
        value for state in training.optimiser.state.values() for value in (state["exp_avg"], state["exp_avg_sq"])
    ]
    assert {value.device.type for value in moments} == {"meta"}


def result(run: Run) -> tuple[str, str]:
    train(run)
    return sha256(run.paths.weights), sha256(run.paths.history)


def test_full_precision_is_as_if_there_were_no_other(other: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    first = result(other)
    monkeypatch.setattr(train_module, "precision", lambda *_: contextlib.nullcontext())
    assert result(other) == first


def test_half_precision_trains_to_like_weights(other: Run) -> None:
    def trained(**options: Any) -> tuple[dict[str, torch.Tensor], float]:
        run = change(with_network(other), **options)
        train(run)
        return load_file(run.paths.weights), read_json(run.paths.run)["training"]["best_loss"]

    weights, loss = trained()
    others, half_loss = trained(precision="bfloat16")
    assert half_loss == pytest.approx(loss, rel=0.05)
    assert all(weight.dtype == torch.float32 for weight in others.values())
    assert any(not torch.equal(weight, others[name]) for name, weight in weights.items())
    for name, weight in weights.items():
        torch.testing.assert_close(others[name], weight, rtol=0.1, atol=0.1)
