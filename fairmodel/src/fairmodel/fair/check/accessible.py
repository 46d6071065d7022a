"""Checks of the principles A: addresses, and metadata that hold no secret and outlive the model."""

import json
import re
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

from ...metadata.source import SOURCE
from ...paths import Paths
from ...splits import SPLITS
from ..crate.action import Checksums
from ..facts import PUBLISHED
from . import findable, interoperable, reusable
from .findable import registered_doi
from .network import Network
from .registry import Evidence, FairCheck, Status, bad, evaluate, good
from .subject import Subject

__all__ = ["CHECKS", "secrets"]

KINDS = {
    "a private key": re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY"),
    "a token": re.compile(
        r"\b(?:AKIA[0-9A-Z]{16}|gh[opsur]_\w{36}|github_pat_\w{22,}|glpat-[\w-]{20}|hf_[A-Za-z]{30,}|xox[abp]-[\w-]{10,})\b"
    ),
    "a signed token": re.compile(r"\beyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]{10,}"),
    "a password in an address": re.compile(r"://[^/\s:@\"']+:[^/\s@\"']+@"),
    "a password": re.compile(
        r"(?i)\b\w*(?:passwor[dt]|secret|token|api_?key)\w*[\"']?\s*[:=]\s*[\"'](?!\[hidden\])[A-Za-z0-9+/_-]{12,}[\"']"
    ),
}


def secrets(text: str) -> Iterator[tuple[int, str]]:
    """Line number and kind of what looks like a credential; never the credential itself."""
    for number, line in enumerate(text.splitlines(), 1):
        for kind, pattern in KINDS.items():
            if pattern.search(line):
                yield number, kind


LOCAL = re.compile(r"localhost|127\.|10\.|192\.168\.|\[?::1|.*\.(?:local|internal|lan)$")
ADDRESS = re.compile(r"\b[A-Za-z][A-Za-z0-9+.-]*://[^\s\"'<>)\]]+")
TEXTS = ("fair.toml", "CITATION.cff", "codemeta.json", ".zenodo.json", "README.md", "data/files.toml", "config/*.toml")
MODEL_TEXTS = ("*.json", "*.jsonld", "*.md")


def address(subject: Subject) -> Iterator[Evidence]:
    """Each file of the model has a name, a size, a checksum and an address in the metadata."""
    for index, item in enumerate(subject.fair4ml.get("distribution", [])):
        missing = [
            key for key in ("name", "contentSize", "sha256", "encodingFormat", "contentUrl") if not item.get(key)
        ]
        where = f"fair4ml.jsonld#/distribution/{index}"
        yield Evidence(
            where, f"missing: {', '.join(missing)}" if missing else str(item["contentUrl"]), good=not missing
        )


def retrieved(subject: Subject) -> Iterator[Evidence]:
    """The page that the DOI leads to answers a plain request with a document."""
    network = subject.online or Network()
    answer = network.get(f"{network.resolver.rstrip('/')}/{registered_doi(subject)}", accept="text/html")
    yield Evidence(str(answer), f"{len(answer.body)} bytes", good=answer.status == 200 and bool(answer.body))


def protocol(subject: Subject) -> Iterator[Evidence]:
    """Every address in the metadata is one of HTTP on a public host: an open, free, universal protocol."""
    for path in _texts(subject):
        for found in sorted(set(ADDRESS.findall(path.read_text(encoding="utf-8")))):
            parts = urlsplit(found)
            public = parts.scheme in ("http", "https") and not LOCAL.match(parts.hostname or "localhost")
            if not public:
                yield bad(subject.name(path), f"{found} is no public address of HTTP")
    yield good("metadata", "all other addresses are those of HTTP")


def access(subject: Subject) -> Iterator[Evidence]:
    """The metadata say who may download the model, and how they would authenticate where that is needed."""
    stated = subject.fair4ml.get("conditionsOfAccess")
    free, declared = subject.fair4ml.get("isAccessibleForFree"), subject.metadata.identity.access or "open"
    yield Evidence("fair4ml.jsonld#/conditionsOfAccess", stated or "is missing", good=bool(stated))
    where = f"{SOURCE}#/identity/access"
    yield Evidence(where, f"{declared}; isAccessibleForFree: {free}", good=free is (declared != "restricted"))


