"""How the documentation is built. Title, version and authors come from `fair.toml`."""

import sys
from pathlib import Path

from fairmodel.documentation import project_settings

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))  # for sites.py

globals().update(project_settings(HERE.parent))

# in place of the extension that builds the engine's pages: here they are built before, and so are the reference's
extensions = ["myst_parser", "sphinx.ext.intersphinx", "fairmodel.documentation", "sites"]
html_static_path = ["_static"]
html_css_files = ["figures.css"]
