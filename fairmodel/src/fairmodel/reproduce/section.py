"""The studies in the HTML report: a section for each that has been run."""

from html import escape
from pathlib import Path

from ..files import read_json
from ..paths import Paths
from ..present.style import data_uri
from ..present.tables import Table
from .result import reproduction_folder

__all__ = ["reproduction_sections"]

TITLES = {
    "seeds": "Trainings with other seeds",
    "splits": "The same data, split in other ways",
    "ablations": "Smaller networks",
    "learning-curve": "What more data would bring",
}


def reproduction_sections(paths: Paths) -> list[tuple[str, str, str]]:
    """Title, command and HTML fragment of each study of a profile whose results are there, in a fixed order."""
    folder = reproduction_folder(paths)
    studies = [folder / f"{name}.json" for name in TITLES] + sorted(folder.glob("compare-*.json"))
    return [_section(path) for path in studies if path.exists()]


def _section(path: Path) -> tuple[str, str, str]:
    """The study's main table and its figure, as a data URI."""
    content = read_json(path)
    table = Table.from_json(content["tables"][0])
    title = TITLES.get(content["study"], "Two runs beside each other")
    image = data_uri(path.with_suffix(".png"))
    figure = f'<img src="{image}" alt="{escape(title)}">'
    return title, content["command"], f'{table.as_html()}<div class="scroll">{figure}</div>'
