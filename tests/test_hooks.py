"""What becomes of the answers: wrong ones are refused together, right ones come back exactly from every file."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from cookiecutter.exceptions import CookiecutterException
from hbb_in.fair import metadata
from hbb_in.fair.identifiers import doi_problem, email_problem, orcid_problem
from hbb_in.fair.source import read_metadata
from hypothesis import example, given, settings
from hypothesis import strategies as st
from jinja2 import Environment

from .projects import ROOT, TEMPLATE, file_names, render
from .test_bake import PARSERS

HOSTILE = {
    "project_name": 'Jet\'s "tagger": v2 & more',
    "author_name": "Zoë O'Brien: PhD",
    "affiliation": "Ünï <b> 'co' # x\\n 數據",
    "description": 'A: "quoted" \\ back\\slash é <b> & {curly} \'\'\' """ $HOME `x` %s \u00a0\u2028\ufeff [-1:] - no',
}

WRONG = {
    "project_name": (" ", "is empty"),
    "repo_name": ("a b/c", "has something else"),
    "package_name": ("class", "is a keyword"),
    "author_name": ("Ada\tLovelace", "U+0009"),
    "orcid": ("0000-0002-1825-0098", "check digit 8 where the others make it 7"),
    "email": ("nobody", "is not an e-mail address"),
    "affiliation": ("\U0001f600", "above U+FFFF"),
    "description": ("{% raw %}{{ x }}{% endraw %}", "template code"),
    "data_doi": ("https://doi.org/10.5281/zenodo.1", "before the DOI"),
    "code_doi": ("10.5281", "is not a DOI"),
    "year": ("26", "four digits"),
}


@pytest.fixture(scope="session")
def hook() -> dict[str, Any]:
    """The names of pre_gen_project.py, which is a template before it is a script."""
    source = (ROOT / "hooks" / "pre_gen_project.py").read_text(encoding="utf-8")
    names: dict[str, Any] = {"__name__": "pre_gen_project"}
    exec(Environment().from_string(source).render(cookiecutter={}), names)
    return names


def test_wrong_answers_are_refused_together_and_leave_nothing(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "out").mkdir()
    with pytest.raises(CookiecutterException):
        render(tmp_path / "out", **{name: value for name, (value, _) in WRONG.items()})
    said = [line for line in capfd.readouterr().err.splitlines() if "; for example: " in line]
    assert [line.split(" = ")[0] for line in said] == list(WRONG)
    for line, (name, (_, reason)) in zip(said, WRONG.items(), strict=True):
        assert reason in line, name
    assert list(tmp_path.rglob("*")) == [tmp_path / "out"]


@pytest.mark.parametrize("name", ["../evil", "a b/c", "/absolute", "..", ".", "", "a/../b"])
def test_a_refused_folder_leaves_nothing_anywhere(tmp_path: Path, name: str) -> None:
    output = tmp_path / "in" / "out"
    output.mkdir(parents=True)
    with pytest.raises(CookiecutterException):
        render(output, repo_name=name, package_name="fine")
    assert sorted(tmp_path.rglob("*")) == [tmp_path / "in", output]


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        *((name, value, reason) for name, (value, reason) in WRONG.items() if "%" not in value),
        ("package_name", "2bad", "PEP 8"),
        ("package_name", "Bad", "PEP 8"),
        ("package_name", "json", "standard library"),
        ("package_name", "torch", "depends on"),
        ("package_name", "src", "too general"),
        ("repo_name", "scikit-learn", "depends on"),
        ("repo_name", "-x", "has something else"),
        ("orcid", "abc", "four groups"),
        ("orcid", "", None),
        ("orcid", "0000-0002-1694-233X", None),
        ("email", "", None),
        ("data_doi", "10.1234/a b", "is not a DOI"),
        ("data_doi", "10.1000.10/(a)_b;c", None),
        ("year", "20266", "four digits"),
        ("year", "1999", None),
        ("description", "{{ x }}", "template code"),
        ("description", "{x} % # }}", None),
        ("author_name", "\udcff", "control character"),
        ("package_name", "jet_tagger2", None),
        ("repo_name", "Jet.Tagger-2", None),
    ],
)
def test_every_answer_is_checked(hook: dict[str, Any], name: str, value: str, reason: str | None) -> None:
    right = {name: example for name, (_, _, example) in hook["CHECKS"].items()}
    found = hook["problems"](right | {name: value})
    if reason is None:
        assert found == []
    else:
        assert len(found) == 1
        assert found[0].startswith(f"{name} = {value!r} ")
        assert reason in found[0]
        assert found[0].endswith(f"; for example: {right[name]}")


