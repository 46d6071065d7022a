"""Functions by name are imported when they are called; a name that leads nowhere is refused before anything runs."""

import copy
import json
import pickle
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from fairmodel.errors import UserError
from fairmodel.lazy import Hook, Lazy, lazily

from .projects import ENGINE_ROOT

NAME = "json:loads"


@dataclass(frozen=True)
class Shelf:
    """A class with hooks: one is required, one has a default, one may be None."""

    first: "Hook[Any]" = Hook()
    second: "Hook[Any]" = Hook("json:dumps")
    third: "Hook[Any]" = Hook(None)
    number: int = 3


def test_a_name_is_called_like_the_function() -> None:
    assert Lazy(NAME)("[1]") == [1]
    assert Lazy("json:dumps")({"b": 1, "a": 2}, sort_keys=True) == '{"a": 2, "b": 1}'
    assert Lazy(NAME).load() is json.loads
    assert Lazy("fairmodel.schema:Feature")("x", "m", "place").unit == "m"


def test_equal_names_are_equal_and_travel_to_other_processes() -> None:
    assert Lazy(NAME) == Lazy(NAME) != Lazy("json:dumps")
    assert pickle.loads(pickle.dumps(Lazy(NAME))) == copy.deepcopy(Lazy(NAME)) == Lazy(NAME)
    assert Lazy("fairmodel.schema:Feature").module == "fairmodel.schema"


def test_nothing_is_imported_before_the_call() -> None:
    script = (
        "import sys; from fairmodel.lazy import Lazy; function = Lazy('calendar:isleap'); function.check('it')\n"
        "assert 'calendar' not in sys.modules\nassert function(2000)\nassert 'calendar' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", script], check=True, cwd=ENGINE_ROOT)


def test_a_hook_takes_a_name_or_a_function_and_gives_what_can_be_called() -> None:
    assert Shelf(NAME).first == Lazy(NAME)
    assert Shelf(json.loads).first is json.loads
    assert Shelf(NAME).second == Lazy("json:dumps")
    assert Shelf(NAME, third="json:dumps").third == Lazy("json:dumps")
    assert Shelf(NAME).third is None
    assert lazily(NAME) == Lazy(NAME)
    assert lazily(None) is None


def test_a_required_hook_has_no_default() -> None:
    with pytest.raises(TypeError, match="first"):
        Shelf()


def test_a_class_with_hooks_is_replaced_compared_and_pickled_as_a_whole() -> None:
    shelf = Shelf(NAME, number=4)
    assert replace(shelf, second=NAME) == Shelf(NAME, NAME, number=4)
    assert replace(shelf, number=3) == Shelf(NAME)
    assert pickle.loads(pickle.dumps(shelf)) == shelf


@pytest.mark.parametrize("name", ["json:loads", "fairmodel.interface:Project", "fairmodel.interface:RunConfig"])
def test_names_that_lead_somewhere_pass(name: str) -> None:
    Lazy(name).check("Project(build=…)")


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("json", r"'json'; write it as package\.module:function"),
        ("json:", r"'json:'; write it as package\.module:function"),
        ("json:two words", r"'json:two words'; write it as package\.module:function"),
        ("no_such:function", r"'no_such:function', but there is no module no_such; correct the name"),
        ("json.no_such:function", r"'json\.no_such:function', but there is no module json\.no_such; correct the name"),
        (":function", r"there is no module"),
        ("json:no_such", r"'json:no_such', but .*json/__init__\.py defines no no_such; correct the name"),
    ],
)
def test_a_name_that_leads_nowhere_is_refused_with_field_value_and_remedy(name: str, problem: str) -> None:
    with pytest.raises(UserError, match=r"^Project\(build=…\) is .*" + problem):
        Lazy(name).check("Project(build=…)")


@pytest.mark.parametrize(
    "text",
    [
        "def function(): ...\n",
        "async def function(): ...\n",
        "class function: ...\n",
        "from json import loads as function\n",
        "import json as function\n",
        "function = print\n",
        "function: object = print\n",
        "if True:\n    def function(): ...\n",
        "try:\n    from json import loads as function\nexcept ImportError:\n    function = None\n",
        "first, function = 1, 2\n",
    ],
)
def test_whatever_defines_the_name_counts(text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "a_module_of_this_test.py").write_text(text)
    monkeypatch.delitem(sys.modules, "a_module_of_this_test", raising=False)
    Lazy("a_module_of_this_test:function").check("it")


def test_a_module_with_a_mistake_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "a_broken_module.py").write_text("def function(:\n")
    with pytest.raises(UserError, match=r"is 'a_broken_module:function', which cannot be read: SyntaxError: .*line 1"):
        Lazy("a_broken_module:function").check("Project(build=…)")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("import no_such_library", "ModuleNotFoundError: No module named 'no_such_library'"),
        ("1 / 0", "ZeroDivisionError: division by zero"),
    ],
)
def test_a_package_that_cannot_be_imported_is_named(
    text: str, problem: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "a_broken_package").mkdir()
    (tmp_path / "a_broken_package" / "__init__.py").write_text(text)
    (tmp_path / "a_broken_package" / "a.py").write_text("def function(): ...\n")
    with pytest.raises(UserError, match=f"'a_broken_package.a:function', which cannot be read: {problem}; correct"):
        Lazy("a_broken_package.a:function").check("Project(build=…)")


def test_a_package_imports_what_its_stub_lists_when_it_is_used(tmp_path: Path) -> None:
    package = tmp_path / "a_package"
    (package / "inner").mkdir(parents=True)
    (package / "__init__.py").write_text(
        "from fairmodel.lazy import attach_stub\n__getattr__, __dir__, __all__ = attach_stub(__name__)\n"
    )
    (package / "__init__.pyi").write_text("from .inner.a import first as first\nfrom .inner.a import other as other\n")
    (package / "inner" / "__init__.py").touch()
    (package / "inner" / "a.py").write_text("first, other = 1, 2\n")
    script = (
        "import sys, a_package\nassert a_package.__all__ == dir(a_package) == ['first', 'other']\n"
        "assert 'a_package.inner.a' not in sys.modules\nfrom a_package import first\nassert first == 1\n"
        "assert 'a_package.inner.a' in sys.modules\nassert not hasattr(a_package, 'third')\n"
        "try:\n    a_package.third\nexcept AttributeError as error:\n"
        "    assert str(error) == \"module 'a_package' has no attribute 'third'\""
    )
    result = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
