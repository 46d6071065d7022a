"""The public interface: what projects import is offered by its module, and described on the page `docs/api.md`."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import TypeGuard

import pytest

from .projects import ROOT

ENGINE_ROOT = ROOT / "fairmodel"
PROJECTS = ("{{cookiecutter.repo_name}}", "reference_hbb_in")
PAGE = (ENGINE_ROOT / "docs" / "api.md").read_text(encoding="utf-8")
README = (ENGINE_ROOT / "README.md").read_text(encoding="utf-8")
CODE = re.compile(r"^```\{code-cell\} python\n(.*?)^```$", flags=re.MULTILINE | re.DOTALL)


def sources(project: Path) -> Iterator[str]:
    """Every module of a project and its tests, and the code of its notebooks."""
    for folder in ("src", "tests"):
        for path in (project / folder).rglob("*.py"):
            yield path.read_text(encoding="utf-8").replace("{{ cookiecutter.package_name }}", "fair_model")
    for page in (project / "docs").rglob("*.md"):
        code = "".join(CODE.findall(page.read_text(encoding="utf-8")))
        yield "\n".join(line for line in code.splitlines() if not line.startswith(("%", ":")))


def imported() -> set[tuple[str, str]]:
    """Module and name, for each name that a project of this repository imports from the engine."""
    return {item for name in PROJECTS for text in sources(ROOT / name) for item in _imported(ast.parse(text))}


def _imported(tree: ast.AST) -> Iterator[tuple[str, str]]:
    """The names that a module imports; of a module that it imports as a whole, those that it uses."""
    nodes = list(ast.walk(tree))
    used = [(node.value.id, node.attr) for node in nodes if isinstance(node, ast.Attribute) and is_name(node.value)]
    for node in nodes:
        if isinstance(node, ast.ImportFrom) and node.module and node.module.partition(".")[0] == "fairmodel":
            for alias in node.names:
                module = f"{node.module}.{alias.name}"
                if (ENGINE_ROOT / "src" / module.replace(".", "/")).with_suffix(".py").is_file():
                    yield from ((module, attribute) for name, attribute in used if name == alias.name)
                else:
                    yield node.module, alias.name


def is_name(node: ast.expr) -> TypeGuard[ast.Name]:
    return isinstance(node, ast.Name)


def described() -> set[tuple[str, str]]:
    """Module and name, for each name that the page describes."""
    found, module = set(), ""
    for directive, name in re.findall(r"^\.\. (currentmodule|auto\w+|py:data):: ([\w.]+)", PAGE, flags=re.MULTILINE):
        if directive == "currentmodule":
            module = name
        else:
            place, _, own = f"{module}.{name}".rpartition(".") if "." not in name else name.rpartition(".")
            found.add((place, own))
    return found


def value(module: str, name: str) -> object:
    return getattr(import_module(module), name)


IMPORTED = sorted(imported())


def test_the_projects_import_something() -> None:
    assert len(IMPORTED) > 50
    assert ("fairmodel", "Project") in IMPORTED


@pytest.mark.parametrize("module", sorted({module for module, _ in IMPORTED}))
def test_modules_offer_what_projects_import(module: str) -> None:
    offered = set(import_module(module).__all__)
    assert {name for where, name in IMPORTED if where == module} - offered == set()


def test_the_page_describes_what_projects_import() -> None:
    """Under the module that it is imported from, or under another one that offers the same thing."""
    page = described()
    known = [value(module, name) for module, name in page]
    missing = [
        f"{module}.{name}"
        for module, name in IMPORTED
        if (module, name) not in page and not any(value(module, name) is item for item in known)
    ]
    assert missing == []


def test_everything_on_the_page_is_offered_with_types() -> None:
    for module, name in sorted(described()):
        assert name in import_module(module).__all__, f"{module} does not offer {name}"
    assert (ENGINE_ROOT / "src" / "fairmodel" / "py.typed").is_file()


def test_the_first_project_of_the_readme_is_one(tmp_path: Path) -> None:
    blocks = re.findall(r"^```(?:python|toml)\n# (\S+)\n(.*?)^```$", README, flags=re.MULTILINE | re.DOTALL)
    stubs = [("src/jet_tagger/data.py", "def prepare(): ..."), ("src/jet_tagger/model.py", "def build(): ...")]
    for name, text in [("src/jet_tagger/__init__.py", ""), *stubs, *blocks]:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
        assert len(text.splitlines()) < 40, f"{name} is more than a screen"
    code = "from fairmodel.discover import find_project; find_project().check(); print(find_project().schema.entity)"
    command = [sys.executable, "-c", code]
    said = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    assert said == "jets\n"


def test_a_name_is_described_once() -> None:
    names = re.findall(r"^\.\. auto(?:class|function|data|exception):: ([\w.]+)", PAGE, flags=re.MULTILINE)
    objects = [id(value(module, name)) for module, name in described()]
    assert len(names) == len(described()) - PAGE.count("py:data")
    assert len(objects) == len(set(objects))
