"""Tables of numbers with errors, as JSON, Markdown, LaTeX and HTML."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from html import escape
from pathlib import Path
from typing import Any

from ..files import write_json, write_text

__all__ = ["Cell", "Column", "Measured", "Table", "write_tables"]

NOTHING = "\N{EN DASH}"
MINUS = "\N{MINUS SIGN}"
THIN_SPACE = "\N{NARROW NO-BREAK SPACE}"
LATEX = {
    **{character: "\\" + character for character in "&%$#_{}"},
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': "''",
    "±": r"$\pm$",
    MINUS: "$-$",
    NOTHING: "--",
    THIN_SPACE: r"\,",
}


@dataclass(frozen=True)
class Measured:
    """A value with its error."""

    value: float
    error: float


Cell = str | int | float | Measured | None


@dataclass(frozen=True)
class Column:
    """A column: its key in the rows, its title, and the digits after the decimal point.

    `percent` columns hold fractions and show them times 100; their titles say so by themselves.
    """

    key: str
    title: str
    digits: int = 4
    percent: bool = False

    @property
    def heading(self) -> str:
        """The title, with the unit."""
        return f"{self.title} [%]" if self.percent else self.title

    def show(self, cell: Cell) -> str:
        """A cell in words: text as it is, numbers rounded, thousands apart, nothing as a dash."""
        match cell:
            case None:
                return NOTHING
            case str():
                return cell
            case int():
                return f"{cell:,}".replace(",", THIN_SPACE)
            case float():
                return self._number(cell)
            case Measured(value, error):
                return f"{self._number(value)} ± {self._number(error)}"

    def _number(self, value: float) -> str:
        return f"{100 * value if self.percent else value:.{self.digits}f}".replace("-", MINUS)


@dataclass(frozen=True)
class Table:
    """Named rows of cells by the keys of the columns, with a caption and notes; what a row lacks is an empty cell."""

    name: str
    caption: str
    columns: tuple[Column, ...]
    rows: Mapping[str, Mapping[str, Cell]]
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        keys = {column.key for column in self.columns}
        unknown = sorted({key for row in self.rows.values() for key in row} - keys)
        if unknown:
            message = f"table {self.name}: no column for {', '.join(unknown)}"
            raise ValueError(message)

    def as_json(self) -> dict[str, Any]:
        """The numbers themselves, unrounded; errors in objects of their own."""
        rows = {
            name: {column.key: _plain(row.get(column.key)) for column in self.columns}
            for name, row in self.rows.items()
        }
        columns = [asdict(column) for column in self.columns]
        content = {"name": self.name, "caption": self.caption, "columns": columns}
        return content | {"rows": rows, "notes": list(self.notes)}

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> "Table":
        """The table that `as_json` described."""
        columns = tuple(Column(**column) for column in content["columns"])
        rows = {
            name: {key: Measured(**cell) if isinstance(cell, dict) else cell for key, cell in row.items()}
            for name, row in content["rows"].items()
        }
        return cls(content["name"], content["caption"], columns, rows, tuple(content["notes"]))

    def as_markdown(self) -> str:
        """A table of GitHub's kind under its caption."""
        lines = [self._headings(_markdown), ["---"] + ["---:"] * (len(self.columns) - 1), *self._cells(_markdown)]
        table = "\n".join(f"| {' | '.join(line)} |" for line in lines)
        return "\n\n".join([f"**{_markdown(self.caption)}**", table, *map(_markdown, self.notes)]) + "\n"

    def as_latex(self) -> str:
        """A floating table; needs the package booktabs."""
        lines = [" & ".join(line) + r" \\" for line in self._cells(_latex)]
        notes = [rf"\par\smallskip\footnotesize {_latex(' '.join(self.notes))}"] if self.notes else []
        parts = [
            r"\begin{table}",
            r"\centering",
            rf"\caption{{{_latex(self.caption)}}}",
            rf"\label{{tab:{self.name}}}",
            rf"\begin{{tabular}}{{l{'r' * (len(self.columns) - 1)}}}",
            r"\toprule",
            " & ".join(self._headings(_latex)) + r" \\",
            r"\midrule",
            *lines,
            r"\bottomrule",
            r"\end{tabular}",
            *notes,
            r"\end{table}",
        ]
        return "\n".join(parts) + "\n"

    def as_html(self) -> str:
        """A fragment: the table, then its notes."""
        first, *rest = self._headings(escape)
        head = f'<th scope="col">{first}</th>' + "".join(
            f'<th scope="col" style="text-align: right">{title}</th>' for title in rest
        )
        body = "".join(
            f'<tr><th scope="row">{first}</th>{"".join(f"<td>{cell}</td>" for cell in rest)}</tr>'
            for first, *rest in self._cells(escape)
        )
        notes = "".join(f'<p class="soft">{escape(note)}</p>' for note in self.notes)
        caption = f"<p>{escape(self.caption)}</p>"
        table = f'<table class="metrics"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'
        return f'{caption}<div class="scroll">{table}</div>{notes}'

    def _headings(self, quote: Callable[[str], str]) -> list[str]:
        return [quote(column.heading) for column in self.columns]

    def _cells(self, quote: Callable[[str], str]) -> Iterable[list[str]]:
        for row in self.rows.values():
            yield [quote(column.show(row.get(column.key))) for column in self.columns]


def _plain(cell: Cell) -> Any:
    return {"value": cell.value, "error": cell.error} if isinstance(cell, Measured) else cell


def _markdown(text: str) -> str:
    return re.sub(r"([\\|`*_<])", r"\\\1", text)


def _latex(text: str) -> str:
    return "".join(LATEX.get(character, character) for character in text.replace(" - ", f" {MINUS} "))


def write_tables(path: Path, tables: Sequence[Table], content: Mapping[str, Any]) -> str:
    """Write tables beside each other as Markdown, LaTeX, and with the other content as JSON; returns the Markdown."""
    markdown = "\n".join(table.as_markdown() for table in tables)
    write_text(path.with_suffix(".md"), markdown)
    write_text(path.with_suffix(".tex"), "\n".join(table.as_latex() for table in tables))
    write_json(path.with_suffix(".json"), {**content, "tables": [table.as_json() for table in tables]})
    return markdown
