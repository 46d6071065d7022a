""".zenodo.json: what Zenodo's GitHub bridge takes from a repository (https://developers.zenodo.org/#representation).

Where this file is, the bridge does not read CITATION.cff, of which it would lose DOI, references and version.
"""

import json
from html import escape
from typing import Any

from ..metadata.source import Metadata, Person, Reference

__all__ = ["zenodo"]

RESERVED = "other-closed"  # without a licence the bridge would grant one of its own choice


def zenodo(metadata: Metadata) -> str:
    """The text of .zenodo.json; what `fair.toml` leaves empty is left out."""
    identity = metadata.identity
    content: dict[str, Any] = {
        "upload_type": "software",
        "title": identity.title,
        "description": f"<p>{escape(identity.description)}</p>",
        "version": identity.version,
        "publication_date": identity.date_released,
        "creators": [_creator(person) for person in metadata.people],
        "license": identity.license or RESERVED,
        "access_right": identity.access or "open",
        "keywords": list(dict.fromkeys(identity.keywords)),
        "related_identifiers": _related(metadata),
        "references": [_citation(reference) for reference in metadata.references],
    }
    return json.dumps({key: value for key, value in content.items() if value}, indent=2, ensure_ascii=False) + "\n"


def _creator(person: Person) -> dict[str, str]:
    """A person as "family name, given names"; whoever has no family name as they are."""
    name = ", ".join(part for part in (person.family_names, person.given_names) if part)
    content = {
        "name": name if person.family_names else person.name,
        "affiliation": person.affiliation,
        "orcid": person.orcid,
    }
    return {key: value for key, value in content.items() if value}


def _related(metadata: Metadata) -> list[dict[str, str]]:
    """Works with an identifier: the source code, the training data, the references."""
    data = metadata.training_data
    found = [(metadata.identity.repository, "isSupplementTo"), (data.doi or data.url, "isDerivedFrom")]
    found += [(reference.doi or reference.url, "cites") for reference in metadata.references]
    return [{"identifier": identifier, "relation": relation} for identifier, relation in found if identifier]


def _citation(reference: Reference) -> str:
    people = ", ".join(person.name or f"{person.given_names} {person.family_names}" for person in reference.authors)
    parts = (people, reference.title, reference.journal, str(reference.year or ""), reference.doi or reference.url)
    return ". ".join(part for part in parts if part)
