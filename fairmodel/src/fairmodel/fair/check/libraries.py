"""The libraries that the code imports, by its syntax trees, and their versions in constraints.txt."""

import ast
import sys
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from ..facts import read_extras, read_requirements

__all__ = ["imports_problems", "locked", "same_release"]

OPTIONAL = ("ImportError", "ModuleNotFoundError")


def imports_problems(root: Path) -> tuple[list[tuple[str, str]], int]:
    """File with line and reason of each import that nothing pins, and the number of libraries.

    Pinned is what constraints.txt lists, and what pyproject.toml requires in one version. Imports of the standard
    library, of the project itself, and those whose absence the code handles need no pin. For an extra that is too
    special for the lock, its range in pyproject.toml is enough.
    """
    pinned, optional, known = _pinned(root), _names(read_extras(root)), _distributions()
    own = {path.name for path in (root / "src").iterdir()} if (root / "src").is_dir() else set()
    problems, found = [], set()
    for path in sorted((root / "src").rglob("*.py")):
        for line, name in _imported(ast.parse(path.read_text(encoding="utf-8"))):
            if name in sys.stdlib_module_names or name in own:
                continue
            found.add(name)
            candidates = {canonicalize_name(item) for item in known.get(name, [name])}
            if not candidates & (pinned | optional):
                where = f"{path.relative_to(root).as_posix()}:{line}"
                problems.append((where, f"imports {name}, which constraints.txt does not pin"))
    return problems, len(found)


def _pinned(root: Path) -> set[str]:
    """Normalised names of the distributions of which only one version is allowed."""
    exact = (item for item in read_requirements(root) if any(part.operator == "==" for part in item.specifier))
    return {*locked(root), *_names(exact)}


def _names(requirements: Iterable[Requirement]) -> set[str]:
    return {canonicalize_name(item.name) for item in requirements}


@cache
def _distributions() -> Mapping[str, list[str]]:
    """Distributions by the top-level packages that they install; takes half a second."""
    return packages_distributions()


def _imported(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Line and top-level name of each import that has to succeed."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Try) and any(_handles(handler) for handler in node.handlers):
            continue
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name.partition(".")[0]) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
            yield node.lineno, node.module.partition(".")[0]
        else:
            yield from _imported(node)


def _handles(handler: ast.ExceptHandler) -> bool:
    """Whether an exception handler is there for a library that is missing."""
    names = [handler.type] if not isinstance(handler.type, ast.Tuple) else handler.type.elts
    return any(isinstance(name, ast.Name) and name.id in OPTIONAL for name in names)


def locked(root: Path) -> dict[str, str]:
    """Pinned versions by normalised name, those for this Python and system; none where there is no constraints.txt."""
    path = root / "constraints.txt"
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    pins: dict[str, str] = {}
    for line in lines:
        try:
            requirement = Requirement(line.partition("#")[0].strip())
        except InvalidRequirement:
            continue  # a comment or an option of the installer
        if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
            pins[canonicalize_name(requirement.name)] = str(requirement.specifier).removeprefix("==")
    return pins


def same_release(first: str, second: str) -> bool:
    """Whether two versions are of the same release, builds such as +cpu left aside."""
    try:
        return Version(first).public == Version(second).public
    except InvalidVersion:
        return False
