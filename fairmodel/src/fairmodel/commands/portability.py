"""The commands on runtimes and platforms."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from .common import add_command, add_profile, as_action, positive

if TYPE_CHECKING:
    from ..config import RunConfig
    from ..interface import Project
    from ..paths import Paths

__all__ = ["add_portability"]

BATCHES = (100, 300, 1000, 2000, 4200)


def add_portability(commands: "argparse._SubParsersAction[argparse.ArgumentParser]", project: "Project") -> None:
    """Add the commands."""
    text = "compare the runtimes that are here: the same answers, and how fast"
    parser = add_command(commands, "portability", text)
    add_profile(parser)
    text = "threads to compute with on the processor (default: %(default)s)"
    parser.add_argument("--threads", type=positive, default=1, metavar="N", help=text)
    text = f"sizes of batches (default: {' '.join(map(str, BATCHES))})"
    parser.add_argument("--batches", type=positive, nargs="+", default=BATCHES, metavar="ROWS", help=text)
    text = "how often each batch is repeated (default: %(default)s)"
    parser.add_argument("--repeats", type=positive, default=10, metavar="N", help=text)
    parser.set_defaults(run=as_action(_measure, project))
    text = "compare two platforms, by the files portability.json that were written on them"
    parser = add_command(commands, "portability-compare", text)
    add_profile(parser)
    parser.add_argument("a", metavar="A", type=Path, help="a file portability.json")
    parser.add_argument("b", metavar="B", type=Path, help="another one, of the same model and test rows")
    parser.set_defaults(run=as_action(_compare, project))


def _measure(project: "Project", config: "RunConfig", paths: "Paths", arguments: argparse.Namespace) -> None:
    del config
    from ..errors import UserError
    from ..portability.run import Settings, portability

    # one row is measured anyway
    batches = tuple(sorted({*arguments.batches} - {1}))
    if not batches:
        message = "--batches 1: a single row is measured anyway; name a larger size too, such as --batches 1000"
        raise UserError(message)
    settings = Settings(arguments.threads, batches, arguments.repeats)
    portability(project, paths, settings)


def _compare(project: "Project", config: "RunConfig", paths: "Paths", arguments: argparse.Namespace) -> None:
    del project, config
    from ..portability.compare import compare_platforms

    compare_platforms(paths, arguments.a, arguments.b)
