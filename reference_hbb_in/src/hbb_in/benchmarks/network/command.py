"""`benchmark`: measure, and write the table and the figure."""

import sys

from fairmodel.dataset import Dataset
from fairmodel.files import write_json, write_text
from fairmodel.interface import Run
from fairmodel.present.style import figure_style, save_figure

from .measure import measure
from .output import draw, table

__all__ = ["benchmark"]


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
