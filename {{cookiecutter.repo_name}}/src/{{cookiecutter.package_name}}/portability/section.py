"""The comparison of runtimes in the HTML report, where it has been made."""

import base64
from html import escape
from pathlib import Path

from ..files import read_json
from ..paths import Paths
from ..reproduce.tables import Table
from .run import portability_folder

__all__ = ["portability_sections"]


def portability_sections(paths: Paths) -> list[tuple[str, str, str]]:
    """Title, command and HTML fragment of the comparison of runtimes, and of each comparison of platforms."""
    folder = portability_folder(paths)
    files = [folder / "portability.json", *sorted(folder.glob("compare-*.json"))]
    return [_section(path) for path in files if path.exists()]


def _section(path: Path) -> tuple[str, str, str]:
    content = read_json(path)
    image = base64.b64encode(path.with_suffix(".png").read_bytes()).decode()
    figure = f'<div class="scroll"><img src="data:image/png;base64,{image}" alt="{escape(content["title"])}"></div>'
    tables = [Table.from_json(table).as_html() for table in content["tables"]]
    return content["title"], content["command"], f"{tables[0]}{figure}{''.join(tables[1:])}"
