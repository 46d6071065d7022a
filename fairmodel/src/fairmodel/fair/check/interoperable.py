"""Checks of the principles I: the graph, its signature and its answers, the data files, the vocabularies."""

import json
from collections.abc import Iterator
from typing import Any

import h5py
import numpy as np

from ...dataset import Dataset
from ...metadata.source import SOURCE
from ...schema import Input, Schema
from ...splits import SPLITS
from .findable import doi_reason
from .registry import Evidence, FairCheck, bad, good
from .subject import Subject

__all__ = ["CHECKS", "signature_problems"]

OUTPUTS = ("logits", "probabilities")


def signature_problems(graph: Any, schema: Schema) -> list[tuple[str, str]]:
    """Place and reason of each difference between an onnx.ModelProto and the schema."""
    properties = {item.key: item.value for item in graph.metadata_props}
    problems = []
    names, expected = [item.name for item in graph.graph.input], [item.name for item in schema.inputs]
    if names != expected:
        problems.append(("graph/input", f"inputs {names}, expected {expected}"))
    if (outputs := [item.name for item in graph.graph.output]) != list(OUTPUTS):
        problems.append(("graph/output", f"outputs {outputs}, expected {list(OUTPUTS)}"))
    if (classes := _parsed(properties, "classes")) != list(schema.classes):
        problems.append(("metadata_props/classes", f"{classes}, expected {list(schema.classes)}"))
    described, shapes = _parsed(properties, "inputs"), {item.name: _shape(item) for item in graph.graph.input}
    for item in schema.inputs:
        features = [{"name": feature.name, "unit": feature.unit} for feature in item.features]
        if not isinstance(described, dict) or described.get(item.name) != features:
            problems.append((f"metadata_props/inputs/{item.name}", "features or units differ from the table"))
        if item.name in shapes and not _fits(shapes[item.name], item):
            shape = f"(rows, {item.slots}, {len(item.features)})"
            problems.append((f"graph/input/{item.name}", f"shape {shapes[item.name]}, expected {shape}"))
    return problems


def _parsed(properties: dict[str, str], name: str) -> Any:
    try:
        return json.loads(properties.get(name, "null"))
    except ValueError:
        return None


def _shape(value: Any) -> tuple[int | str, ...]:
    """Lengths of the axes; a text is an open one."""
    return tuple(axis.dim_param or axis.dim_value for axis in value.type.tensor_type.shape.dim)


def _fits(shape: tuple[int | str, ...], item: Input) -> bool:
    """Rows open, slots open or as many as declared, features as many as declared."""
    if len(shape) != 3 or not isinstance(shape[0], str):
        return False
    return shape[1] in (item.slots, str(shape[1])) and shape[2] == len(item.features)


def graph(subject: Subject) -> Iterator[Evidence]:
    """The ONNX file passes ONNX's own checker and shape inference, and uses standard operators only."""
    import onnx

    where, model = subject.name(subject.paths.onnx), subject.graph
    try:
        onnx.checker.check_model(model, full_check=True)
        onnx.shape_inference.infer_shapes(model, check_type=True, strict_mode=True, data_prop=True)
    except (onnx.checker.ValidationError, onnx.shape_inference.InferenceError) as error:
        yield bad(where, " ".join(str(error).split())[:300])
    else:
        yield good(where, "valid; all shapes can be inferred")
    domains = sorted({item.domain for item in model.opset_import} - {"", "ai.onnx"})
    yield Evidence(f"{where}#opset_import", f"other domains: {', '.join(domains) or 'none'}", good=not domains)


def signature(subject: Subject) -> Iterator[Evidence]:
    """Inputs, outputs, classes, features and units of the graph are those of the project's table of features."""
    where, problems = subject.name(subject.paths.onnx), signature_problems(subject.graph, subject.project.schema)
    yield from (bad(f"{where}#{place}", problem) for place, problem in problems)
    if not problems:
        yield good(where, "names, shapes, features and units as in the table of features")


