"""The picture of the DAG follows what make itself says."""

import subprocess
from pathlib import Path

import pytest

from fairmodel.report.dag import draw_dag, levels, parse_database, step_graph

MAKEFILE = """
A := a.one a.two
COLONS = not: a rule
.PHONY: all first second third own FORCE
all: first second third own
first: $(A)
$(A) &: section.json source.py | ready
	touch $(A)
second: b.file
b.file: $(A) section.json ; touch $@
third: c.file
c.file: VARIABLE = of a target
c.file: b.file a.one
	touch $@
own: own.file
own.file: c.file | a.one
	touch $@
section.json: FORCE | ready
	@echo "text: with a colon"
ready:
	touch $@
source.py:
"""

GRAPH = {"first": set(), "second": {"first"}, "third": {"first", "second"}, "own": {"third"}}


def database(folder: Path, *arguments: str) -> str:
    """What make knows, as text; the exit code 1 says only that something is out of date."""
    command = ["make", "--no-print-directory", "--print-data-base", "--question", *arguments]
    result = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert result.returncode in (0, 1), result.stderr
    return result.stdout


@pytest.fixture
def text(tmp_path: Path) -> str:
    (tmp_path / "Makefile").write_text(MAKEFILE, encoding="utf-8")
    return database(tmp_path, "all")


def test_rules_have_their_normal_prerequisites_only(text: str) -> None:
    rules = parse_database(text)
    assert rules["a.one"] == rules["a.two"] == ["section.json", "source.py"]
    assert rules["c.file"] == ["b.file", "a.one"]
    assert rules["own.file"] == ["c.file"]
    assert rules["all"] == ["first", "second", "third", "own"]
    assert not {"A", "COLONS", "COLONS = not", "VARIABLE"} & rules.keys()


def test_the_graph_of_the_steps(text: str) -> None:
    graph = step_graph(parse_database(text), "all")
    assert graph == GRAPH
    assert list(graph) == ["first", "second", "third", "own"]
    assert levels(graph) == {"first": 0, "second": 1, "third": 2, "own": 3}


def test_levels_are_longest_chains() -> None:
    assert levels({"d": {"a", "c"}, "c": {"b"}, "b": {"a"}, "a": set(), "e": {"a"}}) == {
        "a": 0,
        "b": 1,
        "c": 2,
        "d": 3,
        "e": 1,
    }


def test_the_picture_is_a_file(text: str, tmp_path: Path) -> None:
    path = draw_dag(text, tmp_path / "reports" / "dag.png")
    assert path.read_bytes().startswith(b"\x89PNG")
    assert path.with_suffix(".pdf").read_bytes().startswith(b"%PDF")
