"""Every combination of the switches gives a whole project that holds nothing of the template's machinery."""

import json
import re
import tomllib
from collections.abc import Callable
from fnmatch import fnmatch
from itertools import product
from pathlib import Path
from typing import Any

import pytest
import yaml

from .conftest import Bake
from .projects import CONTEXT, ROOT, SWITCHES, TEMPLATE, file_names, render, repository_files

COMBINATIONS = [dict(zip(SWITCHES, choice, strict=True)) for choice in product(*SWITCHES.values())]
OPTIONAL = {
    ".github/workflows/project-*.yml",
    "docs/*.json",
    "docs/*/**",
}  # a project adds such files when it needs them
PARSERS: dict[str, Callable[[str], Any]] = {
    ".toml": tomllib.loads,
    ".json": json.loads,
    ".yml": yaml.safe_load,
    ".yaml": yaml.safe_load,
    ".cff": yaml.safe_load,
}
LICENSE_WORDS = {
    "MIT": "Permission is hereby granted, free of charge",
    "BSD-3-Clause": "Redistribution and use in source and binary forms",
    "Apache-2.0": "Apache License",
    "GPL-3.0-or-later": "GNU GENERAL PUBLIC LICENSE",
}
JINJA = re.compile(r"(?<!\$)\{\{|\{%|%\}|(?<![.\w])cookiecutter\.\w")


@pytest.fixture(scope="module", params=COMBINATIONS, ids=lambda answers: "-".join(answers.values()))
def answers(request: pytest.FixtureRequest) -> dict[str, str]:
    """Each combination of the switches in turn."""
    combination: dict[str, str] = request.param
    return combination


@pytest.fixture(scope="module")
def baked(answers: dict[str, str], bake: Bake) -> Path:
    """The project of that combination."""
    return bake(**answers)


def texts(project: Path) -> dict[str, str]:
    """The content of every file but the engine's wheel, which is no text."""
    names = (name for name in file_names(project) if not name.endswith(".whl"))
    return {name: (project / name).read_text(encoding="utf-8") for name in names}


def test_there_are_three_switches() -> None:
    assert SWITCHES.keys() == {"license", "data_source", "gpu_image"}
    assert len(COMBINATIONS) == 5 * 3 * 2


def test_exact_files(answers: dict[str, str], baked: Path) -> None:
    listed = (ROOT / "tests" / "files.txt").read_text(encoding="utf-8").splitlines()
    removed = {"LICENSE"} if answers["license"] == "none" else set()
    removed |= {"Dockerfile.gpu"} if answers["gpu_image"] == "no" else set()
    licence = "LicenseRef-all-rights-reserved" if answers["license"] == "none" else answers["license"]
    expected = {name.replace("<package>", "fair_model") for name in listed} - removed | {f"LICENSES/{licence}.txt"}
    found = set(file_names(baked))
    assert sorted(found - expected) == [], "rendered, but not in tests/files.txt"
    assert sorted(expected - found) == [], "in tests/files.txt, but not rendered"


def test_no_trace_of_the_template(baked: Path) -> None:
    copied = re.compile(r"(src|tools|docs)/.*\.py")  # in which {{ is a brace of an f-string
    rendered = {name: text for name, text in texts(baked).items() if not copied.fullmatch(name)}
    assert {name: found.group() for name, text in rendered.items() if (found := JINJA.search(text))} == {}
    assert [path for path in baked.rglob("*") if path.name == "__pycache__" or path.name.endswith("_cache")] == []


def test_nothing_is_empty_or_knows_this_machine(baked: Path) -> None:
    assert [path for path in baked.rglob("*") if path.is_dir() and not any(path.iterdir())] == []
    here = {str(baked.parent), str(ROOT), str(Path.home())}
    for name, text in texts(baked).items():
        assert text.strip(), f"{name} is empty"
        assert not [path for path in here if path in text], name
        assert text.endswith("\n"), f"{name} ends within a line"


