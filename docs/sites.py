"""Links to the reference's pages, which work on a forge, are checked here, and lead to the reference's built pages.

`[text](../reference_hbb_in/docs/PAGE.md#LABEL)` is a link to a file of the repository. The reference's documentation is
built before this one, into its folder `reference_hbb_in`. MyST looks for each link in the inventory that lies there,
and one that leads nowhere is a warning.
"""

import re
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.config import Config

__all__ = ["setup"]

FOLDER = "reference_hbb_in"
LINK = re.compile(rf"\]\(\.\./{FOLDER}/docs/([\w/-]+)\.md(?:#([\w-]+))?\)")


def setup(app: Sphinx) -> dict[str, bool]:
    """Follow the links while pages are read."""
    app.connect("config-inited", _find_inventory, priority=400)  # before intersphinx looks
    app.connect("source-read", _follow)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _find_inventory(app: Sphinx, config: Config) -> None:
    inventory = Path(app.outdir) / FOLDER / "objects.inv"
    config.intersphinx_mapping = {"reference": (FOLDER, (str(inventory),))}


def _follow(app: Sphinx, name: str, source: list[str]) -> None:
    del app, name
    source[0] = LINK.sub(_target, source[0])


def _target(link: re.Match[str]) -> str:
    page, label = link.groups()
    return f"](inv:reference:std:label#{label})" if label else f"](inv:reference:std:doc#{page})"
