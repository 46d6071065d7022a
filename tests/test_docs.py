"""The documentation of this repository and of a project: it builds, stands alone, and says what is true."""

import re
import tomllib
from pathlib import Path

import pytest
from fairmodel.config import RunConfig
from fairmodel.settings.section import Section

from .projects import CONTEXT, ROOT, targets
from .sites import build_pages, build_site, dead_links

ENGINE = ROOT / "fairmodel"


def first_column(page: Path) -> set[str]:
    """What stands between backquotes in the first column of a page's tables."""
    rows = re.findall(r"^\| (`[^|]*) \|", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {name for row in rows for name in re.findall(r"`([^`]+)`", row)}


@pytest.fixture(scope="module", params=["repository", "project"])
def site(request: pytest.FixtureRequest, default_bake: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A built site: the repository's with those of engine and reference in it, or a project's with the engine's."""
    out = tmp_path_factory.mktemp(str(request.param))
    if request.param == "repository":
        build_site(out)
    else:
        build_pages(default_bake, out)
    return out


def test_pages_load_nothing_from_elsewhere_and_no_link_is_dead(site: Path) -> None:
    pages = sorted(site.rglob("*.html"))
    loads = re.compile(r'<(?:script|img|iframe)[^>]*src="(?:https?:)?//[^"]*|<link[^>]*href="(?:https?:)?//[^"]*')
    assert [match for page in pages for match in loads.findall(page.read_text(encoding="utf-8"))] == []
    assert dead_links(site) == []


def test_the_engines_pages_are_there_once_and_lead_back(site: Path) -> None:
    built = {page.stem for page in (site / "fairmodel").glob("*.html")}
    assert {page.stem for page in (ENGINE / "docs").glob("*.md")} <= built
    assert len(list(site.rglob("attributions.html"))) == 1
    brand = re.search(r'class="sidebar-brand" href="(.*?)"', (site / "fairmodel" / "data.html").read_text("utf-8"))
    assert brand is not None
    assert brand[1] == "../index.html"


def test_a_page_shows_the_features_of_the_data(site: Path) -> None:
    page = site / "reference_hbb_in" / "data.html"
    name = ">track_drminsv<" if page.exists() else ">particle_etarel<"
    assert name in (page if page.exists() else site / "model.html").read_text(encoding="utf-8")


def test_a_dead_link_is_found(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text('<a href="b.html#there">1</a> <a href="b.html#gone">2</a> <img src="c.png">')
    (tmp_path / "b.html").write_text('<p id="there"><a href="a.html#">3</a> <a href="https://example.org">4</a>')
    assert dead_links(tmp_path) == [("a.html", "b.html#gone"), ("a.html", "c.png")]


@pytest.mark.parametrize(("where", "page"), [("repository", "docs/development.md"), ("project", "docs/commands.md")])
def test_every_make_target_is_documented(where: str, page: str, default_bake: Path) -> None:
    folder, pages = {"repository": (ROOT, ROOT), "project": (default_bake, ENGINE)}[where]
    listed = {name for name in first_column(pages / page) if name.startswith("make ")}
    assert listed == {f"make {target}" for target in targets(folder) - {"help"}}


def test_answers_and_files_of_a_project_are_documented(default_bake: Path) -> None:
    answers = {name for name in CONTEXT if not name.startswith("_")}
    listed = first_column(ROOT / "docs" / "template.md")
    assert answers <= listed
    paths = {name.replace("<package>", "fair_model") for name in listed - answers}
    assert {path for path in paths if not (default_bake / path).exists()} == set()
    covered = {path.split("/")[0] for path in paths}
    assert {path.name for path in default_bake.iterdir() if path.is_dir()} <= covered | {"tools"}


def test_every_section_of_the_configuration_is_documented() -> None:
    page = (ENGINE / "docs" / "configuration.md").read_text(encoding="utf-8")
    shown = set(re.findall(r"^```\{section\} [\w.]+:(\w+)$", page, flags=re.MULTILINE))
    sections = {kind.__name__ for kind in _sections() if kind.__module__.startswith("fairmodel.")}
    assert shown == sections - {"RunConfig", "NoOptions"}


def _sections() -> set[type[Section]]:
    """Every kind of table that a profile can have."""
    kinds: set[type[Section]] = set()
    waiting: list[type[Section]] = [RunConfig, *Section.__subclasses__()]
    while waiting:
        kind = waiting.pop()
        kinds.add(kind)
        waiting += kind.__subclasses__()
    return kinds


def test_a_key_of_the_configuration_says_what_it_means() -> None:
    tables = {"RunConfig", "NoOptions"}
    kinds = [kind for kind in _sections() if kind.__module__.startswith("fairmodel.") and kind.__name__ not in tables]
    silent = [
        f"{kind.__name__}.{name}"
        for kind in kinds
        for name, field in kind.model_fields.items()
        if not field.description
    ]
    assert silent == []


def test_the_projects_pages_name_the_pin_of_the_engine(default_bake: Path) -> None:
    """The wheel in vendor/ holds the pages, so that a project's pages and the engine's are of one version."""
    project = tomllib.loads((default_bake / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    (wheel,) = (default_bake / "vendor").glob("*.whl")
    assert f"fairmodel[train]=={wheel.name.split('-')[1]}" in project["dependencies"]
