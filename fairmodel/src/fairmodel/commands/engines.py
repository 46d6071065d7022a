"""The `engines` command."""

import argparse
import sys
from typing import TYPE_CHECKING

from ..inference.names import PRECISIONS
from .common import add_command, add_profile, as_action

if TYPE_CHECKING:
    from ..config import RunConfig
    from ..interface import Project
    from ..paths import Paths

__all__ = ["add_engines"]


def add_engines(commands: "argparse._SubParsersAction[argparse.ArgumentParser]", project: "Project") -> None:
    """Add the command."""
    text = "build TensorRT engines ahead of time, for GPUs that need not be here"
    parser = add_command(commands, "engines", text)
    add_profile(parser)
    text = "compute capabilities, such as SM89 (default: all from SM80 on that TensorRT for RTX knows)"
    parser.add_argument("--targets", nargs="+", default=[], metavar="SM", help=text)
    text = "which graph to take (default: %(default)s)"
    parser.add_argument("--precision", choices=tuple(PRECISIONS), default="float32", help=text)
    parser.set_defaults(run=as_action(_build, project))


def _build(project: "Project", config: "RunConfig", paths: "Paths", arguments: argparse.Namespace) -> None:
    del project, config
    from ..inference.ahead import build_ahead

    for engine in build_ahead(paths.model / PRECISIONS[arguments.precision], arguments.targets):
        size = engine.path.stat().st_size / 1e6
        sys.stdout.write(f"{engine.target}: {engine.path} ({size:.1f} MB, {engine.seconds:.1f} s)\n")
