"""sbom.cdx.json: the software that the model was made with, as a CycloneDX 1.6 bill of materials."""

import json
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from importlib import metadata as installed
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from ..metadata.engine import ENGINE, engine_hash
from ..metadata.identifiers import doi_url
from .facts import Facts, File

__all__ = ["Needed", "closure", "sbom"]


@dataclass(frozen=True)
class Needed:
    """An installed distribution, and the normalised names of those that it needs with the extras that are asked for."""

    distribution: installed.Distribution
    needs: set[str] = field(default_factory=set)


def sbom(facts: Facts) -> str:
    """The text of sbom.cdx.json: the model, and every distribution that the package needs, as installed. Offline."""
    found = closure((*facts.requirements, Requirement(ENGINE)))
    components = [_component(name, found[name].distribution) for name in sorted(found)]
    content: dict[str, Any] = {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"timestamp": facts.run["finished"], "component": _model(facts)},
        "components": [_program(facts), *components],
        "dependencies": list(_dependencies(found, facts)),
    }
    # the same content has the same serial number
    number = uuid.uuid5(uuid.NAMESPACE_URL, json.dumps(content, sort_keys=True))
    return json.dumps(content | {"serialNumber": number.urn}, indent=2, ensure_ascii=False) + "\n"


def closure(declared: Iterable[Requirement]) -> dict[str, Needed]:
    """The distributions that are needed directly and indirectly, as installed here, by normalised name."""
    found: dict[str, Needed] = {}
    waiting, seen = list(declared), set[tuple[str, str]]()
    while waiting:
        requirement = waiting.pop()
        name = canonicalize_name(requirement.name)
        try:
            needed = found.setdefault(name, Needed(installed.distribution(name)))
        except installed.PackageNotFoundError:
            continue
        for extra in {"", *requirement.extras}:
            if (name, extra) not in seen:
                seen.add((name, extra))
                more = list(_requirements(needed.distribution, extra))
                needed.needs.update(canonicalize_name(item.name) for item in more)
                waiting += more
    return found


def _requirements(distribution: installed.Distribution, extra: str) -> Iterator[Requirement]:
    """What a distribution requires on this machine, or what an extra of it requires in addition."""
    for item in map(Requirement, distribution.requires or ()):
        always = item.marker is None or item.marker.evaluate({"extra": ""})
        if always != bool(extra) and (item.marker is None or item.marker.evaluate({"extra": extra})):
            yield item


def _reference(name: str, version: str) -> str:
    """Package URL; a local version such as +cpu is no part of the release in the index, and the engine is on none."""
    kind = "generic" if name == ENGINE else "pypi"
    return f"pkg:{kind}/{name}@{version.partition('+')[0]}"


def _component(name: str, distribution: installed.Distribution) -> dict[str, Any]:
    reference = _reference(name, distribution.version)
    component: dict[str, Any] = {
        "type": "library",
        "bom-ref": reference,
        "name": name,
        "version": distribution.version,
        "purl": reference,
    }
    if name == ENGINE:
        component["properties"] = [{"name": f"{ENGINE}:sha256", "value": engine_hash()}]
    about = distribution.metadata.json
    expression = about.get("license_expression")
    name_of_licence = str(about.get("license") or "").strip().partition("\n")[0][:100]
    if expression:
        return component | {"licenses": [{"expression": expression}]}
    return component | ({"licenses": [{"license": {"name": name_of_licence}}]} if name_of_licence else {})


def _program(facts: Facts) -> dict[str, Any]:
    identity = facts.metadata.identity
    return {"type": "application", "bom-ref": facts.package, "name": facts.package, "version": identity.version}


def _model(facts: Facts) -> dict[str, Any]:
    """The model itself, with its card in short and the checksums of its files."""
    identity, model = facts.metadata.identity, facts.metadata.model
    values = [("auc", facts.metrics["auc"]), ("accuracy", facts.metrics["accuracy"])]
    metrics = [
        {"type": name, "value": str(item["value"]), "confidenceInterval": _interval(item)} for name, item in values
    ]
    considerations = {
        "useCases": [model.intended_use] if model.intended_use else [],
        "technicalLimitations": [model.limitations] if model.limitations else [],
        "ethicalConsiderations": [{"name": model.ethics}] if model.ethics else [],
    }
    return {
        "type": "machine-learning-model",
        "bom-ref": "model",
        "name": identity.title,
        "version": identity.version,
        "description": identity.description,
        **({"externalReferences": [{"type": "distribution", "url": doi_url(identity.doi)}]} if identity.doi else {}),
        "modelCard": {
            "modelParameters": {"approach": {"type": "supervised"}, "task": model.task or "classification"},
            "quantitativeAnalysis": {"performanceMetrics": metrics},
            "considerations": {name: value for name, value in considerations.items() if value},
        },
        "components": [_file(item) for item in facts.files],
    }


def _interval(item: dict[str, float]) -> dict[str, str]:
    """One standard deviation on either side."""
    return {"lowerBound": str(item["value"] - item["error"]), "upperBound": str(item["value"] + item["error"])}


def _file(item: File) -> dict[str, Any]:
    digest = [{"alg": "SHA-256", "content": item.sha256}]
    return {"type": "file", "bom-ref": f"file-{item.name}", "name": item.name, "hashes": digest}


def _dependencies(found: dict[str, Needed], facts: Facts) -> Iterator[dict[str, Any]]:
    """Who needs whom; the model needs the package, the package the engine and what it declares."""
    references = {name: _reference(name, item.distribution.version) for name, item in found.items()}
    direct = {ENGINE, *(canonicalize_name(item.name) for item in facts.requirements)}
    yield {"ref": "model", "dependsOn": [facts.package]}
    yield {"ref": facts.package, "dependsOn": [references[name] for name in sorted(direct & references.keys())]}
    for name, item in sorted(found.items()):
        needed = sorted(item.needs & references.keys() - {name})
        yield {"ref": references[name], "dependsOn": [references[other] for other in needed]}
