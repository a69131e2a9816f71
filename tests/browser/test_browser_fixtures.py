"""The judges of the other browser tests do judge."""

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page

OpenPage = Callable[..., Page]


def _page(folder: Path, body: str) -> Path:
    path = folder / "page.html"
    path.write_text(
        f'<!DOCTYPE html><html lang="en"><title>A page</title><main><h1>A page</h1>{body}</main>',
        encoding="utf-8",
    )
    return path


def test_a_page_without_fault_has_none(
    open_page: OpenPage, axe: Callable[[Page], list[str]], tmp_path: Path
) -> None:
    assert axe(open_page(_page(tmp_path, "<p>Words.</p>"))) == []


def test_a_fault_is_named_with_its_place(
    open_page: OpenPage, axe: Callable[[Page], list[str]], tmp_path: Path
) -> None:
    page = open_page(_page(tmp_path, '<img src="data:image/gif;base64,R0lGOD" id="figure">'))
    (fault,) = axe(page)
    assert fault.startswith("image-alt at ['#figure']")


def test_what_is_asked_of_another_machine_is_refused(
    open_page: OpenPage, tmp_path: Path, asked_elsewhere: list[str]
) -> None:
    page = open_page(_page(tmp_path, "<p>Words.</p>"))
    address = "https://example.org/x"
    assert page.evaluate("url => fetch(url).catch(error => 'refused')", address) == "refused"
    assert asked_elsewhere == [address]
    asked_elsewhere.clear()
