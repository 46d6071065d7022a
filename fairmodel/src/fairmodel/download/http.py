"""Read a file over HTTP, from any byte on."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any
from urllib import request
from urllib.error import HTTPError

from ..errors import UserError
from ..web import BROKEN, PASSING, asked_pause, open_address, reason_of, user_agent
from .transfer import Stream, TransientError

__all__ = ["read_http"]

AGENT = user_agent("data download")
BLOCK = 1 << 18
SILENCE = 30.0  # seconds without a byte until a connection counts as broken
LONGEST_WAIT = 60.0  # seconds that a server may ask for


@contextmanager
def read_http(address: str, offset: int) -> Iterator[Stream]:
    """The file at `address` from byte `offset` on, by an HTTP range request, or all of it if the server knows none.

    Proxies and certificates are those of the environment variables HTTPS_PROXY, NO_PROXY and SSL_CERT_FILE.
    Raises TransientError for what may pass, UserError for what will not.
    """
    headers = {"User-Agent": AGENT, "Accept-Encoding": "identity"} | ({"Range": f"bytes={offset}-"} if offset else {})
    try:
        response = open_address(request.Request(address, headers=headers), timeout=SILENCE)
    except HTTPError as error:
        with error:
            raise _refusal(address, error) from None
    except BROKEN as error:
        raise TransientError(reason_of(error)) from error
    with response:
        start, size = _extent(response, offset)
        yield Stream(start, size, _blocks(response))


def _refusal(address: str, error: HTTPError) -> Exception:
    reason = f"the server answers {error.code} ({error.reason})"
    if error.code in PASSING:
        return TransientError(reason, asked_pause(error, longest=LONGEST_WAIT))
    return UserError(f"{address}: {reason}; compare the entry in data/files.toml with the record")


def _extent(response: Any, offset: int) -> tuple[int, int | None]:
    """Where the body starts, and the size of the whole file (RFC 9110, sections 14.4 and 8.6)."""
    if response.status != HTTPStatus.PARTIAL_CONTENT:
        length = response.headers.get("Content-Length", "")
        return 0, int(length) if length.isdecimal() else None
    found = re.fullmatch(r"bytes (\d+)-\d+/(\d+|\*)", response.headers.get("Content-Range", ""))
    if not found or int(found[1]) != offset:
        message = f"asked for byte {offset} on, the server sends {response.headers.get('Content-Range')!r}"
        raise TransientError(message)
    return offset, None if found[2] == "*" else int(found[2])


def _blocks(response: Any) -> Iterator[bytes]:
    try:
        while block := response.read1(BLOCK):
            yield block
    except BROKEN as error:
        raise TransientError(str(error)) from error
