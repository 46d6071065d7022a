"""The `portability` step: every runtime that is present, on the test split, beside PyTorch."""

import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

import numpy as np

from ..dataset import Dataset
from ..errors import UserError
from ..evaluation.rows import ScoredRows
from ..files import read_json, sha256
from ..interface import Project
from ..metadata.provenance import run_record
from ..paths import Paths
from ..present.style import data_uri, figure_style, save_figure
from ..present.tables import Table, write_tables
from ..progress import progress
from ..reproduce.outcome import Beside
from ..settings.inference import BACKENDS, PRECISIONS
from ..workers.local import run_locally
from .figures import Times, speed_figure
from .measure import RuntimeMeasurement, Task, measure
from .tables import accuracy_table, answers, describe_platform, platform_table, speed_table

__all__ = ["Settings", "portability", "portability_folder", "portability_sections", "times_of"]

FILE = "portability"

# where they are another computation: OpenVINO takes float16 for float32, TensorRT does not take these integers
FEWER_BITS = {
    "onnxruntime": ("float16", "int8"),
    "openvino": ("int8",),
    "tensorrt": ("float16",),
    "onnxruntime-tensorrt": ("float16",),
}


@dataclass(frozen=True)
class Settings:
    """How to measure: threads on the processor, sizes of batches, and how often each is repeated."""

    threads: int
    batches: tuple[int, ...]
    repeats: int


def portability_folder(paths: Paths) -> Path:
    """Where the comparisons of a profile are written."""
    return paths.report / "portability"


def portability(project: Project, paths: Paths, settings: Settings) -> None:
    """Measure every runtime in a process of its own, and write tables and figure as JSON, Markdown, LaTeX, PNG and PDF.

    A runtime that needs hardware or libraries that are not here is reported as not run, with the reason.
    """
    started = time.perf_counter()
    test = paths.split("test")
    with Dataset(test, project.schema) as dataset:
        labels = dataset.labels()
    found = dict(_measured(project, paths, test, settings))
    reference = found["torch, float32"]
    if reference.logits is None:
        raise UserError(reference.problem)
    runtimes = {name: item.as_json() | _answers(project, item, reference, labels) for name, item in found.items()}
    platform = describe_platform()
    tables = [
        accuracy_table(runtimes, project.schema.entity, len(labels), Beside.of(project, FILE)),
        speed_table(runtimes, max(settings.batches), settings.threads),
        platform_table({"this machine": platform}),
    ]
    figure_path = portability_folder(paths) / FILE
    with figure_style():
        save_figure(speed_figure({"this machine": times_of(runtimes)}, project.schema.entity), figure_path)
    inputs = {path.relative_to(paths.root).as_posix(): sha256(path) for path in (paths.weights, test)}
    content = {
        "schema": 1,
        "title": "The same model in several runtimes",
        "command": f"make portability PROFILE={paths.profile}",
        "entity": project.schema.entity,
        "platform": platform,
        "settings": {"threads": settings.threads, "batches": settings.batches, "repeats": settings.repeats},
        "runtimes": runtimes,
        "record": run_record(paths, command=FILE, seed=0, started=started, inputs=inputs),
    }
    markdown = write_tables(figure_path, tables, content)
    sys.stdout.write(f"{markdown}\n{figure_path}.json, .md, .tex, .png and .pdf\n")


def times_of(runtimes: Mapping[str, Mapping[str, Any]]) -> Times:
    """Seconds of every repeat of the runtimes that were measured: runtime -> batch size -> repeats."""
    return {
        name: {int(size): seconds for size, seconds in found["seconds"].items()}
        for name, found in runtimes.items()
        if found["status"] == "measured"
    }


def _measured(
    project: Project, paths: Paths, rows: Path, settings: Settings
) -> Iterator[tuple[str, RuntimeMeasurement]]:
    combinations = [*_combinations(paths.model)]
    for backend, precision in progress(combinations, total=len(combinations), title="portability", unit="runtimes"):
        task = Task(
            project,
            paths.model,
            rows,
            backend,
            precision,
            settings.threads,
            settings.batches,
            settings.repeats,
        )
        ((_, result),) = run_locally(measure, [task], 1)
        yield f"{backend}, {precision}", result


def _combinations(model: Path) -> Iterator[tuple[str, str]]:
    """Runtimes and precisions: those of fewer bits where their graphs are there."""
    for backend in BACKENDS:
        yield backend, "float32"
        for precision in FEWER_BITS.get(backend, ()):
            if (model / PRECISIONS[precision]).exists():
                yield backend, precision


def _answers(
    project: Project, item: RuntimeMeasurement, reference: RuntimeMeasurement, labels: np.ndarray
) -> dict[str, float]:
    if item.logits is None or reference.logits is None:
        return {}
    rows, expected = (_scored(each.logits, labels, project.schema.signal) for each in (item, reference))
    return answers(rows, expected, item.logits, reference.logits)


def _scored(logits: np.ndarray | None, labels: np.ndarray, signal: int) -> ScoredRows:
    from scipy.special import softmax

    return ScoredRows(softmax(np.asarray(logits, dtype=np.float64), axis=1), labels, np.ones(len(labels)), signal)


def portability_sections(paths: Paths) -> list[tuple[str, str, str]]:
    """Title, command and HTML fragment of each measurement there is."""
    folder = portability_folder(paths)
    files = [folder / "portability.json", *sorted(folder.glob("compare-*.json")), folder / "precision.json"]
    files.append(paths.report / "serving" / "load.json")
    return [_section(path) for path in files if path.exists()]


def _section(path: Path) -> tuple[str, str, str]:
    content = read_json(path)
    tables = [Table.from_json(table).as_html() for table in content["tables"]]
    return content["title"], content["command"], "".join([tables[0], _figure(path, content["title"]), *tables[1:]])


def _figure(path: Path, title: str) -> str:
    """The figure beside a table, if it has one."""
    image = path.with_suffix(".png")
    if not image.exists():
        return ""
    return f'<div class="scroll"><img src="{data_uri(image)}" alt="{escape(title)}"></div>'
