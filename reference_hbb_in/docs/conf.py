"""How the documentation is built; what it says of the project itself comes from `fair.toml`."""

import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT / "docs"), str(ROOT / "src")]  # for the extensions here, and for the pages on the program

fair = tomllib.loads((ROOT / "fair.toml").read_text(encoding="utf-8"))

project = fair["identity"]["title"]
release = version = fair["identity"]["version"]
author = project_copyright = ", ".join(
    person.get("name") or f"{person.get('given-names', '')} {person['family-names']}".strip()
    for person in fair["people"]
)

extensions = ["myst_nb", "mathml", "features", "subcommands", "sphinx.ext.autodoc"]
myst_enable_extensions = ["deflist", "dollarmath"]
exclude_patterns = ["_build"]
linkcheck_ignore = [r"https?://(127\.0\.0\.1|localhost)", r"https?://[\w.]*\bexample\.(org|com)\b"]  # of examples

# pages with a `kernelspec` are notebooks: they run whenever the documentation is built, and an error is an error
nb_execution_mode = "force"
nb_execution_raise_on_error = True
nb_execution_timeout = 300  # seconds, for a cell
nb_ipywidgets_js: dict[str, dict[str, str]] = {}  # nothing is loaded from elsewhere

default_role = "code"  # docstrings have single backquotes
autodoc_member_order = "bysource"
autodoc_preserve_defaults = True
nitpick_ignore_regex = [("py:.*", ".*")]  # types in signatures, most of which are documented elsewhere
python_maximum_signature_line_length = 88

html_theme = "furo"
html_title = f"{project} {version}"
html_math_renderer = "mathml"
