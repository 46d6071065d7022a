"""Tables: the same numbers in every form, and texts that no form takes for commands."""

import html
import json
import re
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairmodel.present.tables import Column, Measured, Table

COLUMNS = (
    Column("model", "Model & more"),
    Column("parameters", "Parameters"),
    Column("auc", "AUC"),
    Column("share", "Share", digits=1, percent=True),
)
TABLE = Table(
    "some",
    "50 % of a_b",
    COLUMNS,
    {
        "one": {"model": "h_1 <&> $", "parameters": 25_554, "auc": Measured(0.98765, 0.00123), "share": 0.5},
        "two": {"model": "B", "parameters": 900, "auc": Measured(-0.1, 0.02)},
    },
    ("A note #1.",),
)
TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Zl", "Zp"]), max_size=20)


def test_json_keeps_the_numbers() -> None:
    content = TABLE.as_json()
    one, two = content["rows"]["one"], content["rows"]["two"]
    assert one == {
        "model": "h_1 <&> $",
        "parameters": 25_554,
        "auc": {"value": 0.98765, "error": 0.00123},
        "share": 0.5,
    }
    assert two["share"] is None
    assert [column["title"] for column in content["columns"]] == ["Model & more", "Parameters", "AUC", "Share"]
    assert (content["caption"], content["notes"]) == ("50 % of a_b", ["A note #1."])


def test_a_table_comes_back_from_json() -> None:
    again = Table.from_json(json.loads(json.dumps(TABLE.as_json())))
    assert again.as_markdown() == TABLE.as_markdown()
    assert again.as_json() == TABLE.as_json()


def test_markdown_has_a_cell_for_every_column() -> None:
    lines = TABLE.as_markdown().splitlines()
    rows = [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines if line.startswith("|")]
    assert rows == [
        ["Model & more", "Parameters", "AUC", "Share [%]"],
        ["---", "---:", "---:", "---:"],
        ["h\\_1 \\<&> $", "25\N{NARROW NO-BREAK SPACE}554", "0.9877 ± 0.0012", "50.0"],
        ["B", "900", "\N{MINUS SIGN}0.1000 ± 0.0200", "\N{EN DASH}"],
    ]
    assert lines[0] == "**50 % of a\\_b**"
    assert lines[-1] == "A note #1."


def test_latex_is_a_table_of_booktabs() -> None:
    lines = TABLE.as_latex().splitlines()
    assert [line for line in lines if line.endswith("rule")] == ["\\toprule", "\\midrule", "\\bottomrule"]
    body = lines[lines.index("\\midrule") + 1 : lines.index("\\bottomrule")]
    assert body == [
        "h\\_1 \\textless{}\\&\\textgreater{} \\$ & 25\\,554 & 0.9877 $\\pm$ 0.0012 & 50.0 \\\\",
        "B & 900 & $-$0.1000 $\\pm$ 0.0200 & -- \\\\",
    ]
    assert "\\begin{tabular}{lrrr}" in lines
    assert "\\caption{50 \\% of a\\_b}" in lines


def unescaped(latex: str) -> str:
    """LaTeX without its escaped characters and symbols: what is left must not be special."""
    symbols = r"\\(?:[&%$#_{}]|,|text\w+\{\})|\$(?:-|\\pm)\$"
    return re.sub(symbols, "", latex)


@settings(max_examples=30)
@given(TEXTS)
def test_no_text_is_a_command_of_latex(text: str) -> None:
    table = Table("any", text, (Column("a", text), Column("b", "B")), {"one": {"a": text, "b": 1}}, (text,))
    lines = table.as_latex().splitlines()
    (caption,) = (line.removeprefix("\\caption{").removesuffix("}") for line in lines if line.startswith("\\caption"))
    (cell,) = (line.removesuffix(" & 1 \\\\") for line in lines if line.endswith(" & 1 \\\\"))
    for part in (caption, cell):
        assert not re.search(r"[\\&%$#_{}^~]", unescaped(part))
    for environment in ("table", "tabular"):
        assert sum(line.startswith(f"\\begin{{{environment}}}") for line in lines) == 1
        assert lines.count(f"\\end{{{environment}}}") == 1


class Cells(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.rows: list[list[str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del attrs
        self.open.append(tag)
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open[-1:] in (["td"], ["th"]):
            self.rows[-1][-1] += data


def test_html_holds_the_same_cells() -> None:
    page = Cells()
    page.feed(TABLE.as_html())
    assert page.open == []
    assert page.rows[0] == [column.heading for column in COLUMNS]
    assert page.rows[1][0] == "h_1 <&> $"
    assert page.rows[2][2:] == ["\N{MINUS SIGN}0.1000 ± 0.0200", "\N{EN DASH}"]
    assert html.escape("50 % of a_b") in TABLE.as_html()


def test_a_cell_without_a_column_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="table some: no column for tpyo"):
        Table("some", "", COLUMNS, {"one": {"tpyo": 1}})
