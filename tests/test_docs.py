"""The documentation of this repository and of a project: it builds, stands alone, and says what is true."""

import re
from pathlib import Path

import pytest

from .projects import CONTEXT, ROOT, targets
from .sites import build_pages, build_site, dead_links


def first_column(page: Path) -> set[str]:
    """What stands between backquotes in the first column of a page's tables."""
    rows = re.findall(r"^\| (`[^|]*) \|", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {name for row in rows for name in re.findall(r"`([^`]+)`", row)}


@pytest.mark.parametrize("where", ["repository", "project"])
def test_pages_build_without_a_warning_and_load_nothing_from_elsewhere(
    where: str, default_bake: Path, tmp_path: Path
) -> None:
    folder = {"repository": ROOT, "project": default_bake}[where]
    if where == "repository":
        build_site(tmp_path)
    else:
        build_pages(folder, tmp_path)
    pages = sorted(tmp_path.rglob("*.html"))
    assert {page.stem for page in (folder / "docs").glob("*.md")} <= {page.stem for page in pages}
    loads = re.compile(r'<(?:script|img|iframe)[^>]*src="(?:https?:)?//[^"]*|<link[^>]*href="(?:https?:)?//[^"]*')
    assert [match for page in pages for match in loads.findall(page.read_text(encoding="utf-8"))] == []
    assert dead_links(tmp_path) == []
    data = next(page for page in pages if page.name == "data.html").read_text(encoding="utf-8")
    assert {"repository": ">track_drminsv<", "project": ">particle_etarel<"}[where] in data  # the table of features


def test_a_dead_link_is_found(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text('<a href="b.html#there">1</a> <a href="b.html#gone">2</a> <img src="c.png">')
    (tmp_path / "b.html").write_text('<p id="there"><a href="a.html#">3</a> <a href="https://example.org">4</a>')
    assert dead_links(tmp_path) == [("a.html", "b.html#gone"), ("a.html", "c.png")]


@pytest.mark.parametrize(("where", "page"), [("repository", "development.md"), ("project", "commands.md")])
def test_every_make_target_is_documented(where: str, page: str, default_bake: Path) -> None:
    folder = {"repository": ROOT, "project": default_bake}[where]
    assert first_column(folder / "docs" / page) == {f"make {target}" for target in targets(folder) - {"help"}}


def test_answers_and_files_of_a_project_are_documented(default_bake: Path) -> None:
    answers = {name for name in CONTEXT if not name.startswith("_")}
    listed = first_column(ROOT / "docs" / "template.md")
    assert answers <= listed
    paths = {name.replace("<package>", "fair_model") for name in listed - answers}
    assert {path for path in paths if not (default_bake / path).exists()} == set()
    covered = {path.split("/")[0] for path in paths}
    assert {path.name for path in default_bake.iterdir() if path.is_dir()} <= covered | {"tools"}


def test_every_section_of_the_configuration_is_documented(default_bake: Path) -> None:
    package = default_bake / "src" / "fair_model"
    options = [path for path in package.glob("*/options.py") if path.parent.name not in ("data", "model")]
    source = "\n".join(path.read_text(encoding="utf-8") for path in (package / "config.py", *options))
    sections = set(re.findall(r"^class (\w+)\(Section\):", source, flags=re.MULTILINE)) - {"RunConfig"}
    page = (default_bake / "docs" / "configuration.md").read_text(encoding="utf-8")
    assert set(re.findall(r":pyobject: (\w+)", page)) == sections
