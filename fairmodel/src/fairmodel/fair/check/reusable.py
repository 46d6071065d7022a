"""R1 to R3: what a user has to know, may do, and can rely on."""

import math
from collections.abc import Iterator
from typing import Any

import yaml
from jsonschema import Draft202012Validator
from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression
from packaging.utils import canonicalize_name

from ...metadata.engine import ENGINE
from ...metadata.source import SOURCE
from ..crate.graph import CRATE
from ..crate.verify import rerun_training, verify
from .libraries import imports_problems, locked, same_release
from .registry import Evidence, FairCheck, NotApplicableError, bad, good
from .schemas import schema
from .subject import Subject

__all__ = ["CHECKS"]

STEPS = ("train", "evaluate", "export")
FILES = ("README.md", "LICENSE", "pyproject.toml", "constraints.txt")
PICKLES = (".pkl", ".pickle", ".pt", ".pth", ".bin", ".joblib")


def metrics(subject: Subject) -> Iterator[Evidence]:
    """Every headline metric has a value and an error, and the split and the number of its rows are given."""
    where, found = subject.name(subject.paths.metrics), subject.metrics
    for name in ("auc", "accuracy", "cross_entropy", "brier"):
        item = found.get(name)
        known = isinstance(item, dict) and all(_number(item.get(key)) for key in ("value", "error"))
        yield Evidence(f"{where}#/{name}", str(item), good=known)
    rows = found.get(subject.project.schema.entity)
    yield Evidence(f"{where}#/split", f"{found.get('split')}, {rows} rows", good=bool(found.get("split") and rows))


def units(subject: Subject) -> Iterator[Evidence]:
    """Every feature of every input has a unit ("1" for a pure number) and a description."""
    for item in subject.project.schema.inputs:
        silent = [f.name for f in item.features if not f.unit.strip() or not f.description.strip()]
        text = f"{len(item.features)} features; without unit or description: {', '.join(silent) or 'none'}"
        yield Evidence(f"Project(schema=…), input {item.name}", text, good=not silent)


def ranges(subject: Subject) -> Iterator[Evidence]:
    """The real objects of the bundled sample lie within the ranges that the table of features states."""
    for item in subject.project.schema.inputs:
        array = subject.sample.get(item.name)
        if array is None:
            yield bad("sample.safetensors", f"has no {item.name}")
            continue
        real = array[(array != 0).any(axis=2)]
        for number, feature in enumerate(item.features):
            values = real[:, number]
            slack = 1e-6 * max([abs(bound) for bound in (feature.low, feature.high) if math.isfinite(bound)] or [0.0])
            outside = int(((values < feature.low - slack) | (values > feature.high + slack)).sum())
            if outside:
                text = f"{outside} of {len(values)} values outside {feature.low:g} to {feature.high:g} {feature.unit}"
                yield bad(f"sample.safetensors, {item.name}.{feature.name}", text)
        yield good(f"sample.safetensors, {item.name}", f"{len(real)} objects compared with the table")


def software_license(subject: Subject) -> Iterator[Evidence]:
    """fair.toml names a licence of the SPDX list, and its text is in the file LICENSE."""
    yield _spdx(f"{SOURCE}#/identity/license", subject.metadata.identity.license)
    path = subject.paths.root / "LICENSE"
    size = path.stat().st_size if path.is_file() else 0
    yield Evidence("LICENSE", f"{size} bytes", good=size > 100)


def data_license(subject: Subject) -> Iterator[Evidence]:
    """fair.toml names the licence of the training data, one of the SPDX list."""
    yield _spdx(f"{SOURCE}#/training-data/license", subject.metadata.training_data.license)


def record(subject: Subject) -> Iterator[Evidence]:
    """Training, evaluation and export are in the record of the steps, from a commit without further changes."""
    steps = {action.step: action for action in subject.actions}
    for name in STEPS:
        action = steps.get(name)
        if action is None:
            yield bad(CRATE, f"has no {name} of the profile {subject.paths.profile}")
            continue
        commit = action.settings["commit"]
        where, clean = f"{CRATE}#{action.identifier.lstrip('#')}", bool(commit["id"]) and not commit["dirty"]
        reason = "" if clean else " with changes that were not committed" if commit["id"] else "no commit"
        yield Evidence(where, f"{action.ended}, {commit['id'] or ''}{reason}", good=clean)


def hashes(subject: Subject) -> Iterator[Evidence]:
    """Every file in the record has the SHA-256 recorded, and none was made from an earlier state of another."""
    findings = verify(subject.paths.root, subject.actions)
    for finding in findings:
        yield bad(finding.path, finding.problem)
    if not findings:
        yield good(CRATE, f"all files of {len(subject.actions)} steps read anew")


def repeated(subject: Subject) -> Iterator[Evidence]:
    """The recorded training, done once more, gives the same model."""
    if not subject.rerun:
        message = "takes as long as the training: run with --rerun, best for a small profile"
        raise NotApplicableError(message)
    outcome = rerun_training(subject.run, subject.actions)
    yield Evidence(subject.name(subject.paths.weights), outcome.text, good=outcome.same)


