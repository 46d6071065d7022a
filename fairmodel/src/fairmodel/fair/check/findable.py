"""Checks of the principles F: identifiers, rich metadata that are no placeholders, and where they are found."""

import json
import re
from collections.abc import Iterator
from typing import Any

from jsonschema import Draft202012Validator

from ...files import sha256
from ...metadata.source import SOURCE
from ..describe import DESCRIPTIONS
from ..metadata import GENERATORS, drifted
from ..pyproject import PYPROJECT
from .network import Network
from .registry import Evidence, FairCheck, NotApplicableError, bad, good
from .schemas import schema
from .subject import Subject

__all__ = ["CHECKS", "PLACEHOLDER", "doi_reason", "placeholders", "registered_doi"]

PLACEHOLDER = re.compile(
    r"\b(?:TODO|FIXME|TBD|XXX+)\b|lorem ipsum"
    r"|(?i:\bplaceholder\b|\bchange ?me\b|\bfill (?:me |this )?in\b|\byour name\b)"
    r"|10\.X{2,}|^…$|^\.\.\.$"
)
EXAMPLES = re.compile(r"0000-0002-1825-0097|0000-0000-0000-0000|0000-0001-2345-6789|\bexample\.(?:org|com|net)\b")
DOIS = {
    re.compile(r"10\.X{2,}", re.IGNORECASE): "has X in place of digits",
    re.compile(r"10\.5072/"): "is one of a sandbox, which no resolver knows",
    re.compile(r"10\.(?:1234|12345|99999?)/"): "is the DOI of an example",
    re.compile(r"10\.5281/zenodo\.(?:0+|1+|1234567|XXX+)$", re.IGNORECASE): "is the DOI of an example",
}


def doi_reason(doi: str) -> str | None:
    """Why a DOI cannot be the registered one of a work, or None if it may be."""
    return next((reason for pattern, reason in DOIS.items() if pattern.match(doi)), None)


def placeholders(content: Any, pointer: str = "") -> Iterator[tuple[str, str]]:
    """Key path and value of each text in a table that is a placeholder or an example."""
    if isinstance(content, dict):
        for key, value in content.items():
            yield from placeholders(value, f"{pointer}/{key}")
    elif isinstance(content, list):
        for index, value in enumerate(content):
            yield from placeholders(value, f"{pointer}/{index}")
    elif isinstance(content, str):
        doi = doi_reason(content) if content.startswith("10.") else None
        if doi or PLACEHOLDER.search(content) or EXAMPLES.search(content):
            yield pointer, content


FILLED = (
    "identity/title",
    "identity/version",
    "identity/description",
    "identity/keywords",
    "model/task",
    "model/intended-use",
    "model/limitations",
    "model/ethics",
    "training-data/title",
)
SECTIONS = ("Intended use", "Limitations", "Results", "The network", "Training data", "Training", "Files")


def registered_doi(subject: Subject) -> str:
    """The model's DOI; a check that needs one does not apply before there is one."""
    doi = subject.metadata.identity.doi
    if not doi or doi_reason(doi):
        message = "there is no registered DOI yet (see F1.doi)"
        raise NotApplicableError(message)
    return doi


def doi(subject: Subject) -> Iterator[Evidence]:
    """fair.toml gives the DOI of this version, and it is no placeholder, example or sandbox DOI."""
    where, value = f"{SOURCE}#/identity/doi", subject.metadata.identity.doi
    reason = doi_reason(value) if value else "is empty"
    yield bad(where, f"{value!r} {reason}") if reason else good(where, value)


def people(subject: Subject) -> Iterator[Evidence]:
    """Every person in fair.toml has an ORCID, and it is not the one that documentation uses as an example."""
    persons = [(i, p) for i, p in enumerate(subject.metadata.people) if p.family_names or p.orcid]
    if not persons:
        message = "the author is a group, which has no ORCID"
        raise NotApplicableError(message)
    for index, person in persons:
        where = f"{SOURCE}#/people/{index}/orcid"
        wrong = not person.orcid or any(placeholders(person.orcid))
        yield bad(where, f"{person.orcid!r} is no person's own ORCID") if wrong else good(where, person.orcid)


def resolves(subject: Subject) -> Iterator[Evidence]:
    """The DOI resolver knows the DOI and leads to a page that answers."""
    answer = _network(subject).get(f"{_network(subject).resolver.rstrip('/')}/{registered_doi(subject)}")
    yield Evidence(str(answer), f"{len(answer.body)} bytes", good=answer.status == 200)


