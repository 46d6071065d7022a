"""The commands that bring a model into an archive, and out of one."""

import argparse
from typing import TYPE_CHECKING

from .common import add_command, add_profile, as_action

if TYPE_CHECKING:
    from ..config import RunConfig
    from ..interface import Project
    from ..paths import Paths

__all__ = ["add_publication"]


def add_publication(actions: "argparse._SubParsersAction[argparse.ArgumentParser]", project: "Project") -> None:
    """Add `publish`, `stamp` and `fetch` to the actions of `fair`."""
    from ..fair.fetch.command import add_arguments as add_fetch
    from ..fair.publish.command import add_arguments as add_publish
    from ..fair.publish.command import add_server

    action = add_command(actions, "publish", "bring the model to Zenodo with a DOI that all of its files name")
    add_profile(action)
    add_publish(action)
    action.set_defaults(run=as_action(_publish, project))
    action = add_command(
        actions, "stamp", "write the DOI of the draft or record into fair.toml and the badge of README.md"
    )
    add_profile(action)
    add_server(action)
    action.set_defaults(run=as_action(_stamp, project))
    action = add_command(actions, "fetch", "fetch a published model by its DOI, verify it and run its sample")
    add_fetch(action)
    action.set_defaults(run=_fetch)


def _publish(project: "Project", config: "RunConfig", paths: "Paths", arguments: argparse.Namespace) -> None:
    from ..fair.publish.command import publish

    publish(project, config, paths, arguments)


def _stamp(project: "Project", config: "RunConfig", paths: "Paths", arguments: argparse.Namespace) -> None:
    from ..fair.publish.command import stamp

    stamp(project, config, paths, arguments)


def _fetch(arguments: argparse.Namespace) -> None:
    from ..fair.fetch.command import run

    run(arguments)
