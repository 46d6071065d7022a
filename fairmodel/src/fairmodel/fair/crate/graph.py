"""Actions as a Process Run Crate, and back (https://w3id.org/ro/wfrun/process/0.5, RO-Crate 1.1)."""

import json
from collections.abc import Iterator, Mapping, Sequence
from mimetypes import guess_type
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import quote

from ...errors import UserError
from ...metadata.identifiers import doi_url, license_url, orcid_url
from ...metadata.source import Metadata, Person
from .action import Action, current

__all__ = ["CRATE", "PROFILE", "agent_entity", "from_crate", "media_type", "to_crate"]

CRATE = "ro-crate-metadata.json"
PROFILE = "https://w3id.org/ro/wfrun/process/0.5"
SCHEMA = "http://schema.org/"
RESERVED = "#all-rights-reserved"
TYPES = ("CreateAction", "CreativeWork", "Dataset", "Organization", "Person", "PropertyValue", "SoftwareApplication")
ACTION = ("actionStatus", "agent", "endTime", "instrument", "object", "result", "startTime")
DATASET = ("about", "author", "datePublished", "hasPart", "identifier", "license", "mentions", "version")
THING = ("description", "encodingFormat", "name", "softwareRequirements", "url", "value")
# the terms that are used, written out: whoever reads the file needs no network
CONTEXT = {
    **{term: SCHEMA + term for term in (*TYPES, *ACTION, *DATASET, *THING)},
    "File": f"{SCHEMA}MediaObject",
    "conformsTo": {"@id": "http://purl.org/dc/terms/conformsTo"},
    "sha256": "https://w3id.org/ro/terms/workflow-run#sha256",
}
FORMATS = {
    ".h5": "application/x-hdf5",
    ".npz": "application/zip",
    ".onnx": "application/octet-stream",
    ".safetensors": "application/octet-stream",
    ".jsonld": "application/ld+json",
    ".toml": "application/toml",
    ".md": "text/markdown",
}

Entity = dict[str, Any]


