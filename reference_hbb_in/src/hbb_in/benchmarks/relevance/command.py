"""`benchmark-relevance`: time LRP-epsilon of the core beside the textbook form, for the same jets."""

import sys
from functools import partial
from typing import Any

import torch
from fairmodel.dataset import Dataset
from fairmodel.files import write_json, write_text
from fairmodel.interface import Run
from fairmodel.interpret import relevance
from fairmodel.metadata.provenance import hardware, versions
from fairmodel.schema import Schema
from fairmodel.training.device import threads

from ..network.clock import alternate
from ..network.forms import Jets, make_network
from ..network.textbook import Textbook
from .textbook import textbook_relevance

__all__ = ["benchmark_relevance", "measure", "table"]

EPSILON, TARGET = 0.25, 1
TEXTBOOK_BATCHES = (
    128,
    4,
)  # that of the paper's training, and the fastest: what lies between two layers stays in cache


def benchmark_relevance(run: Run, *, rounds: int, jets: int) -> None:
    """Write `benchmark/relevance.json` and `.md` into the profile's reports and print the table."""
    schema = run.project.schema
    with Dataset(run.paths.split("test"), schema) as data:
        samples = data.read(0, jets)
    tracks, vertices = (torch.from_numpy(samples.inputs[item.name]) for item in schema.inputs)
    record = measure(schema, (tracks, vertices), rounds)
    folder = run.paths.report / "benchmark"
    write_json(folder / "relevance.json", record)
    write_text(folder / "relevance.md", table(record))
    sys.stdout.write(table(record))


def measure(schema: Schema, jets: Jets, rounds: int) -> dict[str, Any]:
    """CPU seconds of both forms for these jets, on one thread, and by how much their results differ."""
    network = make_network(schema, compiled=False)
    form = Textbook(network)
    inputs = {item.name: objects for item, objects in zip(schema.inputs, jets, strict=True)}

    def core() -> list[torch.Tensor]:
        return list(relevance(network, inputs, target=TARGET, epsilon=EPSILON).inputs.values())

    def textbook(batch: int) -> list[torch.Tensor]:
        starts = range(0, len(jets[0]), batch)
        with torch.inference_mode():
            chunks = [[objects[start : start + batch] for objects in jets] for start in starts]
            parts = [textbook_relevance(form, tracks, vertices, TARGET, EPSILON) for tracks, vertices in chunks]
        return [torch.cat(part) for part in zip(*parts, strict=True)]

    forms = {f"textbook, batch {batch}": partial(textbook, batch) for batch in TEXTBOOK_BATCHES}
    with threads(1):
        seconds = alternate({**forms, "relevance": core}, rounds)
        pairs = list(zip(core(), textbook(TEXTBOOK_BATCHES[0]), strict=True))
    return {
        "schema": 1,
        "jets": len(jets[0]),
        "hardware": hardware(),
        "software": versions(),
        "seconds_per_jet": {name: value / len(jets[0]) for name, value in seconds.items()},
        "largest_difference": max(float((ours - theirs).abs().max() / theirs.abs().max()) for ours, theirs in pairs),
    }


def table(record: dict[str, Any]) -> str:
    """The record as Markdown."""
    lines = ["| LRP-epsilon | ms per jet | 10 000 jets | ratio |", "|---|---:|---:|---:|"]
    first, *_ = record["seconds_per_jet"].values()
    for name, seconds in record["seconds_per_jet"].items():
        lines.append(f"| {name} | {1e3 * seconds:.2f} | {1e4 * seconds:.0f} s | {first / seconds:.1f} |")
    note = (
        f"One thread of {record['hardware']['processor']}, CPU time, median of runs that take turns, {record['jets']} "
        f"jets of the test sample. The results differ by {record['largest_difference']:.0e} of the largest relevance."
    )
    return "\n".join([*lines, "", note]) + "\n"
