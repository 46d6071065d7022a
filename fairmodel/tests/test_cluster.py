"""Tasks on a real cluster: a scheduler and workers in processes of their own, over TCP on the loopback."""

import os
import signal
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

from fairmodel.errors import UserError
from fairmodel.testing.cluster import local_cluster, run_on, when_stuck
from fairmodel.workers import Workers, cluster, connection
from fairmodel.workers.environment import Environment

from . import tasks

pytestmark = pytest.mark.slow  # a scheduler and workers each

NUMBERS = range(12)


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.name not in ("stuck", "cost.json")}


def test_a_killed_worker_loses_and_doubles_nothing(tmp_path: Path) -> None:
    """It dies by SIGKILL in the middle of writing a file: another worker does its tasks, and nothing else is left."""
    local, remote, place = (tmp_path / name for name in ("local", "remote", "cluster"))
    place.mkdir()
    expected = sorted(Workers(2).run(partial(tasks.write, folder=local), NUMBERS, title="try", unit="tasks"))
    with local_cluster(place, threads=(1, 1)) as running:
        with when_stuck(remote, lambda process: os.kill(process, signal.SIGKILL)):
            assert run_on(running.address, partial(tasks.write_once, folder=remote), NUMBERS, remote) == expected
        assert sorted(worker.poll() is None for worker in running.workers) == [False, True]
    assert files(remote) == files(local) == {f"{number}.bin": tasks.content(number) for number in NUMBERS}


@pytest.mark.parametrize(
    "address", ["", "here", "tcp://", "tcp://host", "host:port", "http://h:8787", "tcp://h:0", "tcp://h:99999", "h:1/x"]
)
def test_a_malformed_address(address: str) -> None:
    with pytest.raises(UserError, match=r"--scheduler '.*' is not the address of a scheduler.*tcp://127\.0\.0\.1:8786"):
        run_on(address, tasks.square, NUMBERS)


def test_nobody_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that says nothing, a closed port, and a server that says something else."""
    monkeypatch.setattr(connection, "ANSWER_SECONDS", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        with pytest.raises(UserError, match=rf"no dask scheduler answers at tcp://127\.0\.0\.1:{port}.*leave --sched"):
            run_on(f"127.0.0.1:{port}", tasks.square, NUMBERS)
    with pytest.raises(UserError, match=r"no dask scheduler answers at .*start one with `dask scheduler`"):
        run_on(f"127.0.0.1:{port}", tasks.square, NUMBERS)
    with other_server() as port, pytest.raises(UserError, match="no dask scheduler answers at"):
        run_on(f"127.0.0.1:{port}", tasks.square, NUMBERS)


@contextmanager
def other_server() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            client, _ = server.accept()
            with client:
                client.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n" * 10)
                client.recv(100)

        thread = threading.Thread(target=answer)
        thread.start()
        yield server.getsockname()[1]
        thread.join()


def test_a_missing_library_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(
        UserError, match=r"needs distributed, which is not installed: pip install 'fairmodel\[cluster\]'"
    ):
        run_on("127.0.0.1:8786", tasks.square, NUMBERS)


def test_a_worker_that_comes_later_is_checked_too(tmp_path: Path) -> None:
    result = cluster._perform(
        cluster.Job(tasks.square, 2, Environment.here("tests", tmp_path / "a file that is not there"))
    )
    assert isinstance(result, UserError)
    assert f"no write access to the same {tmp_path}" in str(result)
