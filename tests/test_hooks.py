"""What becomes of the answers: wrong ones are refused together, right ones come back exactly from every file."""

import hashlib
import json
import subprocess
import tomllib
import zipfile
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from cookiecutter.exceptions import CookiecutterException
from fairmodel.fair import metadata
from fairmodel.metadata.identifiers import doi_problem, email_problem, orcid_problem
from fairmodel.metadata.source import read_metadata
from hypothesis import example, given, settings
from hypothesis import strategies as st
from jinja2 import Environment
from packaging.requirements import Requirement

from .conftest import Bake
from .projects import ROOT, TEMPLATE, copy_template, file_names, render, render_from
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
    engine = tomllib.loads((ROOT / "fairmodel" / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lines = [*engine["dependencies"], *chain(*engine["optional-dependencies"].values())]
    names = {Requirement(line).name.replace("-", "_") for line in lines if not line.startswith("types-")}
    assert len(names) > 30
    assert names | {"fairmodel"} <= hook["DEPENDENCIES"]


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
    kept = files[".cookiecutter.json"]
    assert {name: kept[name] for name in answers | fixed} == answers | fixed
    assert not [name for name in kept if name.startswith("_")]
    fair, cff, codemeta = files["fair.toml"], files["CITATION.cff"], files["codemeta.json"]
    title, description, author = answers["project_name"], answers["description"], answers["author_name"]
    assert fair["identity"]["title"] == cff["title"] == codemeta["name"] == title
    assert fair["identity"]["description"] == cff["abstract"] == codemeta["description"] == description
    assert fair["people"][0]["name"] == cff["authors"][0]["name"] == codemeta["author"][0]["name"] == author
    assert fair["people"][0]["email"] == cff["authors"][0]["email"] == fixed["email"]
    affiliation = answers["affiliation"]
    assert fair["people"][0]["affiliation"] == codemeta["author"][0]["affiliation"]["name"] == affiliation
    built = files["pyproject.toml"]["project"]
    assert built["name"] == fixed["repo_name"]
    assert built["description"] == " ".join(description.split())
    assert built["authors"] == [{"name": author, "email": fixed["email"]}]


def test_the_metadata_of_a_new_project_come_from_its_own_generator(default_bake: Path) -> None:
    assert metadata.drifted(default_bake, read_metadata(default_bake)) == []


def test_the_engine_arrives_as_one_wheel_with_its_checksum(default_bake: Path) -> None:
    (wheel,) = (default_bake / "vendor").glob("*.whl")
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    assert (default_bake / "vendor" / "SHA256SUMS").read_text() == f"{digest}  {wheel.name}\n"
    assert file_names(default_bake / "vendor") == ["SHA256SUMS", wheel.name]
    answers = json.loads((default_bake / ".cookiecutter.json").read_text(encoding="utf-8"))
    version = tomllib.loads((ROOT / "fairmodel" / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    assert wheel.name == f"fairmodel-{version}-py3-none-any.whl"
    assert answers["engine"] == {"version": version, "sha256": digest}
    assert f'"fairmodel[train]=={version}"' in (default_bake / "pyproject.toml").read_text(encoding="utf-8")


def test_the_wheel_holds_the_licence_of_the_engine_whatever_was_answered(bake: Bake) -> None:
    project = bake(license="none")
    (wheel,) = (project / "vendor").glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith("licenses/LICENSE"))
        assert archive.read(name) == (ROOT / "fairmodel" / "LICENSE").read_bytes()
    assert (project / "LICENSES" / "MIT.txt").read_bytes() == (ROOT / "fairmodel" / "LICENSE").read_bytes()


def test_the_commit_of_the_template_is_kept_for_later_updates(default_bake: Path) -> None:
    head = subprocess.run(["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    answers = json.loads((default_bake / ".cookiecutter.json").read_text(encoding="utf-8"))
    assert answers["template_commit"] == head.strip()


def test_a_download_that_lost_its_links_is_refused_and_leaves_nothing(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    template = copy_template(tmp_path / "template")
    link = template / TEMPLATE.name / "vendor" / "fairmodel"
    link.unlink()
    link.write_text("../../fairmodel", encoding="utf-8")  # what becomes of a link in a zip file
    (tmp_path / "out").mkdir()
    with pytest.raises(CookiecutterException):
        render_from(template, tmp_path / "out")
    said = [line for line in capfd.readouterr().err.splitlines() if "vendor/fairmodel" in line]
    assert len(said) == 1
    assert "clone the template with git" in said[0]
    assert list((tmp_path / "out").iterdir()) == []


def test_a_template_away_from_git_works_without_a_commit(tmp_path: Path) -> None:
    project = render_from(copy_template(tmp_path / "template"), tmp_path / "out")
    assert json.loads((project / ".cookiecutter.json").read_text(encoding="utf-8"))["template_commit"] == ""
    assert len(list((project / "vendor").glob("*.whl"))) == 1
