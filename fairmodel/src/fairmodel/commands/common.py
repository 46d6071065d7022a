"""What the commands share: the options that name a profile, and steps that run with its configuration."""

import argparse
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..config import RunConfig
    from ..interface import Project
    from ..paths import Paths
    from ..workers import Workers

__all__ = [
    "Action",
    "Step",
    "add_command",
    "add_profile",
    "add_workers",
    "as_action",
    "positive",
    "sentence",
    "workers_of",
]

Action = Callable[[argparse.Namespace], None]
Step = Callable[["Project", "RunConfig", "Paths", argparse.Namespace], None]


def sentence(text: str) -> str:
    """What the list of commands says of one, as the beginning of its own help; names such as ONNX stay as they are."""
    return f"{text[0].upper()}{text[1:]}."


def add_command(
    commands: "argparse._SubParsersAction[argparse.ArgumentParser]", name: str, text: str
) -> argparse.ArgumentParser:
    """Add a command, of which the list of commands and its own help say this."""
    return commands.add_parser(name, help=text, description=sentence(text))


def positive(text: str) -> int:
    """A whole number above zero, as an argument."""
    if not (text.isascii() and text.isdigit() and int(text[:9]) > 0):
        message = f"{text!r} is not a whole number above zero"
        raise argparse.ArgumentTypeError(message)
    return int(text)


def add_profile(parser: argparse.ArgumentParser) -> None:
    """Options for the profile and the project's folder."""
    parser.add_argument("--profile", default="quick", help="which config/<profile>.toml to use (default: %(default)s)")
    parser.add_argument("--project", type=Path, default=Path(), help="the project's folder (default: the current one)")


def add_workers(parser: argparse.ArgumentParser) -> None:
    """Options that say who does the work."""
    group = parser.add_mutually_exclusive_group()
    text = "processes to use (default: all cores); never changes the result"
    group.add_argument("--workers", type=int, metavar="N", help=text)
    text = "use the dask cluster there, such as tcp://host:8786, instead"
    group.add_argument("--scheduler", metavar="ADDRESS", help=text)


def workers_of(arguments: argparse.Namespace, folder: Path) -> "Workers":
    """Who does the work by the parsed options; what it writes is below `folder`, which gets the record of its cost."""
    from ..workers import Workers

    return Workers(_cores() if arguments.workers is None else arguments.workers, arguments.scheduler, folder)


def _cores() -> int:
    """Cores that this process may use, where the system can say so."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def as_action(step: Step, project: "Project") -> Action:
    """The step as a function of the parsed arguments, which reads the profile first and records what the step made."""

    def run(arguments: argparse.Namespace) -> None:
        from ..config import load_config
        from ..fair.crate.record import recorded
        from ..paths import Paths

        paths = Paths.of_project(arguments.project.resolve(), arguments.profile)
        config = load_config(paths.config, project.DataOptions, project.ModelOptions, project.SCHEMA)
        with recorded(config, paths, arguments.words):
            step(project, config, paths, arguments)

    return run
