"""Reports as a real browser shows them; these tests run where chromium is installed."""

from collections.abc import Iterator
from pathlib import Path
from shutil import which
from typing import Any
from unittest.mock import patch

import pytest
from language_societies import company, played
from reporting import EVIL, hostile

from repunet.analysis.report.making import page_of_run

CHROMIUM = which("chromium") or which("chromium-browser") or which("google-chrome")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
sync_api = pytest.importorskip("playwright.sync_api")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium")


@pytest.fixture(scope="module")
def browser(folder: Path) -> Iterator[Any]:
    """A browser; it is opened after societies have played, since it has a loop of its own."""
    with sync_api.sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Reports on a peaceful run, with its figures, and on one that means harm."""
    folder = tmp_path_factory.mktemp("browser")
    peaceful = played(folder, company("embedded", n=6), 4)
    (folder / "peaceful.html").write_text(page_of_run(peaceful).html, "utf-8")
    with patch("repunet.analysis.report.single.pictures", return_value=()):
        (folder / "hostile.html").write_text(page_of_run(hostile(folder)).html, "utf-8")
    return folder


class Visit:
    """A page that was opened, and what the browser complained of or wanted to load."""

    def __init__(self, browser: Any, file: Path, **options: Any) -> None:
        self.page = browser.new_page(**options)
        self.complaints: list[str] = []
        self.loaded: list[str] = []
        self.page.on("console", lambda said: self.complaints.append(said.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", lambda request: self.loaded.append(request.url))
        self.page.goto(file.as_uri())

    def shows(self, selector: str) -> int:
        """Return how many elements can be seen."""
        visible = "each => each.checkVisibility() && each.getClientRects().length > 0"
        script = f"all => all.filter({visible}).length"
        return int(self.page.eval_on_selector_all(selector, script))

    def open_all(self) -> None:
        self.page.eval_on_selector_all("details", "all => all.forEach(each => each.open = true)")


def test_a_page_loads_nothing_and_nothing_is_wrong_with_it(browser: Any, folder: Path) -> None:
    visit = Visit(browser, folder / "peaceful.html")
    outside = [url for url in visit.loaded if not url.startswith(("file:", "data:"))]
    assert (outside, visit.complaints) == ([], [])
    widths = visit.page.eval_on_selector_all("img", "all => all.map(each => each.naturalWidth)")
    assert len(widths) >= 4
    assert all(width > 100 for width in widths)


@pytest.mark.slow
def test_no_word_of_an_agent_runs_and_all_can_be_read(browser: Any, folder: Path) -> None:
    visit = Visit(browser, folder / "hostile.html")
    visit.open_all()
    text = visit.page.inner_text("body")
    assert visit.page.evaluate("window.hacked") is None
    assert visit.complaints == []
    assert all(words in text for words in EVIL)
    assert visit.page.eval_on_selector_all("a[href^='javascript']", "all => all.length") == 0


def test_a_script_that_is_not_ours_would_not_run(
    browser: Any, folder: Path, tmp_path: Path
) -> None:
    page = (folder / "hostile.html").read_text("utf-8")
    torn = tmp_path / "torn.html"
    torn.write_text(page.replace("</main>", f"{EVIL[0]}{EVIL[1]}</main>"), "utf-8")
    visit = Visit(browser, torn)
    assert visit.page.evaluate("window.hacked") is None
    assert any("Content Security Policy" in each for each in visit.complaints)


@pytest.mark.slow
def test_the_filter_leaves_those_who_fit_and_a_link_opens_a_card(
    browser: Any, folder: Path
) -> None:
    visit = Visit(browser, folder / "peaceful.html")
    assert visit.shows(".card") == 6
    visit.page.fill("#filter", "a03")
    assert (visit.shows(".card"), visit.page.inner_text("#found")) == (1, "1 of 6")
    visit.page.evaluate("location.hash = 'agent-2'")
    visit.page.wait_for_selector("#agent-2[open]")
    assert visit.shows("#agent-2 .body") == 1


@pytest.mark.slow
def test_all_can_be_read_without_scripts(browser: Any, folder: Path) -> None:
    visit = Visit(browser, folder / "peaceful.html", java_script_enabled=False)
    assert visit.page.locator(".card").count() == 6
    assert not visit.page.locator("#filter").is_visible()
    visit.page.locator("#agent-1 > summary").click()
    assert visit.page.locator("#agent-1 .body").is_visible()


@pytest.mark.slow
def test_a_page_can_be_walked_by_the_keyboard(browser: Any, folder: Path) -> None:
    visit = Visit(browser, folder / "peaceful.html")
    visit.page.keyboard.press("Tab")
    assert visit.page.evaluate("document.activeElement.className") == "skip"
    visit.page.focus("#agent-1 > summary")
    visit.page.keyboard.press("Enter")
    assert visit.shows("#agent-1 .body") == 1


@pytest.mark.slow
@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_page_fits_its_screen(browser: Any, folder: Path, width: int, scheme: str) -> None:
    screen = {"width": width, "height": 800}
    visit = Visit(browser, folder / "peaceful.html", viewport=screen, color_scheme=scheme)
    visit.open_all()
    assert visit.page.evaluate("document.documentElement.scrollWidth") <= width
    ink, paper = (
        visit.page.evaluate(f"getComputedStyle(document.body)['{name}']")
        for name in ("color", "background-color")
    )
    assert luminance(ink) < luminance(paper) if scheme == "light" else luminance(ink) > 150
    assert len(visit.page.screenshot()) > 10_000


def luminance(colour: str) -> float:
    red, green, blue = (int(part) for part in colour.removeprefix("rgb(").rstrip(")").split(","))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
