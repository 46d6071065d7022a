"""Find the project of a folder by the table [tool.fairmodel] of its pyproject.toml."""

import sys
from importlib import import_module
from pathlib import Path
from typing import Any

from .errors import UserError
from .files import read_toml
from .interface import Project

__all__ = ["find_project", "import_project", "project_name"]


def find_project(folder: Path | None = None) -> Project:
    """Import the project of a folder, by default the current one, or of one above it. Raises UserError."""
    start = (folder or Path()).resolve()
    for parent in (start, *start.parents):
        if (parent / "pyproject.toml").is_file() and (name := project_name(parent)):
            sys.path[:0] = [path for path in (str(parent / "src"), str(parent)) if path not in sys.path]
            return import_project(name, f"{parent / 'pyproject.toml'}: [tool.fairmodel] project")
    message = (
        f"{start} is in no project: no pyproject.toml there or above has [tool.fairmodel] project = "
        '"package.project:PROJECT"; change into a project'
    )
    raise UserError(message)


def project_name(folder: Path) -> str:
    """The entry `project` of [tool.fairmodel] in a folder's pyproject.toml; empty if there is none."""
    entry: Any = read_toml(folder / "pyproject.toml")
    for key in ("tool", "fairmodel", "project"):
        entry = entry.get(key, "") if isinstance(entry, dict) else ""
    return str(entry)


def import_project(name: str, where: str) -> Project:
    """Import the object `package.module:NAME`; `where` names the place that asks for it. Raises UserError."""
    module, _, attribute = name.partition(":")
    try:
        project = getattr(import_module(module), attribute or "PROJECT")
    except UserError:
        raise
    except Exception as error:
        message = f"{where} = {name!r} cannot be imported: {type(error).__name__}: {error}; correct {module}"
        raise UserError(message) from error
    if not isinstance(project, Project):
        message = f"{where} = {name!r} is {project!r}, not a Project; see the page on the contract"
        raise UserError(message)
    return project
