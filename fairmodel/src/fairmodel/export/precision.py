"""Graphs with fewer bits, from the exported one."""

import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import onnx
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process
from onnxruntime.transformers.float16 import convert_float_to_float16
from onnxruntime.transformers.onnx_model import OnnxModel

from ..dataset import Dataset
from ..evaluation.rows import ScoredRows
from ..evaluation.separation import auc
from ..files import atomic_path, sha256
from ..inference.backends import Outputs, open_backend
from ..inference.backends.backend import BlockSize, blocks
from ..inference.graph import Graph, read_graph
from ..interface import Run
from ..metadata.provenance import run_record
from ..present.tables import Cell, Column, Table, write_tables
from ..reproduce.compare import agreement, fidelity
from ..settings.inference import GRAPH, PRECISIONS

__all__ = ["quantise", "to_float16", "to_int8"]

PRODUCTS = ("Conv", "Gemm", "MatMul")

FILE = "precision"
COLUMNS = (
    Column("precision", "Precision"),
    Column("size", "File [kB]", digits=0),
    Column("auc", "AUC", digits=3, percent=True),
    Column("auc_loss", "AUC lost", digits=3, percent=True),
    Column("fidelity", "Fidelity to float32", digits=3, percent=True),
    Column("same_class", "Same class", digits=2, percent=True),
    Column("logit_difference", "Largest logit difference", digits=4),
    Column("probability_difference", "Largest probability difference", digits=4),
)
BATCH = 4096


def quantise(run: Run) -> None:
    """Write the exported graph in float16 and int8, and what each costs on the test split.

    The scales of int8 come from the first `[export] calibration_rows` of the training split. The table is written into
    `portability/` in the profile's reports, as JSON, Markdown and LaTeX.
    """
    started = time.perf_counter()
    graph = read_graph(run.paths.model / GRAPH)
    with Dataset(run.paths.split("train"), run.project.schema) as dataset:
        calibration = dataset.read(0, run.config.export.calibration_rows).inputs
    models: Mapping[str, onnx.ModelProto] = {"float16": to_float16(graph), "int8": to_int8(graph, calibration)}
    for name, model in models.items():
        with atomic_path(run.paths.model / PRECISIONS[name]) as temporary:
            temporary.write_bytes(model.SerializeToString(deterministic=True))
    table = _table(run)
    path = run.paths.report / "portability" / FILE
    inputs = {
        made.relative_to(run.paths.root).as_posix(): sha256(made)
        for made in (run.paths.weights, run.paths.split("test"))
    }
    record = run_record(run.paths, command="quantise", seed=0, started=started, inputs=inputs)
    command = f"make quantise PROFILE={run.paths.profile}"
    content = {"schema": 1, "title": "Fewer bits", "command": command, "record": record}
    markdown = write_tables(path, [table], content)
    sys.stdout.write(f"{markdown}\n{path}.json, .md and .tex\n")


def _table(run: Run) -> Table:
    rows: dict[str, dict[str, Cell]] = {}
    with Dataset(run.paths.split("test"), run.project.schema) as dataset:
        labels = dataset.labels()
        found = {name: _outputs(run, name, dataset) for name in PRECISIONS}
    expected = found["float32"]
    reference = _scored(expected, labels, run.project.schema.signal)
    whole = auc(reference)
    for name, outputs in found.items():
        scored = _scored(outputs, labels, run.project.schema.signal)
        own = auc(scored)
        rows[name] = {
            "precision": name,
            "size": (run.paths.model / PRECISIONS[name]).stat().st_size / 1000,
            "auc": own,
            "auc_loss": whole - own,
            "fidelity": fidelity(scored, reference),
            "same_class": agreement(scored, reference),
            "logit_difference": float(np.abs(outputs.logits - expected.logits).max()),
            "probability_difference": float(np.abs(outputs.probabilities - expected.probabilities).max()),
        }
    caption = f"What fewer bits cost, on the {len(labels)} {run.project.schema.entity} of the test split."
    notes = (
        "ONNX Runtime on the processor, which computes float16 in float32 and rounds. Scales of int8: "
        f"{run.config.export.calibration_rows} rows of the training split at most.",
    )
    return Table(FILE, caption, COLUMNS, rows, notes)


