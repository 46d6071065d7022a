"""How the documentation is built; what it says of the project itself comes from `fair.toml`."""

import sys
import tomllib
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))  # for mathml.py

fair = tomllib.loads((Path(__file__).parents[1] / "fair.toml").read_text(encoding="utf-8"))

project = fair["identity"]["title"]
release = version = fair["identity"]["version"]
author = project_copyright = ", ".join(person["name"] for person in fair["people"])

extensions = ["myst_parser", "mathml"]
myst_enable_extensions = ["deflist", "dollarmath"]
exclude_patterns = ["_build"]

html_theme = "furo"
html_title = f"{project} {version}"
html_math_renderer = "mathml"
