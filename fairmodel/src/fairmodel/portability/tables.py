"""The machine and the software that numbers were measured with (Table 6 of arXiv:2212.05081)."""

import platform
from collections.abc import Mapping
from contextlib import suppress
from importlib import metadata
from typing import Any

import numpy as np
import psutil
import torch

from ..evaluation.rows import ScoredRows
from ..evaluation.separation import auc
from ..metadata.provenance import processor
from ..present.tables import Cell, Column, Table
from ..reproduce.compare import agreement, fidelity
from ..reproduce.outcome import Beside

__all__ = ["NOT_RUN", "accuracy_table", "answers", "describe_platform", "platform_table", "speed_table"]

SOFTWARE = ("torch", "onnx", "onnxruntime", "onnxruntime-gpu", "openvino", "tensorrt", "numpy")


def describe_platform() -> Mapping[str, str]:
    """What the table of the platform has to say, name -> text; a GPU and its software only where there is one."""
    memory = psutil.virtual_memory().total / 1e9
    cores = f"{psutil.cpu_count(logical=False) or '?'} cores, {psutil.cpu_count()} threads"
    rows = {
        "System": f"{platform.system()} {platform.release()}",
        "Processor": f"{processor() or platform.machine()} ({cores})",
        "Memory": f"{memory:.0f} GB",
        "GPU": ", ".join(_gpus()) or "none",
        "Python": platform.python_version(),
    }
    for name in SOFTWARE:
        with suppress(metadata.PackageNotFoundError):
            rows[name] = metadata.version(name)
    if torch.cuda.is_available():
        rows |= {"CUDA": str(torch.version.cuda)}
    return rows


def _gpus() -> list[str]:
    found: list[Any] = [torch.cuda.get_device_properties(index) for index in range(torch.cuda.device_count())]
    return [f"{item.name} ({item.total_memory / 1e9:.0f} GB)" for item in found]


NOT_RUN = "not run here"
ACCURACY = (
    Column("accuracy", "Accuracy", digits=2, percent=True),
    Column("auc", "AUC", digits=3, percent=True),
    Column("fidelity", "Fidelity to PyTorch", digits=4, percent=True),
    Column("same_class", "Same class", digits=3, percent=True),
)
DIFFERENCE = Column("largest_logit_difference", "Largest logit difference")
SPEED = (
    Column("latency", "One row [ms]", digits=3),
    Column("batch_time", "Largest batch [ms]", digits=1),
    Column("throughput", "Rows per second", digits=0),
    Column("busy", "Processor", digits=0, percent=True),
    Column("opening", "Until ready [s]", digits=1),
    Column("memory", "Memory [MB]", digits=0),
)


def answers(rows: ScoredRows, reference: ScoredRows, logits: np.ndarray, expected: np.ndarray) -> dict[str, float]:
    """Accuracy and AUC of a runtime's answers, and how they differ from the reference's.

    `logits` and `expected` are float32 (row, class), of the runtime and of the reference.
    """
    return {
        "accuracy": float((rows.probability.argmax(1) == rows.label).mean()),
        "auc": auc(rows),
        "fidelity": fidelity(rows, reference),
        "same_class": agreement(rows, reference),
        "largest_logit_difference": float(np.abs(logits.astype(np.float64) - expected).max()),
    }


def accuracy_table(runtimes: Mapping[str, Mapping[str, Any]], entity: str, rows: int, beside: Beside) -> Table:
    """What each runtime answers, beside published numbers if there are any."""
    cells: dict[str, dict[str, Cell]] = {}
    for name, found in runtimes.items():
        row: dict[str, Cell] = {"runtime": name, **beside.cells(name)}
        if found["status"] != "measured":
            cells[name] = row | {"accuracy": NOT_RUN}
            continue
        numbers: dict[str, Cell] = {column.key: found[column.key] for column in ACCURACY}
        cells[name] = row | numbers | {DIFFERENCE.key: f"{found[DIFFERENCE.key]:.1e}"}
    columns = (Column("runtime", "Runtime"), *ACCURACY, DIFFERENCE, *beside.columns(*ACCURACY[:3]))
    caption = f"The same model in several runtimes, on all {rows} {entity} of the test split."
    notes = ("Fidelity is one minus the mean distance of the scores; the last columns compare with PyTorch.",)
    return Table("portability", caption, columns, cells, (*notes, *_not_run(runtimes), *beside.notes))


def speed_table(runtimes: Mapping[str, Mapping[str, Any]], largest: int, threads: int) -> Table:
    """How soon each runtime answers, and what it takes."""
    cells: dict[str, dict[str, Cell]] = {}
    for name, found in runtimes.items():
        if found["status"] != "measured":
            cells[name] = {"runtime": name, "device": NOT_RUN}
            continue
        single, batch = (float(np.median(found["seconds"][str(size)])) for size in (1, largest))
        cells[name] = {
            "runtime": name,
            "device": found["device"],
            "latency": 1e3 * single,
            "batch_time": 1e3 * batch,
            "throughput": largest / batch,
            "busy": found["busy"],
            "opening": found["opening_seconds"],
            "memory": found["memory_megabytes"],
        }
    caption = (
        f"Speed: medians, with {threads} thread{'s' * (threads > 1)} on the processor; largest batch: {largest} rows."
    )
    notes = (
        "Processor: time of all its threads over elapsed time. Memory: of the whole process, libraries included. "
        "Times include everything from arrays to arrays.",
    )
    return Table(
        "portability_speed", caption, (Column("runtime", "Runtime"), Column("device", "Device"), *SPEED), cells, notes
    )


def platform_table(platforms: Mapping[str, Mapping[str, str]]) -> Table:
    """One or more platforms beside each other."""
    names = dict.fromkeys(name for described in platforms.values() for name in described)
    columns = (Column("item", "Item"), *(Column(key, key) for key in platforms))
    rows: dict[str, dict[str, Cell]] = {name: {"item": name} for name in names}
    for key, described in platforms.items():
        for name, value in described.items():
            rows[name][key] = value
    return Table("platform", "The platform.", columns, rows)


def _not_run(runtimes: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Why runtimes are missing, each reason once."""
    reasons: dict[str, list[str]] = {}
    for name, found in runtimes.items():
        if found["status"] != "measured":
            reasons.setdefault(found["problem"], []).append(name)
    return [f"{NOT_RUN.capitalize()}: {'; '.join(names)}: {reason}." for reason, names in reasons.items()]
