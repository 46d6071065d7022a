"""What publishing to a server starts from: a folder of small files, metadata, the state of an earlier attempt."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from fairmodel.fair.publish.deposit import Deposit, State
from fairmodel.fair.publish.records import connect
from fairmodel.metadata.source import Identity, Metadata, Person

from .invenio import Invenio

__all__ = ["FILES", "Target", "assert_one_record"]

FILES = {"weights.safetensors": b"weights", "a b+ü.json": b"{}"}


@dataclass
class Target:
    """A server to publish to, and a folder to do it from."""

    base: str
    token: str
    folder: Path
    title: str

    @property
    def archive(self) -> Path:
        """The files that are published."""
        return self.folder / "archive"

    def deposit(self, version: str = "1.0", files: dict[str, bytes] = FILES, **changes: Any) -> Deposit:
        """What a new process would start with."""

        def build(doi: str, day: str) -> Path:
            self.archive.mkdir(exist_ok=True)
            for path in self.archive.iterdir():
                path.unlink()
            for name, content in (files | {"CITATION.cff": f"{doi} {day} {version}".encode()}).items():
                (self.archive / name).write_bytes(content)
            return self.archive

        identity = Identity(title=self.title, version=version, description="a < b", license="MIT")
        metadata = replace(Metadata(identity, (Person(name="A Group"),)), **changes)
        return Deposit(connect(self.base, self.token), metadata, "tiny", self.folder / "state.json", build)


def assert_one_record(state: State, local: Target, site: Invenio, version: str) -> None:
    """The record of this version is there once, published, and holds the files of the archive."""
    assert len(site.records) == (1 if version == "1.0" else 2)
    assert site.records[state.record]["is_published"]
    assert site.content[state.record] == {path.name: path.read_bytes() for path in local.archive.iterdir()}
    assert site.content[state.record].keys() == {*FILES, "CITATION.cff"}
    assert site.content[state.record]["CITATION.cff"] == f"{state.doi} {state.date} {version}".encode()
