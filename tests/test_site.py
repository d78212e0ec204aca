"""The documentation as a site: it builds without warnings, and asks no other host for anything."""

import re
import subprocess
import sys
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[1]
ADDRESSES = {"src", "href", "srcset", "poster", "data", "action"}
LOADING = re.compile(r"""(?:url\(|@import)\s*["']?(?:https?:)?//""")


class Page(HTMLParser):
    """What a page of HTML leads to or loads, and the places in it that can be led to."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.addresses: list[tuple[str, str]] = []
        self.places: set[str] = {""}
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.places |= {value for name, value in attrs if name in ("id", "name") and value}
        self.addresses += [(tag, value) for name, value in attrs if name in ADDRESSES and value]


@cache
def page(path: Path) -> Page:
    return Page(path.read_text("utf-8"))


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build it, with every warning an error."""
    pytest.importorskip("furo")
    folder = tmp_path_factory.mktemp("site")
    build = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-b", "html"]
    done = subprocess.run(
        [*build, "-d", str(folder / "doctrees"), str(ROOT / "docs"), str(folder / "html")],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return folder / "html"


@pytest.mark.timeout(900)
def test_no_page_loads_or_leads_to_another_host_but_the_makers_of_the_site(site: Path) -> None:
    pages = [page(path) for path in site.rglob("*.html")]
    assert len(pages) > 100
    found = [each for one in pages for each in one.addresses if urlsplit(each[1]).netloc]
    assert {tag for tag, _ in found} <= {"a"}, found
    hosts = {urlsplit(address).netloc for _, address in found}
    assert hosts <= {"www.sphinx-doc.org", "pradyunsg.me", "github.com"}


def test_no_style_loads_from_another_host(site: Path) -> None:
    styles = list(site.rglob("*.css"))
    assert styles
    assert [style.name for style in styles if LOADING.search(style.read_text("utf-8"))] == []


def test_every_link_inside_the_site_leads_to_a_place_that_there_is(site: Path) -> None:
    missing = []
    for path in site.rglob("*.html"):
        for _, address in page(path).addresses:
            parts = urlsplit(address)
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            target = target / "index.html" if target.is_dir() else target
            if parts.scheme in ("http", "https", "data", "mailto"):
                continue
            if not target.exists() or not is_there(target, unquote(parts.fragment)):
                missing.append(f"{path.relative_to(site)}: {address}")
    assert missing == []


def is_there(target: Path, place: str) -> bool:
    """Whether a page has this place; other files have none that is looked for."""
    return target.suffix != ".html" or place in page(target).places


def test_every_section_of_the_documentation_is_led_to_from_the_first_page(site: Path) -> None:
    linked = {address for _, address in page(site / "index.html").addresses}
    sections = {"tutorial", "paper", "embedded-mind", "validation", "performance", "architecture"}
    sections |= {"glossary", "decisions", "reference/python", "reference/commands"}
    assert {f"{section}.html" for section in sections} <= linked
