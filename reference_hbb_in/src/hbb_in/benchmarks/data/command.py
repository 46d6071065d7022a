"""`benchmark-data`: measure how fast CMS ntuples are converted, and write the table."""

import sys
import tempfile
from pathlib import Path

from fairmodel.errors import UserError
from fairmodel.files import write_json, write_text

from fairmodel import Run

from .measure import measure, table

__all__ = ["benchmark_data"]


def benchmark_data(run: Run, *, root: Path, rounds: int) -> None:
    """Write `benchmark-data.json` and `.md` into the profile's reports and print the table."""
    files = sorted(root.resolve().glob("*/*.root"))
    if {path.parent.name for path in files} != {"train", "test"}:
        message = f"{root} needs ROOT files in train/ and test/; write some with `simulate --root FOLDER`"
        raise UserError(message)
    with tempfile.TemporaryDirectory() as scratch:
        record = measure(files, run.config.data, Path(scratch), rounds)
    write_json(run.paths.report / "benchmark-data.json", record)
    write_text(run.paths.report / "benchmark-data.md", table(record))
    sys.stdout.write(table(record))
