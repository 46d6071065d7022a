"""How the engine's pages are built: `python -m sphinx docs docs/_build`."""

import os.path
from pathlib import Path

import fairmodel
from fairmodel.documentation import common_settings
from fairmodel.metadata.engine import engine_version

globals().update(common_settings())

project = "fairmodel"
author = project_copyright = "cookiecutter-fair-model contributors"
release = version = engine_version()
html_title = f"{project} {version}"

# the one file that is offered for download lies elsewhere in a wheel than beside its source
FETCH = os.path.relpath(Path(fairmodel.__file__).parent / "fair" / "fetch" / "fetch_model.py", Path(__file__).parent)
myst_substitutions = {"fetch_model": f"{{download}}`fetch_model.py <{FETCH}>`"}
