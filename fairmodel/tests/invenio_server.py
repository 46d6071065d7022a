"""An InvenioRDM server in a thread: the interface, landing pages with Signposting links, downloads, and faults."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import unquote, urlsplit

from .invenio import ALL, PREFIX, Fault, Invenio, Refused
from .server import listening

__all__ = ["TOKEN", "serve_invenio"]

TOKEN = "t0ken"


class Handler(BaseHTTPRequestHandler):
    """One connection: pages and downloads for everybody, the interface for tokens."""

    protocol_version = "HTTP/1.1"
    site: Invenio

    def do_GET(self) -> None:
        self.respond()

    def do_POST(self) -> None:
        self.respond()

    def do_PUT(self) -> None:
        self.respond()

    def do_DELETE(self) -> None:
        self.respond()

    def respond(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        path = urlsplit(self.path).path
        self.site.log.append((self.command, path))
        self.site.headers.append(dict(self.headers))
        fault = next((f for f in self.site.faults if f.method == self.command and re.fullmatch(f.path, path)), None)
        if fault and not fault.after:
            return self._fail(fault)
        try:
            if "python" in (self.headers.get("User-Agent") or "python").lower():
                raise Refused(403, "Unusual traffic from your network.")
            if found := self._page(path):
                return self.send(*found)
            status, content = self.site.answer(self.command, self.path, self.headers, body)
        except Refused as refused:
            status, content = refused.status, refused.content
        if fault:
            return self._fail(fault)
        return self.send(status, b"" if content is None else json.dumps(content).encode())

    def _fail(self, fault: Fault) -> None:
        fault.times -= 1
        if not fault.times:
            self.site.faults.remove(fault)
        self.send(fault.status, b"<html>the gateway is ill</html>", fault.headers)

    def _page(self, path: str) -> tuple[int, bytes, dict[str, str]] | None:
        """Resolver, landing page, linkset and downloads."""
        base = self.site.base
        if found := re.fullmatch(rf"/doi/{re.escape(PREFIX)}(\d+)", path):
            return 302, b"", {"Location": f"{base}/records/{found[1]}"}
        if found := re.fullmatch(r"/records/(\d+)", path):
            record = self.site.public(found[1])
            links = f'<https://doi.org/{record["pids"]["doi"]["identifier"]}> ; rel="cite-as" , '
            links += f'<{base}/api/records/{found[1]}> ; rel="linkset" ; type="application/linkset+json"'
            return 200, b"<html>", {"Link": links} if self.site.landing else {}
        if "linkset" in self.headers.get("Accept", "") and (found := re.fullmatch(r"/api/records/(\d+)", path)):
            names = self.site.public(found[1])["entries"]
            items = [{"href": f"{base}/api/records/{found[1]}/files/{name}/content"} for name in names]
            return 200, json.dumps({"linkset": [{"anchor": f"{base}/records/{found[1]}", "item": items}]}).encode(), {}
        if self.command == "GET" and (found := re.fullmatch(r"/api/records/(\d+)/files/([^/]+)/content", path)):
            self.site.public(found[1])
            return self._part(self.site.content[found[1]][unquote(found[2])])
        return None

    def _part(self, content: bytes) -> tuple[int, bytes, dict[str, str]]:
        asked = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        start = int(asked[1]) if asked else 0
        extent = {"Content-Range": f"bytes {start}-{len(content) - 1}/{len(content)}"} if asked else {}
        return (206 if asked else 200), content[start:], extent

    def send(self, status: int, content: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in ({"Content-Length": str(len(content))} | (headers or {})).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        """Tests read `log` instead."""


@contextmanager
def serve_invenio() -> Iterator[Invenio]:
    """A server on the loopback whose user has one token with every scope."""
    site = Invenio(tokens={TOKEN: ALL})
    with listening(type("BoundHandler", (Handler,), {"site": site})) as site.base:
        yield site
