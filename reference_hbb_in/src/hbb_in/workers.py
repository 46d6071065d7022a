"""Work shared out over local processes: a function is applied to every task, results come as they finish."""

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from .errors import UserError
from .progress import progress

__all__ = ["Workers"]

T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True)
class Workers:
    """Who does the work: so many local processes, or the dask.distributed cluster at the address `scheduler`."""

    processes: int
    scheduler: str | None = None

    def run(self, function: Callable[[T], R], tasks: Sequence[T], *, title: str, unit: str) -> Iterator[tuple[int, R]]:
        """Apply `function` to every task; yields (index of the task, result) as they finish.

        The function is one of a module, or a `functools.partial` of one, so that another process can import it. What it
        writes must be whole or absent, and the same however often it is written: a task whose worker died is run again.
        A `UserError` of a task ends the run with that error.
        """
        if not tasks:
            return
        with progress(None, total=len(tasks), title=title, unit=unit) as bar:
            for index, result in _run_locally(function, tasks, min(self.processes, len(tasks))):
                bar.update()
                yield index, result


def _run_locally(function: Callable[[T], R], tasks: Sequence[T], processes: int) -> Iterator[tuple[int, R]]:
    context = multiprocessing.get_context("spawn")
    with (
        _single_threaded(),
        ProcessPoolExecutor(processes, mp_context=context, initializer=_start_worker) as pool,
    ):
        try:
            futures = {pool.submit(function, task): index for index, task in enumerate(tasks)}
            for future in as_completed(futures):
                yield futures[future], future.result()
        except BrokenProcessPool as error:
            message = (
                "a worker process was killed, perhaps for want of memory; "
                "run the step again, with fewer workers: finished files are kept"
            )
            raise UserError(message) from error
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


@contextmanager
def _single_threaded() -> Iterator[None]:
    """Let the workers started inside use one thread each: they are as many as the processors already."""
    before = os.environ.get("OMP_NUM_THREADS")
    os.environ["OMP_NUM_THREADS"] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ["OMP_NUM_THREADS"]
        else:
            os.environ["OMP_NUM_THREADS"] = before


def _start_worker() -> None:
    """Die with the parent, stop at once on Ctrl-C, and keep the libraries' banners off the terminal."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    threading.Thread(target=_die_with_parent, daemon=True).start()
    with Path(os.devnull).open("w") as nowhere:
        os.dup2(nowhere.fileno(), sys.__stdout__.fileno() if sys.__stdout__ else 1)


def _die_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
