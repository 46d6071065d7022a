"""codemeta.json: CodeMeta 3.0 (https://codemeta.github.io/terms/).

The context is the address by which archives recognise the file; nothing here has to fetch it.
"""

import json
from typing import Any

from ..metadata.identifiers import doi_url, license_url, orcid_url
from ..metadata.source import Metadata, Person, Reference, TrainingData

__all__ = ["codemeta"]


def codemeta(metadata: Metadata) -> str:
    """The text of codemeta.json; what `fair.toml` leaves empty is left out."""
    identity = metadata.identity
    content: dict[str, Any] = {
        "@context": "https://w3id.org/codemeta/3.0",
        "@type": "SoftwareSourceCode",
        "@id": doi_url(identity.doi),
        "identifier": doi_url(identity.concept_doi),
        "name": identity.title,
        "description": identity.description,
        "version": identity.version,
        "datePublished": identity.date_released,
        "license": license_url(identity.license),
        "codeRepository": identity.repository,
        "programmingLanguage": "Python",
        "keywords": list(identity.keywords),
        "author": [_person(person) for person in metadata.people],
        "supportingData": _data(metadata.training_data),
        "citation": [_reference(reference) for reference in metadata.references],
    }
    return json.dumps(_filled(content), indent=2, ensure_ascii=False) + "\n"


def _person(person: Person) -> dict[str, Any]:
    """A person if an ORCID or a family name says so, otherwise an organisation."""
    return _filled(
        {
            "@type": person.kind,
            "@id": orcid_url(person.orcid),
            "name": person.name or f"{person.given_names} {person.family_names}".strip(),
            "givenName": person.given_names,
            "familyName": person.family_names,
            "email": person.email,
            "affiliation": {"@type": "Organization", "name": person.affiliation} if person.affiliation else "",
        }
    )


def _data(data: TrainingData) -> dict[str, Any]:
    content = _filled({"@id": doi_url(data.doi), "name": data.title, "license": license_url(data.license)})
    return {"@type": "Dataset"} | content if content else {}


def _reference(reference: Reference) -> dict[str, Any]:
    return _filled(
        {
            "@type": "ScholarlyArticle" if reference.type in ("article", "conference-paper") else "CreativeWork",
            "@id": doi_url(reference.doi),
            "name": reference.title,
            "author": [_person(person) for person in reference.authors],
            "url": reference.url,
            "datePublished": str(reference.year or ""),
        }
    )


def _filled(content: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in content.items() if value}
