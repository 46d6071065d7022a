"""What the documentation says: the tree, the targets, the commands and the links are those that exist."""

import json
import re
import shlex
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from .conftest import Bake
from .projects import (
    REFERENCE,
    ROOT,
    borrow_environment,
    fenced,
    load_script,
    make,
    repository_files,
    run_environment,
    targets,
)

# programs in the documentation that the tests do not call, and why
ENGINE = ROOT / "fairmodel"
NOT_CALLED = {
    "apptainer": "is not at hand",
    "cd": "belongs to the shell",
    "docker": "needs a daemon",
    "export": "belongs to the shell",
    "gh": "asks GitHub",
    "git": "works on the reader's own clone",
    "pip": "fetches from the network",
    "reana-client": "is no requirement of ours",
    "torchrun": "takes the options of another command among its own",
}
PLACEHOLDERS = {"PATH_OR_ADDRESS", "ADDRESS", "ADDRESS-OF-THE-TEMPLATE"}
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
CODE = re.compile(r"```.*?```|`[^`]*`", re.DOTALL)
MENTION = re.compile(r"`make ([^`]+)`")


@pytest.fixture(scope="module")
def places(bake: Bake, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Folders with documentation: the repository, the engine, the reference, and two new projects."""
    full = Path(shutil.copytree(bake(), tmp_path_factory.mktemp("full") / "fair-model"))
    borrow_environment(full)
    lean = bake(license="none", gpu_image="no")
    return {"repository": ROOT, "engine": ENGINE, "reference": REFERENCE, "project": full, "lean": lean}


def pages(place: Path) -> list[Path]:
    """The Markdown files of a folder; those of the repository without those of template, engine and reference."""
    if place in (ROOT, ENGINE, REFERENCE):
        paths = [path.relative_to(place) for path in repository_files(place) if path.suffix == ".md"]
        return [place / path for path in paths if path.parts[0] in ("docs", "data", "models", "reports", path.name)]
    return sorted(path for path in place.rglob("*.md") if ".venv" not in path.parts)


def commands(page: Path) -> list[list[str]]:
    """The commands of a page's bash blocks, without assignments before them."""
    lines = [shlex.split(line, comments=True) for line in fenced(page.read_text(encoding="utf-8"), "bash")]
    return [
        words for line in lines if (words := line[next((i for i, word in enumerate(line) if "=" not in word), 0) :])
    ]


def requests(page: Path) -> list[list[str]]:
    """The arguments of make, wherever a page calls or mentions it."""
    mentioned = [shlex.split(text) for text in MENTION.findall(page.read_text(encoding="utf-8"))]
    return [words[1:] for words in commands(page) if words[0] == "make"] + mentioned


def goals(arguments: list[str]) -> set[str]:
    """The targets among the arguments of make."""
    return {word for word in arguments if word[0] != "-" and "=" not in word}


def folders_for(arguments: list[str], place: Path, places: dict[str, Path]) -> list[Path]:
    """Where a call of make may happen: pages of repository and engine speak of new projects too."""
    if "-C" in arguments:
        return [place / arguments[arguments.index("-C") + 1]]
    project = places["project"]
    return {ROOT: [ROOT, project], ENGINE: [project, ROOT], REFERENCE: [REFERENCE, ROOT]}.get(place, [place])


@cache
def known_targets(folder: Path) -> frozenset[str]:
    return frozenset(targets(folder))


@cache
def help_of(command: tuple[str, ...], folder: Path) -> str:
    """What a program says about itself, its subcommand included."""
    result = subprocess.run(
        [*command, "--help"],
        cwd=folder,
        env=run_environment() | {"COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, f"{' '.join(command)} --help: {result.stdout}{result.stderr}"
    return result.stdout


def test_the_tree_is_that_of_a_new_project(default_bake: Path) -> None:
    script = load_script(ROOT / "tools" / "readme_tree.py")
    assert script.mismatches(default_bake) == []
    shown = load_script(ROOT / "tools" / "markers.py").marked(ROOT / "README.md", "tree")
    assert shown == script.tree(default_bake), "run `python tools/readme_tree.py --update`"


@pytest.mark.parametrize("where", ["repository", "engine", "reference", "project", "lean"])
def test_links_lead_somewhere(where: str, places: dict[str, Path]) -> None:
    found = []
    for page in pages(places[where]):
        for link in LINK.findall(CODE.sub("", page.read_text(encoding="utf-8"))):
            path = link.partition("#")[0]
            if "://" not in link and not link.startswith("inv:") and path:  # those are followed when pages are built
                found.append((page.relative_to(places[where]).as_posix(), link, (page.parent / path).exists()))
    assert len(found) >= 5
    assert [(page, link) for page, link, exists in found if not exists] == []


@pytest.mark.parametrize("where", ["repository", "engine", "reference", "project"])
def test_named_targets_exist(where: str, places: dict[str, Path]) -> None:
    place = places[where]
    asked = [(page.name, arguments) for page in pages(place) for arguments in requests(page)]
    assert len(asked) >= 10
    for page, arguments in asked:
        wanted = goals(arguments) - {arguments[i + 1] for i, word in enumerate(arguments) if word == "-C"}
        known = [known_targets(folder) for folder in folders_for(arguments, place, places)]
        assert any(wanted <= names for names in known), f"{page}: make {' '.join(arguments)}"


@pytest.mark.parametrize(("where", "page"), [("repository", "docs/development.md"), ("project", "docs/commands.md")])
def test_every_target_is_documented(where: str, page: str, places: dict[str, Path]) -> None:
    path = (ENGINE if where == "project" else ROOT) / page
    documented = {goal for arguments in requests(path) for goal in goals(arguments)}
    assert known_targets(places[where]) - documented == set()


@pytest.mark.parametrize("where", ["repository", "engine", "reference", "project"])
def test_commands_are_understood(where: str, places: dict[str, Path]) -> None:
    place = places[where]
    called = {tuple(words) for page in pages(place) for words in commands(page)}
    assert called
    for words in sorted(called):
        if words[0] == "make":
            plan(list(words[1:]), place, places)
        elif words[0] not in NOT_CALLED:
            understood(words, places["project"] if place == ENGINE or "fair_model" in words else place)


def plan(arguments: list[str], place: Path, places: dict[str, Path]) -> None:
    """Let make resolve a call without running it."""
    wanted = goals(arguments)
    inside = "-C" in arguments
    (folder, *_) = [
        folder for folder in folders_for(arguments, place, places) if inside or wanted <= known_targets(folder)
    ]
    make(place if inside else folder, "-n", *(argument.replace("$PWD", str(ROOT)) for argument in arguments))


def understood(words: tuple[str, ...], place: Path) -> None:
    """Hold a command's subcommand and options against what the program says of itself."""
    program = Path(words[0]).name
    known = {"python": sys.executable, "python3": sys.executable}
    path = known.get(program) or shutil.which(program, path=str(Path(sys.executable).parent))
    assert path, f"{program} is neither in the environment nor in NOT_CALLED"
    options = [word.partition("=")[0] for word in words[1:] if word.startswith("--") and word != "--help"]
    head = words[1:3] if words[1] == "-m" else words[1:2] if program.startswith("python") else ()
    subcommands = words[1 + len(head) : next((i for i, word in enumerate(words) if word.startswith("--")), len(words))]
    asked = tuple(word for word in subcommands if word not in PLACEHOLDERS and not set(word) & set("./"))
    text = help_of((path, *head, *asked), place if head or program == "fairmodel" else ROOT)
    assert [option for option in options if option not in text] == [], " ".join(words)


def test_the_results_are_those_of_the_recorded_run() -> None:
    script = load_script(ROOT / "tools" / "readme_results.py")
    expected = script.table(json.loads(script.RESULTS.read_text(encoding="utf-8")))
    markers = load_script(ROOT / "tools" / "markers.py")
    for readme in script.READMES:
        assert markers.marked(readme, "results") == expected, "run `python tools/readme_results.py --update`"
