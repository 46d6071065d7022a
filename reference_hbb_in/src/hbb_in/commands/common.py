"""What the commands share: the options that name a profile, and steps that run with its configuration."""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..config import RunConfig
    from ..interface import Project
    from ..paths import Paths

__all__ = ["Action", "Step", "add_profile", "as_action"]

Action = Callable[[argparse.Namespace], None]
Step = Callable[["Project", "RunConfig", "Paths", argparse.Namespace], None]


def add_profile(parser: argparse.ArgumentParser) -> None:
    """Options for the profile and the project's folder."""
    parser.add_argument("--profile", default="quick", help="which config/<profile>.toml to use (default: %(default)s)")
    parser.add_argument("--project", type=Path, default=Path(), help="the project's folder (default: the current one)")


def as_action(step: Step, project: "Project") -> Action:
    """The step as a function of the parsed arguments, which reads the profile first."""

    def run(arguments: argparse.Namespace) -> None:
        from ..config import load_config
        from ..paths import Paths

        paths = Paths.of_project(arguments.project.resolve(), arguments.profile)
        config = load_config(paths.config, project.DataOptions, project.ModelOptions)
        step(project, config, paths, arguments)

    return run
