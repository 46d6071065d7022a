"""Names that are imported when they are used, so that `--help` needs no PyTorch.

A function is named as "package.module:function"; a package lists what it offers in its `__init__.pyi`.
"""

import ast
import pkgutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Generic, TypeVar, overload

from .errors import UserError

__all__ = ["Hook", "Lazy", "attach_stub", "lazily"]

F = TypeVar("F")
ANY = ("*", "__getattr__")  # a module with one of these may have any name


@dataclass(frozen=True)
class Lazy:
    """A function or class that is imported when it is called; it can be pickled, and two with one name are equal."""

    name: str

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        """Import the function and call it."""
        return self.load()(*arguments, **options)

    @property
    def module(self) -> str:
        """The module that defines it."""
        return self.name.partition(":")[0]

    def load(self) -> Any:
        """Import the function."""
        return getattr(import_module(self.module), self.name.partition(":")[2])

    def check(self, where: str) -> None:
        """Refuse a name that leads nowhere, without importing its module; `where` says who gives it.

        Raises UserError.
        """
        _, _, function = self.name.partition(":")
        if not function.isidentifier():
            message = f"{where} is {self.name!r}; write it as package.module:function"
            raise UserError(message)
        try:
            source = _source(self.module)
            names = _defined(source) if source else frozenset()
        except Exception as error:  # (a package around the module runs its own code)
            said = " ".join(str(error).split())
            message = f"{where} is {self.name!r}, which cannot be read: {type(error).__name__}: {said}; correct that"
            raise UserError(message) from error
        if source is None:
            message = f"{where} is {self.name!r}, but there is no module {self.module}; correct the name"
            raise UserError(message)
        if names.isdisjoint({function, *ANY}):
            message = f"{where} is {self.name!r}, but {source} defines no {function}; correct the name"
            raise UserError(message)


def lazily(value: Any) -> Any:
    """The function itself, or a `Lazy` one where its name is given."""
    return Lazy(value) if isinstance(value, str) else value


def attach_stub(package: str) -> tuple[Callable[[str], Any], Callable[[], list[str]], list[str]]:
    """Make `__getattr__`, `__dir__` and `__all__` (PEP 562) of a package from the imports in its `__init__.pyi`."""
    stub = ast.parse(pkgutil.get_data(package, "__init__.pyi") or b"")
    listed = [node for node in stub.body if isinstance(node, ast.ImportFrom)]
    places = {alias.name: f"{'.' * node.level}{node.module}" for node in listed for alias in node.names}

    def load(name: str) -> Any:
        if name not in places:
            message = f"module {package!r} has no attribute {name!r}"
            raise AttributeError(message)
        value = getattr(import_module(places[name], package), name)
        setattr(sys.modules[package], name, value)
        return value

    return load, lambda: sorted(places), sorted(places)


class Hook(Generic[F]):
    """A field of a dataclass that holds a function, and takes its name as well; reading it gives what can be called."""

    def __init__(self, default: Any = ...) -> None:
        self.default = default

    def __set_name__(self, owner: type, name: str) -> None:
        """Keep the value under a name of its own."""
        self.name = f"_{name}"

    @overload
    def __get__(self, instance: None, owner: type) -> F: ...

    @overload
    def __get__(self, instance: object, owner: type) -> F: ...

    def __get__(self, instance: object | None, owner: type) -> F:
        """Return the function, or the default where a class is asked."""
        if instance is None and self.default is ...:
            raise AttributeError(self.name)  # dataclasses take this for "there is no default"
        value: F = self.default if instance is None else vars(instance)[self.name]
        return value

    def __set__(self, instance: object, value: F | str) -> None:
        """Keep a function, or a `Lazy` one in place of a name."""
        vars(instance)[self.name] = lazily(value)


def _source(module: str) -> Path | None:
    """The file of a module, None if there is none. Importing the packages around it may raise anything."""
    try:
        spec = find_spec(module) if module else None
    except ModuleNotFoundError as error:
        if f"{module}.".startswith(f"{error.name}."):
            return None
        raise
    return Path(spec.origin) if spec and spec.origin else None


@cache
def _defined(source: Path) -> frozenset[str]:
    """Names that a module defines or imports outside of its functions and classes."""
    names: set[str] = set()
    waiting: list[ast.AST] = [ast.parse(source.read_bytes())]
    while waiting:
        match node := waiting.pop():
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                names.add(name)
                continue
            case ast.Name(id=name, ctx=ast.Store()):
                names.add(name)
            case ast.alias(name=name, asname=other):
                names.add(other or name)
        waiting += ast.iter_child_nodes(node)
    return frozenset(names)
