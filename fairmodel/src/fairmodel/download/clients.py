"""The command lines of the archives' own clients, run as separate programs: their licences are not the project's."""

import re
import shutil
import subprocess
import sysconfig
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from ..errors import UserError
from .transfer import Stream, TransientError

__all__ = ["read_xrootd", "run_client"]

PATIENCE = 600  # seconds; one of the clients waits for ever by itself
COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def run_client(name: str, arguments: Sequence[str], question: str) -> str:
    """Standard output of a client; raises UserError with the client's own words if it cannot answer the `question`."""
    program = shutil.which(name, path=sysconfig.get_path("scripts")) or shutil.which(name)
    if program is None:
        message = (
            f"{name} is not installed, {question} needs it; run `make setup`, or pip install 'fairmodel[download]'"
        )
        raise UserError(message)
    try:
        result = subprocess.run(
            [program, *arguments], capture_output=True, text=True, errors="replace", check=False, timeout=PATIENCE
        )
    except subprocess.TimeoutExpired as error:
        message = f"{name} has no answer to {question} after {PATIENCE} s; check the network, or try again later"
        raise UserError(message) from error
    if result.returncode != 0:
        said = " ".join(COLOUR.sub("", result.stdout + result.stderr).split())[-400:]
        message = f"{name} cannot answer {question}: {said or 'it says nothing'}; check the DOI and the network"
        raise UserError(message)
    return COLOUR.sub("", result.stdout)


BLOCK = 1 << 22
SILENCE = 30  # seconds without an answer until a server counts as away


@contextmanager
def read_xrootd(address: str, offset: int) -> Iterator[Stream]:
    """The file at a root:// address from byte `offset` on; needs the Python package xrootd, which is optional."""
    try:
        from XRootD import client
    except ImportError as error:
        message = (
            'protocol = "xrootd" needs the Python package xrootd, which is not installed; '
            'run `pip install xrootd`, or set protocol = "http"'
        )
        raise UserError(message) from error
    with client.File() as file:
        _checked(file.open(address, timeout=SILENCE))
        size = _checked(file.stat(timeout=SILENCE)).size
        yield Stream(offset, size, _blocks(file, offset, size))


def _blocks(file: Any, offset: int, size: int) -> Iterator[bytes]:
    while offset < size and (block := _checked(file.read(offset, BLOCK, timeout=SILENCE))):
        offset += len(block)
        yield block


def _checked(answer: tuple[Any, Any]) -> Any:
    """What the server answers to a request."""
    status, content = answer
    if not status.ok:
        raise TransientError(" ".join(str(status.message).split()))
    return content