def _outputs(run: Run, precision: str, dataset: Dataset) -> Outputs:
    threads = run.config.evaluation.threads
    backend = open_backend("onnxruntime", run.paths.model, run.project, threads=threads, precision=precision)
    parts = [backend.run(batch.inputs) for batch in dataset.batches(BATCH)]
    return Outputs(
        np.concatenate([part.logits for part in parts]), np.concatenate([part.probabilities for part in parts])
    )


def _scored(outputs: Outputs, labels: np.ndarray, signal: int) -> ScoredRows:
    return ScoredRows(outputs.probabilities.astype(np.float64), labels, np.ones(len(labels)), signal)


def to_float16(graph: Graph) -> onnx.ModelProto:
    """The graph in float16, with inputs and outputs in float32.

    What comes before the first matrix product stays in float32 too: inputs in physical units may be larger than float16
    can hold, or so small that it takes them for zero, and an object for an empty slot.
    """
    model = onnx.load_model_from_string(graph.content)
    model = convert_float_to_float16(model, keep_io_types=True, node_block_list=_before_products(model))
    _drop_detours(model)
    OnnxModel(model).topological_sort()
    return _described(model, graph)


def to_int8(graph: Graph, inputs: Mapping[str, np.ndarray]) -> onnx.ModelProto:
    """The graph with matrix products of 8-bit integers, quantised statically, with a scale for each channel.

    The scales come from what the values are for the `inputs`, float32 (row, slot, feature), which should be rows of the
    training split.
    """
    with tempfile.TemporaryDirectory() as folder:
        original, prepared, made = (Path(folder) / f"{name}.onnx" for name in ("original", "prepared", "made"))
        original.write_bytes(graph.content)
        quant_pre_process(str(original), str(prepared), skip_symbolic_shape=True)
        quantize_static(
            str(prepared),
            str(made),
            _Calibration(graph, inputs),
            quant_format=QuantFormat.QDQ,
            per_channel=True,
            op_types_to_quantize=["MatMul", "Gemm"],
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
        )
        return _described(onnx.load(made), graph)


def _before_products(model: onnx.ModelProto) -> list[str]:
    """Names of the operations that no matrix product comes before."""
    behind: set[str] = set()
    names = []
    for node in model.graph.node:
        if node.op_type in PRODUCTS or not behind.isdisjoint(node.input):
            behind.update(node.output)
        else:
            names.append(node.name)
    return names


def _drop_detours(model: onnx.ModelProto) -> None:
    """Let what is computed in float32 take float32: the conversion puts a cast to float16 and back in between."""
    maker = {output: node for node in model.graph.node for output in node.output}
    original: dict[str, str] = {}
    for node in model.graph.node:
        before = maker.get(node.input[0]) if _casts_to(node, onnx.TensorProto.FLOAT) else None
        if before is not None and _casts_to(before, onnx.TensorProto.FLOAT16):
            original[node.output[0]] = before.input[0]
    for node in model.graph.node:
        node.input[:] = [original.get(name, name) for name in node.input]
    while unused := _unused_casts(model):
        for node in unused:
            model.graph.node.remove(node)
    del model.graph.value_info[:]


def _casts_to(node: onnx.NodeProto, kind: int) -> bool:
    return node.op_type == "Cast" and node.attribute[0].i == kind


def _unused_casts(model: onnx.ModelProto) -> list[onnx.NodeProto]:
    used = {name for node in model.graph.node for name in node.input} | {item.name for item in model.graph.output}
    return [node for node in model.graph.node if node.op_type == "Cast" and used.isdisjoint(node.output)]


def _described(model: onnx.ModelProto, graph: Graph) -> onnx.ModelProto:
    onnx.helper.set_model_props(model, dict(graph.properties))
    onnx.checker.check_model(model, full_check=True)
    return model


class _Calibration(CalibrationDataReader):  # type: ignore[misc]
    """The rows in the blocks in which a runtime would see them."""

    def __init__(self, graph: Graph, inputs: Mapping[str, np.ndarray]) -> None:
        self._parts: Iterator[dict[str, np.ndarray]] = iter([dict(inputs)])
        if graph.cut:
            self._parts = (block for _, block in blocks(inputs, graph.cut, BlockSize()))

    def get_next(self) -> dict[str, np.ndarray] | None:
        """The next block, or nothing after the last."""
        return next(self._parts, None)
