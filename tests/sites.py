"""The sites: built as `make docs` builds them, and their links looked up."""

import os
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

from .projects import REFERENCE, ROOT

__all__ = ["build_pages", "build_site", "dead_links"]

ENGINE = ROOT / "fairmodel"


def build_pages(project: Path, out: Path, *options: str) -> None:
    """Build the documentation in a folder's `docs`; every warning is an error. The project need not be installed."""
    command = [sys.executable, "-m", "sphinx", "-W", "-n", "-q", *options, str(project / "docs"), str(out)]
    environment = os.environ | {"PYTHONPATH": str(project / "src")}
    result = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr


def build_site(out: Path) -> None:
    """Build the site of the repository, with those of engine and reference in it."""
    for folder in (ENGINE, REFERENCE):
        build_pages(folder, out / folder.name, "-A", "home=cookiecutter-fair-model")
    build_pages(ROOT, out)


class _Page(HTMLParser):
    """What a page refers to, and what in it can be referred to."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.anchors: set[str] = {"", "top"}
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del tag
        for name, value in attrs:
            if name in ("href", "src") and value:
                self.links.append(value)
            elif name == "id" and value:
                self.anchors.add(value)


def dead_links(site: Path) -> list[tuple[str, str]]:
    """Page and link, for every link from page to page whose file or anchor is not in the site."""
    pages = {path.resolve(): _Page(path.read_text(encoding="utf-8")) for path in site.rglob("*.html")}
    found = []
    for path, page in sorted(pages.items()):
        for link in page.links:
            parts = urlsplit(link)
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            anchors = pages[target].anchors if target in pages else {unquote(parts.fragment)}
            if not parts.scheme and not (target.is_file() and unquote(parts.fragment) in anchors):
                found.append((path.relative_to(site.resolve()).as_posix(), link))
    return found
