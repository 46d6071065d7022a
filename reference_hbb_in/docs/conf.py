"""How the documentation is built; what it says of the project itself comes from `fair.toml`."""

import tomllib
from pathlib import Path

fair = tomllib.loads((Path(__file__).parents[1] / "fair.toml").read_text(encoding="utf-8"))

project = fair["identity"]["title"]
release = version = fair["identity"]["version"]
author = project_copyright = ", ".join(person["name"] for person in fair["people"])

extensions = ["myst_parser"]
myst_enable_extensions = ["deflist"]
exclude_patterns = ["_build"]

html_theme = "furo"
html_title = f"{project} {version}"
