"""Work shared out over a dask.distributed cluster that runs already.

A worker that dies loses nothing: the scheduler runs its tasks again elsewhere. It may even run a task twice at a time,
when a worker is only cut off: so unfinished files have names of their own here, and either of two equal files may stay.
"""

import platform
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from ..errors import UserError
from ..files import PART
from .connection import ANSWER_SECONDS, RUN_AGAIN, check_cluster, connected, in_touch, lost, unfit
from .environment import Environment
from .local import Results

if TYPE_CHECKING:
    from distributed import Client, Future

__all__ = ["run_on_cluster"]

T = TypeVar("T")
R = TypeVar("R")

ALONE_SECONDS = 120.0  # for another worker to come when all are gone
POLL_SECONDS = 2.0
RETRIES = 2  # of a task that fails for another reason than one that its user can mend
NAME_LENGTH = 100

ONE_AT_A_TIME = threading.Lock()  # what tasks call is seldom made for threads


@dataclass(frozen=True)
class Job(Generic[T, R]):
    """A task in a form that dask does not look into."""

    function: Callable[[T], R]
    task: T
    expected: Environment


def run_on_cluster(
    function: Callable[[T], R], tasks: Sequence[T], *, address: str, folder: Path | None, title: str, package: str
) -> Results[R]:
    """Yield (index of the task, result) as tasks finish on the cluster whose scheduler is at `address`.

    Every worker must see `folder`, if one is given, and have the environment of this process. Raises UserError where
    the cluster cannot be reached, has no worker, does not fit or gets lost, and for a task that kills its workers.
    """
    with connected(address, title) as client, _marked(folder) as mark:
        expected = Environment.here(package, mark)
        check_cluster(client, expected)
        yield from _results(client, [Job(function, task, expected) for task in tasks], title)


@contextmanager
def _marked(folder: Path | None) -> Iterator[Path | None]:
    """A file in the folder by which others recognise it; what killed workers left there goes afterwards."""
    if folder is None:
        yield None
        return
    mark = folder.resolve() / f"here{_unique_part()}"
    mark.parent.mkdir(parents=True, exist_ok=True)
    mark.touch()
    try:
        yield mark
    finally:
        for path in folder.rglob("*.cluster-*.part"):
            path.unlink(missing_ok=True)


def _unique_part() -> str:
    return f".cluster-{uuid.uuid4().hex}.part"


_mismatches = cache(Environment.mismatches)


def _perform(job: Job[Any, R]) -> R | UserError:
    """Do a job, in a worker; an error that the user can mend is returned, because one that is raised is retried."""
    with ONE_AT_A_TIME:
        if found := _mismatches(job.expected):  # a worker that came after the check
            return unfit({platform.node(): found})
        suffix = PART.set(_unique_part())
        try:
            return job.function(job.task)
        except UserError as error:
            return error
        finally:
            PART.reset(suffix)


def _results(client: "Client", jobs: Sequence[Job[T, R]], title: str) -> Iterator[tuple[int, R]]:
    run = uuid.uuid4().hex
    keys = {f"{title}-{index}-{run}": index for index in range(len(jobs))}
    waiting = dict(zip(keys, client.map(_perform, jobs, key=list(keys), retries=RETRIES, pure=False), strict=True))
    finished: SimpleQueue[Future[R | UserError]] = SimpleQueue()
    for future in waiting.values():
        future.add_done_callback(finished.put)
    alone_since = None
    while waiting:
        try:
            future = finished.get(timeout=POLL_SECONDS)
            key = str(future.key)
            index = keys[key]
            result = _result(future, f"task {index + 1} of {len(jobs)}, {jobs[index].task}")
        except (Empty, TimeoutError) as reason:
            if isinstance(reason, TimeoutError):  # the worker died with the result, which is made again
                finished.put(future)
            alone_since = _alone_since(client, alone_since)
            continue
        del waiting[key]
        yield index, result


def _alone_since(client: "Client", before: float | None) -> float | None:
    """Since when there has been no worker; gives up after a while. `before` is the last answer."""
    with in_touch():
        if client.nthreads():
            return None
    since = before or time.monotonic()
    if time.monotonic() - since > ALONE_SECONDS:
        message = f"the cluster has had no worker for {ALONE_SECONDS:g} s; start some; {RUN_AGAIN}"
        raise UserError(message)
    return since


def _result(future: "Future[R | UserError]", name: str) -> R:
    _raise_failure(future, name)
    with in_touch():
        result = future.result(timeout=ANSWER_SECONDS)
    if isinstance(result, UserError):
        raise result
    return result


def _raise_failure(future: "Future[Any]", name: str) -> None:
    """Raise the error by which a future ended, if it is one."""
    from distributed import KilledWorker

    if future.cancelled():
        raise lost()
    error = future.exception(timeout=ANSWER_SECONDS) if future.status == "error" else None
    if isinstance(error, KilledWorker):
        message = (
            f"{name[:NAME_LENGTH]}: {error.allowed_failures + 1} workers died while they had it, the last at "
            f"{error.last_worker.address}; perhaps it needs more memory than they have (dask worker --memory-limit), "
            f"their logs say more; {RUN_AGAIN}"
        )
        raise UserError(message) from error
    if error:
        raise error
