"""The lines of pyproject.toml that repeat fair.toml: read by the packaging tools, checked, mended."""

import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairmodel.errors import UserError
from fairmodel.fair import metadata
from fairmodel.fair.pyproject import END, START, with_block
from fairmodel.metadata.source import Identity, Metadata, Person

from .test_metadata import FULL, SMALLEST

FRAME = f"""[project]
name = "mine"
{START}
{END}
dependencies = ["numpy"]  # and a comment
"""


def project(folder: Path, source: str, frame: str = FRAME) -> Path:
    (folder / "fair.toml").write_text(source, encoding="utf-8")
    (folder / "pyproject.toml").write_text(frame, encoding="utf-8")
    return folder


def table(folder: Path) -> dict[str, object]:
    content = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert isinstance(content, dict)
    return content


def test_the_block_holds_what_packages_are_described_with(tmp_path: Path) -> None:
    assert "pyproject.toml" in metadata.write(project(tmp_path, FULL))
    assert table(tmp_path) == {
        "name": "mine",
        "description": "First line second # line",
        "authors": [{"name": "Ada Lovelace", "email": "ada@example.org"}, {"name": "The Collaboration"}],
        "license": "Apache-2.0",
        "keywords": ["one", "two", "one"],
        "urls": {"Repository": "https://example.org/code", "DOI": "https://doi.org/10.5281/zenodo.1"},
        "dependencies": ["numpy"],
    }


def test_what_fair_toml_leaves_empty_is_left_out(tmp_path: Path) -> None:
    metadata.write(project(tmp_path, SMALLEST))
    assert table(tmp_path).keys() == {"name", "description", "authors", "dependencies"}


def test_the_rest_stays_to_the_byte(tmp_path: Path) -> None:
    metadata.write(project(tmp_path, FULL))
    written = (tmp_path / "pyproject.toml").read_text(encoding="utf-8")
    assert written.startswith(FRAME.partition(END)[0])
    assert written.endswith(FRAME.partition(START + "\n")[2])


def test_a_line_that_was_changed_by_hand_is_named_and_mended(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    metadata.write(project(tmp_path, FULL))
    path = tmp_path / "pyproject.toml"
    right = path.read_text(encoding="utf-8")
    path.write_text(right.replace("Apache-2.0", "MIT"), encoding="utf-8")
    assert metadata.main(["--check", "--project", str(tmp_path)]) == 1
    assert "pyproject.toml does not follow fair.toml" in capsys.readouterr().err
    assert metadata.write(tmp_path) == ["pyproject.toml"]
    assert path.read_text(encoding="utf-8") == right


def test_a_project_may_do_without_the_block(tmp_path: Path) -> None:
    assert "pyproject.toml" not in metadata.write(project(tmp_path, FULL, '[project]\nname = "mine"\n'))


@pytest.mark.parametrize(
    "frame", [FRAME.replace(END, "#"), FRAME.replace(START, "#"), FRAME + START, END + "\n" + FRAME]
)
def test_half_a_block_is_refused(tmp_path: Path, frame: str) -> None:
    with pytest.raises(UserError, match=r"pyproject\.toml.*put them back"):
        metadata.write(project(tmp_path, FULL, frame))


@given(st.text(st.characters(exclude_categories=["Cs"])), st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_any_text_comes_back(keyword: str, name: str) -> None:
    identity = Identity(description="x", keywords=(keyword,))
    content = tomllib.loads(with_block(FRAME, Metadata(identity, (Person(name=name),))))["project"]
    assert content["keywords"] == [keyword]
    assert content["authors"] == [{"name": name}]
