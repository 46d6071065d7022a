"""The project of a folder is found by its pyproject.toml; whatever is wrong there is one line with the remedy."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from fairmodel.cli import main
from fairmodel.discover import find_project, import_project, project_name
from fairmodel.errors import UserError
from fairmodel.metadata.engine import engine_version

PYPROJECT = '[project]\nname = "shapes"\n[tool.fairmodel]\nproject = "shapes.project:PROJECT"\n'
MODULE = """
from fairmodel import Feature, Input, Project, Schema

SCHEMA = Schema("shapes", (Input("points", 3, (Feature("x", "m", "place"),)),), ("round", "square"), 0)
PROJECT = Project(package=__package__, schema=SCHEMA, prepare=".data:prepare", build=".model:build")
"""
FILES = {
    "pyproject.toml": PYPROJECT,
    "config/quick.toml": "[data]\n[training]\nepochs = 1\n",
    "src/shapes/__init__.py": "",
    "src/shapes/project.py": MODULE,
    "src/shapes/data.py": "def prepare(config, out, *, raw, source, workers): ...\n",
    "src/shapes/model.py": "import torch\n\ndef build(options): ...\n",
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A project's folder, in which the process is; what is imported from there is forgotten in the end."""
    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    monkeypatch.chdir(tmp_path)
    yield tmp_path
    for name in [name for name in sys.modules if name.partition(".")[0] == "shapes"]:
        del sys.modules[name]


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """The one line of a command that is refused."""
    assert main(argv=arguments or ("summary",)) == 1
    error = capsys.readouterr().err
    assert error.startswith("error: ")
    assert error.count("\n") == 1
    return error


def test_the_project_of_the_current_folder_is_used(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert find_project().package == "shapes"
    with pytest.raises(SystemExit, match="0"):
        main(argv=["--version"])
    assert capsys.readouterr().out.startswith("shapes, with fairmodel ")
    assert "metrics.json does not exist" in refused(capsys)
    assert "torch" not in {name for name in sys.modules if name.startswith("shapes.model")}
    assert folder == Path.cwd()


def test_a_folder_inside_of_the_project_will_do(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder / "config")
    assert find_project().package == "shapes"
    assert find_project(folder / "src" / "shapes").schema.entity == "shapes"


@pytest.mark.usefixtures("folder")
def test_the_command_finds_it_too() -> None:
    program = Path(sys.executable).with_name("fairmodel")
    command = [str(program)] if program.is_file() else [sys.executable, "-c", "from fairmodel import main; main()"]
    result = subprocess.run([*command, "train", "--profile", "a/b"], capture_output=True, text=True, check=False)
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr.startswith("error: 'a/b' is no profile: give the name of a file in config/ without .toml")
    assert result.stderr.count("\n") == 1


def test_a_folder_without_a_project(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    line = refused(capsys)
    assert f"{tmp_path} is in no project" in line
    assert '[tool.fairmodel] project = "package.project:PROJECT"; change into a project' in line


@pytest.mark.parametrize(
    ("file", "text", "problem"),
    [
        ("pyproject.toml", "[project", "pyproject.toml is not valid TOML: "),
        ("pyproject.toml", '[project]\nname = "shapes"\n', "is in no project: no pyproject.toml there or above has"),
        (
            "pyproject.toml",
            PYPROJECT.replace("shapes.project", "no_such.project"),
            "= 'no_such.project:PROJECT' cannot be imported: ModuleNotFoundError: No module named 'no_such'; correct",
        ),
        (
            "pyproject.toml",
            PYPROJECT.replace(":PROJECT", ":NOTHING"),
            "= 'shapes.project:NOTHING' cannot be imported: AttributeError: ",
        ),
        ("pyproject.toml", PYPROJECT.replace(":PROJECT", ":SCHEMA"), "not a Project; see the page on the contract"),
        ("pyproject.toml", PYPROJECT.replace('"shapes.project:PROJECT"', "3"), "= '3' cannot be imported: Module"),
        ("pyproject.toml", "tool = 3", "is in no project: no pyproject.toml there or above has"),
        ("src/shapes/project.py", "PROJECT = (\n", "cannot be imported: SyntaxError: "),
        ("src/shapes/project.py", "PROJECT = 3\n", "= 'shapes.project:PROJECT' is 3, not a Project"),
        ("src/shapes/project.py", "import no_such_library\n", "No module named 'no_such_library'; correct"),
        ("src/shapes/project.py", "1 / 0\n", "cannot be imported: ZeroDivisionError: division by zero; correct"),
        (
            "src/shapes/project.py",
            MODULE.replace('build=".model:build"', 'build=".model:make"'),
            "Project(build=…) is 'shapes.model:make', but",
        ),
        (
            "src/shapes/project.py",
            MODULE.replace(', build=".model:build"', ""),
            "Project.__init__() missing 1 required keyword-only argument: 'build'; correct shapes.project",
        ),
        (
            "src/shapes/project.py",
            MODULE.replace("build=", "network="),
            "Project.__init__() got an unexpected keyword argument 'network'; correct shapes.project",
        ),
    ],
)
def test_what_is_wrong_is_one_line(
    file: str, text: str, problem: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / file).write_text(text, encoding="utf-8")
    assert problem in refused(capsys)


def test_the_line_names_the_file_that_names_the_project(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "src" / "shapes" / "project.py").unlink()
    line = refused(capsys)
    assert f"{folder}/pyproject.toml: [tool.fairmodel] project = 'shapes.project:PROJECT'" in line
    assert line.endswith("; correct shapes.project\n")


def test_a_name_without_an_attribute_means_project(folder: Path) -> None:
    assert project_name(folder) == "shapes.project:PROJECT"
    find_project(folder)
    assert import_project("shapes.project", "here") is import_project("shapes.project:PROJECT", "here")
    with pytest.raises(UserError, match=r"^here = 'json' cannot be imported"):
        import_project("json", "here")


def test_a_project_that_is_named_is_imported_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "broken_project.py").write_text("PROJECT = (\n")
    monkeypatch.syspath_prepend(tmp_path)
    assert main("broken_project:PROJECT", ["train"]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert "broken_project" in line
    assert "SyntaxError" in line


def test_help_version_and_fetch_need_no_project(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for word in ("--help", "--version"):
        with pytest.raises(SystemExit) as caught:
            main(None, [word])
        assert caught.value.code == 0
    assert f"fairmodel {engine_version()}" in capsys.readouterr().out
    assert main(None, ["fair", "fetch", "nothing"]) == 1
    assert "'nothing' is no folder, no DOI" in capsys.readouterr().err
