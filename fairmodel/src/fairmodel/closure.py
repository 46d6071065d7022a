"""The files that a result depends on: a module, all that it imports, and the data files beside them.

Found in the source without importing anything. Only the engine and packages of the project are followed; libraries are
recorded by their versions. An import inside a function counts like one above it, one for type checkers alone does not.
"""

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path

__all__ = ["closure", "digest"]


@dataclass(frozen=True)
class Import:
    """A module that another one names, and the names that it takes from it."""

    module: str
    names: tuple[str, ...] = ()


@dataclass(frozen=True)
class Source:
    """A module's file, what it imports, and what it imports for type checkers alone."""

    path: Path
    imports: tuple[Import, ...]
    typing_imports: tuple[Import, ...]


def closure(modules: Sequence[str], packages: Sequence[str], *, without: Sequence[str] = ()) -> list[Path]:
    """Every file that the modules need, sorted; imports of other top-level packages than `packages` are libraries.

    `package.*` stands for every module of a package. Modules `without` are left out, and what only they import.
    """
    found: dict[str, Path] = {}
    waiting = [Import(module) for root in modules for module in _expanded(root)]
    seen: set[Import] = set()
    while waiting:
        wanted = waiting.pop()
        if wanted in seen or wanted.module.partition(".")[0] not in packages or _within(wanted.module, without):
            continue
        seen.add(wanted)
        waiting += list(_needs(wanted, found))
    folders = sorted({path.parent for path in found.values()})
    return sorted({*found.values(), *(path for folder in folders for path in _data_files(folder))})


def _within(module: str, packages: Sequence[str]) -> bool:
    return any(module == package or module.startswith(f"{package}.") for package in packages)


def _expanded(root: str) -> list[str]:
    """The modules that the name of a root stands for."""
    package, _, star = root.rpartition(".")
    path = _path(package) if star == "*" else None
    if path is None:
        return [root]
    names = [item.relative_to(path.parent).with_suffix("").parts for item in sorted(path.parent.rglob("*.py"))]
    return [".".join([package, *(part for part in parts if part != "__init__")]) for parts in names]


@cache
def digest(path: Path) -> str:
    """SHA-256 of a file, computed once in a process."""
    from .files import sha256

    return sha256(path)


def _needs(wanted: Import, found: dict[str, Path]) -> Iterator[Import]:
    """Yield all that comes with an import: packages around the module, its own imports, submodules that it names."""
    parts = wanted.module.split(".")
    for end in range(1, len(parts) + 1):
        name = ".".join(parts[:end])
        source = _source(name)
        if source is None:
            continue
        found[name] = source.path
        yield from source.imports
        if name == wanted.module and wanted.names and source.path.name == "__init__.py":
            yield from (item for item in source.typing_imports if {*item.names} & {*wanted.names})
    yield from (Import(f"{wanted.module}.{name}") for name in wanted.names if _path(f"{wanted.module}.{name}"))


@cache
def _source(module: str) -> Source | None:
    path = _path(module)
    if path is None:
        return None
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    tree = ast.parse(path.read_bytes())
    stub = path.with_suffix(".pyi")  # a package that loads its names when they are used lists them there
    listed = ast.parse(stub.read_bytes()) if path.name == "__init__.py" and stub.is_file() else ast.Module([], [])
    guarded = {id(node) for block in ast.walk(tree) if _is_guard(block) for node in ast.walk(block)}
    imports: tuple[list[Import], list[Import]] = ([], [])
    for node in ast.walk(tree):
        for item in _imports(node, package):
            imports[id(node) in guarded].append(item)
    names = [item for node in ast.walk(listed) for item in _imports(node, package)]
    return Source(path, tuple(imports[0]), (*imports[1], *names))


def _is_guard(node: ast.AST) -> bool:
    """Tell a block that only type checkers read."""
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


def _imports(node: ast.AST, package: str) -> Iterator[Import]:
    if isinstance(node, ast.Import):
        yield from (Import(alias.name) for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        parts = package.split(".")[: -(node.level - 1) or None] if node.level else []
        module = ".".join([*parts, *([node.module] if node.module else [])])
        yield Import(module, tuple(alias.name for alias in node.names))


@cache
def _path(module: str) -> Path | None:
    """The file of a module, by its place below its top-level package."""
    top, *rest = module.split(".")
    root = _root(top)
    if root is None:
        return None
    place = root.joinpath(*rest)
    return next((path for path in (place / "__init__.py", place.with_suffix(".py")) if path.is_file()), None)


@cache
def _root(top: str) -> Path | None:
    spec = find_spec(top)
    return Path(spec.origin).parent if spec and spec.origin and Path(spec.origin).name == "__init__.py" else None


@cache
def _data_files(folder: Path) -> tuple[Path, ...]:
    """Files beside the modules of a folder that are no modules, and those of folders below it without any.

    The pages of the engine, in `_docs` where it was installed from a wheel, are read by nothing that makes a result.
    """
    found: list[Path] = []
    for path in (item for item in folder.iterdir() if not item.name.startswith((".", "__pycache__", "_docs"))):
        if path.is_file() and path.suffix not in {".py", ".pyc"}:
            found.append(path)
        elif path.is_dir() and not any(path.rglob("*.py")):
            found += [file for file in path.rglob("*") if file.is_file()]
    return tuple(found)
