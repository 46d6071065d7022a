"""The records of an InvenioRDM server, as strict as its documentation: states, status codes, scopes, checksums.

What it proves and what it cannot is said in docs/publish.md.
"""

import copy
import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from urllib.parse import unquote, urlsplit

__all__ = ["ALL", "PREFIX", "Fault", "Invenio", "Refused"]

PREFIX = "10.5072/zenodo."
WRITE, ACTIONS = "deposit:write", "deposit:actions"
ALL = frozenset({WRITE, ACTIONS})
RESOURCE_TYPES = {"model", "software", "dataset", "publication-article"}
RELATIONS = {"isderivedfrom", "references", "issupplementto", "cites"}
RIGHTS = {"mit", "bsd-3-clause", "apache-2.0", "gpl-3.0-or-later", "cc0-1.0", "cc-by-4.0"}

Json = dict[str, Any]


class Refused(Exception):  # noqa: N818
    """An answer other than success."""

    def __init__(self, status: int, message: str = "", errors: dict[str, str] | None = None) -> None:
        self.status = status
        self.content: Json = {"status": status, "message": message}
        if errors:
            self.content["errors"] = [{"field": name, "messages": [text]} for name, text in errors.items()]


@dataclass
class Fault:
    """An answer of ill luck to the next `times` requests that match, `after` the server has done its work or before."""

    method: str
    path: str
    status: int
    times: int = 1
    after: bool = False
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Invenio:
    """The records of one user, and the files' bytes."""

    base: str = ""
    tokens: dict[str, frozenset[str]] = field(default_factory=dict)
    records: dict[str, Json] = field(default_factory=dict)
    content: dict[str, dict[str, bytes]] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    log: list[tuple[str, str]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)  # of the requests in the log
    hidden: int = 0  # searches that do not know the newest record yet
    landing: bool = True  # pages carry Signposting links
    number: int = 100

    def answer(self, method: str, path: str, headers: Any, body: bytes) -> tuple[int, Any]:
        """Status and content for a request."""
        parts = [unquote(part) for part in urlsplit(path).path.strip("/").split("/")]
        public = method == "GET" and parts[0] == "api" and parts[1:2] == ["records"] and "draft" not in parts
        if not public:
            self._authorise(headers, ACTIONS if parts[-1] == "publish" else WRITE)
        for route, action in ROUTES:
            if found := re.fullmatch(route, f"{method} {'/'.join(parts[1:])}"):
                return action(self, *found.groups(), _content(action, headers, body))
        raise Refused(405 if parts[:2] == ["api", "records"] else 404, "The requested URL was not found on the server.")

    def _authorise(self, headers: Any, scope: str) -> None:
        token = (headers.get("Authorization") or "").removeprefix("Bearer ")
        if token not in self.tokens:
            raise Refused(401, f"The server could not verify that you are authorized (token {token!r}).")
        if scope not in self.tokens[token]:
            raise Refused(403, "Permission denied.")

    def search(self, _: Any) -> tuple[int, Any]:
        found = sorted(self.records.values(), key=lambda record: int(record["id"]), reverse=True)
        if self.hidden:
            self.hidden, found = self.hidden - 1, found[1:]
        return 200, {"hits": {"hits": [self.view(record) for record in found], "total": len(found)}}

    def create(self, body: Json) -> tuple[int, Any]:
        return 201, self._new(body["metadata"], str(self._next()), 1)

    def _next(self) -> int:
        self.number += 1
        return self.number

    def _new(self, metadata: Json, parent: str, index: int) -> Json:
        number = str(self._next())
        record = {"id": number, "metadata": metadata, "pids": {}, "is_published": False, "files": {"enabled": True}}
        record |= {"parent": {"id": parent, "pids": {}}, "versions": {"index": index}, "entries": {}}
        self.records[number], self.content[number] = record, {}
        return self.view(record) | {"errors": _errors(metadata)}

    def view(self, record: Json) -> Json:
        return copy.deepcopy({name: value for name, value in record.items() if name != "entries"})

    def draft(self, number: str) -> Json:
        record = self.records.get(number)
        if record is None or record["is_published"]:
            raise Refused(404, "The persistent identifier does not exist.")
        return record

    def public(self, number: str) -> Json:
        record = self.records.get(number)
        if record is None or not record["is_published"]:
            raise Refused(404, "The persistent identifier does not exist.")
        return record

    def get_draft(self, number: str, _: Any) -> tuple[int, Any]:
        return 200, self.view(self.draft(number))

    def get_record(self, number: str, _: Any) -> tuple[int, Any]:
        return 200, self.view(self.public(number))

    def update(self, number: str, body: Json) -> tuple[int, Any]:
        record = self.draft(number)
        given = body.get("pids", {}).get("doi", {}).get("identifier")
        if given and given != record["pids"].get("doi", {}).get("identifier"):
            raise Refused(400, "A validation error occurred.", {"pids.doi": "The DOI was not reserved for this draft."})
        record["pids"] = record["pids"] if given else {}
        record["metadata"] = body["metadata"]
        return 200, self.view(record) | {"errors": _errors(record["metadata"])}

    def discard(self, number: str, _: Any) -> tuple[int, Any]:
        self.draft(number)
        del self.records[number]
        return 204, None

    def reserve(self, number: str, _: Any) -> tuple[int, Any]:
        record = self.draft(number)
        if record["pids"].get("doi"):
            raise Refused(400, "A validation error occurred.", {"pids.doi": "A PID already exists for type doi"})
        record["pids"]["doi"] = {"identifier": PREFIX + number, "provider": "datacite", "client": "datacite"}
        return 201, self.view(record)

    def list_draft(self, number: str, _: Any) -> tuple[int, Any]:
        return 200, {"enabled": True, "entries": list(self.draft(number)["entries"].values())}

    def list_files(self, number: str, _: Any) -> tuple[int, Any]:
        return 200, {"enabled": True, "entries": list(self.public(number)["entries"].values())}

    def start(self, number: str, body: list[Json]) -> tuple[int, Any]:
        entries = self.draft(number)["entries"]
        for item in body:
            if item["key"] in entries:
                raise Refused(400, f"File with key {item['key']} already exists.")
            entries[item["key"]] = {"key": item["key"], "status": "pending", "metadata": None}
        return 201, {"enabled": True, "entries": [entries[item["key"]] for item in body]}

    def _entry(self, number: str, name: str) -> Json:
        entries: dict[str, Json] = self.draft(number)["entries"]
        if name not in entries:
            raise Refused(404, f'Record "{number}" has no file "{name}".')
        return entries[name]

    def put_content(self, number: str, name: str, body: bytes) -> tuple[int, Any]:
        if self._entry(number, name)["status"] != "pending":
            raise Refused(400, "File is not pending.")
        self.content[number][name] = body
        return 200, self._entry(number, name)

    def commit(self, number: str, name: str, _: Any) -> tuple[int, Any]:
        entry, body = self._entry(number, name), self.content[number].get(name)
        if body is None or entry["status"] != "pending":
            raise Refused(400, "No content was uploaded, or the upload is complete.")
        digest = hashlib.md5(body, usedforsecurity=False).hexdigest()
        entry |= {"status": "completed", "checksum": f"md5:{digest}", "size": float(len(body))}
        return 200, entry

    def delete(self, number: str, name: str, _: Any) -> tuple[int, Any]:
        self._entry(number, name)
        del self.records[number]["entries"][name]
        self.content[number].pop(name, None)
        return 204, None

    def publish(self, number: str, _: Any) -> tuple[int, Any]:
        record = self.draft(number)
        problems = {item["field"]: item["messages"][0] for item in _errors(record["metadata"])}
        if not record["entries"] or any(entry["status"] != "completed" for entry in record["entries"].values()):
            problems["files.enabled"] = "Missing uploaded files. To disable files for this record please mark it so."
        if problems:
            raise Refused(400, "A validation error occurred.", problems)
        record["pids"].setdefault("doi", {"identifier": PREFIX + number, "provider": "datacite"})
        record["parent"]["pids"]["doi"] = {"identifier": PREFIX + record["parent"]["id"], "provider": "datacite"}
        record["is_published"] = True
        return 202, self.view(record)

    def version(self, number: str, _: Any) -> tuple[int, Any]:
        before = self.public(number)
        parent = before["parent"]["id"]
        for record in self.records.values():
            if record["parent"]["id"] == parent and not record["is_published"]:
                return 201, self.view(record)
        metadata = {name: v for name, v in before["metadata"].items() if name not in ("publication_date", "version")}
        made = self._new(copy.deepcopy(metadata), parent, before["versions"]["index"] + 1)
        self.records[made["id"]]["parent"] = copy.deepcopy(before["parent"])
        return 201, made


