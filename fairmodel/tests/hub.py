"""A stand-in for the Hugging Face Hub: repositories with commits, and a store for large files on a host of its own."""

import base64
import hashlib
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any

from .server import listening

__all__ = ["TOKEN", "HubSite", "serve_hub"]

TOKEN = "hf_t0ken"
LARGE = (".onnx", ".safetensors")


@dataclass
class HubSite:
    """One user's repositories: their files, whether others see them, and what the store holds."""

    base: str = ""
    store: str = ""
    repositories: dict[str, dict[str, bytes]] = field(default_factory=dict)
    private: dict[str, bool] = field(default_factory=dict)
    stored: dict[str, bytes] = field(default_factory=dict)
    verified: set[str] = field(default_factory=set)
    commits: list[str] = field(default_factory=list)
    authorised: list[tuple[str, bool]] = field(default_factory=list)  # path, and whether a token came with it

    def answer(self, path: str, body: bytes) -> tuple[int, Any]:
        """Status and JSON for a request of the hub."""
        if path == "/api/repos/create":
            content = json.loads(body)
            name = f"{content['organization']}/{content['name']}"
            if name in self.repositories:
                return 409, {"error": "You already created this model repo"}
            self.repositories[name], self.private[name] = {".gitattributes": b"*"}, content["private"]
            return 200, {"url": f"{self.base}/{name}"}
        found = re.fullmatch(
            r"/(?:api/models/)?([\w-]+/[\w.-]+?)(?:\.git)?/(tree|preupload|commit|settings|info)\b.*", path
        )
        if not found or found[1] not in self.repositories:
            return 404, {"error": "Repository not found"}
        return 200, getattr(self, f"_{found[2]}")(found[1], body)

    def _tree(self, name: str, _: bytes) -> list[dict[str, Any]]:
        entries = []
        for path, content in self.repositories[name].items():
            blob = f"blob {len(content)}\0".encode() + content
            oid = hashlib.sha1(blob, usedforsecurity=False).hexdigest()
            entry: dict[str, Any] = {"type": "file", "path": path, "size": len(content), "oid": oid}
            if path.endswith(LARGE):
                entry |= {"oid": "of the pointer", "lfs": {"oid": hashlib.sha256(content).hexdigest()}}
            entries.append(entry)
        return entries

    def _preupload(self, _: str, body: bytes) -> dict[str, Any]:
        files = json.loads(body)["files"]
        modes = {file["path"]: "lfs" if file["path"].endswith(LARGE) else "regular" for file in files}
        return {"files": [{"path": path, "uploadMode": mode} for path, mode in modes.items()]}

    def _info(self, name: str, body: bytes) -> dict[str, Any]:
        content = json.loads(body)
        if "objects" not in content:
            self.verified |= {content["oid"]} if len(self.stored[content["oid"]]) == content["size"] else set()
            return {}
        objects = content["objects"]
        for item in objects:
            if item["oid"] not in self.stored:
                item["actions"] = {
                    "upload": {"href": f"{self.store}/{item['oid']}?signature=a%2Bb"},
                    "verify": {"href": f"{self.base}/{name}.git/info/lfs/verify"},
                }
        return {"transfer": "basic", "objects": objects}

    def _commit(self, name: str, body: bytes) -> dict[str, Any]:
        files = dict(self.repositories[name])
        for line in map(json.loads, body.decode().splitlines()):
            value = line["value"]
            if line["key"] == "header":
                self.commits.append(value["summary"])
            elif line["key"] == "file":
                files[value["path"]] = base64.b64decode(value["content"])
            elif line["key"] == "lfsFile":
                assert value["oid"] in self.verified
                files[value["path"]] = self.stored[value["oid"]]
            else:
                del files[value["path"]]
        self.repositories[name] = files
        return {"commitOid": str(len(self.commits))}

    def _settings(self, name: str, body: bytes) -> dict[str, Any]:
        self.private[name] = json.loads(body)["private"]
        return {}


class Handler(BaseHTTPRequestHandler):
    """One connection, of the hub or of the store."""

    protocol_version = "HTTP/1.1"
    site: HubSite

    def do_GET(self) -> None:
        self.respond()

    def do_POST(self) -> None:
        self.respond()

    def do_PUT(self) -> None:
        self.respond()

    def respond(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.site.authorised.append((self.path, "Authorization" in self.headers))
        if f"http://{self.headers['Host']}" == self.site.store:
            oid = self.path.strip("/").partition("?")[0]
            right = hashlib.sha256(body).hexdigest() == oid and self.path.endswith("?signature=a%2Bb")
            self.site.stored |= {oid: body} if right else {}
            return self.send(200 if right else 400, b"")
        if self.headers.get("Authorization") != f"Bearer {TOKEN}":
            return self.send(401, b'{"error": "Invalid username or password."}')
        status, content = self.site.answer(self.path, body)
        return self.send(status, json.dumps(content).encode())

    def send(self, status: int, content: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        """Tests read `authorised` instead."""


@contextmanager
def serve_hub() -> Iterator[HubSite]:
    """Hub and store on two ports of the loopback."""
    site = HubSite()
    handler = type("BoundHandler", (Handler,), {"site": site})
    with listening(handler) as site.base, listening(handler) as site.store:
        yield site
