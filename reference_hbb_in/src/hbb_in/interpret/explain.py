"""The explanation step: run the parts on one sample of the test split, and write what each found."""

import hashlib
import json
import time
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..config import RunConfig
from ..dataset import CHUNK_ROWS, Dataset, Samples
from ..errors import UserError
from ..evaluation.predict import load_network
from ..fair.provenance import run_record
from ..files import read_json, sha256, write_json, write_text
from ..interface import Project
from ..paths import Paths
from ..progress import progress
from ..report.style import figure_style, save_figure
from ..schema import Schema
from ..training.device import find_device
from ..training.threads import threads
from .parts import PARTS, Context, Drawing, Findings, Part, part_named

__all__ = ["explain", "spread_rows"]


def explain(
    project: Project, config: RunConfig, paths: Paths, only: Sequence[str] = (), *, again: bool = False
) -> None:
    """Run the parts named in `only` and those they need, or all of them; then write `parts.json`, the list of them.

    A part that is finished is kept as long as the weights, the test split, `[interpretation]`, its code and the parts
    it needs are what they were, unless it is to be made `again`.
    """
    network = load_network(project, config, paths).to(find_device(config.training.device))
    inputs = {path.relative_to(paths.root).as_posix(): sha256(path) for path in (paths.weights, paths.split("test"))}
    with Dataset(paths.split("test"), project.SCHEMA) as dataset:
        samples = spread_rows(dataset, config.interpretation.rows)
    _check_classes(samples, project.SCHEMA, paths)
    context = Context(project, config, paths, network, samples)
    chosen = [part for part in PARTS if not only or part.name in _with_needs(only)]
    with threads(config.evaluation.threads), progress(chosen, total=len(chosen), title="explain", unit="parts") as bar:
        for part in bar:
            bar.set_postfix_str(part.name)
            identity = _identity(part, config, paths, inputs)
            if again or not _finished(part, paths, identity):
                _write(context, part, identity, inputs)
    write_json(paths.interpretation / "parts.json", _list_of_parts(paths))


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
    for index, name in enumerate(schema.classes):
        if not (samples.labels == index).any():
            message = (
                f"the class {name!r} is empty: none of the {len(samples)} rows from {paths.split('test')} belongs to "
                f"it; raise rows in [interpretation] of {paths.config}, or make more data"
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


def _identity(part: Part, config: RunConfig, paths: Paths, inputs: dict[str, str]) -> str:
    """Hash of all that determines what a part finds."""
    content = {
        "inputs": sorted(inputs.values()),
        "options": config.interpretation.model_dump(mode="json"),
        "sources": [sha256(path) for path in part.sources()],
        "needs": [read_json(paths.interpretation / f"{name}.json")["identity"] for name in part.needs],
    }
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _finished(part: Part, paths: Paths, identity: str) -> bool:
    path = paths.interpretation / f"{part.name}.json"
    return path.exists() and read_json(path).get("identity") == identity


def _write(context: Context, part: Part, identity: str, inputs: dict[str, str]) -> None:
    """Run a part and write its figures and its Markdown file, then the JSON file, which says that it is finished."""
    started, paths = time.perf_counter(), context.paths
    found = part.load()(context)
    with figure_style():
        figures = [_draw(part, drawing, paths) for drawing in found.drawings]
    write_text(paths.interpretation / f"{part.name}.md", _markdown(part, found))
    seed = context.options.seed
    content = {
        "schema": 1,
        "part": part.name,
        "title": part.title,
        "identity": identity,
        context.project.SCHEMA.entity: len(context.samples),
        "paragraphs": list(found.paragraphs),
        "tables": [table.as_json() for table in found.tables],
        "figures": figures,
    }
    record = run_record(paths, command="explain", seed=seed, started=started, inputs=inputs)
    write_json(paths.interpretation / f"{part.name}.json", content | dict(found.details) | {"record": record})


def _draw(part: Part, drawing: Drawing, paths: Paths) -> dict[str, Any]:
    name = f"{part.name}_{drawing.name}" if drawing.name else part.name
    save_figure(drawing.draw(), paths.interpretation / name)
    return {"file": f"{name}.png", "title": drawing.title, "text": drawing.text, "wide": drawing.wide}


def _markdown(part: Part, found: Findings) -> str:
    return "\n\n".join([f"# {part.title}", *found.paragraphs, *(table.as_markdown() for table in found.tables)]) + "\n"


def _list_of_parts(paths: Paths) -> dict[str, Any]:
    """Names and titles of the parts that are there, in their order."""
    there = [part for part in PARTS if (paths.interpretation / f"{part.name}.json").exists()]
    return {"schema": 1, "parts": [{"name": part.name, "title": part.title} for part in there]}