def _errors(metadata: Json) -> list[Json]:
    """What is wrong with the metadata of a record, field by field."""
    needed = ("title", "creators", "resource_type", "publication_date")
    found = {f"metadata.{name}": "Missing data for required field." for name in needed if not metadata.get(name)}
    vocabularies = {"resource_type": ([metadata.get("resource_type", {})], RESOURCE_TYPES)}
    vocabularies["rights"] = (metadata.get("rights", []), RIGHTS)
    relations = [item["relation_type"] for item in metadata.get("related_identifiers", [])]
    vocabularies["related_identifiers"] = (relations, RELATIONS)
    for name, (items, known) in vocabularies.items():
        if unknown := [item["id"] for item in items if item and item["id"] not in known]:
            found[f"metadata.{name}"] = f"Invalid value {unknown[0]}."
    for number, creator in enumerate(metadata.get("creators", [])):
        who = creator["person_or_org"]
        if not who.get({"personal": "family_name", "organizational": "name"}[who["type"]]):
            found[f"metadata.creators.{number}.person_or_org"] = "Family name or name must be filled."
    try:
        date.fromisoformat(metadata.get("publication_date", "2000-01-01"))
    except ValueError:
        found["metadata.publication_date"] = "Please provide a valid date or interval."
    return [{"field": name, "messages": [text]} for name, text in found.items()]