def filled(subject: Subject) -> Iterator[Evidence]:
    """The fields of fair.toml that readers and indexes need are filled, and nothing in it is a placeholder."""
    for pointer in (*FILLED, *(["identity/date-released"] if subject.metadata.identity.doi else [])):
        table, key = pointer.split("/")
        value = subject.source.get(table, {}).get(key)
        where = f"{SOURCE}#/{pointer}"
        yield good(where, str(value)) if value else bad(where, "is empty")
    for pointer, value in placeholders(subject.source):
        if not pointer.endswith("/doi"):
            yield bad(f"{SOURCE}#{pointer}", f"{value!r} is a placeholder or an example")


def generated(subject: Subject) -> Iterator[Evidence]:
    """CITATION.cff, .zenodo.json, codemeta.json and some lines of pyproject.toml are what fair.toml makes of them."""
    names = drifted(subject.paths.root, subject.metadata)
    for name in (*GENERATORS, PYPROJECT):
        yield bad(name, f"does not follow {SOURCE}") if name in names else good(name, f"follows {SOURCE}")


def model_metadata(subject: Subject) -> Iterator[Evidence]:
    """fair4ml.jsonld keeps the schema of FAIR4ML 0.1.0 that comes with this package, and says what the files say."""
    yield from _valid(subject, "fair4ml.jsonld", subject.fair4ml)
    yield from _up_to_date(subject, "fair4ml.jsonld")


def data_metadata(subject: Subject) -> Iterator[Evidence]:
    """croissant.jsonld has all that Croissant 1.1 requires, name, description, address and creator included."""
    yield from _valid(subject, "croissant.jsonld", subject.croissant)
    yield from _up_to_date(subject, "croissant.jsonld")


def card(subject: Subject) -> Iterator[Evidence]:
    """The model card has its front matter and every section, follows the other files, and holds no placeholder."""
    where = subject.name(subject.paths.model / "model-card.md")
    found = subject.card
    yield Evidence(where, "front matter", good=found.startswith("---\n") and "\nmodel-index:\n" in found)
    missing = [title for title in SECTIONS if f"\n## {title}\n" not in found]
    yield Evidence(where, f"sections missing: {', '.join(missing) or 'none'}", good=not missing)
    for pointer, value in placeholders(found.splitlines()):
        yield bad(f"{where}#{pointer}", value)
    yield from _up_to_date(subject, "model-card.md")


def names_itself(subject: Subject) -> Iterator[Evidence]:
    """The DOI stands in all metadata: in those of the repository, those beside the model, and in the graph itself."""
    value = registered_doi(subject)
    texts = {name: (subject.paths.root / name) for name in ("CITATION.cff", "codemeta.json")}
    texts |= {
        subject.name(path): path
        for path in (subject.paths.model / name for name in ("fair4ml.jsonld", "model-card.md"))
    }
    for name, path in texts.items():
        has = path.is_file() and value in path.read_text(encoding="utf-8")
        yield good(name, value) if has else bad(name, f"does not hold {value}")
    found = subject.properties.get("doi", "")
    yield Evidence(f"{subject.name(subject.paths.onnx)}#metadata_props/doi", repr(found), good=found == value)


def checksums(subject: Subject) -> Iterator[Evidence]:
    """Each file that fair4ml.jsonld lists has the size and the SHA-256 given there; both are taken anew."""
    for index, item in enumerate(subject.fair4ml.get("distribution", [])):
        path = subject.paths.model / str(item.get("name"))
        where = f"{subject.name(path)}, fair4ml.jsonld#/distribution/{index}"
        if not path.is_file():
            yield bad(where, "does not exist")
            continue
        digest, size = sha256(path), f"{path.stat().st_size} B"
        same = digest == item.get("sha256") and size == item.get("contentSize")
        yield Evidence(where, f"{size}, {digest}" + ("" if same else ", listed with others"), good=same)


def linked(subject: Subject) -> Iterator[Evidence]:
    """The metadata that search engines harvest are JSON-LD with a type, a name, a description and keywords."""
    files = {"codemeta.json": subject.codemeta, "fair4ml.jsonld": subject.fair4ml}
    for name, content in files.items():
        missing = [
            key for key in ("@context", "@type", "name", "description", "keywords", "author") if not content.get(key)
        ]
        yield Evidence(name, f"missing: {', '.join(missing) or 'nothing'}", good=not missing)
    for name, content in {"fair4ml.jsonld": subject.fair4ml, "croissant.jsonld": subject.croissant}.items():
        inline = isinstance(content.get("@context"), dict)
        yield Evidence(f"{name}#/@context", "can be read without a network" if inline else "is an address", good=inline)


