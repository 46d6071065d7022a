"""Several processes that train one network do what one process does."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from fairmodel.errors import UserError
from fairmodel.files import read_json
from fairmodel.paths import Paths
from fairmodel.training.processes import ALONE, Processes

from .joint_training import joint_project, run
from .projects import CELLS_TOML, PROFILE, make_project, other_config

pytestmark = pytest.mark.slow  # two processes of PyTorch each

MODULE = f"{__package__}.joint_training"
PATIENCE = 300  # seconds
# 96 rows: the last batch of an epoch has one, so that one of two processes gets none
TRAINING = "[training]\nbatch_size = 19\nmicro_batch = 4\nema_decay = 0.5\ndevice = 'cpu'"


def project(root: Path, epochs: int = 2) -> Paths:
    paths = make_project(root, joint_project(), other_config())
    text = CELLS_TOML.replace("[training]", TRAINING).replace("batch_size = 16\n", "")
    text = text.replace("epochs = 2\n", f"epochs = {epochs}\npatience = {epochs}\n")
    paths.config.write_text(text, encoding="utf-8")
    return paths


def environment() -> dict[str, str]:
    return os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join(sys.path)}


@pytest.fixture
def joint(monkeypatch: pytest.MonkeyPatch) -> None:
    """This process is the first of two that torchrun started."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    monkeypatch.delenv("GLOO_SOCKET_IFNAME", raising=False)
    for name, value in {
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": port,
        "TORCHELASTIC_RUN_ID": "test",
        "WORLD_SIZE": 2,
        "LOCAL_WORLD_SIZE": 2,
        "RANK": 0,
        "LOCAL_RANK": 0,
    }.items():
        monkeypatch.setenv(name, str(value))


def second_process(root: Path) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", MODULE, str(root)],
        env=environment() | {"RANK": "1", "LOCAL_RANK": "1"},
        stderr=subprocess.PIPE,
        text=True,
    )


def torchrun(root: Path) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2", "-m", MODULE, str(root)]
    return subprocess.Popen(command, env=environment(), stderr=subprocess.PIPE, text=True)


def end_of(process: "subprocess.Popen[str]") -> tuple[int, str]:
    """The exit code, and what went to standard error."""
    error = process.communicate(timeout=PATIENCE)[1]
    return process.returncode, error


def files(paths: Paths) -> set[Path]:
    return {path for path in paths.root.rglob("*") if path.is_file()}


def assert_same_result(found: Paths, expected: Paths) -> None:
    """The same weights and losses to rounding."""
    weights = load_file(expected.weights)
    for name, weight in load_file(found.weights).items():
        torch.testing.assert_close(weight, weights[name], rtol=1e-4, atol=1e-6)
    columns, others = (np.genfromtxt(paths.history, delimiter=",", skip_header=1) for paths in (found, expected))
    np.testing.assert_allclose(columns, others, rtol=1e-5)


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Paths:
    """The result of one process."""
    paths = project(tmp_path_factory.mktemp("alone") / "project")
    assert run(paths.root) == 0
    return paths


@pytest.mark.usefixtures("joint")
def test_two_processes_take_the_steps_of_one(alone: Paths, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each has a folder of its own, so that one sees who writes."""
    first = project(tmp_path / "first")
    second = Paths(shutil.copytree(first.root, tmp_path / "second"), PROFILE)
    before = files(second)
    process = second_process(second.root)
    assert run(first.root) == 0
    assert end_of(process) == (0, "")
    assert "epoch 2/2" in capsys.readouterr().err
    assert files(second) - before == {second.root / "gradients.pt"}
    expected = torch.load(alone.root / "gradients.pt")
    for paths in (first, second):
        for found, gradient in zip(torch.load(paths.root / "gradients.pt"), expected, strict=True):
            torch.testing.assert_close(found, gradient, rtol=1e-5, atol=1e-7)
    assert_same_result(first, alone)
    assert [read_json(paths.run)["training"]["processes"] for paths in (first, alone)] == [2, 1]


def test_one_process_talks_to_nobody() -> None:
    values = torch.ones(3)
    ALONE.add([values])
    ALONE.spread([values])
    ALONE.agree("anything")
    assert ALONE.first
    assert torch.equal(values, torch.ones(3))


def test_lost_contact_is_one_line() -> None:
    """A collective operation that fails, here for want of the others, says so."""
    with pytest.raises(UserError, match="process 1 of 2 lost contact"), Processes(1, 2)._contact():
        raise RuntimeError("Connection closed by peer")  # noqa: EM101


def test_torchrun_trains(alone: Paths, tmp_path: Path) -> None:
    paths = project(tmp_path / "project")
    code, error = end_of(torchrun(paths.root))
    assert code == 0, error
    assert_same_result(paths, alone)
    assert not (paths.model / "checkpoint.pt").exists()


def test_a_problem_of_one_process_ends_all(tmp_path: Path) -> None:
    """Only the second of them does not find its data."""
    first, second = (project(tmp_path / str(rank)) for rank in range(2))
    second.split("train").unlink()
    code, error = end_of(torchrun(tmp_path / "{rank}"))
    assert code == 1
    assert f"error: {second.split('train')} does not exist" in error
    assert not first.model.exists()


@pytest.mark.usefixtures("joint")
def test_processes_with_different_data_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first = project(tmp_path / "first")
    second = Paths(shutil.copytree(first.root, tmp_path / "second"), PROFILE)
    shutil.copy(second.split("val"), second.split("train"))
    process = second_process(second.root)
    assert run(first.root) == 1
    code, theirs = end_of(process)
    assert code == 1
    for error in (theirs, capsys.readouterr().err):
        assert "error: the processes have different data" in error


def test_a_killed_process_ends_all_and_the_same_command_goes_on(tmp_path: Path) -> None:
    undisturbed, killed = (project(tmp_path / name, epochs=100) for name in ("undisturbed", "killed"))
    assert end_of(torchrun(undisturbed.root))[0] == 0
    process = torchrun(killed.root)
    while not (killed.model / "checkpoint.pt").exists():
        assert process.poll() is None
        time.sleep(0.01)
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text(encoding="utf-8").split()
    os.kill(int(children[-1]), signal.SIGKILL)
    code, error = end_of(process)
    assert code == 1
    assert "SIGKILL" in error
    assert not killed.weights.exists()
    assert end_of(torchrun(killed.root))[0] == 0
    assert killed.weights.read_bytes() == undisturbed.weights.read_bytes()
    assert killed.history.read_bytes() == undisturbed.history.read_bytes()
