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
        source = _source(self.module)
        if source is None:
            message = f"{where} is {self.name!r}, but there is no module {self.module}; correct the name"
            raise UserError(message)
        if function not in _defined(source):
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
    try:
        spec = find_spec(module)
    except (ImportError, ValueError):
        return None
    return Path(spec.origin) if spec and spec.origin else None


@cache
def _defined(source: Path) -> frozenset[str]:
    """Names that a module defines or imports at its top level."""
    names: set[str] = set()
    for node in ast.parse(source.read_bytes()).body:
        match node:
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                names.add(name)
            case ast.ImportFrom(names=aliases) | ast.Import(names=aliases):
                names |= {alias.asname or alias.name for alias in aliases}
            case ast.Assign(targets=targets):
                names |= {target.id for target in targets if isinstance(target, ast.Name)}
            case ast.AnnAssign(target=ast.Name(id=name)):
                names.add(name)
    return frozenset(names)
