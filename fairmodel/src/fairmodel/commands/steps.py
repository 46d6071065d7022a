"""Steps that put together what the rooms below do, and tell what came of it."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import UserError
from ..interface import Project, Run
from ..settings.inference import PRECISIONS

if TYPE_CHECKING:
    from ..workers import Workers

__all__ = [
    "build_engines",
    "draw_graph",
    "make_data",
    "measure_load",
    "measure_portability",
    "predict",
    "print_summary",
    "serve_model",
    "write_triton",
]


def make_data(run: Run, *, source: str | None, workers: "Workers") -> None:
    """Make the data set, or fetch it, and print what is in its splits."""
    from ..download.zenodo import fetch_record
    from ..explore.composition import report_splits
    from ..workers.cost import step_cost

    project, paths = run.project, run.paths
    paths.processed.mkdir(parents=True, exist_ok=True)
    data = run.config.data.model_copy(update={"source": source or run.config.data.source})
    if data.source == "zenodo":
        fetch_record(project, paths)
    else:
        with step_cost("data", paths.raw):
            project.prepare(data, paths.processed, raw=paths.raw, source=data.source, workers=workers)
    sys.stdout.write(report_splits(data, paths.processed, project.schema) + "\n")


def print_summary(run: Run) -> None:
    """Print the headline metrics and where the report is."""
    from ..evaluation.rows import summary

    sys.stdout.write(summary(run.paths) + "\n")


def draw_graph(run: Run) -> None:
    """Draw the DAG of the steps from make's database on standard input."""
    from ..report.dag import draw_dag

    sys.stdout.write(f"{draw_dag(sys.stdin.read(), run.paths.root / 'reports' / 'dag.png')}\n")


def predict(
    run: Run, *, files: Sequence[Path], out: Path, backend: str, precision: str, threads: int, rows: int
) -> None:
    """Write the scores of the rows in files, and print how many there are."""
    from ..inference.predict import Request, predict_files

    request = Request(run.paths.model, backend, precision, threads, rows)
    done = predict_files(run.project, request, files, out)
    sys.stdout.write(f"{done} {run.project.schema.entity}: {out}\n")


def build_engines(run: Run, *, targets: Sequence[str], precision: str) -> None:
    """Build TensorRT engines, and print their files."""
    from ..inference.engine import build_ahead

    for engine in build_ahead(run.paths.model / PRECISIONS[precision], targets):
        size = engine.path.stat().st_size / 1e6
        sys.stdout.write(f"{engine.target}: {engine.path} ({size:.1f} MB, {engine.seconds:.1f} s)\n")


def measure_portability(run: Run, *, threads: int, batches: Sequence[int], repeats: int) -> None:
    """Compare the runtimes; a single row is measured in any case."""
    from ..portability.run import Settings, portability

    sizes = tuple(sorted({*batches} - {1}))
    if not sizes:
        message = "--batches 1: a single row is measured anyway; name a larger size too, such as --batches 1000"
        raise UserError(message)
    portability(run.project, run.paths, Settings(threads, sizes, repeats))


def serve_model(
    project: Project,
    *,
    profile: str,
    folder: Path,
    host: str,
    port: int,
    threads: int,
    max_batch: int,
    max_delay: float,
    max_rows: int,
    max_body: int,
    max_requests: int,
    health: bool,
) -> None:
    """Serve the exported model until interrupted, or ask a server that runs whether it is ready."""
    from ..serving.client import check_ready
    from ..serving.model import open_served
    from ..serving.server import serve
    from ..settings.serving import Limits

    if health:
        check_ready(port)
        return
    run = Run.of(project, folder, profile)
    limits = Limits(batch=max_batch, delay=max_delay, rows=max_rows, body=max_body, requests=max_requests)
    model = open_served(run.paths, project, threads=threads, tolerance=run.config.export.tolerance)
    serve(model, limits, host, port)


def measure_load(run: Run, *, url: str, clients: Sequence[int], rows: int, seconds: float) -> None:
    """Measure a server's latency and throughput, and print the table."""
    from ..serving.load import load_test
    from ..serving.model import SAMPLE, sample_rows

    schema, folder = run.project.schema, run.paths.report / "serving"
    sent = sample_rows(run.paths.model / SAMPLE, schema, rows)
    table = load_test(url, sent, clients, seconds, folder, schema.entity)
    sys.stdout.write(f"{table.as_markdown()}\n{folder / 'load'}.json, .md, .tex, .png and .pdf\n")


def write_triton(run: Run, *, out: Path | None) -> None:
    """Write the model repository for Triton, and print its folder."""
    from ..serving.model import read_own_graph, write_repository
    from ..settings.serving import Limits

    graph = read_own_graph(run.paths.onnx, run.project.schema)
    folder = out or run.paths.model / "triton"
    sys.stdout.write(f"{write_repository(graph, run.paths.onnx, folder, run.project.package, Limits())}\n")