def answers(subject: Subject) -> Iterator[Evidence]:
    """ONNX Runtime gives the bundled sample the probabilities that PyTorch gave it, within `[export] tolerance`."""
    import onnxruntime

    sample, names = subject.sample, [item.name for item in subject.project.schema.inputs]
    where = f"{subject.name(subject.paths.onnx)} on sample.safetensors"
    if missing := [name for name in (*names, "probabilities") if name not in sample]:
        yield bad("sample.safetensors", f"has no {', '.join(missing)}")
        return
    session = onnxruntime.InferenceSession(subject.graph.SerializeToString(), providers=["CPUExecutionProvider"])
    try:
        found = session.run(["probabilities"], {name: sample[name] for name in names})[0]
    except Exception as error:  # those of ONNX Runtime have no base class of their own
        yield bad(where, " ".join(str(error).split())[:300])
        return
    difference, tolerance = float(np.abs(found - sample["probabilities"]).max()), subject.config.export.tolerance
    text = f"largest difference {difference:.2g} in {len(found)} rows, tolerance {tolerance:g}"
    yield Evidence(where, text, good=bool(difference <= tolerance))


def data_files(subject: Subject) -> Iterator[Evidence]:
    """The data files are HDF5 in the documented layout, and name features and units themselves."""
    for split in SPLITS:
        path = subject.paths.split(split)
        where = subject.name(path)
        Dataset(path, subject.project.schema).close()  # refuses another layout
        with h5py.File(path) as file:
            for item in subject.project.schema.inputs:
                units = tuple(file[f"inputs/{item.name}"].attrs.get("units", ()))
                expected = tuple(feature.unit for feature in item.features)
                text = f"units {', '.join(units) or 'missing'}"
                yield Evidence(f"{where}#/inputs/{item.name}@units", text, good=units == expected)


def references(subject: Subject) -> Iterator[Evidence]:
    """The training data and every work in `[[references]]` have a DOI or an address."""
    data = subject.metadata.training_data
    named: list[tuple[str, str, str]] = [("training-data", data.doi, data.url)]
    named += [(f"references/{i}", item.doi, item.url) for i, item in enumerate(subject.metadata.references)]
    for pointer, doi, url in named:
        reason = doi_reason(doi) if doi else None if url else "has neither doi nor url"
        yield Evidence(f"{SOURCE}#/{pointer}", reason or doi or url, good=not reason)


def lineage(subject: Subject) -> Iterator[Evidence]:
    """The data that the metadata call training and test data have the checksums of those that were read."""
    trained, scored = subject.record.get("inputs", {}), subject.metrics.get("inputs", {})
    for term, split, recorded in (("trainedOn", "train", trained), ("testedOn", "test", scored)):
        name = subject.name(subject.paths.split(split))
        listed = _at(subject.fair4ml, f"fair4ml:{term}", "distribution", "sha256")
        same = listed is not None and listed == recorded.get(name)
        yield Evidence(f"fair4ml.jsonld#/fair4ml:{term}", f"{listed}, recorded {recorded.get(name)}", good=same)


def _at(content: Any, *keys: str) -> Any:
    for key in keys:
        content = content.get(key) if isinstance(content, dict) else None
    return content


CHECKS = (
    FairCheck(
        "I1.graph", "The graph is standard ONNX", graph, "run `make export`, with standard operators in the network"
    ),
    FairCheck("I1.signature", "The graph says what it takes and gives", signature, "run `make export`"),
    FairCheck("I1.answers", "The graph answers as the network did", answers, "run `make export`"),
    FairCheck("I1.data", "The data files describe themselves", data_files, "run `make data`"),
    FairCheck(
        "I2.references",
        "References are qualified",
        references,
        "add doi or url in fair.toml to what is named",
        metadata=True,
    ),
    FairCheck(
        "I2.lineage",
        "The data are those that were used",
        lineage,
        "run `make describe`; train again if data have changed",
        metadata=True,
    ),
)
