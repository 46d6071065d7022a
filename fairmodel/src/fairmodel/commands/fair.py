"""The `fair` command: metadata, the check of the principles, the record of what was done, publication."""

import argparse
from typing import TYPE_CHECKING

from .common import add_command, add_profile, as_action
from .publication import add_publication

if TYPE_CHECKING:
    from ..config import RunConfig
    from ..interface import Project
    from ..paths import Paths

__all__ = ["add_fair"]


def add_fair(commands: "argparse._SubParsersAction[argparse.ArgumentParser]", project: "Project") -> None:
    """Add the command and its actions."""
    text = "metadata and checks that make the model findable, accessible, interoperable and reusable"
    actions = add_command(commands, "fair", text).add_subparsers(title="actions", metavar="ACTION", required=True)
    _add_metadata(actions)
    action = add_command(actions, "describe", "write model card, FAIR4ML, Croissant and SBOM of a trained model")
    add_profile(action)
    action.set_defaults(run=as_action(_describe, project))
    _add_check(actions, project)
    _add_verify(actions, project)
    add_publication(actions, project)


def _add_metadata(actions: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    from ..fair.metadata import add_arguments, run

    action = add_command(actions, "metadata", "write the files that are generated from fair.toml")
    add_arguments(action)
    action.set_defaults(run=run)


def _describe(project: "Project", config: "RunConfig", paths: "Paths", _: argparse.Namespace) -> None:
    del config
    from ..fair.describe import describe

    describe(project, paths)


def _add_check(actions: "argparse._SubParsersAction[argparse.ArgumentParser]", project: "Project") -> None:
    from ..fair.check.options import add_arguments

    action = add_command(actions, "check", "test the model against each FAIR principle, with evidence and remedies")
    add_profile(action)
    add_arguments(action)
    action.set_defaults(run=as_action(_check, project))


def _check(project: "Project", config: "RunConfig", paths: "Paths", arguments: argparse.Namespace) -> None:
    from ..fair.check.command import run

    run(project, config, paths, arguments)


def _add_verify(actions: "argparse._SubParsersAction[argparse.ArgumentParser]", project: "Project") -> None:
    action = add_command(
        actions, "verify", "compare every recorded file with its checksum, and how the steps follow each other"
    )
    add_profile(action)
    text = "train once more as recorded, in a folder of its own, and compare"
    action.add_argument("--rerun", action="store_true", help=text)
    action.set_defaults(run=as_action(_verify, project))


def _verify(project: "Project", config: "RunConfig", paths: "Paths", arguments: argparse.Namespace) -> None:
    del config
    from ..fair.crate.verify import run

    run(project, paths, rerun=arguments.rerun)
