"""Work shared out over processes of this machine."""

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from ..errors import UserError

__all__ = ["Results", "run_locally"]

T = TypeVar("T")
R = TypeVar("R")

Results = Generator[tuple[int, R], None, None]


def run_locally(function: Callable[[T], R], tasks: Sequence[T], processes: int) -> Results[R]:
    """Yield (index of the task, result) as tasks finish in new processes, which end with this one."""
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
                "run the same command again, with fewer --workers: finished files are kept"
            )
            raise UserError(message) from error
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


@contextmanager
def _single_threaded() -> Iterator[None]:
    """Let the processes started inside use one thread each: they are as many as the processors already."""
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