def _content(action: Callable[..., Any], headers: Any, body: bytes) -> Any:
    """The body of a request as its action takes it; another media type is refused."""
    kind = headers.get("Content-Type")
    if not body:
        return {} if action is not Invenio.put_content else b""
    if kind != ("application/octet-stream" if action is Invenio.put_content else "application/json"):
        raise Refused(415, f"Invalid 'Content-Type' header: {kind}.")
    return body if action is Invenio.put_content else json.loads(body)


ID, NAME = r"(\d+)", r"([^/]+)"
ROUTES: list[tuple[str, Callable[..., tuple[int, Any]]]] = [
    ("GET user/records", Invenio.search),
    ("POST records", Invenio.create),
    (f"GET records/{ID}", Invenio.get_record),
    (f"GET records/{ID}/files", Invenio.list_files),
    (f"POST records/{ID}/versions", Invenio.version),
    (f"GET records/{ID}/draft", Invenio.get_draft),
    (f"PUT records/{ID}/draft", Invenio.update),
    (f"DELETE records/{ID}/draft", Invenio.discard),
    (f"POST records/{ID}/draft/pids/doi", Invenio.reserve),
    (f"GET records/{ID}/draft/files", Invenio.list_draft),
    (f"POST records/{ID}/draft/files", Invenio.start),
    (f"PUT records/{ID}/draft/files/{NAME}/content", Invenio.put_content),
    (f"POST records/{ID}/draft/files/{NAME}/commit", Invenio.commit),
    (f"DELETE records/{ID}/draft/files/{NAME}", Invenio.delete),
    (f"POST records/{ID}/draft/actions/publish", Invenio.publish),
]
