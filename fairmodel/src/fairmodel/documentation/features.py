"""Tables of what the data set holds, made from the project's schema: the directive `{features} PACKAGE`."""

from collections.abc import Iterable
from importlib import import_module
from math import isfinite
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

__all__ = ["setup"]

HEAD = ("Name", "Unit", "Meaning", "Range")


def setup(app: Sphinx) -> dict[str, bool]:
    """Add the directive."""
    app.add_directive("features", Features)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


class Features(SphinxDirective):
    """A table for each input, and one for the spectators."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """The tables."""
        schema = import_module(f"{self.arguments[0]}.project").SCHEMA
        self.env.note_reread()  # the schema may have changed where this page has not
        tables = [_table(f"{item.name}: up to {item.slots} in a row", item.features) for item in schema.inputs]
        if schema.spectators:
            tables.append(_table("spectators: one number in a row", schema.spectators))
        return list(tables)


def _table(title: str, features: Iterable[Any]) -> nodes.table:
    group = nodes.tgroup("", *(nodes.colspec(colwidth=width) for width in (20, 10, 50, 20)), cols=len(HEAD))
    group += nodes.thead("", _row(nodes.Text(name) for name in HEAD))
    group += nodes.tbody("", *(_row(_cells(feature)) for feature in features))
    return nodes.table("", nodes.title("", title), group)


def _row(cells: Iterable[nodes.Node]) -> nodes.row:
    return nodes.row("", *(nodes.entry("", nodes.paragraph("", "", cell)) for cell in cells))


def _cells(feature: Any) -> tuple[nodes.Node, ...]:
    unit = "" if feature.unit == "1" else feature.unit
    texts = (unit, feature.description, _range(feature.low, feature.high))
    return (nodes.literal(text=feature.name), *map(nodes.Text, texts))


def _range(low: float, high: float) -> str:
    """What values the data preparation can produce."""
    first, last = (f"{value:.4g}".replace("-", "\N{MINUS SIGN}") for value in (low, high))
    if isfinite(low) and isfinite(high):
        return f"{first} to {last}"
    if isfinite(low):
        return f"from {first} on"
    return f"up to {last}" if isfinite(high) else "any"
