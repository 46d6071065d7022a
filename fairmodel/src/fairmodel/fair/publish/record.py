"""What `fair.toml` says, as the metadata of an InvenioRDM record (https://inveniordm.docs.cern.ch/reference/metadata/)."""

import html
import uuid
from collections.abc import Mapping
from typing import Any

from ...metadata.source import Metadata, Person

__all__ = ["record_content", "record_key"]


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
