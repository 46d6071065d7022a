"""`benchmark-data`: measure how fast CMS ntuples are converted, and write the table."""

import argparse
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from fairmodel.config import RunConfig
from fairmodel.errors import UserError
from fairmodel.files import write_json, write_text
from fairmodel.paths import Paths
from .measure import measure, table

if TYPE_CHECKING:
    from fairmodel.interface import Project

__all__ = ["benchmark_data"]


def benchmark_data(project: "Project", config: RunConfig, paths: Paths, arguments: argparse.Namespace) -> None:
    """Write `benchmark-data.json` and `.md` into the profile's reports and print the table."""
    del project
    files = sorted(arguments.root.resolve().glob("*/*.root"))
    if {path.parent.name for path in files} != {"train", "test"}:
        message = f"{arguments.root} needs ROOT files in train/ and test/; write some with `simulate --root FOLDER`"
        raise UserError(message)
    with tempfile.TemporaryDirectory() as scratch:
        record = measure(files, config.data, Path(scratch), arguments.rounds)
    write_json(paths.report / "benchmark-data.json", record)
    write_text(paths.report / "benchmark-data.md", table(record))
    sys.stdout.write(table(record))
