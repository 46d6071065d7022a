"""Tables of the fields of a dataclass, made from the docstrings below them: the directive `{fields}`."""

from dataclasses import MISSING, Field, fields
from typing import Any

from docutils import nodes
from sphinx.pycode import ModuleAnalyzer
from sphinx.util.docutils import SphinxDirective

from ..lazy import Lazy
from .tables import make_table, text_with_code

__all__ = ["Fields"]

HEAD = ("Field", "Meaning")
WIDTHS = (20, 80)


class Fields(SphinxDirective):
    """The fields of `package.module:Class` with their meanings; those without a default are required."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Make the table."""
        self.env.note_reread()  # the class may have changed where this page has not
        kind = Lazy(self.arguments[0])
        analyzer = ModuleAnalyzer.for_module(kind.module)
        texts = {
            name: lines for (owner, name), lines in analyzer.find_attr_docs().items() if owner == kind.load().__name__
        }
        rows = ((_name(field), _meaning(texts.get(field.name, []))) for field in fields(kind.load()))
        return [make_table(HEAD, rows, widths=WIDTHS)]


def _name(field: Field[Any]) -> nodes.Node:
    required = field.default is MISSING and field.default_factory is MISSING
    return nodes.inline("", "", nodes.literal(text=field.name), nodes.Text(" (required)" if required else ""))


def _meaning(lines: list[str]) -> nodes.Node:
    return nodes.inline("", "", *text_with_code(" ".join(lines).strip()))
