"""A headless Chromium that may ask this machine alone, and axe-core to judge what it shows.

Tests that need them are skipped, with the reason, where there is no Chromium or no axe-core:
`make test` installs axe-core where npm is; `.ci/run` installs Chromium on Debian and Ubuntu.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, Route, sync_playwright

AXE = Path(__file__).parent / "node_modules" / "axe-core" / "axe.min.js"
WCAG = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa")
DESKTOP = {"width": 1280, "height": 900}
PHONE = {"width": 390, "height": 844}

_PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_QUIET = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
_OF_THIS_MACHINE = ("127.0.0.1", "localhost", "::1")


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """An installed Chromium, headless."""
    program = next(filter(None, map(shutil.which, _PROGRAMS)), None)
    if program is None:
        pytest.skip("no Chromium on this machine (Debian, Ubuntu: apt install chromium)")
    # Chromium's own sandbox refuses to start for root: containers, continuous integration
    confined = () if os.geteuid() else ("--no-sandbox",)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=[*_QUIET, *confined])
        yield browser
        browser.close()


@pytest.fixture
def asked_elsewhere() -> list[str]:
    """Addresses on other machines that the test's pages asked for; all were refused."""
    return []


@pytest.fixture
def open_page(chromium: Browser, asked_elsewhere: list[str]) -> Iterator[Callable[..., Page]]:
    """Open a page; when the test ends, it fails if anything was asked of another machine.

    Called with an address and any of Playwright's options for a context
    (`viewport=PHONE`, `color_scheme="dark"`, `locale="fr-FR"`).
    """
    contexts = []

    def local_only(route: Route) -> None:
        address = urlsplit(route.request.url)
        if address.scheme in ("file", "data", "blob") or address.hostname in _OF_THIS_MACHINE:
            route.continue_()
        else:
            asked_elsewhere.append(route.request.url)
            route.abort()

    def opened(address: str | Path, **options: object) -> Page:
        context = chromium.new_context(**{"viewport": DESKTOP, **options})
        contexts.append(context)
        context.route("**/*", local_only)
        page = context.new_page()
        page.goto(address.as_uri() if isinstance(address, Path) else address)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert asked_elsewhere == [], "asked of another machine"


@pytest.fixture
def axe() -> Callable[[Page], list[str]]:
    """Judge a page by axe-core's rules of WCAG 2.1 A and AA: one line for each fault."""
    if not AXE.is_file():
        pytest.skip("axe-core is not installed (npm ci --prefix tests/browser)")

    def faults(page: Page) -> list[str]:
        page.add_script_tag(content=AXE.read_text(encoding="utf-8"))
        found = page.evaluate(
            "tags => axe.run(document, {runOnly: {type: 'tag', values: tags}})", list(WCAG)
        )
        return [
            f"{fault['id']} at {node['target']}: {fault['help']}"
            for fault in found["violations"]
            for node in fault["nodes"]
        ]

    return faults
