"""The site as a visitor meets it: two languages, search, a phone, WCAG 2.1 AA."""

import threading
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.xdist_group("site")  # the worker that builds the site

OpenPage = Callable[..., Page]
PHONE = {"width": 390, "height": 844}
WEEK = "m1-hospital-and-data/w02-python-for-health"
LESSON = f"{WEEK}/01-values-and-types.html"
PAGES = {
    "landing": "index.html",
    "week": f"{WEEK}/index.html",
    "lesson": LESSON,
    "assignment": "assignments/w02-laboratory-export.html",
    "data": "data/index.html",
    "card": "data/rotterdam.html",
    "glossary": "glossary.html",
    "search": "search.html",
}


@pytest.fixture(scope="module")
def served(site: Path) -> Iterator[str]:
    """The address of the site, as a server of this machine gives it."""
    handler = partial(_Quiet, directory=str(site))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Say nothing."""


def test_the_language_changes_and_the_page_stays(open_page: OpenPage, site: Path) -> None:
    page = open_page(site / "fr" / LESSON)
    page.locator(".language-link:visible").click()
    assert page.url == (site / "en" / LESSON).as_uri()
    expect(page.locator("html")).to_have_attribute("lang", "en")
    page.locator(".language-link:visible").click()
    assert page.url == (site / "fr" / LESSON).as_uri()


@pytest.mark.parametrize(
    ("locale", "lang"), [("fr-FR", "fr"), ("en-GB", "en"), ("de-DE", "en"), ("fr-CA", "fr")]
)
def test_the_root_speaks_the_visitor_s_language(
    open_page: OpenPage, site: Path, locale: str, lang: str
) -> None:
    page = open_page(site / "index.html", locale=locale)
    page.wait_for_url((site / lang / "index.html").as_uri())


@pytest.mark.parametrize(
    ("link", "lang"), [("Le cours en français", "fr"), ("The course in English", "en")]
)
def test_the_root_without_scripts_has_both_links(
    open_page: OpenPage, site: Path, link: str, lang: str
) -> None:
    page = open_page(site / "index.html", java_script_enabled=False)
    page.get_by_role("link", name=link).click()
    assert page.url == (site / lang / "index.html").as_uri()
    expect(page.locator("html")).to_have_attribute("lang", lang)
    expect(page.get_by_role("heading", level=1)).to_contain_text("École IA Santé")


@pytest.mark.parametrize(
    ("lang", "words", "found"),
    [
        ("fr", "délai moyen", f"fr/{LESSON}"),
        ("fr", "delai moyen", f"fr/{LESSON}"),
        ("fr", "SÉJOUR", "fr/data/virtual-hospital.html"),
        ("fr", "sejour", "fr/data/virtual-hospital.html"),
        ("fr", "séjours", "fr/data/virtual-hospital.html"),
        ("en", "laboratory", f"en/{LESSON}"),
        ("en", "séjour", "en/glossary.html"),
    ],
)
def test_search_finds(open_page: OpenPage, site: Path, lang: str, words: str, found: str) -> None:
    page = open_page(site / lang / "index.html")
    page.locator(".search-button__button:visible").first.click()
    page.locator("#pst-search-dialog input[name=q]").fill(words)
    page.keyboard.press("Enter")
    page.wait_for_selector(".search-summary:not(:empty)")
    address = (site / found).as_uri()
    links = page.locator("#search-results li a")
    assert address in [link.split("#")[0] for link in links.evaluate_all("a => a.map(x => x.href)")]


def test_the_search_speaks_french_and_shows_the_passage(open_page: OpenPage, served: str) -> None:
    page = open_page(f"{served}/fr/search.html?q=delai+moyen")
    expect(page.locator(".search-summary")).to_contain_text("pages trouvées")
    lesson = page.locator("#search-results li", has=page.locator(f"a[href^='{LESSON}']"))
    expect(lesson.locator(".context")).to_contain_text("délai moyen")


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize(
    ("lang", "scheme", "viewport"),
    [("fr", "light", None), ("en", "dark", None), ("fr", "dark", PHONE), ("en", "light", PHONE)],
    ids=["fr-light", "en-dark", "fr-dark-phone", "en-light-phone"],
)
def test_pages_pass_wcag(
    open_page: OpenPage,
    axe: Callable[[Page], list[str]],
    site: Path,
    name: str,
    lang: str,
    scheme: str,
    viewport: dict[str, int] | None,
) -> None:
    address = (site / lang / PAGES[name]).as_uri() + ("?q=delai" if name == "search" else "")
    options = {"viewport": viewport} if viewport else {}
    page = open_page(address, color_scheme=scheme, **options)
    expect(page.locator("html")).to_have_attribute("data-theme", scheme)
    if name == "search":
        page.wait_for_selector(".search-summary:not(:empty)")
    assert axe(page) == []


def test_an_open_solution_passes_wcag_too(
    open_page: OpenPage, axe: Callable[[Page], list[str]], site: Path
) -> None:
    page = open_page(site / "fr" / LESSON)
    page.get_by_text("Voir la solution").first.click()
    expect(page.locator("details.fold[open] pre").first).to_be_visible()
    assert axe(page) == []


@pytest.mark.parametrize("name", PAGES)
def test_a_phone_never_scrolls_sideways(open_page: OpenPage, site: Path, name: str) -> None:
    page = open_page(site / "fr" / PAGES[name], viewport=PHONE)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def test_a_phone_opens_the_menu(open_page: OpenPage, site: Path) -> None:
    page = open_page(site / "fr" / LESSON, viewport=PHONE)
    menu = page.locator("#pst-primary-sidebar-modal")
    expect(menu).to_be_hidden()
    page.get_by_role("button", name="Navigation dans le site").click()
    expect(menu.get_by_role("link", name="Glossaire")).to_be_visible()
    menu.get_by_role("link", name="Nettoyer un export de laboratoire").click()
    assert page.url == (site / "fr" / PAGES["assignment"]).as_uri()


def test_a_download_is_the_notebook_of_the_page(
    open_page: OpenPage, site: Path, served: str
) -> None:
    page = open_page(f"{served}/en/{LESSON}")
    with page.expect_download() as waited:
        page.get_by_role("link", name="Download the notebook").click()
    assert waited.value.suggested_filename == "01-values-and-types.ipynb"
    expected = (site / "en" / LESSON).with_suffix(".ipynb").read_bytes()
    assert Path(waited.value.path()).read_bytes() == expected
