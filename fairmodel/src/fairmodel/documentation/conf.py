"""Settings of Sphinx: those that all sites share, and those that a project's metadata give."""

import tomllib
from pathlib import Path
from typing import Any

__all__ = ["common_settings", "engine_pages", "project_settings"]

PACKAGE = Path(__file__).parents[1]
PAGES = "fairmodel.documentation.engine_site"  # the extension that links a project's pages to those of the engine


def engine_pages() -> Path:
    """Folder with the sources of the engine's own pages: inside the wheel, or beside the source of the engine."""
    inside = PACKAGE / "_docs"
    return inside if inside.is_dir() else PACKAGE.parents[1] / "docs"


def common_settings() -> dict[str, Any]:
    """Settings of every site: Markdown, formulas, theme; nothing is loaded from elsewhere.

    A page with a `kernelspec` in its header is a notebook: its code runs at each build, and an error stops the build.
    """
    return {
        "extensions": ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.intersphinx", "fairmodel.documentation"],
        "myst_enable_extensions": ["deflist", "dollarmath", "substitution"],
        "exclude_patterns": ["_build"],
        "templates_path": [str(Path(__file__).parent / "templates")],
        "linkcheck_ignore": [
            r"https?://(127\.0\.0\.1|localhost)",
            r"https?://[\w.]*\bexample\.(org|com)\b",
            r"(\.\./)*(fairmodel|reference_\w+)/",  # pages of another site of the same folder
        ],
        "nb_execution_mode": "force",
        "nb_execution_raise_on_error": True,
        "nb_execution_timeout": 300,  # seconds, for a cell
        "nb_ipywidgets_js": {},
        "default_role": "code",  # docstrings have single backquotes
        "autodoc_member_order": "bysource",
        "autodoc_preserve_defaults": True,
        "nitpick_ignore_regex": [("py:.*", ".*")],  # types in signatures, most of which are documented elsewhere
        "python_maximum_signature_line_length": 88,
        "html_theme": "furo",
        "html_math_renderer": "mathml",
    }


def project_settings(root: Path) -> dict[str, Any]:
    """Settings of a project in the folder `root`: title, version and authors come from its `fair.toml`.

    Links of the form `[text](inv:fairmodel:std:doc#training)` lead to the engine's pages (`engine_site`).
    """
    fair = tomllib.loads((root / "fair.toml").read_text(encoding="utf-8"))
    title, version = fair["identity"]["title"], fair["identity"]["version"]
    authors = ", ".join(map(_full_name, fair["people"]))
    settings = common_settings()
    return settings | {
        "project": title,
        "author": authors,
        "project_copyright": authors,
        "version": version,
        "release": version,
        "html_title": f"{title} {version}",
        "extensions": [*settings["extensions"], PAGES],
    }


def _full_name(person: dict[str, str]) -> str:
    return person.get("name") or f"{person.get('given-names', '')} {person['family-names']}".strip()
