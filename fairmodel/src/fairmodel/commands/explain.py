"""The `explain` command."""

import argparse
from typing import TYPE_CHECKING

from ..interpret.parts import PARTS
from .common import add_command, add_profile, as_action

if TYPE_CHECKING:
    from ..config import RunConfig
    from ..interface import Project
    from ..paths import Paths

__all__ = ["add_explain"]


def add_explain(commands: "argparse._SubParsersAction[argparse.ArgumentParser]", project: "Project") -> None:
    """Add the command."""
    text = "explain the network: which features, objects and nodes it uses, by several methods"
    parts = "; ".join(f"{part.name}: {part.title[0].lower()}{part.title[1:]}" for part in PARTS)
    parser = add_command(commands, "explain", text)
    parser.description = f"{parser.description} The parts are {parts}."
    add_profile(parser)
    names = [part.name for part in PARTS]
    text = f"make these parts, and those they need, instead of all: {', '.join(names)}"
    parser.add_argument("--only", nargs="+", choices=names, metavar="PART", default=[], help=text)
    text = "make parts anew that are finished, and whose inputs have not changed"
    parser.add_argument("--again", action="store_true", help=text)
    parser.set_defaults(run=as_action(_explain, project))


def _explain(project: "Project", config: "RunConfig", paths: "Paths", arguments: argparse.Namespace) -> None:
    from ..interpret.explain import explain

    explain(project, config, paths, arguments.only, again=arguments.again)
