"""CITATION.cff: the Citation File Format 1.2.0 (https://doi.org/10.5281/zenodo.5171937)."""

from typing import Any

import yaml

from ..metadata.identifiers import orcid_url
from ..metadata.source import Metadata, Person, Reference

__all__ = ["citation", "to_yaml"]


def citation(metadata: Metadata) -> str:
    """The text of CITATION.cff; what `fair.toml` leaves empty is left out, never made up."""
    identity = metadata.identity
    content: dict[str, Any] = {
        "cff-version": "1.2.0",
        "message": "If you use this work, please cite it with these metadata.",
        "type": "software",
        "title": identity.title,
        "abstract": identity.description,
        "version": identity.version,
        "date-released": identity.date_released,
        "doi": identity.doi,
        "identifiers": _concept(identity.concept_doi),
        "repository-code": identity.repository,
        "license": identity.license,
        "keywords": list(dict.fromkeys(identity.keywords)),
        "authors": [_author(person) for person in metadata.people],
        "references": [_reference(reference) for reference in metadata.references],
    }
    return f"# Generated from fair.toml; change that file instead.\n{to_yaml(_filled(content))}"


def to_yaml(content: dict[str, Any]) -> str:
    """A mapping as YAML in block style, in the order of its keys, with no line broken."""
    text: str = yaml.dump(content, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=float("inf"))
    return text


class _Dumper(yaml.SafeDumper):
    """PyYAML's writer, which loses U+0085 at the edge of a plain or single-quoted text."""


def _represent(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, None if text.isprintable() else '"')


_Dumper.add_representer(str, _represent)


def _concept(doi: str) -> list[dict[str, str]]:
    return [{"type": "doi", "value": doi, "description": "All versions"}] if doi else []


def _author(person: Person) -> dict[str, Any]:
    """A person if there is a family name, otherwise an entity: splitting a full name would be a guess."""
    names = {"family-names": person.family_names, "given-names": person.given_names}
    return _filled(
        (names if person.family_names else {"name": person.name})
        | {
            "orcid": orcid_url(person.orcid),
            "affiliation": person.affiliation if person.family_names else "",
            "email": person.email,
        }
    )


def _reference(reference: Reference) -> dict[str, Any]:
    return _filled(
        {
            "type": reference.type,
            "title": reference.title,
            "authors": [_author(person) for person in reference.authors],
            "journal": reference.journal,
            "year": reference.year,
            "doi": reference.doi,
            "url": reference.url,
        }
    )


def _filled(content: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in content.items() if value}
