"""The look of every figure: ticks inward on all sides, a colour-blind-safe cycle, sizes that survive a page."""

from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

import matplotlib as mpl
from matplotlib import style
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from ..files import atomic_path

__all__ = ["data_uri", "figure_style", "save_figure", "write_figure"]

SETTINGS = {
    "axes.formatter.use_mathtext": True,
    "axes.labelsize": 12,
    "figure.constrained_layout.use": True,
    "font.size": 11,
    "legend.frameon": False,
    "lines.linewidth": 1.8,
    "xtick.direction": "in",
    "xtick.minor.visible": True,
    "xtick.top": True,
    "ytick.direction": "in",
    "ytick.minor.visible": True,
    "ytick.right": True,
}


@contextmanager
def figure_style() -> Iterator[None]:
    """Draw in the project's style; the user's own settings come back afterwards."""
    with mpl.rc_context(), style.context(["default", "petroff10", SETTINGS]):
        yield


def save_figure(figure: Figure, path: Path) -> Path:
    """Write a PNG, and a PDF of the same name and layout for papers; returns the PNG's path."""
    write_figure(figure, path.with_suffix(".png"))
    figure.set_layout_engine("none")
    write_figure(figure, path.with_suffix(".pdf"))
    return path.with_suffix(".png")


def write_figure(figure: Figure, path: Path) -> Path:
    """Write one file, a PNG or a PDF by its suffix, atomically and without a date in it; returns `path`."""
    FigureCanvasAgg(figure)
    metadata = {"CreationDate": None} if path.suffix == ".pdf" else {}
    content = BytesIO()  # since a full disk makes Matplotlib's PDF writer fail with an error of its own
    figure.savefig(content, format=path.suffix[1:], dpi=150, metadata=metadata)
    with atomic_path(path) as temporary:
        temporary.write_bytes(content.getvalue())
    return path


def data_uri(path: Path) -> str:
    """The content of a PNG as an address, so that a page has it within itself."""
    return f"data:image/png;base64,{b64encode(path.read_bytes()).decode()}"
