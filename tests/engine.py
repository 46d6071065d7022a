"""Helpers of the engine's own tests, such as the stand-in for Zenodo, for the tests of the repository."""

import sys
from importlib import import_module
from importlib.machinery import ModuleSpec
from importlib.util import module_from_spec
from types import ModuleType

from .projects import ROOT

__all__ = ["engine_tests"]

PACKAGE = "fairmodel_tests"  # both packages of tests are called `tests`


def engine_tests(name: str) -> ModuleType:
    """Import a module of `fairmodel/tests`."""
    if PACKAGE not in sys.modules:
        spec = ModuleSpec(PACKAGE, None, is_package=True)
        spec.submodule_search_locations = [str(ROOT / "fairmodel" / "tests")]
        sys.modules[PACKAGE] = module_from_spec(spec)
    return import_module(f"{PACKAGE}.{name}")
