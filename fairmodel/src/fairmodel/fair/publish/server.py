"""Requests to the one server that may see the token."""

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Any, BinaryIO
from urllib import parse, request
from urllib.error import HTTPError

from ...errors import UserError
from ...progress import progress
from ...web import BROKEN, asked_pause, open_address, reason_of, user_agent

__all__ = ["ClientError", "Server", "UncertainError"]

AGENT = user_agent("publication of FAIR models")
SILENCE = 60.0  # seconds without a byte until a connection counts as broken
PAUSES = (1.0, 2.0, 4.0, 8.0)  # seconds before another attempt
LONGEST_WAIT = 120.0  # seconds that a server may ask for
BLOCK = 1 << 18
GO_ON = "run the same command again later, it goes on where it stopped"
SAFE = frozenset({"GET", "PUT", "DELETE", "HEAD"})  # may be repeated (RFC 9110, section 9.2.2)


class UncertainError(UserError):
    """The server failed, or was silent, on a request that must not simply be repeated: it may have done its work."""


class ClientError(UserError):
    """The server refuses a request, for a reason that another attempt does not change."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True)
class Server:
    """A server's address and the token for it, with what each part of its interface demands of the token."""

    base_url: str
    token: str = field(repr=False)
    token_variable: str
    scopes: Mapping[str, str] = field(default_factory=dict)  # part of a path -> scope of the token
    accept: str = "application/json"

    def __post_init__(self) -> None:
        parts = parse.urlsplit(self.base_url)
        local = parts.hostname in ("127.0.0.1", "localhost", "::1")
        if not parts.hostname or not (parts.scheme == "https" or (local and parts.scheme == "http")):
            message = f"{self.base_url!r} is no address of a server that starts with https://"
            raise UserError(message)
        if parts.username or parts.query:
            message = (
                f"the address of the server has more than a host and a path; put the token into {self.token_variable}"
            )
            raise UserError(message)

    def call(
        self,
        method: str,
        path: str,
        content: Any = None,
        *,
        kind: str = "application/json",
        also_again: frozenset[int] = frozenset(),
    ) -> Any:
        """Send `content` (JSON, bytes, or a Path whose file is streamed) to `path`; returns the JSON that comes back.

        What may be repeated is, after a pause, when the server is busy (429), fails (5xx), is silent, or answers with a
        status in `also_again`. Raises UncertainError or ClientError.
        """
        for pause in (*PAUSES, None):
            try:
                return self._send(method, path, content, kind)
            except HTTPError as error:
                with error:
                    again = error.code in also_again or error.code == HTTPStatus.TOO_MANY_REQUESTS
                    again |= error.code >= HTTPStatus.INTERNAL_SERVER_ERROR and method in SAFE
                    if not again or pause is None:
                        raise self._refusal(method, path, error) from None
                    time.sleep(max(pause, asked_pause(error, longest=LONGEST_WAIT)))
            except BROKEN as error:
                message = f"{method} {self.base_url}{path}: {reason_of(error)}; {GO_ON}"
                if method not in SAFE:
                    raise UncertainError(message) from error
                if pause is None:
                    raise UserError(message) from error
                time.sleep(pause)
        raise AssertionError

    def _send(self, method: str, path: str, content: Any, kind: str) -> Any:
        """One request. Redirects are not followed: they could lead the token elsewhere."""
        headers = {"User-Agent": AGENT, "Accept": self.accept}
        headers |= {"Authorization": f"Bearer {self.token}"} if self.token else {}
        with ExitStack() as stack:
            data: Any = None
            if isinstance(content, Path):
                size = content.stat().st_size
                bar = stack.enter_context(progress(None, total=size, title=f"upload {content.name}", unit="B"))
                data = _blocks(stack.enter_context(content.open("rb")), bar)
                headers |= {"Content-Length": str(size), "Content-Type": "application/octet-stream"}
            elif content is not None:
                data = content if isinstance(content, bytes) else json.dumps(content).encode()
                headers["Content-Type"] = kind
            query = request.Request(self.base_url.rstrip("/") + path, data, headers, method=method)
            body = stack.enter_context(open_address(query, timeout=SILENCE, redirects=False)).read()
        try:
            return json.loads(body) if body else {}
        except ValueError as error:
            message = f"{query.full_url} does not answer with JSON; is it the address of the right server?"
            raise UserError(message) from error

    def _refusal(self, method: str, path: str, error: HTTPError) -> UserError:
        """The error for a status, without the token, should the server have repeated it."""
        said = _reasons(error) or error.reason
        message = (
            f"{method} {self.base_url}{path}: {error.code} {said.replace(self.token, '…') if self.token else said}"
        )
        if error.code >= HTTPStatus.INTERNAL_SERVER_ERROR:
            return (UserError if method in SAFE else UncertainError)(f"{message}; {GO_ON}")
        if error.code == HTTPStatus.UNAUTHORIZED:
            message += (
                f"; the server does not know the token in {self.token_variable}: was it made there, is it expired?"
            )
        if error.code == HTTPStatus.FORBIDDEN:
            needed = next((scope for part, scope in self.scopes.items() if part in path), "the right")
            message += f"; the token in {self.token_variable} lacks the scope {needed}, or the record is not yours"
        if error.code // 100 == 3:
            message += (
                f"; the server sends on to {error.headers.get('Location')}, which is not followed: correct --base-url"
            )
        return ClientError(message, error.code)


def _blocks(stream: BinaryIO, bar: Any) -> Iterator[bytes]:
    while block := stream.read(BLOCK):
        yield block
        bar.update(len(block))


def _reasons(error: HTTPError) -> str:
    """What an InvenioRDM server says is wrong, field by field; otherwise the beginning of its answer."""
    text = error.read(20_000).decode(errors="replace")
    try:
        content = json.loads(text)
        fields = [f"{item['field']}: {' '.join(item['messages'])}" for item in content.get("errors", ())]
        said = str(content.get("message") or content.get("error") or "")
    except (ValueError, AttributeError, KeyError, TypeError):
        return " ".join(text.split())[:200]
    return " ".join([said, "; ".join(fields)]).strip()
