"""The files that are generated from fair.toml: CITATION.cff, codemeta.json and .zenodo.json."""

import json
from html import escape
from typing import Any

import yaml

from ..metadata.identifiers import doi_url, license_url, orcid_url
from ..metadata.source import Metadata, Person, Reference, TrainingData

__all__ = ["citation", "codemeta", "to_yaml", "zenodo"]


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
        "citation": [_creative_work(reference) for reference in metadata.references],
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


def _creative_work(reference: Reference) -> dict[str, Any]:
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
