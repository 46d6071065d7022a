"""The command line: one subcommand for each node of the DAG. Heavy libraries are imported only when a step runs."""

import argparse
import errno
import sys
from collections.abc import Sequence

from .commands.call import call
from .commands.options import FOLDER, PROFILE, WORKERS
from .commands.table import COMMANDS
from .discover import find_project, import_project
from .errors import UserError
from .interface import Command, Option, Project
from .metadata.engine import ENGINE, engine_line

__all__ = ["main", "make_parser", "run_command"]

MENDABLE = (
    errno.EACCES,
    errno.EDQUOT,
    errno.EEXIST,
    errno.EFBIG,
    errno.EISDIR,
    errno.ENOSPC,
    errno.ENOTDIR,
    errno.EROFS,
)


def main(project: Project | str | None = None, argv: Sequence[str] | None = None) -> int:
    """Run a command of a project, by default of that in the current folder.

    A project that is named, as `package.project:PROJECT`, is imported here, so that a mistake in it is one line.
    Returns 0, or 1 for a problem stated in one line; 2 stands for wrong usage, 3 for hardware that the machine lacks,
    130 for a command that was interrupted.
    """
    words = tuple(sys.argv[1:] if argv is None else argv)
    try:
        run_command(project, words)
    except UserError as error:
        return _fail(str(error), error.code)
    except KeyboardInterrupt:
        return _fail("interrupted; run the same command again to go on", code=130)
    except OSError as error:
        if error.errno not in MENDABLE:
            raise
        return _fail(f"{error.filename or 'a file'}: {error.strerror}; check what is there, permissions and free space")
    return 0


def run_command(project: Project | str | None, words: Sequence[str]) -> None:
    """Parse a command line and call the command; help, version and what needs no project are there without one."""
    missing = None
    found = import_project(project, "the project") if isinstance(project, str) else project
    try:
        found = found or find_project()
    except UserError as error:
        missing = error
    arguments = make_parser(found).parse_args(words)
    if found is not None:
        found.check()
    elif missing and arguments.command.takes != "nothing":
        raise missing
    call(arguments.command, found, arguments, words)


def _fail(message: str, code: int = 1) -> int:
    line = " ".join(part.strip() for part in message.splitlines())
    sys.stderr.write(f"error: {line}\n")
    return code


def make_parser(project: Project | None) -> argparse.ArgumentParser:
    """The parser of all commands, with the studies of the project."""
    program = f"python -m {project.package}" if project else ENGINE
    parser = argparse.ArgumentParser(
        prog=program,
        description="Every step of the model's life. The steps build on each other: `make all` runs them in order.",
        epilog=f"Example: {program} train --profile quick",
    )
    version = f"{project.package}, with {engine_line()}" if project else engine_line()
    parser.add_argument("--version", action="version", version=version)
    commands = parser.add_subparsers(title="steps", metavar="STEP", required=True)
    for command in COMMANDS:
        _add(commands, command)
    for command in project.studies if project else ():
        if command.name in commands.choices:
            message = f"Project(studies=…) names a command {command.name!r}, which the engine has already; rename it"
            raise UserError(message)
        _add(commands, command)
    return parser


def _add(commands: "argparse._SubParsersAction[argparse.ArgumentParser]", command: Command) -> None:
    """Add a command with its options and actions; names such as ONNX stay as they are in its description."""
    parser = commands.add_parser(
        command.name, help=command.help, description=f"{command.help[0].upper()}{command.help[1:]}."
    )
    options = (PROFILE, FOLDER) if command.takes == "run" and command.function else ()
    _add_options(parser, (*options, *command.options, *(WORKERS if command.workers else ())))
    if command.function:
        parser.set_defaults(command=command)
    if command.actions:
        actions = parser.add_subparsers(title="actions", metavar="ACTION", required=not command.function)
        for action in command.actions:
            _add(actions, action)


def _add_options(parser: argparse.ArgumentParser, options: Sequence[Option]) -> None:
    names = dict.fromkeys(item.exclusive for item in options if item.exclusive)
    groups = {name: parser.add_mutually_exclusive_group() for name in names}
    for item in options:
        groups.get(item.exclusive, parser).add_argument(*item.names, **item.settings)