def test_every_data_file_parses(baked: Path) -> None:
    readable = [(name, PARSERS.get(Path(name).suffix), text) for name, text in texts(baked).items()]
    parsed = {name: parse(text) for name, parse, text in readable if parse}
    assert {"fair.toml", "CITATION.cff", "codemeta.json", ".github/dependabot.yml"} <= parsed.keys()
    assert [name for name, content in parsed.items() if not content] == []


def test_the_licence_is_the_one_chosen(answers: dict[str, str], baked: Path) -> None:
    chosen = answers["license"]
    fair = tomllib.loads((baked / "fair.toml").read_text(encoding="utf-8"))
    citation = yaml.safe_load((baked / "CITATION.cff").read_text(encoding="utf-8"))
    if chosen == "none":
        assert fair["identity"]["license"] == ""
        assert "license" not in citation
        return
    text = (baked / "LICENSE").read_text(encoding="utf-8")
    assert [name for name, words in LICENSE_WORDS.items() if words in text] == [chosen]
    assert fair["identity"]["license"] == citation["license"] == chosen
    if chosen in ("MIT", "BSD-3-Clause"):
        recorded = json.loads((baked / ".cookiecutter.json").read_text(encoding="utf-8"))
        assert re.search(rf"^Copyright \(c\) {recorded['year']},? {recorded['author_name']}$", text, re.MULTILINE)


def test_the_data_source_is_the_one_chosen(answers: dict[str, str], baked: Path) -> None:
    profiles = {path.stem: tomllib.loads(path.read_text(encoding="utf-8")) for path in baked.glob("config/*.toml")}
    assert profiles["full"]["data"]["source"] == answers["data_source"]


def test_a_project_is_small_and_its_source_is_its_owners(default_bake: Path) -> None:
    names = file_names(default_bake)
    assert len(names) <= 90
    source = [name for name in names if name.startswith("src/")]
    assert len(source) > 10
    assert all(any(fnmatch(name, pattern) for pattern in CONTEXT["_user_owned"]) for name in source)


def test_no_file_of_the_engine_is_among_them(default_bake: Path) -> None:
    engine = [path for path in repository_files(ROOT / "fairmodel" / "src") if path.stat().st_size > 400]
    contents = {(default_bake / name).read_bytes() for name in file_names(default_bake)}
    assert len(engine) > 50
    assert [path for path in engine if path.read_bytes() in contents] == []


def test_source_is_copied_as_it_is(baked: Path) -> None:
    sources = [path for folder in ("src", "tools", "docs") for path in (TEMPLATE / folder).rglob("*.py")]
    assert len(sources) > 10
    for source in sources:
        name = source.relative_to(TEMPLATE).as_posix().replace("{{cookiecutter.package_name}}", "fair_model")
        assert (baked / name).read_bytes() == source.read_bytes(), name


@pytest.mark.parametrize("switches", [COMBINATIONS[0], COMBINATIONS[-1]], ids=["first", "last"])
def test_the_same_answers_give_the_same_bytes(switches: dict[str, str], bake: Bake, tmp_path: Path) -> None:
    first, second = bake(**switches), render(tmp_path, **switches)
    assert file_names(first) == file_names(second)
    assert [name for name in file_names(first) if (first / name).read_bytes() != (second / name).read_bytes()] == []


@pytest.mark.parametrize("pattern", CONTEXT["_user_owned"] + CONTEXT["_generated"])
def test_every_pattern_of_the_contract_matches(pattern: str, default_bake: Path) -> None:
    matches = [name for name in file_names(default_bake) if fnmatch(name, pattern)]
    assert bool(matches) is (pattern not in OPTIONAL)


def test_cruft_skips_what_the_contract_says(baked: Path) -> None:
    settings = tomllib.loads((baked / "pyproject.toml").read_text(encoding="utf-8"))
    assert settings["tool"]["cruft"]["skip"] == CONTEXT["_user_owned"] + CONTEXT["_generated"]
