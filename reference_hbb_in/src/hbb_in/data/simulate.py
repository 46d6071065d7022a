"""`simulate`: write what the profile simulates in the format of the CMS open data."""

import sys
from pathlib import Path

from fairmodel import Run, UserError, Workers

from .cms.mixture import simulate_ntuples

__all__ = ["write_ntuples"]


def write_ntuples(run: Run, *, root: Path, jets_per_file: int, workers: Workers) -> None:
    """Write the ROOT files and say where they are."""
    if jets_per_file < 1:
        message = f"--jets-per-file {jets_per_file}: a file needs at least one jet"
        raise UserError(message)
    root.mkdir(parents=True, exist_ok=True)  # what is wrong with it shows before hours of work
    files = simulate_ntuples(run.config.data, root, raw=run.paths.raw, jets_per_file=jets_per_file, workers=workers)
    size = sum(path.stat().st_size for path in files) / 1e6
    sys.stdout.write(f"{len(files)} files, {size:.1f} MB, in {root / 'train'} and {root / 'test'}\n")
    if root.resolve() != run.paths.raw:
        sys.stdout.write(f"to make a data set of them, move train and test to {run.paths.raw}: make data SOURCE=cern\n")