def to_crate(
    actions: Sequence[Action], metadata: Metadata, software: str, present: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """The content of ro-crate-metadata.json; `software` names the package that ran.

    `present` are the files of the folder and their checksums, by default what the actions left in the project's own.
    Other files that actions read or wrote are named, with their checksums, and are no part of the crate.
    """
    present = current(actions) if present is None else present
    versions = {item for action in actions for item in (*action.inputs.items(), *action.outputs.items())}
    files = [_file(path, digest, present) for path, digest in sorted(versions | set(present.items()))]
    engines = _engines(actions)
    program = _program(metadata, software, engines)
    agents = {agent["@id"]: agent for agent in map(agent_entity, metadata.people)}
    agents |= {
        action.agent: {"@id": action.agent, "@type": "Person"} for action in actions if action.agent not in agents
    }
    runs = [entity for action in actions for entity in _action(action, present, program)]
    crate = [*_head(actions, metadata, files), program, *engines, *agents.values(), *files, *runs, *_terms(metadata)]
    return {"@context": CONTEXT, "@graph": crate}


def agent_entity(person: Person) -> Entity:
    """A person or a group, with the ORCID as its identifier where there is one."""
    name = person.full_name
    return {"@id": orcid_url(person.orcid) or f"#{quote(name)}", "@type": person.kind, "name": name}


def _head(actions: Sequence[Action], metadata: Metadata, files: list[Entity]) -> Iterator[Entity]:
    """The description of the crate itself, and of the project's folder."""
    yield {
        "@id": CRATE,
        "@type": "CreativeWork",
        "about": {"@id": "./"},
        "conformsTo": {"@id": "https://w3id.org/ro/crate/1.1"},
    }
    identity = metadata.identity
    root = {
        "@id": "./",
        "@type": "Dataset",
        "name": identity.title,
        "description": identity.description,
        "version": identity.version,
        "datePublished": identity.date_released or max((action.ended for action in actions), default="")[:10],
        "license": {"@id": license_url(identity.license) or RESERVED},
        "author": [{"@id": agent_entity(person)["@id"]} for person in metadata.people],
        "identifier": doi_url(identity.doi),
        "conformsTo": {"@id": PROFILE},
        "hasPart": [{"@id": entity["@id"]} for entity in files if entity["@type"] == "File"],
        "mentions": [{"@id": action.identifier} for action in actions],
    }
    yield {key: value for key, value in root.items() if value}


def _terms(metadata: Metadata) -> Iterator[Entity]:
    """What the crate keeps to: its profile, and the licence."""
    name = metadata.identity.license
    yield {"@id": PROFILE, "@type": "CreativeWork", "name": "Process Run Crate", "version": "0.5"}
    yield {"@id": license_url(name) or RESERVED, "@type": "CreativeWork", "name": name or "All rights reserved"}


def _program(metadata: Metadata, software: str, engines: Sequence[Entity]) -> Entity:
    """The project's package, which the actions ran, and which requires the engine."""
    version = metadata.identity.version
    program = {
        "@id": f"#{software}-{quote(version)}",
        "@type": "SoftwareApplication",
        "name": software,
        "version": version,
        "url": metadata.identity.repository,
        "softwareRequirements": [{"@id": engine["@id"]} for engine in engines],
    }
    return {key: value for key, value in program.items() if value}


def _engines(actions: Sequence[Action]) -> list[Entity]:
    """The engine with which the actions ran, each version and source of it once."""
    entries = [action.settings["engine"] for action in actions if "engine" in action.settings]
    engines = {
        f"#{entry['name']}-{quote(entry['version'])}-{entry['sha256'][:16]}": {
            "@type": "SoftwareApplication",
            "name": entry["name"],
            "version": entry["version"],
            "sha256": entry["sha256"],
        }
        for entry in entries
    }
    return [{"@id": identifier} | entity for identifier, entity in engines.items()]


def _file_id(path: str, digest: str, present: Mapping[str, str]) -> str:
    """The path of a file that is there, or a name within the crate for a content that it had before."""
    return quote(path) if present.get(path) == digest else f"#{digest[:16]}-{quote(path)}"


def _file(path: str, digest: str, present: Mapping[str, str]) -> Entity:
    entity = {"@id": _file_id(path, digest, present), "@type": "File", "name": path, "sha256": digest}
    if present.get(path) != digest:
        what = "An earlier content of this file." if path in present else "A file that is not in this folder."
        return entity | {"@type": "CreativeWork", "description": what}
    return entity | {"encodingFormat": media_type(path)}


def media_type(path: str) -> str:
    """The kind of a file by its name (RFC 6838)."""
    return FORMATS.get(PurePosixPath(path).suffix) or guess_type(path)[0] or "application/octet-stream"


def _action(action: Action, present: Mapping[str, str], program: Entity) -> Iterator[Entity]:
    """The action, and each of its settings as a property value of the same name."""
    settings = [
        {
            "@id": f"{action.identifier}/{name}",
            "@type": "PropertyValue",
            "name": name,
            "value": value if isinstance(value, str) else json.dumps(value, sort_keys=True, ensure_ascii=False),
        }
        for name, value in {"step": action.step, "profile": action.profile, **action.settings}.items()
    ]
    read = [_file_id(path, digest, present) for path, digest in sorted(action.inputs.items())]
    run = {
        "@id": action.identifier,
        "@type": "CreateAction",
        "name": f"{action.step}, profile {action.profile}",
        "description": action.command,
        "instrument": {"@id": program["@id"]},
        "agent": {"@id": action.agent},
        "startTime": action.started,
        "endTime": action.ended,
        "actionStatus": f"{SCHEMA}CompletedActionStatus",
        "object": [{"@id": name} for name in (*read, *(item["@id"] for item in settings))],
        "result": [{"@id": _file_id(path, digest, present)} for path, digest in sorted(action.outputs.items())],
    }
    yield {key: value for key, value in run.items() if value or key in ("object", "result")}
    yield from settings


def from_crate(content: Any) -> list[Action]:
    """The actions of a crate. Raises UserError for a content that `to_crate` did not write."""
    try:
        entities = {entity["@id"]: entity for entity in content["@graph"]}
        return [_parsed(entity, entities) for entity in entities.values() if entity["@type"] == "CreateAction"]
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        message = f"{CRATE} is not a record of this project's steps ({error!r}); delete it, and run the steps again"
        raise UserError(message) from error


def _parsed(entity: Entity, entities: Mapping[str, Entity]) -> Action:
    used = [entities[item["@id"]] for item in entity["object"]]
    settings = {item["name"]: item["value"] for item in used if item["@type"] == "PropertyValue"}
    step, profile = settings.pop("step"), settings.pop("profile")
    return Action(
        step=step,
        profile=profile,
        command=entity["description"],
        started=entity.get("startTime", ""),
        ended=entity.get("endTime", ""),
        agent=entity["agent"]["@id"],
        settings={name: json.loads(value) for name, value in settings.items()},
        inputs={item["name"]: item["sha256"] for item in used if "sha256" in item},
        outputs={file["name"]: file["sha256"] for file in (entities[item["@id"]] for item in entity["result"])},
    )
