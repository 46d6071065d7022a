"""The `quantise` step: graphs with fewer bits, and what they cost."""

import sys
import time
from collections.abc import Mapping

import numpy as np
import onnx
from sklearn.metrics import roc_auc_score

from ..config import RunConfig
from ..dataset import Dataset
from ..evaluation.rows import ScoredRows
from ..metadata.provenance import run_record
from ..files import atomic_path, sha256
from ..inference.backends import Outputs, open_backend
from ..inference.graph import read_graph
from ..inference.names import GRAPH, PRECISIONS
from ..interface import Project
from ..paths import Paths
from ..reproduce.paired import agreement, fidelity
from ..present.tables import Cell, Column, Table, write_tables
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


def quantise(project: Project, config: RunConfig, paths: Paths) -> None:
    """Write the exported graph in float16 and int8, and what each costs on the test split.

    The scales of int8 come from the first `[export] calibration_rows` of the training split. The table is written into
    `portability/` in the profile's reports, as JSON, Markdown and LaTeX.
    """
    started = time.perf_counter()
    graph = read_graph(paths.model / GRAPH)
    with Dataset(paths.split("train"), project.SCHEMA) as dataset:
        calibration = dataset.read(0, config.export.calibration_rows).inputs
    models: Mapping[str, onnx.ModelProto] = {"float16": to_float16(graph), "int8": to_int8(graph, calibration)}
    for name, model in models.items():
        with atomic_path(paths.model / PRECISIONS[name]) as temporary:
            temporary.write_bytes(model.SerializeToString(deterministic=True))
    table = _table(project, config, paths)
    path = paths.report / "portability" / FILE
    inputs = {made.relative_to(paths.root).as_posix(): sha256(made) for made in (paths.weights, paths.split("test"))}
    record = run_record(paths, command="quantise", seed=0, started=started, inputs=inputs)
    command = f"make quantise PROFILE={paths.profile}"
    content = {"schema": 1, "title": "Fewer bits", "command": command, "record": record}
    markdown = write_tables(path, [table], content)
    sys.stdout.write(f"{markdown}\n{path}.json, .md and .tex\n")


def _table(project: Project, config: RunConfig, paths: Paths) -> Table:
    rows: dict[str, dict[str, Cell]] = {}
    with Dataset(paths.split("test"), project.SCHEMA) as dataset:
        labels = dataset.labels()
        found = {name: _outputs(project, config, paths, name, dataset) for name in PRECISIONS}
    expected = found["float32"]
    reference = _scored(expected, labels, project.SCHEMA.signal)
    auc = float(roc_auc_score(reference.is_signal, reference.score))
    for name, outputs in found.items():
        scored = _scored(outputs, labels, project.SCHEMA.signal)
        own = float(roc_auc_score(scored.is_signal, scored.score))
        rows[name] = {
            "precision": name,
            "size": (paths.model / PRECISIONS[name]).stat().st_size / 1000,
            "auc": own,
            "auc_loss": auc - own,
            "fidelity": fidelity(scored, reference),
            "same_class": agreement(scored, reference),
            "logit_difference": float(np.abs(outputs.logits - expected.logits).max()),
            "probability_difference": float(np.abs(outputs.probabilities - expected.probabilities).max()),
        }
    caption = f"What fewer bits cost, on the {len(labels)} {project.SCHEMA.entity} of the test split."
    notes = (
        "ONNX Runtime on the processor, which computes float16 in float32 and rounds. Scales of int8: "
        f"{config.export.calibration_rows} rows of the training split at most.",
    )
    return Table(FILE, caption, COLUMNS, rows, notes)


def _outputs(project: Project, config: RunConfig, paths: Paths, precision: str, dataset: Dataset) -> Outputs:
    threads = config.evaluation.threads
    backend = open_backend("onnxruntime", paths.model, threads=threads, precision=precision, project=project)
    parts = [backend.run(batch.inputs) for batch in dataset.batches(BATCH)]
    return Outputs(
        np.concatenate([part.logits for part in parts]), np.concatenate([part.probabilities for part in parts])
    )


def _scored(outputs: Outputs, labels: np.ndarray, signal: int) -> ScoredRows:
    return ScoredRows(outputs.probabilities.astype(np.float64), labels, np.ones(len(labels)), signal)