def no_secrets(subject: Subject) -> Iterator[Evidence]:
    """No token, password or private key stands in metadata, configuration or the record of the steps."""
    crate = subject.paths.root / "ro-crate-metadata.json"
    paths = [*_texts(subject), *([crate] if crate.is_file() else [])]
    for path in paths:
        for line, kind in secrets(path.read_text(encoding="utf-8")):
            yield bad(f"{subject.name(path)}:{line}", f"holds what looks like {kind}")
    yield good("metadata", f"{len(paths)} files searched")


def survives(subject: Subject) -> Iterator[Evidence]:
    """In a copy without weights, graph, sample and data, every check of the metadata that passed still passes.

    The metadata that are left know the checksum of each file that is gone, by which a copy elsewhere is recognised.
    """
    with tempfile.TemporaryDirectory() as folder:
        copy = Subject(replace(subject.run, paths=_without_model(subject, Path(folder))))
        for check in (*findable.CHECKS, *interoperable.CHECKS, *reusable.CHECKS):
            if check.metadata and evaluate(check, subject).status is Status.PASS:
                after = evaluate(check, copy).status
                yield Evidence(f"{check.identifier} without the model", after.value, good=after is Status.PASS)
        described = [item for text in (copy.fair4ml, copy.croissant) for item in text.get("distribution", [])]
        listed = {item.get("sha256") for item in described}
    checksums = Checksums(subject.paths.root)
    for path in _withdrawn(subject.paths):
        digest = checksums.of(path)
        found = f"{digest} {'stays' if digest in listed else 'does not stay'} in the metadata"
        yield Evidence(subject.name(path), found, good=digest in listed)


def tombstone(subject: Subject) -> Iterator[Evidence]:
    """DataCite keeps the metadata apart from the files: it answers with creators and a year without any of them."""
    network = subject.online or Network()
    answer = network.get(f"{network.datacite.rstrip('/')}/dois/{registered_doi(subject)}")
    try:
        attributes = json.loads(answer.body)["data"]["attributes"]
        kept = {key: bool(attributes.get(key)) for key in ("creators", "publicationYear", "publisher")}
    except (ValueError, KeyError, TypeError, AttributeError):
        kept = {"an entry": False}
    yield Evidence(
        str(answer), ", ".join(f"{key}: {'yes' if has else 'no'}" for key, has in kept.items()), good=all(kept.values())
    )


def _texts(subject: Subject) -> list[Path]:
    root, model = subject.paths.root, subject.paths.model
    found = [path for pattern in TEXTS for path in sorted(root.glob(pattern))]
    return found + [path for pattern in MODEL_TEXTS for path in sorted(model.glob(pattern))]


def _withdrawn(paths: Paths) -> list[Path]:
    """The files that go with a model."""
    model = (paths.model / name for name in PUBLISHED if not name.endswith(".json"))
    return [path for path in (*model, *map(paths.split, SPLITS)) if path.is_file()]


def _without_model(subject: Subject, folder: Path) -> Paths:
    """Copy what remains of a project when its model has been withdrawn; returns the paths there."""
    paths = Paths(folder, subject.paths.profile)
    others = (subject.paths.root / name for name in ("ro-crate-metadata.json", "LICENSE"))
    for path in (*_texts(subject), subject.paths.metrics, subject.paths.config, *others):
        if path.is_file():
            target = folder / subject.name(path)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
    return paths


CHECKS = (
    FairCheck("A1.address", "Every file has an address", address, "run `make describe`", metadata=True),
    FairCheck("A1.retrieved", "The DOI leads to the model", retrieved, "publish the draft", online=True),
    FairCheck(
        "A1.1.protocol",
        "The protocol is open",
        protocol,
        "replace the address in the file that is named",
        metadata=True,
    ),
    FairCheck(
        "A1.2.access",
        "The conditions of access are stated",
        access,
        "set access in [identity] of fair.toml, then run `make describe`",
        metadata=True,
    ),
    FairCheck(
        "A1.2.secrets",
        "No credential is given away",
        no_secrets,
        "revoke the credential now, then remove it from the file",
    ),
    FairCheck("A2.survives", "The metadata outlive the model", survives, "run `make metadata describe`"),
    FairCheck(
        "A2.kept",
        "An index keeps the metadata",
        tombstone,
        "publish the draft; the index follows within a day",
        online=True,
    ),
)
