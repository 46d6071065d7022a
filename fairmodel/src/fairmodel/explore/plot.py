"""`data plot FILE`: a drawing of one row, as the project draws it."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import UserError

if TYPE_CHECKING:
    from ..dataset import Dataset
    from ..interface import Project

__all__ = ["draw_row", "first_row_of_class", "plot"]

FORMATS = (".png", ".pdf")


def draw_row(project: "Project", *, file: Path, row: int, class_name: str | None, out: Path | None) -> None:
    """Draw the row and print where the figure is."""
    if class_name is not None:
        row = first_row_of_class(project, file, class_name, row)
    figure = out or Path("reports") / f"{file.stem}-row-{row}.png"
    sys.stdout.write(f"{plot(project, file, row, figure)}\n")


def first_row_of_class(project: "Project", path: Path, name: str, start: int = 0) -> int:
    """The first row of a class from `start` on; UserError if there is no such class or row."""
    from .inspect import open_dataset

    classes = project.schema.classes
    if name not in classes:
        message = f"there is no class {name!r}; the classes are {', '.join(classes)}"
        raise UserError(message)
    with open_dataset(path, project.schema) as data:
        _check_row(data, start)
        labels = data.labels()[start:]
    found = (labels == classes.index(name)).nonzero()[0]
    if not len(found):
        message = f"{path} has no row of class {name} from row {start} on; begin at a lower --row"
        raise UserError(message)
    return start + int(found[0])


def plot(project: "Project", path: Path, row: int, out: Path) -> Path:
    """Let the project draw a row, counted from 0, and write the figure atomically; returns `out`."""
    from matplotlib.figure import Figure

    from ..present.style import figure_style, write_figure
    from .inspect import open_dataset

    if project.plot is None:
        message = "this project draws no rows; give it a function in Project(plot=…)"
        raise UserError(message)
    if out.suffix not in FORMATS:
        message = f"a figure cannot be written as {out.name!r}; its name has to end in {' or '.join(FORMATS)}"
        raise UserError(message)
    with open_dataset(path, project.schema) as data:
        _check_row(data, row)
        samples = data.read(row, row + 1)
    with figure_style():
        figure = Figure(figsize=(7.2, 6.0))
        project.plot(samples, figure)
        return write_figure(figure, out)


def _check_row(data: "Dataset", row: int) -> None:
    if not 0 <= row < len(data):
        message = f"{data.path} has no row {row}; its {len(data)} rows are counted from 0"
        raise UserError(message)
