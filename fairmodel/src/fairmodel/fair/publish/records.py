"""Records of an InvenioRDM server: the metadata of a model in its form, and the requests for drafts and files."""

import html
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from ...errors import UserError
from ...metadata.source import Metadata, Person
from .server import ClientError, Server

__all__ = ["KINDS", "SANDBOX", "VARIABLE", "ZENODO", "Records", "connect", "record_content", "record_key"]


def record_key(metadata: Metadata, profile: str) -> str:
    """The same for every attempt to publish this version of this model, so that a record is found again."""
    identity = metadata.identity
    name = f"{identity.repository or identity.title}#{profile}@{identity.version}"
    return uuid.uuid5(uuid.NAMESPACE_URL, name).urn


def record_content(
    metadata: Metadata, *, key: str, publisher: str, date: str, pids: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """The body of a request that makes or updates a draft; without `pids` a draft loses the DOI reserved for it."""
    identity = metadata.identity
    content: dict[str, Any] = {
        "resource_type": {"id": "model"},
        "title": identity.title,
        "publication_date": date,
        "creators": [_creator(person) for person in metadata.people],
        "description": _description(metadata),
        "version": identity.version,
        "publisher": publisher,
        "rights": [{"id": identity.license.lower()}] if identity.license else [],
        "subjects": [{"subject": keyword} for keyword in identity.keywords],
        "identifiers": [{"identifier": key, "scheme": "urn"}],
        "related_identifiers": _related(metadata),
    }
    return {
        "access": {"record": "public", "files": "restricted" if identity.access == "restricted" else "public"},
        "files": {"enabled": True},
        "metadata": {name: value for name, value in content.items() if value},
        "pids": dict(pids or {}),
    }


def _creator(person: Person) -> dict[str, Any]:
    """A person if an ORCID or a family name says so, otherwise an organisation."""
    if person.kind == "Person":
        names = {"family_name": person.family_names or person.name, "given_name": person.given_names}
        content: dict[str, Any] = {"type": "personal"} | {name: value for name, value in names.items() if value}
    else:
        content = {"type": "organizational", "name": person.name}
    if person.orcid:
        content["identifiers"] = [{"scheme": "orcid", "identifier": person.orcid}]
    affiliations = {"affiliations": [{"name": person.affiliation}]} if person.affiliation else {}
    return {"person_or_org": content} | affiliations


def _description(metadata: Metadata) -> str:
    """Description, intended use and limitations as HTML."""
    model = metadata.model
    parts = {"Intended use": model.intended_use, "Limitations": model.limitations, "Ethics": model.ethics}
    paragraphs = [f"<p>{html.escape(metadata.identity.description)}</p>"]
    paragraphs += [f"<p><b>{name}:</b> {html.escape(text)}</p>" for name, text in parts.items() if text]
    return "".join(paragraphs)


def _related(metadata: Metadata) -> list[dict[str, Any]]:
    links = [(metadata.training_data.doi, "doi", "isderivedfrom")]
    links += [(reference.doi, "doi", "references") for reference in metadata.references]
    links += [(metadata.identity.repository, "url", "issupplementto")]
    return [
        {"identifier": identifier, "scheme": scheme, "relation_type": {"id": relation}}
        for identifier, scheme, relation in links
        if identifier
    ]


ZENODO = "https://zenodo.org"
SANDBOX = "https://sandbox.zenodo.org"
VARIABLE = "ZENODO_TOKEN"
SCOPES = {"/actions/publish": "deposit:actions", "/api/": "deposit:write"}
KINDS = "application/vnd.inveniordm.v1+json"  # Zenodo's plain JSON is that of its older API
LISTED = 25  # records in one answer of a search


def connect(base_url: str, token: str) -> "Records":
    """The records of an InvenioRDM server that the owner of the token may edit."""
    return Records(Server(base_url, token, VARIABLE, SCOPES, accept=KINDS))


@dataclass(frozen=True)
class Records:
    """Drafts and published records on a server; records are dictionaries as the server sends them."""

    server: Server

    def find(self, key: str) -> dict[str, Any] | None:
        """The newest of the user's records that carries `key` among its identifiers, draft or published."""
        query = urlencode({"sort": "newest", "size": LISTED, "allversions": "true"})
        for record in self.server.call("GET", f"/api/user/records?{query}")["hits"]["hits"]:
            if any(item.get("identifier") == key for item in record.get("metadata", {}).get("identifiers", ())):
                return dict(record)
        return None

    def create(self, content: Mapping[str, Any]) -> dict[str, Any]:
        """A new draft."""
        return dict(self.server.call("POST", "/api/records", content))

    def create_version(self, record: str) -> dict[str, Any]:
        """The draft of a new version of a published record: there is one at most, however often one asks."""
        return dict(self.server.call("POST", f"/api/records/{record}/versions"))

    def draft(self, record: str) -> dict[str, Any] | None:
        """An unpublished draft, or None."""
        found = self._or_none(f"/api/records/{record}/draft")
        return None if found is None or found.get("is_published") else found

    def published(self, record: str) -> dict[str, Any] | None:
        """A published record, or None."""
        return self._or_none(f"/api/records/{record}")

    def _or_none(self, path: str) -> dict[str, Any] | None:
        try:
            return dict(self.server.call("GET", path))
        except ClientError as error:
            if error.status in (HTTPStatus.NOT_FOUND, HTTPStatus.GONE):
                return None
            raise

    def reserve_doi(self, record: str) -> dict[str, Any]:
        """Reserve a DOI for a draft that has none; returns the draft."""
        return dict(self.server.call("POST", f"/api/records/{record}/draft/pids/doi"))

    def update(self, record: str, content: Mapping[str, Any]) -> None:
        """Replace a draft's metadata. Raises UserError with each wrong field: the server saves it all the same."""
        problems = self.server.call("PUT", f"/api/records/{record}/draft", content).get("errors", ())
        if problems:
            fields = "; ".join(f"{problem['field']}: {' '.join(problem['messages'])}" for problem in problems)
            message = f"{self.server.base_url} refuses the metadata: {fields}; correct fair.toml"
            raise UserError(message)

    def files(self, record: str, *, draft: bool) -> dict[str, dict[str, Any]]:
        """The files of a draft or a published record by name."""
        path = f"/api/records/{record}{'/draft' if draft else ''}/files"
        return {entry["key"]: entry for entry in self.server.call("GET", path).get("entries", ())}

    def upload(self, record: str, path: Path) -> str:
        """Upload a file to a draft that has none of its name; returns the checksum that the server found."""
        file = f"/api/records/{record}/draft/files/{quote(path.name, safe='')}"
        self.server.call("POST", f"/api/records/{record}/draft/files", [{"key": path.name}])
        self.server.call("PUT", f"{file}/content", path)
        # just after the upload the server may not know the file yet
        again = frozenset({HTTPStatus.NOT_FOUND.value})
        return str(self.server.call("POST", f"{file}/commit", also_again=again).get("checksum"))

    def delete_file(self, record: str, name: str) -> None:
        """Remove a file from a draft."""
        self.server.call("DELETE", f"/api/records/{record}/draft/files/{quote(name, safe='')}")

    def publish(self, record: str) -> dict[str, Any]:
        """Publish a draft. Nothing takes that back."""
        return dict(self.server.call("POST", f"/api/records/{record}/draft/actions/publish"))
