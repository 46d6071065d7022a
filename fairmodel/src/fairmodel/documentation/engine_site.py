"""The engine's pages beside those of a project: built offline from the installed engine, and linked by name.

`[text](inv:fairmodel:std:doc#training)` leads to a page, `[text](inv:fairmodel:std:label#provenance)` to a section. The
pages lie in the folder `fairmodel` of the project's site; where a site around it has them already, they are used.
"""

import subprocess
import sys
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.errors import ExtensionError

from .conf import engine_pages

__all__ = ["setup"]

FOLDER = "fairmodel"
INVENTORY = "objects.inv"


def setup(app: Sphinx) -> dict[str, bool]:
    """Build the engine's pages before links to them are followed."""
    app.connect("config-inited", _add_engine, priority=400)  # before intersphinx looks
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _add_engine(app: Sphinx, config: Config) -> None:
    """Tell intersphinx where the pages are, relative to those of the project."""
    place = f"../{FOLDER}"
    inventory: Path = app.outdir / place / INVENTORY
    if not inventory.is_file():
        place = FOLDER
        inventory = _build(app.outdir, home=config.project)
    config.intersphinx_mapping = config.intersphinx_mapping | {FOLDER: (place, (str(inventory),))}


def _build(site: Path, *, home: str) -> Path:
    """Build the engine's pages into the folder of the site; returns their inventory. Raises ExtensionError."""
    out = site / FOLDER
    command = [sys.executable, "-m", "sphinx", "-q", "-A", f"home={home}", "-d", str(site / ".doctrees" / FOLDER)]
    result = subprocess.run([*command, str(engine_pages()), str(out)], capture_output=True, text=True, check=False)
    if result.returncode:
        message = f"the engine's pages in {engine_pages()} cannot be built: {result.stderr.strip()}"
        raise ExtensionError(message)
    return out / INVENTORY
