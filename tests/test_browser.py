"""The sites and a report as a reader sees them: in Chromium, on a screen and on a telephone."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from .browser import Browser, find_browser
from .conftest import Bake
from .sites import build_pages, build_site

PROGRAM = find_browser()
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(PROGRAM is None, reason="Chromium is not installed (Debian package chromium)"),
]

WIDTHS = (390, 1280)
SMALLEST_TEXT = 13  # CSS pixels, of running text
LONGEST_LINE = 60  # of running text, in units of its size
LOOK = """
(async () => {
  const images = [...document.images];
  images.forEach(image => { image.loading = "eager"; });
  await Promise.all(images.map(image => image.decode().catch(() => {})));
  const texts = [...document.querySelectorAll("article p, main p, body > p")].filter(text => text.offsetWidth > 0);
  const size = text => parseFloat(getComputedStyle(text).fontSize);
  return {
    broken: images.filter(image => image.naturalWidth === 0).map(image => image.getAttribute("src")),
    unnamed: images.filter(image => !image.hasAttribute("alt")).map(image => image.getAttribute("src")),
    width: document.documentElement.scrollWidth,
    smallest: Math.min(...texts.map(size), 99),
    longest: Math.max(...texts.map(text => text.offsetWidth / size(text)), 0),
    text: document.body.innerText.length,
  };
})()
"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    assert PROGRAM is not None
    with Browser(PROGRAM) as opened:
        yield opened


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site of the repository, with that of the reference in it."""
    folder = tmp_path_factory.mktemp("site")
    build_site(folder)
    return folder


@pytest.fixture(scope="module")
def toy_site(bake: Bake, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site of a new project."""
    folder = tmp_path_factory.mktemp("toy")
    build_pages(bake(), folder)
    return folder


def faults(browser: Browser, page: Path, folder: Path, width: int) -> list[str]:
    """What is wrong with a page at this width."""
    browser.open(page.as_uri(), width)
    seen = browser.evaluate(LOOK)
    found = [f"image {name} does not load" for name in seen["broken"]]
    found += [f"image {name} has no description" for name in seen["unnamed"]]
    found += [f"request {address}" for address in requests(browser) if not is_inside(address, folder)]
    found += console(browser)
    if seen["width"] > width:
        found.append(f"{seen['width']} pixels wide")
    if seen["smallest"] < SMALLEST_TEXT:
        found.append(f"text of {seen['smallest']} pixels")
    if seen["longest"] > LONGEST_LINE:
        found.append(f"lines of {seen['longest']:.0f} em")
    if not seen["text"]:
        found.append("nothing to read")
    return [f"{page.relative_to(folder)} at {width}: {fault}" for fault in found]


def requests(browser: Browser) -> list[str]:
    return [event["request"]["url"] for event in browser.parameters("Network.requestWillBeSent")]


def is_inside(address: str, folder: Path) -> bool:
    return address.startswith((f"{folder.as_uri()}/", "data:", "about:"))


def console(browser: Browser) -> list[str]:
    """Errors and warnings that the page caused."""
    logged = [event["entry"] for event in browser.parameters("Log.entryAdded")]
    texts = [entry["text"] for entry in logged if entry["level"] in ("warning", "error")]
    texts += [event["exceptionDetails"]["text"] for event in browser.parameters("Runtime.exceptionThrown")]
    called = [
        event for event in browser.parameters("Runtime.consoleAPICalled") if event["type"] in ("warning", "error")
    ]
    return [f"console: {text}" for text in [*texts, *(str(event["args"]) for event in called)]]


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", ["site", "toy_site"])
def test_pages_are_whole(name: str, width: int, browser: Browser, request: pytest.FixtureRequest) -> None:
    folder = request.getfixturevalue(name)
    pages = [page for page in sorted(folder.rglob("*.html")) if "_static" not in page.parts]
    assert len(pages) > 15
    assert [fault for page in pages for fault in faults(browser, page, folder, width)] == []


def test_the_search_finds_a_page(browser: Browser, site: Path) -> None:
    browser.open((site / "search.html").as_uri() + "?q=Zenodo", 1280)
    found = "document.querySelectorAll('#search-results li').length"
    wait = f"new Promise(done => setInterval(() => {{ if ({found} > 0) done({found}); }}, 50))"
    assert browser.evaluate(wait) > 0


@pytest.mark.parametrize("width", WIDTHS)
def test_a_report_is_whole(width: int, browser: Browser, showers: Path) -> None:
    page = showers / "reports" / "smoke" / "report.html"
    assert faults(browser, page, page.parent, width) == []


def test_faults_are_found(browser: Browser, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text(
        '<!doctype html><body style="width: 2000px"><p style="font-size: 9px">small</p><img src="gone.png">'
        '<script src="http://127.0.0.1:9/x.js"></script><script>missing()</script>'
    )
    found = " | ".join(faults(browser, page, tmp_path, 390))
    for fault in (
        "gone.png does not load",
        "no description",
        "127.0.0.1",
        "console",
        "pixels wide",
        "9 pixels",
        "lines",
    ):
        assert fault in found, fault