def imports(subject: Subject) -> Iterator[Evidence]:
    """All that the code imports is pinned, or declared by an extra; nothing is run for it."""
    problems, count = imports_problems(subject.paths.root)
    yield from (bad(where, problem) for where, problem in problems)
    if not problems:
        yield good("src", f"{count} libraries imported, all of them pinned or declared")


def versions(subject: Subject) -> Iterator[Evidence]:
    """The versions that the training ran with are those that constraints.txt pins."""
    pinned = locked(subject.paths.root)
    for name, version in subject.record.get("software", {}).items():
        if name != "python":
            same = same_release(pinned.get(canonicalize_name(name), ""), version)
            text = f"{version}, pinned {pinned.get(canonicalize_name(name), 'not at all')}"
            yield Evidence(f"{subject.name(subject.paths.run)}#/software/{name}", text, good=same)


def bill(subject: Subject) -> Iterator[Evidence]:
    """sbom.cdx.json keeps the schema of CycloneDX 1.6 and lists what the training ran with, in the same versions."""
    errors = list(Draft202012Validator(schema("sbom.cdx.json")).iter_errors(subject.sbom))
    for error in errors:
        yield bad(f"sbom.cdx.json#/{'/'.join(map(str, error.absolute_path))}", error.message[:200])
    listed = {item.get("name"): item.get("version", "") for item in subject.sbom.get("components", [])}
    for name, version in subject.record.get("software", {}).items():
        if name in listed:
            text = f"{listed[name]}, trained with {version}"
            yield Evidence(f"sbom.cdx.json, {name}", text, good=same_release(listed[name], version))
    missing = sorted({"torch", "numpy", ENGINE} - listed.keys())
    yield Evidence("sbom.cdx.json#/components", f"missing: {', '.join(missing) or 'none'}", good=not missing)


def citation(subject: Subject) -> Iterator[Evidence]:
    """CITATION.cff is valid in the Citation File Format 1.2.0."""
    path = subject.paths.root / "CITATION.cff"
    try:
        content: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as problem:
        yield bad("CITATION.cff", " ".join(str(problem).split())[:200])
        return
    errors = list(Draft202012Validator(schema("CITATION.cff")).iter_errors(content))
    for error in errors:
        yield bad(f"CITATION.cff#/{'/'.join(map(str, error.absolute_path))}", error.message[:200])
    if not errors:
        yield good("CITATION.cff", "keeps the schema")


def formats(subject: Subject) -> Iterator[Evidence]:
    """The project has the files that its community expects, and no file of the model can run code when it is read."""
    for name in FILES:
        yield Evidence(
            name,
            "is there" if (subject.paths.root / name).is_file() else "is missing",
            good=(subject.paths.root / name).is_file(),
        )
    pickles = sorted(path.name for path in subject.paths.model.glob("*") if path.suffix in PICKLES)
    yield Evidence(subject.name(subject.paths.model), f"pickles: {', '.join(pickles) or 'none'}", good=not pickles)


def _spdx(where: str, identifier: str) -> Evidence:
    try:
        known = bool(identifier) and bool(canonicalize_license_expression(identifier))
    except InvalidLicenseExpression:
        known = False
    return Evidence(where, repr(identifier) + ("" if known else " is no licence of the SPDX list"), good=known)


def _number(value: object) -> bool:
    return isinstance(value, int | float) and math.isfinite(value)


COMMIT = "commit your changes, then run `make all`"
CHECKS = (
    FairCheck("R1.metrics", "The metrics have errors", metrics, "run `make evaluate`", metadata=True),
    FairCheck(
        "R1.units",
        "Every feature has a unit",
        units,
        "add unit and description to the table of features",
        metadata=True,
    ),
    FairCheck("R1.ranges", "The stated ranges hold", ranges, "correct low and high in the table of features"),
    FairCheck(
        "R1.1.license",
        "The licence is clear",
        software_license,
        "choose a licence: set license in [identity] of fair.toml, put its text into LICENSE",
        metadata=True,
    ),
    FairCheck(
        "R1.1.data",
        "The licence of the data is clear",
        data_license,
        "set license in [training-data] of fair.toml",
        metadata=True,
    ),
    FairCheck("R1.2.record", "It is recorded how the model was made", record, COMMIT),
    FairCheck("R1.2.hashes", "The record is true", hashes, "run `make all`; `fair verify` lists the files"),
    FairCheck(
        "R1.2.repeated",
        "The training can be repeated",
        repeated,
        "run `make all` in the environment of constraints.txt",
    ),
    FairCheck(
        "R2.imports", "Every library is pinned", imports, "add it to dependencies in pyproject.toml and run `make lock`"
    ),
    FairCheck(
        "R2.versions", "The model was trained with the pinned versions", versions, "run `make setup`, then `make all`"
    ),
    FairCheck("R2.bill", "The software is listed", bill, "run `make describe`", metadata=True),
    FairCheck(
        "R3.citation", "The citation is valid", citation, "correct fair.toml, then run `make metadata`", metadata=True
    ),
    FairCheck(
        "R3.formats",
        "The project is laid out as usual",
        formats,
        "restore the file that is named; keep weights as safetensors",
    ),
)
