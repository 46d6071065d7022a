"""The reference of the command line, made from the table of commands: the directive `{commands}`."""

import argparse
from collections.abc import Iterator, Sequence

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from ..commands.options import FOLDER, PROFILE, WORKERS
from ..commands.table import COMMANDS
from ..interface import Command, Option
from .features import own_project
from .tables import text_with_code

__all__ = ["Commands"]


class Commands(SphinxDirective):
    """A section for each command: of the engine with `{commands} engine`, of the project itself without an argument.

    The label of `data inspect` is `command-data-inspect`.
    """

    optional_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Make the sections."""
        self.env.note_reread()  # the commands may have changed where this page has not
        commands = COMMANDS if self.arguments == ["engine"] else own_project(self).studies
        return [self._section(command, command.name) for command in commands]

    def _section(self, command: Command, name: str) -> nodes.section:
        label = nodes.make_id(f"command-{name}")
        self.env.domains.standard_domain.note_hyperlink_target(label, self.env.docname, label, name)
        section = nodes.section("", nodes.title("", "", nodes.literal(text=name)), ids=[label], names=[label])
        section += nodes.paragraph("", "", *text_with_code(f"{command.help[0].upper()}{command.help[1:]}."))
        if rows := list(_rows(_options(command))):
            section += nodes.definition_list("", *rows)
        section += [self._section(action, f"{name} {action.name}") for action in command.actions]
        return section


def _options(command: Command) -> Sequence[Option]:
    """Options that a command has, those that all commands of its kind have included."""
    usual = (PROFILE, FOLDER) if command.takes == "run" and command.function else ()
    return (*usual, *command.options, *(WORKERS if command.workers else ()))


def _rows(options: Sequence[Option]) -> Iterator[nodes.definition_list_item]:
    """How each option is given, and what it means."""
    parser = argparse.ArgumentParser()
    formatter = argparse.HelpFormatter("")
    for option in options:
        action = parser.add_argument(*option.names, **option.settings)
        meaning = formatter._expand_help(action) if action.help else ""
        required = " (required)" if action.option_strings and action.required else ""
        how = nodes.literal(text=formatter._format_action_invocation(action))
        term = nodes.term("", "", how, nodes.Text(required))
        text = nodes.paragraph("", "", *text_with_code(meaning))
        yield nodes.definition_list_item("", term, nodes.definition("", text))
