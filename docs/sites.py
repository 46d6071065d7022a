"""Links to the pages of engine and reference, which work on a forge, are checked here, and lead to the built pages.

`[text](../fairmodel/docs/PAGE.md#LABEL)` is a link to a file of the repository. The sites of the engine and of the
reference are built before this one, into its folders `fairmodel` and `reference_hbb_in`. MyST looks for each link in
the inventories that lie there, and one that leads nowhere is a warning.
"""

import re
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.config import Config

__all__ = ["setup"]

FOLDERS = ("fairmodel", "reference_hbb_in")
LINK = re.compile(rf"\]\(\.\./({'|'.join(FOLDERS)})/docs/([\w/-]+)\.md(?:#([\w-]+))?\)")


def setup(app: Sphinx) -> dict[str, bool]:
    """Follow the links while pages are read."""
    app.connect("config-inited", _find_inventories, priority=400)  # before intersphinx looks
    app.connect("source-read", _follow)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _find_inventories(app: Sphinx, config: Config) -> None:
    site = Path(app.outdir)  # or the folder that the addresses are checked in, which lies in the site
    root = site if (site / FOLDERS[0]).is_dir() else site.parent
    config.intersphinx_mapping = {folder: (folder, (str(root / folder / "objects.inv"),)) for folder in FOLDERS}


def _follow(app: Sphinx, name: str, source: list[str]) -> None:
    del app, name
    source[0] = LINK.sub(_target, source[0])


def _target(link: re.Match[str]) -> str:
    folder, page, label = link.groups()
    return f"](inv:{folder}:std:label#{label})" if label else f"](inv:{folder}:std:doc#{page})"
