"""What no committed file may be or hold."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from .projects import ROOT, TEMPLATE, repository_files

FILES = [path for path in repository_files() if path.is_file()]
# tests of a project are no Python before they are rendered
PYTHON = [path for path in FILES if path.suffix == ".py" and not path.is_relative_to(TEMPLATE / "tests")]
SOURCES = [path for path in PYTHON if "tests" not in path.relative_to(ROOT).parts]
LARGEST_FILE = 1_000_000
LONGEST_MODULE = 320
# one file on purpose, which others copy beside their notebooks, and a table
LONGEST_WHOLE = {"fetch_model.py": 500, "table.py": 500}
LONGEST_FUNCTION = 40
LONGEST_WITHOUT_DOCSTRING = 6
FORBIDDEN = {
    "a path of one machine": re.compile(r"(?<![\w.:/-])/(?:work|root|tmp|home/\w+)(?![\w.-])"),
    "the host of a package index": re.compile(r"\b(?:pypi|files\.python\w+|registry\.npm\w*|deb\.deb\w+)\.org\b"),
    "a private key": re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY"),
    "a token": re.compile(r"\b(?:AKIA[0-9A-Z]{16}|gh[opsu]_\w{36}|glpat-[\w-]{20}|xox[abp]-[\w-]{10,}|pypi-\w{16,})"),
    "a password": re.compile(r"(?i)\b\w*(?:password|secret|token|api_key)\w*\s*[:=]\s*[\"'][A-Za-z0-9+/_-]{12,}[\"']"),
}
# the engine is published there
EXAMPLES = {  # in two parts, so that this file holds none of them
    "a path of one machine": ("see /", "tmp/run/log"),
    "the host of a package index": ("https://pypi", ".org/simple"),
    "a private key": ("-----BEGIN RSA PRIV", "ATE KEY-----"),
    "a token": ("ghp_", "a1B2" * 9),
    "a password": ("api_tok", 'en = "0123456789abcdef"'),
}

Function = ast.FunctionDef | ast.AsyncFunctionDef


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def text_of(path: Path) -> str:
    return path.read_bytes().decode("utf-8", errors="replace")


def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def functions(path: Path) -> Iterator[Function]:
    return (node for node in ast.walk(parsed(path)) if isinstance(node, Function))


def public_functions(path: Path) -> Iterator[Function]:
    """Functions of a module, and methods of its classes, that others may call."""
    tree = parsed(path)
    classes = [node for node in tree.body if isinstance(node, ast.ClassDef) and node.name[0] != "_"]
    members = [node for scope in classes for node in scope.body]
    for node in (*tree.body, *members):
        if isinstance(node, Function) and node.name[0] != "_":
            yield node


def length(node: Function) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


def test_there_is_something_to_look_at() -> None:
    assert len(FILES) > 150
    assert len(SOURCES) > 80


def test_no_file_is_large_or_empty() -> None:
    sizes = {name_of(path): path.stat().st_size for path in FILES}
    assert {name: size for name, size in sizes.items() if size > LARGEST_FILE} == {}
    assert [name_of(path) for path in FILES if not text_of(path).strip() and path.name != "py.typed"] == []


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_file_holds(what: str) -> None:
    searched = [path for path in FILES if not path.name.startswith("Dockerfile")]  # an image has paths of its own
    found = {name_of(path): match.group() for path in searched if (match := FORBIDDEN[what].search(text_of(path)))}
    assert found == {}


@pytest.mark.parametrize("what", FORBIDDEN)
def test_the_search_finds_examples(what: str) -> None:
    first, second = EXAMPLES[what]
    assert FORBIDDEN[what].search(first + second)


def test_modules_are_short() -> None:
    lengths = {path: text_of(path).count("\n") for path in PYTHON}
    longest = {path: LONGEST_WHOLE.get(path.name, LONGEST_MODULE) for path in PYTHON}
    assert {name_of(path): lines for path, lines in lengths.items() if lines > longest[path]} == {}


def test_functions_are_short() -> None:
    lengths = {f"{name_of(path)}:{node.name}": length(node) for path in SOURCES for node in functions(path)}
    assert {name: lines for name, lines in lengths.items() if lines > LONGEST_FUNCTION} == {}


def test_public_functions_say_what_they_do() -> None:
    silent = [
        f"{name_of(path)}:{node.name}"
        for path in SOURCES
        for node in public_functions(path)
        if length(node) > LONGEST_WITHOUT_DOCSTRING and not ast.get_docstring(node)
    ]
    assert silent == []
