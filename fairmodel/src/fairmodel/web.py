"""Requests over HTTP: one way to open an address, with redirects that are safe and the pauses that servers ask for."""

import email.utils
import http.client
import time
from contextlib import suppress
from http import HTTPStatus
from typing import Any
from urllib import request
from urllib.error import HTTPError

from .errors import UserError
from .metadata.engine import ENGINE

__all__ = ["BROKEN", "PASSING", "asked_pause", "open_address", "reason_of", "user_agent"]

BROKEN = (OSError, http.client.HTTPException)  # no answer, or half of one
PASSING = {
    HTTPStatus.REQUEST_TIMEOUT,
    HTTPStatus.TOO_MANY_REQUESTS,
    HTTPStatus.INTERNAL_SERVER_ERROR,
    HTTPStatus.BAD_GATEWAY,
    HTTPStatus.SERVICE_UNAVAILABLE,
    HTTPStatus.GATEWAY_TIMEOUT,
}


class SafeRedirects(request.HTTPRedirectHandler):
    """Follow to any host, since what arrives is verified, but never from an encrypted connection to an open one."""

    def redirect_request(
        self, req: request.Request, fp: Any, code: int, msg: str, headers: Any, newurl: str
    ) -> request.Request | None:
        """Return the request that follows, or raise UserError."""
        if req.type == "https" and not newurl.startswith("https:"):
            message = f"{req.full_url} sends on to {newurl!r}, which is not encrypted; it is not followed"
            raise UserError(message)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


class NoRedirects(request.HTTPRedirectHandler):
    """Leave a redirect as the error that it is: it could lead a token elsewhere."""

    def redirect_request(self, *_: Any) -> None:
        """Return nothing: not followed."""


def user_agent(purpose: str) -> str:
    """Name of this program for servers, with what it asks for."""
    return f"{ENGINE} ({purpose})"


def open_address(query: request.Request, *, timeout: float, redirects: bool = True) -> Any:
    """Send a request over HTTP or HTTPS and return the response, an open file with status and headers.

    Nothing else is opened: the usual opener would also read local files, if a server sent us there. Proxies and
    certificates are those of HTTPS_PROXY, NO_PROXY and SSL_CERT_FILE. Raises HTTPError for a status that is an error,
    one of BROKEN where there is no answer, and UserError for a redirect that is not safe.
    """
    opener = request.OpenerDirector()
    for handler in (
        request.ProxyHandler(),
        request.HTTPHandler(),
        request.HTTPSHandler(),
        request.HTTPDefaultErrorHandler(),
        request.HTTPErrorProcessor(),
        request.UnknownHandler(),
        SafeRedirects() if redirects else NoRedirects(),
    ):
        opener.add_handler(handler)
    return opener.open(query, timeout=timeout)


def reason_of(error: Exception) -> str:
    """Text of a failed request, without the words that urllib puts around it."""
    return str(getattr(error, "reason", None) or error)


def asked_pause(error: HTTPError, *, longest: float) -> float:
    """Seconds from 0 to `longest` that the server asks to wait, as a number or a date (RFC 9110, section 10.2.3)."""
    asked = error.headers.get("Retry-After", "")
    with suppress(ValueError, TypeError):
        when = float(asked) if asked.isdecimal() else email.utils.parsedate_to_datetime(asked).timestamp() - time.time()
        return min(max(when, 0.0), longest)
    return 0.0
