"""How the documentation of the template is built."""

project = "cookiecutter-fair-model"
author = project_copyright = "cookiecutter-fair-model contributors"

extensions = ["myst_parser"]
exclude_patterns = ["_build"]

html_theme = "furo"
html_title = project
