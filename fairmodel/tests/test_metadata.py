"""The generated metadata: what they say, in which form, and how drift and wrong sources are reported."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from fairmodel.errors import UserError
from fairmodel.fair import metadata
from fairmodel.fair.generated import to_yaml
from fairmodel.metadata.identifiers import (
    date_problem,
    doi_problem,
    email_problem,
    orcid_problem,
    spdx_problem,
    url_problem,
)
from fairmodel.metadata.source import read_metadata

SMALLEST = """
[identity]
title = "Title"
version = "1.2.3"
description = "What it does."

[[people]]
name = "The authors"
"""

FULL = """
[identity]
title = 'A "title": with é'
version = "2.0.0"
description = "First line\\nsecond # line"
keywords = ["one", "two", "one"]
doi = "10.5281/zenodo.2"
concept-doi = "10.5281/zenodo.1"
repository = "https://example.org/code"
date-released = "2024-02-29"
license = "Apache-2.0"

[[people]]
given-names = "Ada"
family-names = "Lovelace"
orcid = "0000-0002-1825-0097"
affiliation = "Analytical Society"
email = "ada@example.org"

[[people]]
name = "The Collaboration"

[model]
task = "classification"

[training-data]
title = "Data"
doi = "10.5281/zenodo.3"
license = "CC0-1.0"

