"""One record for one version of the model, however often the way there is broken off.

Every step looks at the server first and does only what is still to do. A request of which nobody knows whether it was
carried out is therefore answered by starting again from the first step.
"""

import hashlib
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from ...errors import UserError
from ...files import read_json, write_json
from ...metadata.source import Metadata
from .records import SANDBOX, ZENODO, Records, record_content, record_key
from .server import PAUSES, UncertainError

__all__ = ["Deposit", "State"]

PUBLISHERS = {ZENODO: "Zenodo", SANDBOX: "Zenodo"}
LOOKS = (2.0, 4.0, 8.0)  # seconds between looks for a draft that may have been made: lists are a moment behind


@dataclass
class State:
    """What is known of a publication, kept in a file between two attempts; it holds no secret."""

    key: str
    asked: bool = False  # for a draft, so that there may be one
    record: str = ""
    doi: str = ""
    concept_doi: str = ""
    date: str = ""
    published: bool = False

    @classmethod
    def load(cls, path: Path, key: str) -> "State":
        """The state in a file, or that of a beginning where there is none for this key."""
        content = read_json(path) if path.exists() else {}
        try:
            state = cls(**content)
        except TypeError as error:
            message = (
                f"{path} is not the record of a publication ({error}); delete it: what is on the server is found again"
            )
            raise UserError(message) from error
        return state if state.key == key else cls(key)


@dataclass
class Deposit:
    """The publication of one version; `build(doi, date)` makes the folder of its files."""

    records: Records
    metadata: Metadata
    profile: str
    path: Path
    build: Callable[[str, str], Path]
    previous: str = ""

    def __post_init__(self) -> None:
        self.key = record_key(self.metadata, self.profile)
        self.state = State.load(self.path, self.key) if self.path.exists() else State(self.key)

    def run(self, *, publish: bool) -> State:
        """Bring the record to the wanted state: a complete draft, or the published record. Raises UserError."""
        for pause in (*PAUSES, None):
            try:
                return self._attempt(publish)
            except UncertainError as error:
                if pause is None:
                    raise
                sys.stderr.write(f"note: {error}; looking what is there\n")
                time.sleep(pause)
        raise AssertionError

    def _attempt(self, publish: bool) -> State:
        record = self._find() or self._create()
        if record.get("is_published"):
            self._keep_published(record)
            folder = self.build(self.state.doi, self.state.date)
        else:
            folder = self._complete(record)
            if not publish:
                return self.state
            self._keep_published(self.records.publish(self.state.record))
        self._verify(folder, draft=False)
        return self.state

    def _complete(self, record: dict[str, Any]) -> Path:
        """Give a draft its DOI, its metadata and its files; returns the folder of the files."""
        doi = self._reserved(record)
        folder = self.build(doi, self.state.date)
        self.records.update(self.state.record, self._content(record["pids"]))
        self._upload(folder)
        return folder

    def _find(self) -> dict[str, Any] | None:
        """The draft or record that an earlier attempt has made."""
        if self.state.record:
            found = self.records.draft(self.state.record) or self.records.published(self.state.record)
            if found:
                return found
            sys.stderr.write(f"note: the draft {self.state.record} is gone from the server; a new one is made\n")
            self.state = State(self.key)
        for pause in (*(LOOKS if self.state.asked else ()), None):
            if found := self.records.find(self.key):
                self._keep(record=found["id"])
                return self.records.draft(found["id"]) or self.records.published(found["id"])
            if pause is not None:
                time.sleep(pause)
        return None

    def _create(self) -> dict[str, Any]:
        if self.previous:
            record = self.records.create_version(self.previous)
        else:
            self._keep(asked=True)
            record = self.records.create(self._content({}))
        self._keep(record=record["id"])
        return record

    def _content(self, pids: dict[str, Any]) -> dict[str, Any]:
        base = self.records.server.base_url
        publisher = PUBLISHERS.get(base) or str(urlsplit(base).hostname)
        return record_content(
            self.metadata, key=self.key, publisher=publisher, date=self.state.date or _today(), pids=pids
        )

    def _reserved(self, record: dict[str, Any]) -> str:
        """The DOI of a draft, reserved now if it has none; the pids in `record` are then complete."""
        if not record.get("pids", {}).get("doi"):
            record["pids"] = self.records.reserve_doi(self.state.record)["pids"]
        doi = str(record["pids"]["doi"]["identifier"])
        date = self.state.date or record["metadata"].get("publication_date") or _today()
        self._keep(doi=doi, date=date)
        return doi

    def _upload(self, folder: Path) -> None:
        """Remove from the draft what does not belong to it, upload what it lacks, and compare in the end."""
        there = self.records.files(self.state.record, draft=True)
        wanted = {path.name: _md5(path) for path in sorted(folder.iterdir())}
        right = {name for name, entry in there.items() if _checksum(entry) == wanted.get(name, "none")}
        for name in there.keys() - right:
            self.records.delete_file(self.state.record, name)
        for name in sorted(wanted.keys() - right):
            if (found := self.records.upload(self.state.record, folder / name)) != wanted[name]:
                self.records.delete_file(self.state.record, name)
                message = (
                    f"{name} arrived with the checksum {found}, {wanted[name]} is right; run the same command again"
                )
                raise UserError(message)
        self._verify(folder, draft=True)

    def _verify(self, folder: Path, *, draft: bool) -> None:
        """The files on the server are those of the folder, all of them and no other."""
        there = {name: _checksum(entry) for name, entry in self.records.files(self.state.record, draft=draft).items()}
        wanted = {path.name: _md5(path) for path in folder.iterdir()}
        if different := sorted(name for name in there.keys() | wanted.keys() if there.get(name) != wanted.get(name)):
            place = f"the {'draft' if draft else 'published record'} {self.state.record}"
            advice = (
                "run the same command again"
                if draft
                else "the project has changed since: raise the version in fair.toml"
            )
            message = f"{', '.join(different)}: {place} and {folder} are not the same; {advice}"
            raise UserError(message)

    def _keep_published(self, record: dict[str, Any]) -> None:
        concept = record.get("parent", {}).get("pids", {}).get("doi", {}).get("identifier", "")
        doi, date = record["pids"]["doi"]["identifier"], record["metadata"]["publication_date"]
        self._keep(published=True, doi=doi, concept_doi=concept, date=date)

    def _keep(self, **changes: Any) -> None:
        """Change the state, on disk as well."""
        self.state = State(**(asdict(self.state) | changes))
        write_json(self.path, asdict(self.state))


def _today() -> str:
    return datetime.now(UTC).date().isoformat()


def _md5(path: Path) -> str:
    with path.open("rb") as stream:
        return "md5:" + hashlib.file_digest(stream, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


def _checksum(entry: dict[str, Any]) -> str | None:
    """The checksum of a file that has arrived completely."""
    return entry.get("checksum") if entry.get("status", "completed") == "completed" else None
