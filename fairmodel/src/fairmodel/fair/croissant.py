"""croissant.jsonld: the data set in Croissant 1.1 (http://mlcommons.org/croissant/1.1)."""

from collections.abc import Iterator
from typing import Any

from ..metadata.identifiers import doi_url, license_url
from ..schema import Input
from .facts import Facts
from .fair4ml import author, file, filled, to_json

__all__ = ["croissant"]

# the context of the format, written out: readers need no network
OWN_TERMS = (
    "arrayShape citeAs column containedIn equivalentProperty extract field fileObject fileProperty fileSet format "
    "includes isArray isLiveDataset jsonPath key md5 parentField path recordSet references regex repeated replace "
    "samplingRate separator source subField transform"
)
CONTEXT: dict[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "cr": "http://mlcommons.org/croissant/",
    "dct": "http://purl.org/dc/terms/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "sc": "https://schema.org/",
    "conformsTo": "dct:conformsTo",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "description": {"@container": "@language"},
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "name": {"@container": "@language"},
    **{term: f"cr:{term}" for term in OWN_TERMS.split()},
}


def croissant(facts: Facts) -> str:
    """The text of croissant.jsonld: each split as a file, each of its columns as a field."""
    identity, data = facts.metadata.identity, facts.metadata.training_data
    origin = doi_url(data.doi) or data.url
    return to_json(
        {
            "@context": CONTEXT,
            "@type": "sc:Dataset",
            "conformsTo": "http://mlcommons.org/croissant/1.1",
            "name": f"{data.title or identity.title}: processed data of the profile {facts.profile}",
            "description": data.description or f"Training, validation and test data of {identity.title}.",
            "url": origin or doi_url(identity.doi) or identity.repository,
            "license": license_url(data.license),
            "creator": [author(person) for person in facts.metadata.people],
            "version": identity.version,
            "datePublished": identity.date_released,
            "isBasedOn": origin,
            "citeAs": origin,
            "distribution": [_file_object(facts, number) for number in range(len(facts.data))],
            "recordSet": [_record_set(facts, item.name) for item in facts.data],
        }
    )


def _file_object(facts: Facts, number: int) -> dict[str, Any]:
    item = facts.data[number]
    return file(item, facts) | {"@type": "cr:FileObject", "@id": item.name, "contentUrl": item.name}


def _record_set(facts: Facts, name: str) -> dict[str, Any]:
    """One record for each row of a split."""
    split = name.partition(".")[0]
    return {
        "@type": "cr:RecordSet",
        "@id": split,
        "name": split,
        "description": f"The {facts.schema.entity} of the {split} split, one record each.",
        "field": [_field(split, name, *column) for column in _columns(facts)],
    }


def _columns(facts: Facts) -> Iterator[tuple[str, str, str, str]]:
    """Path in the file, type, shape of one record's value, and description of each column."""
    schema = facts.schema
    for item in schema.inputs:
        yield f"inputs/{item.name}", "sc:Float", f"{item.slots},{len(item.features)}", _described(item)
        yield f"counts/{item.name}", "sc:Integer", "", f"Number of real objects in {item.name}."
    yield "labels", "sc:Integer", "", f"Index of the true class: {', '.join(schema.classes)}."
    yield "weights", "sc:Float", "", "Weight of the row."
    yield "event", "sc:Integer", "", "Rows with the same number belong together."
    for feature in schema.spectators:
        yield f"spectators/{feature.name}", "sc:Float", "", f"{feature.description} [{feature.unit}]"


def _described(item: Input) -> str:
    features = "; ".join(f"{feature.name} [{feature.unit}]: {feature.description}" for feature in item.features)
    return f"Slots by features, empty slots zero. Features: {features}."


def _field(split: str, name: str, path: str, kind: str, shape: str, text: str) -> dict[str, Any]:
    array = {"isArray": True, "arrayShape": shape} if shape else {}
    return filled(
        {
            "@type": "cr:Field",
            "@id": f"{split}/{path}",
            "name": f"{split}/{path}",
            "description": text,
            "dataType": kind,
            "source": {"fileObject": {"@id": name}, "extract": {"column": f"/{path}"}},
        }
        | array
    )