[[references]]
type = "article"
title = "Paper"
authors = [{ given-names = "Grace", family-names = "Hopper" }]
journal = "Journal"
year = 1952
doi = "10.1234/paper"
"""


def project(folder: Path, source: str) -> Path:
    (folder / "fair.toml").write_text(source, encoding="utf-8")
    return folder


def citation(folder: Path, source: str) -> dict[str, object]:
    metadata.write(project(folder, source))
    content = yaml.safe_load((folder / "CITATION.cff").read_text(encoding="utf-8"))
    assert isinstance(content, dict)
    return content


def test_the_smallest_citation_has_what_the_format_requires_and_nothing_invented(tmp_path: Path) -> None:
    content = citation(tmp_path, SMALLEST)
    assert content.pop("message")
    assert content == {
        "cff-version": "1.2.0",
        "type": "software",
        "title": "Title",
        "abstract": "What it does.",
        "version": "1.2.3",
        "authors": [{"name": "The authors"}],
    }


def test_a_full_citation(tmp_path: Path) -> None:
    content = citation(tmp_path, FULL)
    assert content["title"] == 'A "title": with é'
    assert content["abstract"] == "First line\nsecond # line"
    assert content["keywords"] == ["one", "two"]  # the format wants them unique
    assert date.fromisoformat(str(content["date-released"])) == date(2024, 2, 29)
    assert content["identifiers"] == [{"type": "doi", "value": "10.5281/zenodo.1", "description": "All versions"}]
    assert content["authors"] == [
        {
            "family-names": "Lovelace",
            "given-names": "Ada",
            "orcid": "https://orcid.org/0000-0002-1825-0097",
            "affiliation": "Analytical Society",
            "email": "ada@example.org",
        },
        {"name": "The Collaboration"},
    ]
    assert content["references"] == [
        {
            "type": "article",
            "title": "Paper",
            "authors": [{"family-names": "Hopper", "given-names": "Grace"}],
            "journal": "Journal",
            "year": 1952,
            "doi": "10.1234/paper",
        }
    ]


def test_codemeta_names_the_same_things(tmp_path: Path) -> None:
    metadata.write(project(tmp_path, FULL))
    content = json.loads((tmp_path / "codemeta.json").read_text(encoding="utf-8"))
    assert content["@type"] == "SoftwareSourceCode"
    assert content["@id"] == "https://doi.org/10.5281/zenodo.2"
    assert content["license"] == "https://spdx.org/licenses/Apache-2.0"
    assert [author["@type"] for author in content["author"]] == ["Person", "Organization"]
    assert content["author"][0]["familyName"] == "Lovelace"
    assert content["supportingData"]["@id"] == "https://doi.org/10.5281/zenodo.3"
    assert content["citation"][0]["author"][0]["name"] == "Grace Hopper"


def test_zenodo_gets_the_whole_of_it(tmp_path: Path) -> None:
    metadata.write(
        project(tmp_path, FULL.replace('title = \'A "title"', 'access = "restricted"\ntitle = \'<A> "title"'))
    )
    content = json.loads((tmp_path / ".zenodo.json").read_text(encoding="utf-8"))
    assert content["title"] == '<A> "title": with é'
    assert content["description"] == "<p>First line\nsecond # line</p>"
    assert content["creators"] == [
        {"name": "Lovelace, Ada", "affiliation": "Analytical Society", "orcid": "0000-0002-1825-0097"},
        {"name": "The Collaboration"},
    ]
    assert (content["license"], content["access_right"]) == ("Apache-2.0", "restricted")
    assert {item["identifier"]: item["relation"] for item in content["related_identifiers"]} == {
        "https://example.org/code": "isSupplementTo",
        "10.5281/zenodo.3": "isDerivedFrom",
        "10.1234/paper": "cites",
    }
    assert content["references"] == ["Grace Hopper. Paper. Journal. 1952. 10.1234/paper"]


def test_no_licence_is_granted_where_none_was_chosen(tmp_path: Path) -> None:
    metadata.write(project(tmp_path, SMALLEST))
    content = json.loads((tmp_path / ".zenodo.json").read_text(encoding="utf-8"))
    assert content["license"] == "other-closed"
    assert "" not in content.values()


@pytest.mark.parametrize("source", [SMALLEST, FULL])
def test_writing_again_changes_nothing(tmp_path: Path, source: str) -> None:
    assert metadata.write(project(tmp_path, source)) == list(metadata.GENERATORS)
    assert metadata.write(tmp_path) == []
    assert metadata.main(["--check", "--project", str(tmp_path)]) == 0


@pytest.mark.parametrize("name", metadata.GENERATORS)
@pytest.mark.parametrize("delete", [True, False])
def test_the_check_names_a_file_that_drifted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, delete: bool
) -> None:
    metadata.write(project(tmp_path, FULL))
    path = tmp_path / name
    path.unlink() if delete else path.write_text(path.read_text(encoding="utf-8") + " ", encoding="utf-8")
    before = sorted(tmp_path.iterdir())
    assert metadata.main(["--check", "--project", str(tmp_path)]) == 1
    message = capsys.readouterr().err
    assert name in message
    assert "make metadata" in message
    assert not any(other in message for other in metadata.GENERATORS if other != name)
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.parametrize(
    ("replaced", "by", "named"),
    [
        ('title = "Title"', "", "identity.title = ''"),
        ('title = "Title"', "title = 3", "identity.title = 3"),
        ('version = "1.2.3"', 'version = "1"\nlicence = "MIT"', "identity.licence"),
        ('version = "1.2.3"', 'version = "1"\ndate-released = "2023-02-29"', "identity.date-released = '2023-02-29'"),
        ('version = "1.2.3"', 'version = "1"\naccess = "some"', "identity.access = 'some'"),
        ('version = "1.2.3"', 'version = "1"\nkeywords = "one"', "identity.keywords = 'one'"),
        ('name = "The authors"', 'affiliation = "Nowhere"', "people[0] has neither name nor family-names"),
        ('name = "The authors"', 'name = "A"\norcid = "0000-0002-1825-0098"', "people[0].orcid"),
        ('[[people]]\nname = "The authors"', "", "people: at least one author"),
        ("[identity]", "references = 1\n[identity]", "references = 1"),
        ("[identity]", "model = 1\n[identity]", "model = 1"),
        ("[[people]]", '[[references]]\ntype = "article"\n[[people]]', "references[0].title"),
        ("[identity]", "[identity", "not valid TOML"),
    ],
)
def test_a_wrong_source_is_named(tmp_path: Path, replaced: str, by: str, named: str) -> None:
    assert replaced in SMALLEST
    with pytest.raises(UserError) as caught:
        read_metadata(project(tmp_path, SMALLEST.replace(replaced, by)))
    assert named in str(caught.value)
    assert "fair.toml" in str(caught.value)


def test_all_problems_come_at_once_and_nothing_is_written(tmp_path: Path) -> None:
    source = SMALLEST.replace('"Title"', '""').replace('name = "The authors"', 'name = "A"\nemail = "nobody"')
    with pytest.raises(UserError, match=r"identity\.title.*people\[0\]\.email = 'nobody'"):
        metadata.write(project(tmp_path, source))
    assert [path.name for path in tmp_path.iterdir()] == ["fair.toml"]


def test_a_missing_source_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"fair\.toml does not exist"):
        read_metadata(tmp_path)


text = st.text(st.characters(exclude_categories=["Cs"]))


@pytest.mark.slow
@given(st.dictionaries(st.from_regex(r"[a-z]+x", fullmatch=True), text | st.integers() | st.lists(text, min_size=1)))
def test_yaml_comes_back_exactly(content: dict[str, object]) -> None:
    assert (yaml.safe_load(to_yaml(content)) or {}) == content


@given(st.lists(st.dictionaries(st.sampled_from(["name", "email"]), text, min_size=1), min_size=1))
def test_yaml_lists_of_mappings_come_back_exactly(people: list[dict[str, str]]) -> None:
    assert yaml.safe_load(to_yaml({"authors": people})) == {"authors": people}


@given(st.lists(st.integers(0, 9), min_size=15, max_size=15))
def test_one_check_character_fits_an_orcid(digits: list[int]) -> None:
    # ISO 7064: the value of the number with its check character, in base 2 by position, is 1 modulo 11
    fitting = [c for c in range(11) if (c + sum(d * 2 ** (15 - i) for i, d in enumerate(digits))) % 11 == 1]
    number = "".join(map(str, digits))
    accepted = [c for c in range(11) if orcid_problem("-".join(_groups(number + "0123456789X"[c]))) is None]
    assert accepted == fitting


def _groups(number: str) -> list[str]:
    return [number[start : start + 4] for start in range(0, 16, 4)]


@pytest.mark.parametrize(
    ("problem", "right", "wrong"),
    [
        (orcid_problem, ["0000-0002-1694-233X"], ["", "0000000216942330", "https://orcid.org/0000-0002-1694-233X"]),
        (doi_problem, ["10.5281/zenodo.12", "10.1000.10/(b)"], ["10.5281", "doi:10.5281/z", "10.1/a", "10.1234/ b"]),
        (email_problem, ["a.b+c@example.org"], ["nobody", "a@b", "a b@example.org", "a@example.org\n"]),
        (url_problem, ["https://example.org/a"], ["example.org", "https://", "https://a b"]),
        (date_problem, ["2024-02-29"], ["2023-02-29", "20240229", "29.2.2024", "2024-2-29", "today"]),
        (spdx_problem, ["MIT", "GPL-3.0-or-later"], ["the MIT licence", "-MIT"]),
    ],
)  # fmt: skip
def test_identifiers(problem: Callable[[str], str | None], right: list[str], wrong: list[str]) -> None:
    assert [problem(value) for value in right] == [None] * len(right)
    assert all(problem(value) for value in wrong)


def test_the_generator_needs_nothing_but_pyyaml(tmp_path: Path) -> None:
    """A hook of cookiecutter, which brings PyYAML, writes the first metadata before anything is installed."""
    project(tmp_path, SMALLEST)
    source, libraries = Path(metadata.__file__).parents[2], tmp_path / "libraries"
    shutil.copytree(Path(yaml.__file__).parent, libraries / "yaml", ignore=shutil.ignore_patterns("__pycache__"))
    code = (
        f"import sys; sys.path += [{str(source)!r}, {str(libraries)!r}]; "
        "from fairmodel.fair import metadata; metadata.main([])"
    )
    # -I -S: no installed package can be imported
    subprocess.run([sys.executable, "-I", "-S", "-B", "-c", code], cwd=tmp_path, check=True, stdout=subprocess.DEVNULL)
    assert (tmp_path / "CITATION.cff").exists()
