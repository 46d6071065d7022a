"""A project in a form that another process can call."""

from collections.abc import Callable
from functools import partial
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from ..interface import Project

__all__ = ["portable"]


def portable(project: "Project") -> "Callable[[], Project]":
    """A function that returns the project there; a module goes by its name."""
    if isinstance(project, ModuleType):
        return cast("Callable[[], Project]", partial(import_module, project.__name__))
    return partial(_itself, project)


def _itself(project: "Project") -> "Project":
    return project
