"""Read a file over XRootD, the protocol of the storage at CERN, from any byte on."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ..errors import UserError
from .transfer import Stream, TransientError

__all__ = ["read_xrootd"]

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
