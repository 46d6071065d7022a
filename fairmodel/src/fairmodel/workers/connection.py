"""The connection to the scheduler of a dask.distributed cluster, and whether the cluster fits."""

import asyncio
import logging
import sys
import warnings
from collections.abc import Iterator
from concurrent.futures import CancelledError
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from ..errors import UserError
from .environment import Environment

if TYPE_CHECKING:
    from distributed import Client

__all__ = ["ANSWER_SECONDS", "RUN_AGAIN", "check_cluster", "connected", "in_touch", "lost", "unfit"]

ANSWER_SECONDS = 20.0
WORKER_SECONDS = 60.0  # for the first worker to come
RUN_AGAIN = "finished files are kept: run the same command again to go on"


@contextmanager
def connected(address: str, title: str) -> "Iterator[Client]":
    """A client of the scheduler at `address`, for as long as the block lasts."""
    url = _checked(address)
    try:
        from distributed import Client
    except ImportError as error:
        message = f"a cluster needs {error.name}, which is not installed: pip install 'fairmodel[cluster]'"
        raise UserError(message) from error
    with _quiet():
        _check_scheduler(url)
        with in_touch():
            client = Client(url, timeout=ANSWER_SECONDS, set_as_default=False, name=title)
        with client:
            yield client


def _checked(address: str) -> str:
    """The address as a URL; one without a protocol is TCP."""
    url = address if "://" in address else f"tcp://{address}"
    try:
        parts = urlsplit(url)
        good = parts.scheme in ("tcp", "tls") and parts.hostname and parts.port and url.count("/") == 2
    except ValueError:
        good = False
    if not good:
        message = f"--scheduler {address!r} is not the address of a scheduler, which looks like tcp://127.0.0.1:8786"
        raise UserError(message)
    return url


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep dask's own account of lost connections and other versions off the terminal; ours has one line."""
    from distributed.versions import VersionMismatchWarning

    logger = logging.getLogger("distributed.client")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", VersionMismatchWarning)
            yield
    finally:
        logger.setLevel(level)


def _check_scheduler(url: str) -> None:
    """Ask what is there before a client tries, whose own errors are many and late."""
    try:
        kind = asyncio.run(_kind(url))
    except Exception as error:  # a timeout, or whatever comes of a server that speaks something else
        message = (
            f"no dask scheduler answers at {url} ({str(error) or f'nothing in {ANSWER_SECONDS:g} s'}); "
            "start one with `dask scheduler`, which prints its address, or leave --scheduler away"
        )
        raise UserError(message) from error
    if kind != "Scheduler":
        message = f"a {kind.lower()} is at {url}, no scheduler; `dask scheduler` prints its address when it starts"
        raise UserError(message)


async def _kind(url: str) -> str:
    from distributed import Security
    from distributed.core import rpc

    security = Security().get_connection_args("client")
    async with rpc(url, timeout=ANSWER_SECONDS, connection_args=security) as server:
        identity = await asyncio.wait_for(server.identity(), ANSWER_SECONDS)
    return str(identity["type"])


@contextmanager
def in_touch() -> Iterator[None]:
    """Say in one line that the scheduler got lost in the block."""
    try:
        yield
    except TimeoutError:
        raise
    except (CancelledError, OSError) as error:
        raise lost() from error


def lost() -> UserError:
    """The error for a scheduler that got lost."""
    return UserError(f"the connection to the scheduler was lost; {RUN_AGAIN}")


def check_cluster(client: "Client", expected: Environment) -> None:
    """Wait for a worker; refuse a cluster where something differs from here."""
    try:
        with in_touch():
            client.wait_for_workers(1, timeout=WORKER_SECONDS)
            found = _mismatches(client, expected)
            threads = client.nthreads().values()
    except TimeoutError as error:
        message = (
            f"the scheduler has had no worker for {WORKER_SECONDS:g} s; start some with "
            "`dask worker ADDRESS --nthreads 1 --nworkers N` in this project's environment"
        )
        raise UserError(message) from error
    if found:
        raise unfit(found)
    if max(threads, default=1) > 1:
        note = "a worker process does one task at a time; `dask worker --nthreads 1 --nworkers N` uses N cores"
        sys.stderr.write(f"note: {note}\n")


def _mismatches(client: "Client", expected: Environment) -> dict[str, list[str]]:
    """What does not fit at each worker, and at the scheduler, which unpickles the tasks too."""
    answers: dict[str, list[str] | Exception] = client.run(expected.mismatches, on_error="return")
    try:
        answers["scheduler"] = client.run_on_scheduler(replace(expected, mark=None).mismatches)
    except ImportError as error:
        answers["scheduler"] = error
    found = {who: [str(what)] if isinstance(what, Exception) else what for who, what in answers.items()}
    return {who: what for who, what in found.items() if what and not isinstance(answers[who], OSError)}  # it has died


def unfit(found: dict[str, list[str]]) -> UserError:
    """The error for a cluster of which some members have other libraries, other source or another file system."""
    which = "; ".join(f"{who}: {', '.join(what)}" for who, what in found.items())
    return UserError(
        f"the cluster does not fit ({which}); start scheduler and workers in this project's environment, "
        "and where the workers have the project's folder under the same path"
    )
