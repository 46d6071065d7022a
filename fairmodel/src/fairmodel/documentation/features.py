"""Tables of what the data set holds, made from the schema of a project: the directive `{features}`."""

from collections.abc import Sequence
from math import isfinite

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from ..discover import find_project
from ..errors import UserError
from ..interface import Project
from ..schema import Feature
from .tables import make_table

__all__ = ["Features", "own_project"]

HEAD = ("Name", "Unit", "Meaning", "Range")
WIDTHS = (20, 10, 50, 20)


class Features(SphinxDirective):
    """A table for each input, and one for the spectators, of the project that the pages belong to."""

    def run(self) -> list[nodes.Node]:
        """Make the tables."""
        schema = own_project(self).schema
        self.env.note_reread()  # the schema may have changed where this page has not
        tables = [_table(f"{item.name}: up to {item.slots} in a row", item.features) for item in schema.inputs]
        if schema.spectators:
            tables.append(_table("spectators: one number in a row", schema.spectators))
        return list(tables)


def own_project(directive: SphinxDirective) -> Project:
    """The project that the pages belong to; a directive without one is an error at its line."""
    try:
        return find_project(directive.env.srcdir)
    except UserError as error:
        raise directive.error(str(error)) from error


def _table(title: str, features: Sequence[Feature]) -> nodes.table:
    return make_table(HEAD, map(_cells, features), widths=WIDTHS, title=title)


def _cells(feature: Feature) -> tuple[nodes.Node, ...]:
    unit = "" if feature.unit == "1" else feature.unit
    texts = (unit, feature.description, _range(feature.low, feature.high))
    return (nodes.literal(text=feature.name), *map(nodes.Text, texts))


def _range(low: float, high: float) -> str:
    """Values that the data preparation can produce."""
    first, last = (f"{value:.4g}".replace("-", "\N{MINUS SIGN}") for value in (low, high))
    if isfinite(low) and isfinite(high):
        return f"{first} to {last}"
    if isfinite(low):
        return f"from {first} on"
    return f"up to {last}" if isfinite(high) else "any"
