"""`benchmark`: measure the network's speed beside its equations as written and the floor of the arithmetic."""

import itertools
import sys
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from fairmodel import Dataset, Run, Schema
from fairmodel.files import write_json, write_text
from fairmodel.metadata.provenance import hardware, versions
from fairmodel.present.style import figure_style, save_figure
from fairmodel.progress import progress
from fairmodel.training.device import threads
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ..model.pair_effects import available
from .clock import TRAINING, alternate, forward_operations, matrix_rate, peak_memory
from .forms import FORMS, WORK, Jets, make_form, make_network, random_jets, train_once

__all__ = ["SCAN_BATCH", "benchmark", "draw", "measure", "table"]

BATCHES = (1, 128, 1024)
MEMORY_BATCH = SCAN_BATCH = 128
MULTIPLICITIES = (1, 5, 10, 15, 20, 25, 30, 35, 40, 45, 50, 55, 59, 60)
LARGE, CHUNK, WIDTH = 2048, 10_000, 60
NAMES = {"textbook": "one-hot matrices", "pytorch": "factorised, PyTorch", "compiled": "factorised, compiled"}
COLOURS = {"textbook": "C0", "pytorch": "C1", "compiled": "C2"}
MARKERS = {"textbook": "s", "pytorch": "o", "compiled": "D"}


def benchmark(run: Run, *, rounds: int) -> None:
    """Write `benchmark.json`, `.md`, `.png` and `.pdf` into the profile's reports and print the table."""
    with Dataset(run.paths.split("test"), run.project.schema) as data:
        record = measure(data, rounds)
    folder = run.paths.report / "benchmark"
    write_json(folder / "benchmark.json", record)
    write_text(folder / "benchmark.md", table(record))
    with figure_style():
        save_figure(draw(record), folder / "benchmark.png")
    sys.stdout.write(f"{table(record)}\n{folder / 'benchmark.png'}\n")


def measure(data: Dataset, rounds: int) -> dict[str, Any]:
    """Times on one thread, in CPU seconds, with the jets of `data`; the textbook form takes turns with the others."""
    forms = [name for name in FORMS if name != "compiled" or available(torch.zeros(1))]
    with threads(1):
        rates = {"large": matrix_rate(LARGE, LARGE, repeats=5), "60-wide": matrix_rate(CHUNK, WIDTH)}
        clock = Clock(data.schema, tuple(forms), rounds, rates["60-wide"])
        batches, multiplicities = clock.batches(data), clock.multiplicities()
    counts = torch.stack(_counts(_jets(data, MEMORY_BATCH)), 1).tolist()
    memory = {name: peak_memory(partial(train_once, name, data.schema, counts), MEMORY_BATCH) for name in forms}
    return {
        "schema": 1,
        "jets": data.path.name,
        "hardware": hardware(),
        "software": versions(),
        "operations_per_second": rates,
        "batches": batches,
        "multiplicities": multiplicities,
        "training_memory_bytes": {"batch": MEMORY_BATCH, "forms": memory},
    }


def table(record: dict[str, Any]) -> str:
    """Write the record as Markdown."""
    lines = [
        "| batch | work | form | jets/s | ratio | share of the floor |",
        "|---:|---|---|---:|---:|---:|",
        *(
            f"| {row['batch']} | {row['work']} | {NAMES[row['form']]} | {row['jets_per_second']:.0f} "
            f"| {row['ratio']:.1f} | {row['share_of_floor']:.0%} |"
            for row in record["batches"]
        ),
    ]
    rates, memory = record["operations_per_second"], record["training_memory_bytes"]
    lines += [
        "",
        f"One thread of {record['hardware']['processor']}, CPU time, median of runs that take turns. PyTorch's matrix "
        f"products reach {rates['large'] / 1e9:.0f} GFLOP/s when large and {rates['60-wide'] / 1e9:.0f} GFLOP/s when "
        "60 wide; the floor is the time at the latter rate of the products that cannot be saved.",
        "",
        f"| form | memory of a training step, {memory['batch']} jets |",
        "|---|---:|",
        *(f"| {NAMES[name]} | {size / 1e6:.0f} MB |" for name, size in memory["forms"].items()),
    ]
    return "\n".join(lines) + "\n"