def repository(subject: Subject) -> Iterator[Evidence]:
    """fair.toml gives the address of the source code, or else the DOI of the record that holds it with the model."""
    identity = subject.metadata.identity
    if identity.doi and not identity.repository:
        reason = doi_reason(identity.doi)
        found = reason or f"the source code is in the record of {identity.doi}"
        yield Evidence(f"{SOURCE}#/identity/doi", found, good=reason is None)
        return
    value = identity.repository
    yield Evidence(
        f"{SOURCE}#/identity/repository", value or "is empty", good=bool(value) and not any(placeholders(value))
    )


def indexed(subject: Subject) -> Iterator[Evidence]:
    """DataCite, where search engines for research look, has the DOI with the title of fair.toml."""
    answer = _network(subject).get(f"{_network(subject).datacite.rstrip('/')}/dois/{registered_doi(subject)}")
    try:
        titles = [item["title"] for item in json.loads(answer.body)["data"]["attributes"]["titles"]]
    except (ValueError, KeyError, TypeError):
        titles = []
    yield Evidence(str(answer), f"titles {titles}", good=subject.metadata.identity.title in titles)


def _network(subject: Subject) -> Network:
    return subject.online or Network()


def _valid(subject: Subject, name: str, content: object) -> Iterator[Evidence]:
    where = subject.name(subject.paths.model / name)
    errors = list(Draft202012Validator(schema(name)).iter_errors(content))
    for error in errors:
        pointer = "/".join(map(str, error.absolute_path))
        yield bad(f"{where}#/{pointer}", error.message[:200])
    if not errors:
        yield good(where, "keeps the schema")


def _up_to_date(subject: Subject, name: str) -> Iterator[Evidence]:
    """Whether a description is what the facts make of it now."""
    path = subject.paths.model / name
    if not subject.paths.weights.is_file() or not subject.paths.split("train").is_file():
        return  # what it was made from is gone, as A2 expects it to be one day
    same = path.read_text(encoding="utf-8") == DESCRIPTIONS[name](subject.facts)
    yield Evidence(subject.name(path), "is up to date" if same else "is older than what it was made from", good=same)


DESCRIBE = "run `make describe`"
CHECKS = (
    FairCheck(
        "F1.doi",
        "The model has a DOI",
        doi,
        "publish the model: `fair publish` reserves a DOI and writes it into fair.toml",
    ),
    FairCheck("F1.people", "Its authors have identifiers", people, "add orcid to each of [[people]] in fair.toml"),
    FairCheck(
        "F1.resolves", "The DOI resolves", resolves, "publish the draft; a reserved DOI resolves only then", online=True
    ),
    FairCheck(
        "F2.filled",
        "The metadata are complete",
        filled,
        "fill what is named in fair.toml, then run `make metadata describe`",
        metadata=True,
    ),
    FairCheck("F2.generated", "All forms of the metadata agree", generated, "run `make metadata`", metadata=True),
    FairCheck("F2.model", "The model is described in FAIR4ML", model_metadata, DESCRIBE, metadata=True),
    FairCheck(
        "F2.data",
        "The data are described in Croissant",
        data_metadata,
        f"fill [training-data] in fair.toml and {DESCRIBE}",
        metadata=True,
    ),
    FairCheck("F2.card", "The model card is complete", card, DESCRIBE, metadata=True),
    FairCheck("F3.doi", "The metadata name the model's DOI", names_itself, "run `make metadata describe export`"),
    FairCheck("F3.checksums", "The metadata identify every file", checksums, DESCRIBE),
    FairCheck(
        "F4.linked", "Search engines can read the metadata", linked, "run `make metadata describe`", metadata=True
    ),
    FairCheck(
        "F4.repository",
        "The source code can be found",
        repository,
        "set repository in [identity] of fair.toml, or publish: the record holds the source code",
        metadata=True,
    ),
    FairCheck(
        "F4.indexed",
        "The DOI is in DataCite's index",
        indexed,
        "publish the draft; the index follows within a day",
        online=True,
    ),
)
