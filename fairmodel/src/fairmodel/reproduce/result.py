"""How a study is written down: JSON, Markdown, LaTeX and a figure, all of one name."""

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from ..files import read_json, sha256
from ..metadata.provenance import run_record
from ..paths import Paths
from ..present.style import data_uri, figure_style, save_figure
from ..present.tables import Table, write_tables
from .outcome import Outcome

__all__ = ["StudyResult", "reproduction_folder", "reproduction_sections", "write_result"]


@dataclass(frozen=True)
class StudyResult:
    """What a study found: its tables, the first of which is the main one, how to draw it, and what else to keep.

    `command` is the target of make that makes it, `seed` the seed that it started from.
    """

    name: str
    command: str
    seed: int
    tables: Sequence[Table]
    draw: Callable[[], Figure]
    outcomes: Sequence[Outcome]
    details: dict[str, Any] = field(default_factory=dict)


def reproduction_folder(paths: Paths) -> Path:
    """Where the studies of a profile are written."""
    return paths.report / "reproduction"


def write_result(paths: Paths, result: StudyResult, started: float) -> None:
    """Write the files of a study that began at `started`, a `time.perf_counter()` reading, and print its main table."""
    path = reproduction_folder(paths) / result.name
    weights = [outcome.model / "weights.safetensors" for outcome in result.outcomes]
    inputs = {path.relative_to(paths.root).as_posix(): sha256(path) for path in weights}
    record = run_record(paths, command=result.command, seed=result.seed, started=started, inputs=inputs)
    with figure_style():
        save_figure(result.draw(), path)
    content = {
        "schema": 1,
        "study": result.name,
        "command": f"make {result.command} PROFILE={paths.profile}",
    }
    write_tables(path, result.tables, content | result.details | {"record": record})
    sys.stdout.write(f"{result.tables[0].as_markdown()}\n{path}.json, .md, .tex, .png and .pdf\n")


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
