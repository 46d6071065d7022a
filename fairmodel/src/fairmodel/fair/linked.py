"""Pieces of JSON-LD that several descriptions share, in the terms of schema.org."""

import json
from typing import Any

from ..metadata.identifiers import doi_url, orcid_url
from ..metadata.source import Person, Reference
from .facts import Facts, File

__all__ = ["author", "file", "filled", "reference", "to_json"]


def to_json(content: dict[str, Any]) -> str:
    """The text of a JSON-LD file; members without a value are left out, at the top."""
    return json.dumps(filled(content), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def filled(content: dict[str, Any]) -> dict[str, Any]:
    """The members that have a value."""
    return {key: value for key, value in content.items() if value not in ("", None, [], {}, ())}


def author(person: Person) -> dict[str, Any]:
    """A person, or an organisation where there is neither ORCID nor family name."""
    return filled(
        {
            "@type": person.kind,
            "@id": orcid_url(person.orcid),
            "name": person.full_name,
            "affiliation": {"@type": "Organization", "name": person.affiliation} if person.affiliation else "",
        }
    )


def reference(item: Reference) -> dict[str, Any]:
    """A work that this one builds on."""
    return filled(
        {
            "@type": "ScholarlyArticle" if item.type in ("article", "conference-paper") else "CreativeWork",
            "@id": doi_url(item.doi) or item.url,
            "name": item.title,
            "author": [author(person) for person in item.authors],
            "datePublished": str(item.year or ""),
        }
    )


def file(item: File, facts: Facts) -> dict[str, Any]:
    """A file to download, with what proves its content; its address is the record's where there is one."""
    record = doi_url(facts.metadata.identity.doi)
    return filled(
        {
            "@type": "DataDownload",
            "name": item.name,
            "contentUrl": record or item.name,
            "contentSize": f"{item.size} B",
            "encodingFormat": item.format,
            "sha256": item.sha256,
        }
    )
