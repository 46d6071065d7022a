"""Documentation with Sphinx: the settings of a project's `conf.py`, and directives that read schema and commands.

A project's `docs/conf.py` needs the first line only, and may change what it likes below it:

    globals().update(project_settings(Path(__file__).parents[1]))
"""

from typing import TYPE_CHECKING

from .conf import common_settings, engine_pages, project_settings

if TYPE_CHECKING:
    from sphinx.application import Sphinx

__all__ = ["common_settings", "engine_pages", "project_settings", "setup"]


def setup(app: "Sphinx") -> dict[str, bool]:
    """Add the directives `{features}`, `{fields}`, `{commands}` and `{section}`, and formulas as MathML."""
    from . import commands, features, fields, mathml, sections

    app.add_html_math_renderer("mathml", (mathml.visit_inline, None), (mathml.visit_block, None))
    app.add_directive("features", features.Features)
    app.add_directive("fields", fields.Fields)
    app.add_directive("commands", commands.Commands)
    app.add_directive("section", sections.SectionTable)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
