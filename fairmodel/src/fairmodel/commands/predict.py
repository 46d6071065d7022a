"""The `predict` command."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from ..inference.names import BACKENDS, PRECISIONS
from .common import add_command, add_profile, as_action, positive

if TYPE_CHECKING:
    from ..config import RunConfig
    from ..interface import Project
    from ..paths import Paths

__all__ = ["add_predict"]


def add_predict(commands: "argparse._SubParsersAction[argparse.ArgumentParser]", project: "Project") -> None:
    """Add the command."""
    text = "write the model's scores of the rows in files; a killed prediction goes on where it stopped"
    parser = add_command(commands, "predict", text)
    add_profile(parser)
    formats = ", ".join([".h5", *project.READERS])
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help=f"rows to predict ({formats})")
    text = "where the scores go, HDF5 or CSV by its name (default: %(default)s)"
    parser.add_argument("--out", type=Path, default=Path("scores.h5"), metavar="FILE", help=text)
    text = "what computes (default: %(default)s)"
    parser.add_argument("--backend", choices=tuple(BACKENDS), default="onnxruntime", help=text)
    text = "which graph to take: those of fewer bits come from `quantise` (default: %(default)s)"
    parser.add_argument("--precision", choices=tuple(PRECISIONS), default="float32", help=text)
    text = "threads to compute with (default: %(default)s)"
    parser.add_argument("--threads", type=positive, default=1, metavar="N", help=text)
    text = "rows that are read, computed and kept at a time (default: %(default)s)"
    parser.add_argument("--rows", type=positive, default=8192, metavar="N", help=text)
    parser.set_defaults(run=as_action(_predict, project))


def _predict(project: "Project", config: "RunConfig", paths: "Paths", arguments: argparse.Namespace) -> None:
    del config
    from ..inference.predict import Request, predict_files

    request = Request(paths.model, arguments.backend, arguments.precision, arguments.threads, arguments.rows)
    rows = predict_files(project, request, arguments.files, arguments.out)
    sys.stdout.write(f"{rows} {project.SCHEMA.entity}: {arguments.out}\n")
