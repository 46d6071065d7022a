"""The table of commands: every function is there, and takes what the table gives it."""

import inspect
import re
from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path

import pytest

from fairmodel.cli import make_parser
from fairmodel.commands.call import call, destination
from fairmodel.commands.table import COMMANDS
from fairmodel.interface import Command, Run, option
from fairmodel.lazy import Lazy

from .projects import other_project


def leaves(commands: tuple[Command, ...], before: str = "") -> Iterator[tuple[str, Command]]:
    """Every command and action that does something, with the words that call it."""
    for command in commands:
        words = f"{before} {command.name}".strip()
        if command.function:
            yield words, command
        yield from leaves(command.actions, words)


BY_NAME = (inspect.Parameter.KEYWORD_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
ALL = dict(leaves(COMMANDS))
EACH = pytest.mark.parametrize("words", ALL)


@EACH
def test_the_function_takes_exactly_the_options_by_their_names(words: str) -> None:
    command = ALL[words]
    function = Lazy(command.function).load()
    parameters = list(inspect.signature(function).parameters.values())
    if command.takes != "nothing":
        assert parameters.pop(0).name == command.takes
    given = {destination(item) for item in command.options} | ({"workers"} if command.workers else set())
    named = {parameter.name for parameter in parameters if parameter.kind in BY_NAME}
    assert named <= given
    if len(named) == len(parameters):
        assert named == given
    else:  # the others come together, and the docstring says which they are
        assert all(re.search(rf"\b{name}\b", function.__doc__) for name in given - named)


@EACH
def test_the_function_can_be_found_without_importing_it(words: str) -> None:
    Lazy(ALL[words].function).check(words)


@EACH
def test_the_function_is_public(words: str) -> None:
    module, _, name = ALL[words].function.partition(":")
    assert name in Lazy(f"{module}:__all__").load()


@EACH
def test_the_parser_keeps_an_option_under_the_name_of_the_argument(words: str) -> None:
    command = ALL[words]
    parser = ArgumentParser()
    for item in command.options:
        action = parser.add_argument(*item.names, **item.settings)
        assert action.dest == destination(item)


@EACH
def test_the_help_is_a_phrase(words: str) -> None:
    command = ALL[words]
    assert command.help
    assert not command.help.endswith(".")
    for item in command.options:
        assert item.settings.get("help"), item.names


def test_names_are_given_once() -> None:
    assert len({command.name for command in COMMANDS}) == len(COMMANDS)
    for command in COMMANDS:
        assert len({action.name for action in command.actions}) == len(command.actions)


def test_options_that_argparse_names_itself() -> None:
    assert destination(option("--max-rows")) == "max_rows"
    assert destination(option("files", nargs="*")) == "files"
    assert destination(option("--json", dest="as_json")) == "as_json"


@pytest.mark.parametrize("recorded", [True, False])
def test_a_command_that_made_files_is_recorded_unless_it_is_not_to_be(recorded: bool, other: Run) -> None:
    command = Command("evaluate", "write a file", f"{__name__}:write_metrics", recorded=recorded)
    words = ["evaluate", "--profile", "tiny", "--project", str(other.paths.root)]
    arguments = make_parser(other_project()).parse_args(words)
    call(command, other.project, arguments, words)
    assert other.paths.metrics.is_file()
    assert (other.paths.root / "ro-crate-metadata.json").is_file() == recorded


def write_metrics(run: Run) -> None:
    """A command that makes a file."""
    run.paths.report.mkdir(parents=True)
    Path(run.paths.metrics).write_text("{}")
