"""Tables of a page."""

from collections.abc import Iterable, Iterator, Sequence

from docutils import nodes

__all__ = ["make_table", "text_with_code"]


def make_table(
    head: Sequence[str], rows: Iterable[Sequence[nodes.Node]], *, widths: Sequence[int], title: str = ""
) -> nodes.table:
    """A table with one line of headings; cells are inline nodes, widths are in percent."""
    group = nodes.tgroup("", *(nodes.colspec(colwidth=width) for width in widths), cols=len(head))
    group += nodes.thead("", _row([nodes.Text(name)] for name in head))
    group += nodes.tbody("", *(_row([cell] for cell in row) for row in rows))
    return nodes.table("", *([nodes.title("", title)] if title else []), group)


def text_with_code(text: str) -> Iterator[nodes.Node]:
    """The text, with what stands between backquotes as code."""
    for number, part in enumerate(text.split("`")):
        yield nodes.literal(text=part) if number % 2 else nodes.Text(part)


def _row(cells: Iterable[Sequence[nodes.Node]]) -> nodes.row:
    return nodes.row("", *(nodes.entry("", nodes.paragraph("", "", *cell)) for cell in cells))
