"""`benchmark`: measure, and write the table and the figure."""

import argparse
import sys
from pathlib import Path

from fairmodel.dataset import Dataset
from fairmodel.files import write_json, write_text
from fairmodel.paths import Paths
from ...project import SCHEMA
from fairmodel.present.style import figure_style, save_figure
from .measure import measure
from .output import draw, table

__all__ = ["run"]


def run(arguments: argparse.Namespace) -> None:
    """Write `benchmark.json`, `.md`, `.png` and `.pdf` into the profile's reports and print the table."""
    paths = Paths.of_project(Path(arguments.project).resolve(), arguments.profile)
    with Dataset(paths.split("test"), SCHEMA) as data:
        record = measure(data, arguments.rounds)
    folder = paths.report / "benchmark"
    write_json(folder / "benchmark.json", record)
    write_text(folder / "benchmark.md", table(record))
    with figure_style():
        save_figure(draw(record), folder / "benchmark.png")
    sys.stdout.write(f"{table(record)}\n{folder / 'benchmark.png'}\n")
