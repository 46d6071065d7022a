"""The reference of the command line, made from its parser: the directive `{subcommands} PACKAGE`."""

import argparse
import re
from collections.abc import Iterator
from importlib import import_module

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

__all__ = ["setup"]


def setup(app: Sphinx) -> dict[str, bool]:
    """Add the directive."""
    app.add_directive("subcommands", Subcommands)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


class Subcommands(SphinxDirective):
    """A section for each subcommand, with its arguments; the label of `data inspect` is `command-data-inspect`."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """The sections."""
        package = self.arguments[0]
        parser = import_module(f"{package}.cli").make_parser(import_module(f"{package}.project"))
        self.env.note_reread()  # the parser may have changed where this page has not
        return [self._section(name, command) for name, command in _subcommands(parser)]

    def _section(self, name: str, parser: argparse.ArgumentParser) -> nodes.section:
        label = nodes.make_id(f"command-{name}")
        self.env.domains.standard_domain.note_hyperlink_target(label, self.env.docname, label, name)
        section = nodes.section("", nodes.title("", "", nodes.literal(text=name)), ids=[label], names=[label])
        section += nodes.paragraph("", "", *_inline(parser.description or ""))
        if rows := [_row(action, parser) for action in parser._actions if _is_shown(action)]:
            section += nodes.definition_list("", *rows)
        section += [self._section(f"{name} {action}", command) for action, command in _subcommands(parser)]
        return section


def _subcommands(parser: argparse.ArgumentParser) -> Iterator[tuple[str, argparse.ArgumentParser]]:
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            yield from action.choices.items()


def _is_shown(action: argparse.Action) -> bool:
    hidden = isinstance(action, argparse._SubParsersAction | argparse._HelpAction)
    return not hidden and action.help != argparse.SUPPRESS


def _row(action: argparse.Action, parser: argparse.ArgumentParser) -> nodes.definition_list_item:
    """How the argument is given, and what it means."""
    formatter = parser._get_formatter()
    meaning = formatter._expand_help(action) if action.help else ""
    required = " (required)" if action.option_strings and action.required else ""
    term = nodes.term("", "", nodes.literal(text=formatter._format_action_invocation(action)), nodes.Text(required))
    return nodes.definition_list_item("", term, nodes.definition("", nodes.paragraph("", "", *_inline(meaning))))


def _inline(text: str) -> Iterator[nodes.Node]:
    """The text, with what stands between backquotes as code."""
    for number, part in enumerate(re.split("`", text)):
        yield nodes.literal(text=part) if number % 2 else nodes.Text(part)