def draw(record: dict[str, Any]) -> Figure:
    """Draw throughput against the batch size and against the number of tracks, with the floor."""
    figure = Figure(figsize=(9.6, 7.2))
    axes = figure.subplots(2, 2, sharey=True, sharex="col")
    for (left, right), work in zip(axes, ("forward", "forward + backward"), strict=True):
        batches = [case for case in record["batches"] if case["work"] == work]
        _lines(left, batches, "batch")
        _lines(right, [case for case in record["multiplicities"] if case["work"] == work], "tracks")
        textbook = max(batches, key=lambda case: (case["batch"] == SCAN_BATCH, case["form"] == "textbook"))
        right.axhline(textbook["jets_per_second"], color=COLOURS["textbook"])
        left.set(xscale="log", yscale="log", ylabel=f"{work}, jets per CPU second", title="jets of the test sample")
        right.set_title(f"{SCAN_BATCH} jets of one multiplicity, 2 vertices")
    axes[1][0].set_xlabel("jets in a batch")
    axes[1][1].set_xlabel("tracks in a jet")
    figure.legend(*axes[0][0].get_legend_handles_labels(), loc="outside upper center", ncols=4)
    return figure


@dataclass(frozen=True)
class Clock:
    """Times of the forms; `rate` is that of the floor, operations per CPU second."""

    schema: Schema
    forms: tuple[str, ...]
    rounds: int
    rate: float

    def batches(self, data: Dataset) -> list[dict[str, Any]]:
        """Jets of the sample in batches of several sizes."""
        cases = list(itertools.product(BATCHES, WORK))
        bar = progress(cases, total=len(cases), title="batches", unit="cases")
        return [row for batch, work in bar for row in self._rows(self.forms, work, _jets(data, batch))]

    def multiplicities(self) -> list[dict[str, Any]]:
        """Jets that all have one number of tracks, and two vertices; the textbook form does not depend on it."""
        forms = self.forms[1:]
        cases = list(itertools.product(MULTIPLICITIES, WORK))
        rows = []
        for tracks, work in progress(cases, total=len(cases), title="multiplicities", unit="cases"):
            jets = random_jets(self.schema, torch.full((SCAN_BATCH,), tracks), torch.full((SCAN_BATCH,), 2))
            rows += [{"tracks": tracks} | row for row in self._rows(forms, work, jets)]
        return rows

    def _rows(self, forms: tuple[str, ...], work: str, jets: Jets) -> list[dict[str, Any]]:
        """Time of each form, its ratio to the first one's, and the share of the floor that it reaches."""
        networks = {name: make_form(name, self.schema) for name in forms}
        seconds = alternate({name: partial(WORK[work], networks[name], jets) for name in forms}, self.rounds)
        floor = self._floor(work, jets)
        return [
            {
                "batch": len(jets[0]),
                "work": work,
                "form": name,
                "seconds": value,
                "jets_per_second": len(jets[0]) / value,
                "ratio": seconds[forms[0]] / value,
                "share_of_floor": floor / value,
                "floor_jets_per_second": len(jets[0]) / floor,
            }
            for name, value in seconds.items()
        ]

    def _floor(self, work: str, jets: Jets) -> float:
        """Seconds in which the matrix products that cannot be saved are done at the rate."""
        operations = forward_operations(make_network(self.schema, compiled=False), *_counts(jets)).sum()
        return float(operations) * (TRAINING if "backward" in work else 1) / self.rate


def _jets(data: Dataset, number: int) -> Jets:
    """The first jets of a file, which are in random order; those of a short file more than once."""
    samples = data.read(0, number)
    index = torch.arange(number) % len(samples)
    tracks, vertices = (torch.from_numpy(samples.inputs[item.name])[index] for item in data.schema.inputs)
    return tracks, vertices


def _counts(jets: Jets) -> tuple[torch.Tensor, torch.Tensor]:
    tracks, vertices = ((objects != 0).any(-1).sum(1) for objects in jets)
    return tracks, vertices


def _lines(axes: Axes, cases: list[dict[str, Any]], key: str) -> None:
    for name in NAMES:
        points = [(case[key], case["jets_per_second"]) for case in cases if case["form"] == name]
        if points:
            axes.plot(*zip(*points, strict=True), color=COLOURS[name], marker=MARKERS[name], label=NAMES[name])
    floor = sorted({case[key]: case["floor_jets_per_second"] for case in cases}.items())
    axes.plot(*zip(*floor, strict=True), color="black", linestyle="--", label="floor of the arithmetic")
