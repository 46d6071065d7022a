"""A real cluster on the loopback: a scheduler and workers, each a process of its own."""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..workers import Workers

__all__ = ["LocalCluster", "local_cluster", "run_on", "wait", "when_stuck"]

SECONDS = 60.0


@dataclass
class LocalCluster:
    """A running scheduler and the workers that were started for it."""

    folder: Path
    scheduler: "subprocess.Popen[bytes]"
    workers: "list[subprocess.Popen[bytes]]" = field(default_factory=list)

    @property
    def address(self) -> str:
        """Where the scheduler listens."""
        path = self.folder / "scheduler.json"
        wait(lambda: path.exists() and bool(path.read_text()), "the scheduler did not start")
        return str(json.loads(path.read_text())["address"])

    def add_worker(self, threads: int = 1) -> None:
        """Start another worker, without a nanny that would replace it."""
        number = len(self.workers)
        options = [self.address, "--nthreads", str(threads), "--no-nanny", "--host", "127.0.0.1", "--no-dashboard"]
        options += ["--name", str(number), "--local-directory", str(self.folder)]
        self.workers.append(_start("worker", options, self.folder / f"worker-{number}.log"))


@contextmanager
def local_cluster(folder: Path, threads: tuple[int, ...], allowed_failures: int = 3) -> Iterator[LocalCluster]:
    """A cluster with one worker for each number of threads."""
    options = ["--host", "127.0.0.1", "--port", "0", "--dashboard-address", "127.0.0.1:0"]
    options += ["--scheduler-file", str(folder / "scheduler.json")]
    failures = {"DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": str(allowed_failures)}
    cluster = LocalCluster(folder, _start("scheduler", options, folder / "scheduler.log", failures))
    try:
        for number in threads:
            cluster.add_worker(number)
        yield cluster
    finally:
        for process in (*cluster.workers, cluster.scheduler):
            process.kill()
            process.wait()


def _start(
    command: str, options: list[str], log: Path, more: dict[str, str] | None = None
) -> "subprocess.Popen[bytes]":
    importable = os.pathsep.join(filter(None, sys.path))  # a worker imports what this process can
    environment = os.environ | {"PYTHONPATH": importable} | (more or {})
    with log.open("wb") as stream:
        return subprocess.Popen([sys.executable, "-m", "dask", command, *options], stderr=stream, env=environment)


def wait(condition: Callable[[], bool], problem: str, seconds: float = SECONDS) -> None:
    """Wait until the condition holds."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, problem
        time.sleep(0.02)


def run_on(
    address: str, function: Callable[[Any], Any], items: Sequence[Any], folder: Path | None = None
) -> list[tuple[int, Any]]:
    """Index and result of every task, in order."""
    return sorted(Workers(1, address, folder).run(function, items, title="try", unit="tasks"))


@contextmanager
def when_stuck(folder: Path, act: Callable[[int], object]) -> Iterator[None]:
    """During the block, act on the process that gets stuck in `tasks.write_once`, in the middle of its file."""

    def wait_and_act() -> None:
        stuck = folder / "stuck"
        wait(lambda: stuck.exists() and bool(stuck.read_text()), "no worker got stuck")
        (unfinished,) = folder.glob("3.bin.cluster-*.part")
        assert unfinished.stat().st_size == 100
        act(int(stuck.read_text()))

    thread = threading.Thread(target=wait_and_act)
    thread.start()
    yield
    thread.join()
