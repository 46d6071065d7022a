"""Other runtimes, fewer bits and the server under load in the HTML report, where they have been measured."""

from html import escape
from pathlib import Path

from ..files import read_json
from ..paths import Paths
from ..present.style import data_uri
from ..present.tables import Table
from .run import portability_folder

__all__ = ["portability_sections"]


def portability_sections(paths: Paths) -> list[tuple[str, str, str]]:
    """Title, command and HTML fragment of each measurement there is."""
    folder = portability_folder(paths)
    files = [folder / "portability.json", *sorted(folder.glob("compare-*.json")), folder / "precision.json"]
    files.append(paths.report / "serving" / "load.json")
    return [_section(path) for path in files if path.exists()]


def _section(path: Path) -> tuple[str, str, str]:
    content = read_json(path)
    tables = [Table.from_json(table).as_html() for table in content["tables"]]
    return content["title"], content["command"], "".join([tables[0], _figure(path, content["title"]), *tables[1:]])


def _figure(path: Path, title: str) -> str:
    """The figure beside a table, if it has one."""
    image = path.with_suffix(".png")
    if not image.exists():
        return ""
    return f'<div class="scroll"><img src="{data_uri(image)}" alt="{escape(title)}"></div>'
