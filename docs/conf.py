"""How the documentation is built; what it says of the project itself comes from `fair.toml`."""

import sys
import tomllib
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))  # for sites.py

fair = tomllib.loads((HERE.parent / "fair.toml").read_text(encoding="utf-8"))

project = fair["identity"]["title"]
release = version = fair["identity"]["version"]
author = project_copyright = ", ".join(
    person.get("name") or f"{person.get('given-names', '')} {person['family-names']}".strip()
    for person in fair["people"]
)

extensions = ["myst_parser", "sphinx.ext.intersphinx", "sites"]
myst_enable_extensions = ["deflist"]
exclude_patterns = ["_build"]
linkcheck_ignore = [r"https?://(127\.0\.0\.1|localhost)", r"https?://[\w.]*\bexample\.(org|com)\b"]  # of examples

html_theme = "furo"
html_title = f"{project} {version}"
html_static_path = ["_static"]
html_css_files = ["figures.css"]
