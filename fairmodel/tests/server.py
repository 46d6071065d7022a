"""Archives on this machine: a web server whose answers a test sets, and a proxy that plays hosts of the network."""

import re
import ssl
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from dataclasses import field as entry
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

__all__ = ["Answer", "Server", "answer", "broken_after", "listening", "redirect", "serve", "whole", "without_length"]

Answer = Callable[["Handler", bytes], None]


@dataclass
class Server:
    """Serves `files` by address; the next answers for an address, if any are set, come from `answers`."""

    address: str = ""
    files: dict[str, bytes] = entry(default_factory=dict)
    answers: dict[str, list[Answer]] = entry(default_factory=lambda: defaultdict(list))
    requests: list[tuple[str, str | None]] = entry(default_factory=list)

    def add(self, path: str, content: bytes, *answers: Answer) -> str:
        """Put a file there; returns its address."""
        address = path if "://" in path else self.address + path
        self.files[address] = content
        self.answers[address] += answers
        return address

    def asked(self, address: str) -> list[str | None]:
        """The Range of each request for an address."""
        return [wanted for where, wanted in self.requests if where == address]


@contextmanager
def serve(tls: ssl.SSLContext | None = None) -> Iterator[Server]:
    """A server on the loopback; with `tls` it is also a proxy that answers for every host itself."""
    server = Server()
    with listening(type("BoundHandler", (Handler,), {"site": server, "tls": tls})) as server.address:
        yield server


@contextmanager
def listening(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    """The address of a port of the loopback at which a thread answers with this handler."""
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as listener:
        thread = threading.Thread(target=listener.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.server_port}"
        finally:
            listener.shutdown()
            thread.join()


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    site: Server
    tls: ssl.SSLContext | None
    scheme = "http"

    def do_CONNECT(self) -> None:
        assert self.tls is not None
        self.send_response(200)
        self.end_headers()
        self.connection = self.tls.wrap_socket(self.connection, server_side=True)
        self.rfile = self.connection.makefile("rb", self.rbufsize)
        self.wfile = self.connection.makefile("wb")
        self.scheme = "https"
        self.close_connection = False

    def do_GET(self) -> None:
        address = f"{self.scheme}://{self.headers['Host']}{self.path}"
        self.site.requests.append((address, self.headers.get("Range")))
        content = self.site.files.get(address)
        answers = self.site.answers[address]
        if content is None:
            answer(404)(self, b"")
        else:
            (answers.pop(0) if answers else ranged)(self, content)

    def finish(self) -> None:
        super().finish()
        self.connection.close()

    def log_message(self, *_: Any) -> None:
        """Tests read `requests` instead."""


def ranged(handler: Handler, content: bytes) -> None:
    """The part that is asked for."""
    handler.wfile.write(part(handler, content))


def part(handler: Handler, content: bytes) -> bytes:
    """Send the headers for the part that is asked for (RFC 9110, section 14); returns that part."""
    found = re.fullmatch(r"bytes=(\d+)-", handler.headers.get("Range", ""))
    start = int(found[1]) if found else 0
    status = 200 if not found else 206 if start < len(content) else 416
    body = content[start:]
    handler.send_response(status)
    handler.send_header("Content-Length", str(len(body)))
    if status == 206:
        handler.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
    handler.end_headers()
    return body


def whole(handler: Handler, content: bytes) -> None:
    """All of it, whatever was asked for."""
    answer(200)(handler, content)


def answer(status: int, headers: dict[str, str] | None = None) -> Answer:
    """A status with headers of its own."""

    def send(handler: Handler, content: bytes) -> None:
        handler.send_response(status)
        for name, value in ({"Content-Length": str(len(content))} | (headers or {})).items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(content)

    return send


def redirect(address: str) -> Answer:
    """Another address for the same file."""
    return lambda handler, _: answer(302, {"Location": address})(handler, b"")


def broken_after(number: int, then: Callable[[], object] = lambda: None) -> Answer:
    """The right headers and the first bytes; then something happens, and the connection ends."""

    def send(handler: Handler, content: bytes) -> None:
        handler.wfile.write(part(handler, content)[:number])
        handler.wfile.flush()
        then()
        handler.close_connection = True

    return send


def without_length(handler: Handler, content: bytes) -> None:
    """A body that ends when the connection does."""
    handler.send_response(200)
    handler.end_headers()
    handler.wfile.write(content)
    handler.close_connection = True
