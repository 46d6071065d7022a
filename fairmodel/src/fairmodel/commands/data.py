"""The `data` command: make the data set, or look at one that is there."""

import argparse
import sys
from typing import TYPE_CHECKING

from .common import add_command, add_profile, add_workers, as_action, workers_of

if TYPE_CHECKING:
    from ..config import RunConfig
    from ..interface import Project
    from ..paths import Paths

__all__ = ["add_data", "add_source"]

SOURCES = ("simulation", "zenodo", "cern")


def add_data(commands: "argparse._SubParsersAction[argparse.ArgumentParser]", project: "Project") -> None:
    """Add the command and its actions."""
    text = "make the data set: train.h5, val.h5 and test.h5; or look at one (data inspect, plot, validate)"
    parser = add_command(commands, "data", text)
    add_profile(parser)
    add_source(parser)
    add_workers(parser)
    parser.set_defaults(run=as_action(_make, project))
    actions = parser.add_subparsers(title="actions", metavar="ACTION")
    _add_inspect(actions, project)
    _add_plot(actions, project)
    _add_manifest(actions, project)
    _add_validate(actions, project)


def add_source(parser: argparse.ArgumentParser) -> None:
    """The option that takes the place of the profile's source."""
    parser.add_argument("--source", choices=SOURCES, help="instead of [data] source")


def _make(project: "Project", config: "RunConfig", paths: "Paths", arguments: argparse.Namespace) -> None:
    from ..explore.composition import report_splits
    from ..workers.cost import step_cost

    paths.processed.mkdir(parents=True, exist_ok=True)
    source = arguments.source or config.data.source
    data = config.data.model_copy(update={"source": source})
    if source == "zenodo":
        from ..download.zenodo import fetch_record

        fetch_record(project, paths)
    else:
        workers = workers_of(arguments, paths.raw)
        with step_cost("data", paths.raw):
            project.prepare(data, paths.processed, raw=paths.raw, source=source, workers=workers)
    sys.stdout.write(report_splits(data, paths.processed, project.SCHEMA) + "\n")


def _add_inspect(actions: "argparse._SubParsersAction[argparse.ArgumentParser]", project: "Project") -> None:
    from ..explore.inspect import add_arguments, run

    action = add_command(
        actions, "inspect", "print what a file of the data set holds: columns, units, ranges, checksums"
    )
    add_arguments(action)
    action.set_defaults(run=lambda arguments: run(project, arguments))


def _add_plot(actions: "argparse._SubParsersAction[argparse.ArgumentParser]", project: "Project") -> None:
    from ..explore.plot import add_arguments, run

    action = add_command(actions, "plot", "draw one row of a file of the data set")
    add_arguments(action)
    action.set_defaults(run=lambda arguments: run(project, arguments))


def _add_manifest(actions: "argparse._SubParsersAction[argparse.ArgumentParser]", project: "Project") -> None:
    from ..download.manifest import add_arguments, run

    action = add_command(actions, "manifest", "list files with sizes and checksums in data/files.toml, for downloads")
    add_profile(action)
    add_arguments(action)
    action.set_defaults(run=as_action(lambda project, _, paths, arguments: run(project, paths, arguments), project))


def _add_validate(actions: "argparse._SubParsersAction[argparse.ArgumentParser]", project: "Project") -> None:
    action = add_command(actions, "validate", "draw every column by class and compare the data with what is expected")
    add_profile(action)
    text = "keep the statistics as what later data are compared with"
    action.add_argument("--write-reference", action="store_true", help=text)
    action.set_defaults(run=as_action(_validate, project))


def _validate(project: "Project", config: "RunConfig", paths: "Paths", arguments: argparse.Namespace) -> None:
    from ..validation.page import run

    run(project, config, paths, arguments)
