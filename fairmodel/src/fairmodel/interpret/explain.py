"""The explanation step: run the parts on one sample of the test split, and write what each found."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..dataset import CHUNK_ROWS, Dataset, Samples
from ..errors import UserError
from ..evaluation.network import load_network
from ..files import read_json, sha256, write_json, write_text
from ..identity import identity as identity_of
from ..interface import Run
from ..lazy import Lazy
from ..metadata.provenance import run_record
from ..paths import Paths
from ..present.style import figure_style, save_figure
from ..progress import progress
from ..schema import Schema
from ..training.device import find_device, threads
from .inputs import empty_class
from .parts import PARTS, Context, Drawing, Findings, Part, part_named

__all__ = ["context_of", "explain", "spread_rows", "write_findings"]


def explain(run: Run, only: Sequence[str] = (), *, again: bool = False) -> None:
    """Run the parts named in `only` and those they need, or all of them; then write `parts.json`, the list of them.

    A part that is finished is kept as long as the weights, the test split, `[interpretation]`, its code and the parts
    it needs are what they were, unless it is to be made `again`.
    """
    context = context_of(run)
    chosen = [part for part in PARTS if not only or part.name in _with_needs(only)]
    with (
        threads(run.config.evaluation.threads),
        progress(chosen, total=len(chosen), title="explain", unit="parts") as bar,
    ):
        for part in bar:
            bar.set_postfix_str(part.name)
            digest = _identity(part, context)
            if again or not _finished(part, run.paths, digest):
                started = time.perf_counter()
                found = Lazy(part.function)(context)
                write_findings(context, part.name, part.title, found, started, identity=digest)
    write_json(run.paths.interpretation / "parts.json", _list_of_parts(run.paths))


def context_of(run: Run) -> Context:
    """The trained network of a profile, and the rows of the test split on which it is explained."""
    network = load_network(run).to(find_device(run.config.training.device))
    with Dataset(run.paths.split("test"), run.project.schema) as dataset:
        samples = spread_rows(dataset, run.config.interpretation.rows)
    _check_classes(samples, run.project.schema, run.paths)
    checksums = {
        path.relative_to(run.paths.root).as_posix(): sha256(path)
        for path in (run.paths.weights, run.paths.split("test"))
    }
    return Context(run, network, samples, checksums)


def spread_rows(dataset: Dataset, rows: int) -> Samples:
    """So many rows of a data set, or all, in blocks that are spread evenly over the file."""
    if rows >= len(dataset):
        return dataset.read()
    blocks = -(-rows // CHUNK_ROWS)
    starts = np.linspace(0, len(dataset), blocks + 1).astype(int)[:-1].tolist()
    sizes = np.diff(np.linspace(0, rows, blocks + 1).astype(int)).tolist()
    return Samples.concatenate([dataset.read(start, start + size) for start, size in zip(starts, sizes, strict=True)])


def _check_classes(samples: Samples, schema: Schema, paths: Paths) -> None:
    """UserError for a class of which there is nothing to explain."""
    if name := empty_class(samples, schema):
        message = (
            f"the class {name!r} is empty: none of the {len(samples)} rows from {paths.split('test')} belongs to it; "
            f"raise rows in [interpretation] of {paths.config}, or make more data"
        )
        raise UserError(message)


def _with_needs(names: Sequence[str]) -> set[str]:
    """The parts of these names, those they need, and so on."""
    found: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting.extend(part_named(name).needs)
    return found


def _identity(part: Part, context: Context) -> str:
    """Hash of all that determines what a part finds."""
    needed = [context.findings(name)["identity"] for name in part.needs]
    read = [sha256(path) for path in sorted(context.paths.model.glob(part.reads))] if part.reads else []
    checksums = [*context.checksums.values(), *needed, *read]
    modules = [__name__, Lazy(part.function).module]
    return identity_of("explain", context.project, context.config, inputs=checksums, modules=modules, more=part.name)


def _finished(part: Part, paths: Paths, digest: str) -> bool:
    path = paths.interpretation / f"{part.name}.json"
    return path.exists() and read_json(path).get("identity") == digest


def write_findings(
    context: Context, name: str, title: str, found: Findings, started: float, *, identity: str = "", command: str = ""
) -> None:
    """Write the figures and the Markdown file of what was found, then the JSON file, which says that all is there.

    `started` is a `time.perf_counter()` reading; `command` made it, "explain" if it is empty.
    """
    folder = context.paths.interpretation
    with figure_style():
        figures = [_draw(name, drawing, folder) for drawing in found.drawings]
    tables = [table.as_markdown() for table in found.tables]
    write_text(folder / f"{name}.md", "\n\n".join([f"# {title}", *found.paragraphs, *tables]) + "\n")
    content = {
        "schema": 1,
        "part": name,
        "title": title,
        "identity": identity,
        context.project.schema.entity: len(context.samples),
        "paragraphs": list(found.paragraphs),
        "tables": [table.as_json() for table in found.tables],
        "figures": figures,
    }
    record = run_record(
        context.paths,
        command=command or "explain",
        seed=context.options.seed,
        started=started,
        inputs=context.checksums,
    )
    write_json(folder / f"{name}.json", content | dict(found.details) | {"record": record})


def _draw(name: str, drawing: Drawing, folder: Path) -> dict[str, Any]:
    file = f"{name}_{drawing.name}" if drawing.name else name
    save_figure(drawing.draw(), folder / file)
    return {"file": f"{file}.png", "title": drawing.title, "text": drawing.text, "wide": drawing.wide}


def _list_of_parts(paths: Paths) -> dict[str, Any]:
    """Names and titles of the parts that are there, in their order."""
    there = [part for part in PARTS if (paths.interpretation / f"{part.name}.json").exists()]
    return {"schema": 1, "parts": [{"name": part.name, "title": part.title} for part in there]}