def test_the_names_that_are_reserved_follow_the_requirements(hook: dict[str, Any]) -> None:
    files = (TEMPLATE / "requirements").glob("*.txt")
    lines = [line for path in files for line in path.read_text(encoding="utf-8").splitlines()]
    names = {line.split(">")[0].replace("-", "_") for line in lines if line and not line.startswith(("#", "types-"))}
    assert names <= hook["DEPENDENCIES"]


identifier = st.text("0123456789X-", max_size=20) | st.from_regex(r"([0-9]{4}-){3}[0-9]{3}[0-9X]", fullmatch=True)
doi = st.text("10./az-()<> ", max_size=12) | st.from_regex(r"10\.[0-9]{3,6}/[!-~]{1,5}", fullmatch=True)


@given(identifier, doi)
def test_the_hook_and_the_project_agree(hook: dict[str, Any], identifier: str, doi: str) -> None:
    assert (hook["orcid"](identifier) is None) == (orcid_problem(identifier) is None)
    assert (hook["doi"](doi) is None) == (doi_problem(doi) is None)


@given(st.emails())
def test_an_address_that_the_hook_takes_is_one_for_the_project(hook: dict[str, Any], email: str) -> None:
    if hook["email"](email) is None:
        assert email_problem(email) is None


def data_files(project: Path) -> dict[str, Any]:
    """Every TOML, YAML, JSON and CFF file of a project, parsed."""
    names = (name for name in file_names(project) if Path(name).suffix in PARSERS)
    return {name: PARSERS[Path(name).suffix]((project / name).read_text(encoding="utf-8")) for name in names}


answer = st.text(st.characters(codec="utf-16", max_codepoint=0xFFFF, exclude_categories=["Cc", "Cs"]), max_size=40)
answer = answer.filter(lambda text: bool(text.strip()) and not any(mark in text for mark in ("{{", "{%", "{#")))


@settings(max_examples=5, deadline=None)
@given(st.fixed_dictionaries(dict.fromkeys(HOSTILE, answer)))
@example(HOSTILE)
def test_answers_come_back_exactly(answers: dict[str, str]) -> None:
    fixed = {"repo_name": "Jet.Tagger-2", "orcid": "0000-0002-1694-233X", "email": "a'b+c@example.org"}
    with TemporaryDirectory() as folder:
        project = render(Path(folder), **answers, **fixed)
        files = data_files(project)
        assert project.name == "Jet.Tagger-2"
        assert answers["author_name"] in (project / "LICENSE").read_text(encoding="utf-8")
    assert answers.items() | fixed.items() <= files[".cookiecutter.json"].items()
    assert not [name for name in files[".cookiecutter.json"] if name.startswith("_")]
    fair, cff, codemeta = files["fair.toml"], files["CITATION.cff"], files["codemeta.json"]
    title, description, author = answers["project_name"], answers["description"], answers["author_name"]
    assert fair["identity"]["title"] == cff["title"] == codemeta["name"] == title
    assert fair["identity"]["description"] == cff["abstract"] == codemeta["description"] == description
    assert fair["people"][0]["name"] == cff["authors"][0]["name"] == codemeta["author"][0]["name"] == author
    assert fair["people"][0]["email"] == cff["authors"][0]["email"] == fixed["email"]
    affiliation = answers["affiliation"]
    assert fair["people"][0]["affiliation"] == codemeta["author"][0]["affiliation"]["name"] == affiliation
    assert files["pyproject.toml"]["project"]["name"] == fixed["repo_name"]


def test_the_metadata_of_a_new_project_come_from_its_own_generator(default_bake: Path) -> None:
    assert metadata.drifted(default_bake, read_metadata(default_bake)) == []
