"""The benchmark's table and figure."""

from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from .measure import SCAN_BATCH

__all__ = ["draw", "table"]

NAMES = {"textbook": "one-hot matrices", "pytorch": "factorised, PyTorch", "compiled": "factorised, compiled"}
COLOURS = {"textbook": "C0", "pytorch": "C1", "compiled": "C2"}
MARKERS = {"textbook": "s", "pytorch": "o", "compiled": "D"}


def table(record: dict[str, Any]) -> str:
    """The record as Markdown."""
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
    """Throughput against the batch size and against the number of tracks, with the floor."""
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


def _lines(axes: Axes, cases: list[dict[str, Any]], key: str) -> None:
    for name in NAMES:
        points = [(case[key], case["jets_per_second"]) for case in cases if case["form"] == name]
        if points:
            axes.plot(*zip(*points, strict=True), color=COLOURS[name], marker=MARKERS[name], label=NAMES[name])
    floor = sorted({case[key]: case["floor_jets_per_second"] for case in cases}.items())
    axes.plot(*zip(*floor, strict=True), color="black", linestyle="--", label="floor of the arithmetic")
