"""fair4ml.jsonld: the model in the FAIR4ML vocabulary, and the JSON-LD that descriptions share."""

import json
import math
from collections.abc import Iterator, Mapping
from typing import Any

from ..metadata.identifiers import doi_url, license_url, orcid_url
from ..metadata.source import Person, Reference
from ..schema import Feature
from .facts import Facts, File, run_hardware

__all__ = ["author", "fair4ml", "file", "filled", "reference", "to_json"]


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


# written out, so that readers need no network
CONTEXT = {
    "@vocab": "https://schema.org/",
    "fair4ml": "https://w3id.org/fair4ml#",
    "sha256": "https://schema.org/sha256",
}
ACCESS = {
    "open": "Open to everybody over HTTPS, without registration.",
    "restricted": "On request; the server asks for authentication over HTTPS.",
}


def fair4ml(facts: Facts) -> str:
    """The text of fair4ml.jsonld; what `fair.toml` leaves empty is left out."""
    return to_json({"@context": CONTEXT, "@type": "fair4ml:MLModel"} | _identity(facts) | _model(facts) | _made(facts))


def _identity(facts: Facts) -> dict[str, Any]:
    identity = facts.metadata.identity
    return {
        "@id": doi_url(identity.doi) or "#model",
        "identifier": [url for url in (doi_url(identity.doi), doi_url(identity.concept_doi)) if url],
        "name": identity.title,
        "description": identity.description,
        "version": identity.version,
        "keywords": list(dict.fromkeys(identity.keywords)),
        "license": license_url(identity.license),
        "datePublished": identity.date_released,
        "author": [author(person) for person in facts.metadata.people],
        "codeRepository": identity.repository,
        "isAccessibleForFree": identity.access != "restricted",
        "conditionsOfAccess": ACCESS[identity.access or "open"],
        "citation": [reference(item) for item in facts.metadata.references],
    }


def _model(facts: Facts) -> dict[str, Any]:
    model, names = facts.metadata.model, [item.name for item in facts.schema.inputs]
    limits = " ".join(text for text in (model.limitations, model.out_of_scope) if text)
    usage = (
        f"Run model.onnx with ONNX Runtime: inputs {', '.join(names)} as float32 (row, slot, feature) in the units "
        "given here, empty slots zero; outputs logits and probabilities (row, class) of "
        f"{', '.join(facts.schema.classes)}."
    )
    return {
        "fair4ml:mlTask": model.task,
        "fair4ml:modelCategory": ["supervised", *([model.architecture] if model.architecture else [])],
        "fair4ml:intendedUse": model.intended_use,
        "fair4ml:modelRisksBiasLimitations": limits,
        "fair4ml:ethicalSocial": model.ethics,
        "fair4ml:usageInstructions": usage,
        "processorRequirements": model.hardware,
        "additionalProperty": list(_features(facts)),
    }


def _features(facts: Facts) -> Iterator[dict[str, Any]]:
    for item in facts.schema.inputs:
        for feature in item.features:
            yield _feature(f"{item.name}.{feature.name}", feature)


def _feature(name: str, feature: Feature) -> dict[str, Any]:
    """A feature of an input with unit and range; bounds that are not finite are left out."""
    return filled(
        {
            "@type": "PropertyValue",
            "name": name,
            "description": feature.description,
            "unitText": feature.unit,
            "minValue": feature.low if math.isfinite(feature.low) else None,
            "maxValue": feature.high if math.isfinite(feature.high) else None,
        }
    )


def _made(facts: Facts) -> dict[str, Any]:
    """What came out of the training, and what it came from."""
    split = {item.name.partition(".")[0]: item for item in facts.data}
    sets = {name: _dataset(facts, f"{name} split", file(item, facts)) for name, item in split.items()}
    engine = facts.run["engine"]
    software = [f"{engine['name']} {engine['version']} (sha256 {engine['sha256']})"]
    software += sorted(f"{name} {version}" for name, version in facts.run["software"].items())
    return {
        "dateCreated": facts.run["finished"],
        "softwareRequirements": software,
        "fair4ml:trainedOn": sets["train"],
        "fair4ml:validatedOn": sets["val"],
        "fair4ml:testedOn": sets["test"],
        "fair4ml:hasEvaluation": _evaluation(facts),
        "distribution": [file(item, facts) for item in facts.files],
        "runtimePlatform": run_hardware(facts.run),
    }


def _dataset(facts: Facts, name: str, download: dict[str, Any]) -> dict[str, Any]:
    data = facts.metadata.training_data
    return filled(
        {
            "@type": "Dataset",
            "name": f"{data.title}: {name}" if data.title else name,
            "description": data.description,
            "isBasedOn": doi_url(data.doi) or data.url,
            "license": license_url(data.license),
            "distribution": download | {"contentUrl": doi_url(data.doi) or data.url or download["name"]},
        }
    )


def _evaluation(facts: Facts) -> dict[str, Any]:
    results, entity = list(_results(facts.metrics)), facts.schema.entity
    return {
        "@type": "fair4ml:MLModelEvaluation",
        "fair4ml:evaluationDataset": f"{facts.metrics['split']} split, {facts.metrics[entity]} {entity}",
        "fair4ml:evaluationMetrics": [item["name"] for item in results],
        "fair4ml:evaluationResults": results,
    }


def _results(metrics: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Each metric with its standard deviation, or with the bounds of its interval."""
    points = {f"rejection at signal efficiency {point}": item for point, item in metrics["rejection"].items()}
    named = {name: metrics[name] for name in ("auc", "accuracy", "cross_entropy", "brier") if name in metrics}
    for name, item in (named | points).items():
        yield filled(
            {
                "@type": "Observation",
                "name": name,
                "value": item["value"],
                "marginOfError": item["error"],
                "minValue": item.get("low"),
                "maxValue": item.get("high"),
            }
        )
