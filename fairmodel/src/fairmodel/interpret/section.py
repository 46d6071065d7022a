"""The explanations in the HTML report: a section for each part that has been made, the verdict first."""

from collections.abc import Iterator, Mapping
from html import escape
from pathlib import Path
from typing import Any

from ..files import read_json
from ..paths import Paths
from ..present.style import data_uri
from ..present.tables import Table
from .parts import PARTS

__all__ = ["findings_as_html", "interpretation_sections"]

FIRST = ("verdict",)
ELSEWHERE = ("permutation",)  # the ranking has a place of its own in the report
LONGEST = 12  # rows of a table that is shown at once


def interpretation_sections(paths: Paths) -> list[tuple[str, str, str]]:
    """Title, command and HTML fragment of each part of a profile whose findings are there."""
    names = [*FIRST, *(part.name for part in PARTS if part.name not in (*FIRST, *ELSEWHERE))]
    files = [paths.interpretation / f"{name}.json" for name in names]
    found = [path for path in files if path.exists()]
    command = f"make explain PROFILE={paths.profile}"
    return [(read_json(path)["title"], command, findings_as_html(path)) for path in found]


def findings_as_html(path: Path) -> str:
    """What a JSON file of findings says, with its figures: sentences, figures, then tables; without the title."""
    return "".join(_fragments(read_json(path), path.parent))


def _fragments(content: Mapping[str, Any], folder: Path) -> Iterator[str]:
    yield from (f"<p>{escape(paragraph)}</p>" for paragraph in content["paragraphs"])
    for figure in content["figures"]:
        yield f"<h3>{escape(figure['title'])}</h3>" if figure["title"] != content["title"] else ""
        yield f'<p class="soft">{escape(figure["text"])}</p>{_image(figure, folder)}'
    for number, content_of_table in enumerate(content["tables"]):
        table = Table.from_json(content_of_table)
        if number == 0 and len(table.rows) <= LONGEST:
            yield table.as_html()
        else:
            yield f"<details><summary>Table: {escape(table.caption)}</summary>{table.as_html()}</details>"


def _image(figure: Mapping[str, Any], folder: Path) -> str:
    """The figure as a data URI; on a narrow screen it scrolls rather than shrink until nothing can be read."""
    image = data_uri(folder / figure["file"])
    look = "" if figure["wide"] else ' class="narrow"'
    title = escape(figure["title"])
    return f'<div class="scroll"><img{look} src="{image}" alt="{title}"></div>'
