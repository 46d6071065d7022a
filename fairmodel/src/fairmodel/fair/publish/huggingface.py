"""The archive as a repository of the Hugging Face Hub, by its HTTP interface (https://huggingface.co/docs/hub/api).

All files reach the repository in one commit, or none does; what is there already is not sent again.
"""

import base64
import hashlib
import json
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from ...errors import UserError
from ...files import sha256
from .server import ClientError, Server

__all__ = ["HUB", "VARIABLE", "Hub"]

HUB = "https://huggingface.co"
VARIABLE = "HF_TOKEN"
SCOPES = {"": "write"}
LARGEST_PART = 5_000_000_000  # bytes of a file that the store takes in one piece
CARD = "model-card.md"
LFS = "application/vnd.git-lfs+json"


@dataclass(frozen=True)
class Hub:
    """One repository, `owner/name`."""

    repository: str
    token: str
    base_url: str = HUB

    def __post_init__(self) -> None:
        owner, _, name = self.repository.partition("/")
        if not owner or not name or "/" in name:
            message = f"--repository {self.repository!r} is not of the form owner/name"
            raise UserError(message)

    def push(self, folder: Path, summary: str, *, public: bool) -> list[str]:
        """Make the repository hold the files of `folder` and no others but its own settings; returns what changed.

        Without `public`, a repository that is made now is private; with it, any is made public.
        Raises UserError.
        """
        self._create()
        files = {path.name: path for path in sorted(folder.iterdir())}
        if CARD in files:
            files["README.md"] = files[CARD]  # where the hub looks for it
        there = self._listed()
        changed = {name: path for name, path in files.items() if not _same(path, there.get(name))}
        stale = sorted(there.keys() - files.keys() - {".gitattributes"})
        if changed or stale:
            self._commit(changed, stale, summary)
        found = self._listed()
        if wrong := [name for name, path in files.items() if not _same(path, found.get(name))]:
            message = f"{', '.join(wrong)} did not arrive in {self.repository} as sent; run the same command again"
            raise UserError(message)
        if public:
            self._server().call("PUT", f"/api/models/{self.repository}/settings", {"private": False})
        return [*changed, *stale]

    def _server(self, accept: str = "application/json") -> Server:
        return Server(self.base_url, self.token, VARIABLE, SCOPES, accept)

    def _create(self) -> None:
        owner, _, name = self.repository.partition("/")
        content = {"name": name, "organization": owner, "type": "model", "private": True}
        try:
            self._server().call("POST", "/api/repos/create", content)
        except ClientError as error:
            if error.status != HTTPStatus.CONFLICT:  # it is there already
                raise

    def _listed(self) -> dict[str, dict[str, Any]]:
        entries = self._server().call("GET", f"/api/models/{self.repository}/tree/main?recursive=true")
        return {entry["path"]: entry for entry in entries if entry["type"] == "file"}

    def _commit(self, changed: dict[str, Path], stale: list[str], summary: str) -> None:
        lines: list[dict[str, Any]] = [{"key": "header", "value": {"summary": summary, "description": ""}}]
        large = self._large(changed)
        self._store([changed[name] for name in large])
        for name, path in changed.items():
            if name in large:
                value = {"path": name, "algo": "sha256", "oid": sha256(path), "size": path.stat().st_size}
                lines.append({"key": "lfsFile", "value": value})
            else:
                text = base64.b64encode(path.read_bytes()).decode()
                lines.append({"key": "file", "value": {"path": name, "content": text, "encoding": "base64"}})
        lines += [{"key": "deletedFile", "value": {"path": name}} for name in stale]
        body = "".join(json.dumps(line) + "\n" for line in lines).encode()
        self._server().call("POST", f"/api/models/{self.repository}/commit/main", body, kind="application/x-ndjson")

    def _large(self, files: dict[str, Path]) -> set[str]:
        """Names of the files that the hub wants in its large file storage."""
        asked = [
            {"path": name, "size": path.stat().st_size, "sample": _beginning(path)} for name, path in files.items()
        ]
        answer = self._server().call("POST", f"/api/models/{self.repository}/preupload/main", {"files": asked})
        return {file["path"] for file in answer["files"] if file["uploadMode"] == "lfs"}

    def _store(self, paths: list[Path]) -> None:
        """Upload to the large file storage, which may be on another host: that one never sees the token."""
        by_checksum = {sha256(file): file for file in paths}
        for file in paths:
            if file.stat().st_size > LARGEST_PART:
                message = f"{file} has more than {LARGEST_PART} bytes, too many for one upload"
                raise UserError(message)
        objects = [{"oid": oid, "size": file.stat().st_size} for oid, file in by_checksum.items()]
        if not objects:
            return
        wanted = {"operation": "upload", "transfers": ["basic"], "hash_algo": "sha256", "objects": objects}
        batch = f"/{self.repository}.git/info/lfs/objects/batch"
        for item in self._server(LFS).call("POST", batch, wanted, kind=LFS)["objects"]:
            actions = item.get("actions", {})
            if upload := actions.get("upload"):
                host, path = _split(upload["href"])
                Server(host, "", VARIABLE).call("PUT", path, by_checksum[item["oid"]])
            if verify := actions.get("verify"):
                _, path = _split(verify["href"])
                self._server(LFS).call("POST", path, {"oid": item["oid"], "size": item["size"]}, kind=LFS)


def _split(address: str) -> tuple[str, str]:
    """Host and path of an address."""
    place = urlsplit(address)
    query = f"?{place.query}" if place.query else ""
    return f"{place.scheme}://{place.netloc}", quote(place.path, safe="/%") + query


def _beginning(path: Path) -> str:
    with path.open("rb") as stream:
        return base64.b64encode(stream.read(512)).decode()


def _same(path: Path, entry: dict[str, Any] | None) -> bool:
    """Whether an entry of the repository is this file: by SHA-256, or by the checksum of git for a small one."""
    if entry is None or entry["size"] != path.stat().st_size:
        return False
    if entry.get("lfs"):
        return bool(entry["lfs"]["oid"] == sha256(path))
    content = path.read_bytes()
    git = hashlib.sha1(f"blob {len(content)}\0".encode() + content, usedforsecurity=False)
    return bool(entry["oid"] == git.hexdigest())
