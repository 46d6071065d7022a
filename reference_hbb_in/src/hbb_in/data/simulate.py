"""`simulate`: write what the profile simulates in the format of the CMS open data."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from fairmodel.commands.common import workers_of
from fairmodel.config import RunConfig
from .cms.mixture import simulate_ntuples
from fairmodel.errors import UserError
from fairmodel.paths import Paths

if TYPE_CHECKING:
    from fairmodel.interface import Project

__all__ = ["simulate"]


def simulate(project: "Project", config: RunConfig, paths: Paths, arguments: argparse.Namespace) -> None:
    """Write the ROOT files and say where they are."""
    del project
    folder: Path = arguments.root
    if arguments.jets_per_file < 1:
        message = f"--jets-per-file {arguments.jets_per_file}: a file needs at least one jet"
        raise UserError(message)
    folder.mkdir(parents=True, exist_ok=True)  # what is wrong with it shows before hours of work
    workers = workers_of(arguments, paths.raw)
    files = simulate_ntuples(config.data, folder, raw=paths.raw, jets_per_file=arguments.jets_per_file, workers=workers)
    size = sum(path.stat().st_size for path in files) / 1e6
    sys.stdout.write(f"{len(files)} files, {size:.1f} MB, in {folder / 'train'} and {folder / 'test'}\n")
    if folder.resolve() != paths.raw:
        sys.stdout.write(f"to make a data set of them, move train and test to {paths.raw}: make data SOURCE=cern\n")
