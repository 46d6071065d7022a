"""Read a file over HTTP, from any byte on."""

import http.client
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http import HTTPStatus
from typing import Any
from urllib import request
from urllib.error import HTTPError

from ..errors import UserError
from ..metadata.engine import ENGINE
from .transfer import Stream, TransientError

__all__ = ["read_http"]

AGENT = f"{ENGINE} (data download)"
BLOCK = 1 << 18
SILENCE = 30.0  # seconds without a byte until a connection counts as broken
LONGEST_WAIT = 60.0  # seconds that a server may ask for
PASSING = {
    HTTPStatus.REQUEST_TIMEOUT,
    HTTPStatus.TOO_MANY_REQUESTS,
    HTTPStatus.INTERNAL_SERVER_ERROR,
    HTTPStatus.BAD_GATEWAY,
    HTTPStatus.SERVICE_UNAVAILABLE,
    HTTPStatus.GATEWAY_TIMEOUT,
}


class SafeRedirects(request.HTTPRedirectHandler):
    """Follows to any host, since the content is verified, but never from an encrypted connection to an open one."""

    def redirect_request(
        self, req: request.Request, fp: Any, code: int, msg: str, headers: Any, newurl: str
    ) -> request.Request | None:
        """The request that follows, or an error."""
        if req.type == "https" and not newurl.startswith("https:"):
            message = f"{req.full_url} sends on to {newurl!r}, which is not encrypted; it is not followed"
            raise UserError(message)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


@contextmanager
def read_http(address: str, offset: int) -> Iterator[Stream]:
    """The file at `address` from byte `offset` on, by an HTTP range request, or all of it if the server knows none.

    Proxies and certificates are those of the environment variables HTTPS_PROXY, NO_PROXY and SSL_CERT_FILE.
    Raises TransientError for what may pass, UserError for what will not.
    """
    headers = {"User-Agent": AGENT, "Accept-Encoding": "identity"} | ({"Range": f"bytes={offset}-"} if offset else {})
    try:
        response = _opener().open(request.Request(address, headers=headers), timeout=SILENCE)
    except HTTPError as error:
        with error:
            raise _refusal(address, error) from None
    except (OSError, http.client.HTTPException) as error:
        raise TransientError(str(getattr(error, "reason", None) or error)) from error
    with response:
        start, size = _extent(response, offset)
        yield Stream(start, size, _blocks(response))


def _opener() -> request.OpenerDirector:
    """HTTP and nothing else: the usual opener would also read local files, if a server sent us there."""
    opener = request.OpenerDirector()
    for handler in (
        request.ProxyHandler(),
        request.HTTPHandler(),
        request.HTTPSHandler(),
        request.HTTPDefaultErrorHandler(),
        request.HTTPErrorProcessor(),
        request.UnknownHandler(),
        SafeRedirects(),
    ):
        opener.add_handler(handler)
    return opener


def _refusal(address: str, error: HTTPError) -> Exception:
    reason = f"the server answers {error.code} ({error.reason})"
    if error.code in PASSING:
        wait = 0.0
        with suppress(ValueError):
            wait = float(error.headers.get("Retry-After", ""))
        return TransientError(reason, min(max(wait, 0.0), LONGEST_WAIT))
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
    except (OSError, http.client.HTTPException) as error:
        raise TransientError(str(error)) from error
