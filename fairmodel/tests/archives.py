"""A trained model without a training: a graph of one layer, its weights, its sample and its records."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper
from safetensors.numpy import save_file

from fairmodel.export.onnx import SAMPLE, write_sample
from fairmodel.fair.fetch.fetch_model import Archive, Model, fetch
from fairmodel.files import write_json
from fairmodel.metadata.provenance import run_record
from fairmodel.paths import Paths
from fairmodel.schema import Schema
from fairmodel.testing.samples import random_samples

from .invenio import PREFIX, Invenio

__all__ = ["DOI", "Published", "publish_folder", "write_model"]

ROWS = 5
DOI = PREFIX + "102"  # of the first record of a stand-in


def write_model(paths: Paths, schema: Schema, seed: int = 0) -> None:
    """Write what the steps up to `evaluate` and `export` leave of a profile, in a moment."""
    width = sum(item.slots * len(item.features) for item in schema.inputs)
    weight = np.random.default_rng(seed).normal(size=(width, len(schema.classes))).astype(np.float32)
    paths.model.mkdir(parents=True, exist_ok=True)
    paths.onnx.write_bytes(_graph(schema, weight).SerializeToString(deterministic=True))
    save_file({"weight": weight}, paths.weights)
    inputs = random_samples(schema, ROWS, seed=seed).inputs
    session = onnxruntime.InferenceSession(paths.onnx.read_bytes(), providers=["CPUExecutionProvider"])
    write_sample(paths.model / SAMPLE, inputs, *session.run(["logits", "probabilities"], inputs))
    write_json(paths.model / "config.json", {"profile": paths.profile})
    record = run_record(paths, command="train", seed=seed, started=perf_counter(), inputs={})
    write_json(paths.run, record | {"training": {"epochs": 1, "best_epoch": 1, "device": "cpu"}})
    number = {"value": 0.75, "error": 0.01}
    metrics = {"schema": 1, "profile": paths.profile, "split": "test", schema.entity: ROWS}
    metrics |= {"parameters": weight.size, "rejection": {}, "inputs": {}}
    metrics |= dict.fromkeys(("auc", "accuracy", "cross_entropy", "brier"), number) | {"calibration": {"error": number}}
    write_json(paths.metrics, metrics)


def _graph(schema: Schema, weight: np.ndarray) -> onnx.ModelProto:
    names = [item.name for item in schema.inputs]
    nodes = [helper.make_node("Flatten", [name], [f"{name} flat"]) for name in names]
    nodes += [
        helper.make_node("Concat", [f"{name} flat" for name in names], ["all"], axis=1),
        helper.make_node("MatMul", ["all", "weight"], ["logits"]),
        helper.make_node("Softmax", ["logits"], ["probabilities"], axis=1),
    ]
    inputs = [
        helper.make_tensor_value_info(item.name, TensorProto.FLOAT, ["batch", item.slots, len(item.features)])
        for item in schema.inputs
    ]
    outputs = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", len(schema.classes)])
        for name in ("logits", "probabilities")
    ]
    constant = helper.make_tensor("weight", TensorProto.FLOAT, weight.shape, weight.ravel())
    graph = helper.make_graph(nodes, "layer", inputs, outputs, [constant])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)


def publish_folder(site: Invenio, folder: Path) -> str:
    """Make the files of a folder a published record of a stand-in, at once; returns its number."""
    _, record = site.create({"metadata": {}})
    number = str(record["id"])
    site.reserve(number, {})
    site.content[number] = {path.name: path.read_bytes() for path in folder.iterdir()}
    entries = {name: {"key": name, "status": "completed"} for name in site.content[number]}
    site.records[number] |= {"entries": entries, "is_published": True}
    return number


@dataclass
class Published:
    """An archive on a server, and the folder it came from."""

    site: Invenio
    record: str
    folder: Path
    here: Path

    def fetch(self, identifier: str = DOI, to: str = "model", **options: Any) -> Model:
        """Fetch with an empty cache of its own."""
        archive = options.pop("archive", Archive(resolver=f"{self.site.base}/doi"))
        return fetch(identifier, self.here / to, archive=archive, cache=self.here / "cache", **options)

    @property
    def files(self) -> dict[str, bytes]:
        """The bytes on the server, which a test may change."""
        return self.site.content[self.record]

    def change_manifest(self, change: Callable[[dict[str, Any]], object]) -> None:
        """Publish another manifest, as whoever controls the server could."""
        manifest = json.loads(self.files["manifest.json"])
        change(manifest)
        self.files["manifest.json"] = json.dumps(manifest).encode()

    def replace(self, name: str, content: bytes, listed_as: str | None = None) -> None:
        """Publish another file with a manifest that knows it, under another name if need be."""
        listed = name if listed_as is None else listed_as
        entry = {"name": listed, "bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
        self.files[listed] = content

        def change(manifest: dict[str, Any]) -> None:
            manifest["files"] = [file for file in manifest["files"] if file["name"] != name] + [entry]

        self.change_manifest(change)
        self.site.records[self.record]["entries"].setdefault(listed, {"key": listed})
