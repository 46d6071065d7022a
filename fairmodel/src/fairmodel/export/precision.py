"""The `quantise` step: graphs with fewer bits, and what they cost."""

import sys
import time
from collections.abc import Mapping

import numpy as np
import onnx
from sklearn.metrics import roc_auc_score

from ..dataset import Dataset
from ..evaluation.rows import ScoredRows
from ..files import atomic_path, sha256
from ..inference.backends import Outputs, open_backend
from ..inference.graph import read_graph
from ..inference.names import GRAPH, PRECISIONS
from ..interface import Run
from ..metadata.provenance import run_record
from ..present.tables import Cell, Column, Table, write_tables
from ..reproduce.paired import agreement, fidelity
from .quantise import to_float16, to_int8

__all__ = ["quantise"]

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
    auc = float(roc_auc_score(reference.is_signal, reference.score))
    for name, outputs in found.items():
        scored = _scored(outputs, labels, run.project.schema.signal)
        own = float(roc_auc_score(scored.is_signal, scored.score))
        rows[name] = {
            "precision": name,
            "size": (run.paths.model / PRECISIONS[name]).stat().st_size / 1000,
            "auc": own,
            "auc_loss": auc - own,
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
