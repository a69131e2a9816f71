"""The site as files: what is there, what leads where, what must not be in it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import nbformat
import pytest

from autograder.authoring.masters import REPOSITORY, Master, assignments, lessons
from autograder.authoring.syllabus import read_syllabus
from autograder.errors import EcoleError

pytest.importorskip("myst_nb", reason="the extra `site` is not installed (make test does)")

from autograder.authoring.course_files import folded
from autograder.site import build_site
from autograder.site.documents import half, with_links
from autograder.site.notebooks import executed_lesson, lesson_page
from autograder.site.rendering import Rendering, render
from autograder.typography import typeset

pytestmark = pytest.mark.xdist_group("site")  # built once, by one worker

LESSON = "m1-hospital-and-data/w02-python-for-health/01-values-and-types"
ASSIGNMENT = "assignments/w02-laboratory-export"
LOADING = {"script": "src", "img": "src", "iframe": "src", "source": "src", "video": "src"}


class Reader(HTMLParser):
    """What a page loads, where its links lead, what may be led to, its language."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.links: list[str] = []
        self.anchors: set[str] = set()
        self.images_without_text: list[str] = []
        self.lang = ""
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attributes}
        self.anchors |= {given[name] for name in ("id", "name") if name in given}
        if tag == "html":
            self.lang = given.get("lang", "")
        if tag in LOADING and LOADING[tag] in given:
            self.loads.append(given[LOADING[tag]])
        if tag == "link" and given.get("rel") in ("stylesheet", "preload", "icon", "modulepreload"):
            self.loads.append(given["href"])
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
        # docutils writes the address of an image that nobody described
        if tag == "img" and given.get("alt", "") in ("", given["src"]):
            self.images_without_text.append(given["src"])


@pytest.fixture(scope="module")
def pages(site: Path) -> dict[str, Reader]:
    """Every page by its path."""
    found = sorted(site.rglob("*.html"))
    return {
        path.relative_to(site).as_posix(): Reader(path)
        for path in found
        if "_static" not in path.parts
    }


def of_language(pages: dict[str, Reader], lang: str) -> set[str]:
    return {name.split("/", 1)[1] for name in pages if name.startswith(f"{lang}/")}


def test_both_languages_have_the_same_pages(pages: dict[str, Reader]) -> None:
    assert of_language(pages, "fr") == of_language(pages, "en")
    for name, page in pages.items():
        assert page.lang == ("en" if name.startswith("en/") else "fr"), name


def test_everything_of_the_course_has_its_page(pages: dict[str, Reader]) -> None:
    found = of_language(pages, "fr")
    expected = {"index", "start", "glossary", "competencies", "about", "search", "data/index"}
    for month in read_syllabus().months:
        expected |= {f"{month.folder}/{module.folder}/index" for module in month.modules}
    course = REPOSITORY / "course"
    expected |= {master.path.relative_to(course).with_suffix("").as_posix() for master in lessons()}
    expected |= {f"assignments/{master.name}" for master in assignments()}
    expected |= {f"data/{path.stem}" for path in (REPOSITORY / "datasets/cards").glob("*.md")}
    assert {f"{name}.html" for name in expected} <= found


def test_a_page_leads_to_itself_in_the_other_language(pages: dict[str, Reader]) -> None:
    for name, page in pages.items():
        lang, _, rest = name.partition("/")
        if rest:
            other = "en" if lang == "fr" else "fr"
            leads = {_target(name, link) for link in page.links}
            assert f"{other}/{rest}" in leads, name


def test_nothing_is_loaded_from_elsewhere(site: Path, pages: dict[str, Reader]) -> None:
    for name, page in pages.items():
        for address in page.loads:
            parts = urlsplit(address)
            assert not parts.netloc and parts.scheme in ("", "data"), f"{name} loads {address}"
    for sheet in site.rglob("*.css"):
        text = sheet.read_text(encoding="utf-8")
        found = re.findall(r"(?:@import|url\()\s*[\"']?(?:https?:)?//[^)]*", text)
        assert found == [], sheet


def test_links_lead_somewhere(site: Path, pages: dict[str, Reader]) -> None:
    dead = []
    for name, page in pages.items():
        for link in [*page.links, *page.loads]:
            if urlsplit(link).scheme:
                continue
            target = _target(name, link)
            fragment = unquote(urlsplit(link).fragment)
            if not (site / target).is_file():
                dead.append(f"{name}: {link}")
            elif fragment and target in pages and fragment not in pages[target].anchors:
                dead.append(f"{name}: {link} (no such place)")
    assert dead == []


def test_images_have_alternative_texts(pages: dict[str, Reader]) -> None:
    lacking = {name: page.images_without_text for name, page in pages.items()}
    assert {name: images for name, images in lacking.items() if images} == {}


@pytest.mark.parametrize("lang", ["fr", "en"])
def test_downloads_hold_no_solution_and_no_hidden_test(site: Path, lang: str) -> None:
    for master in lessons():
        place = master.path.relative_to(REPOSITORY / "course").with_suffix(".ipynb")
        handed = nbformat.read(site / lang / place, 4)
        assert all("solution" not in cell.metadata.get("tags", []) for cell in handed.cells)
        _has_none_of(handed, _solutions_of_lesson(master, lang))
    for master in assignments():
        handed = nbformat.read(site / lang / "assignments" / f"{master.name}.ipynb", 4)
        nbformat.validate(handed)
        secrets = set(_hidden_lines(master, lang))
        assert len(secrets) > 20
        _has_none_of(handed, secrets)


@pytest.mark.parametrize("lang", ["fr", "en"])
def test_an_assignment_s_page_shows_neither_solution_nor_hidden_test(site: Path, lang: str) -> None:
    for master in assignments():
        shown = _text(site / lang / "assignments" / f"{master.name}.html")
        for line in _hidden_lines(master, lang):
            assert _squeezed(line) not in shown, line
        assert f"ecoletry{master.name}" in shown


@pytest.mark.parametrize(
    ("lang", "label", "moral"),
    [("fr", "Voir la solution", "C'est juste."), ("en", "Show the solution", "That is right.")],
)
def test_a_lesson_is_executed_and_its_solutions_are_folded(
    site: Path, lang: str, label: str, moral: str
) -> None:
    page = (site / lang / f"{LESSON}.html").read_text(encoding="utf-8")
    solutions = len(_solution_cells(_lesson()))
    assert page.count(f'<details class="fold"><summary>{label}</summary>') == solutions
    assert page.count(moral) >= solutions  # each check ran on its solution
    assert page.count("<img") >= 2
    assert 'class="table-frame" role="region" tabindex="0"' in page


def test_the_root_leads_to_both_languages_without_a_script(pages: dict[str, Reader]) -> None:
    assert set(pages["index.html"].links) == {"fr/index.html", "en/index.html"}


def test_a_faulty_lesson_is_refused_with_its_cell(tmp_path: Path) -> None:
    path = tmp_path / "01-faulty.md"
    header = "---\nkernelspec: {name: python3, display_name: Python 3, language: python}\n---\n\n"
    path.write_text(
        header + '+++ {"lang": "fr"}\n\n# Titre\n\n+++ {"lang": "en"}\n\n# Title\n\n'
        "```{code-cell}\n1 / 0\n```\n",
        encoding="utf-8",
    )
    with pytest.raises(EcoleError, match=r"01-faulty\.md, cell 3 \(fr\): ZeroDivisionError"):
        executed_lesson(Master(path, "lesson"), "fr")


def test_an_author_s_alternative_text_becomes_the_image_s() -> None:
    notebook = nbformat.v4.new_notebook()
    notebook.cells = [
        nbformat.v4.new_markdown_cell("# A title\n\nWords."),
        nbformat.v4.new_code_cell("draw()", metadata={"alt": "two bars", "tags": ["figure"]}),
    ]
    page = lesson_page(notebook, "en", "HEADER")
    assert page.cells[0].source.split() == ["#", "A", "title", "HEADER", "Words."]
    assert page.cells[1].metadata["mystnb"]["image"] == {"alt": "two bars"}


def test_a_folder_that_is_not_a_site_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(EcoleError, match="choose another folder"):
        build_site(tmp_path)
    assert (tmp_path / "thesis.txt").read_text() == "years of work"


def test_formulas_need_no_script(tmp_path: Path) -> None:
    warnings, page = _small_site(
        tmp_path, "# Titre\n\nOn pose $x^2 = \\frac{1}{2}$.\n\n$$\ny = 3\n$$"
    )
    assert warnings == []
    assert "<msup>" in page and "<mfrac>" in page and 'display="block"' in page
    assert "mathjax" not in page.lower()


def test_what_sphinx_warns_of_is_told(tmp_path: Path) -> None:
    warnings, _ = _small_site(tmp_path, "# Titre\n\n[rien](/nowhere.md)")
    assert len(warnings) == 1 and "nowhere" in warnings[0]


def test_french_spaces_do_not_break_and_code_keeps_its_own(tmp_path: Path) -> None:
    _, page = _small_site(tmp_path, "# Vrai ou faux ?\n\nLe mot « oui » : `a ; b` ! $1 000$ lits")
    assert "Vrai ou faux\u00a0?</h1>" in re.sub("<a class=.headerlink.*?</a>", "", page)
    assert "«\u00a0oui\u00a0»\u00a0:" in page
    assert '<span class="pre">a</span> <span class="pre">;</span>' in page
    assert "<mn>1</mn>" in page and "<mn>000</mn>" in page
    assert typeset("Why ? No", "en") == "Why ? No"
    held = typeset("1.0 mg le 5 mars à 7 h 59, 37 °C, article L. 1111-8, 2 lits", "fr")
    assert held == (
        "1.0\u00a0mg le 5\u00a0mars à 7\u00a0h\u00a059, 37\u00a0°C, article L.\u00a01111-8, 2 lits"
    )


def test_links_of_the_repository_lead_to_pages() -> None:
    pages = {"course/m1/w01/README.md": "m1/w01/index", "datasets/cards/x.md": "data/x"}
    suffixes = {"m1/w01/index": ".md", "data/x": ".md"}
    text = (
        "[week](README.md#plan), [code](../../../tool.py), `datasets/cards/x.md`, "
        "[far](https://example.org/a.md), `[no](README.md)`\n\n```\n[no](README.md)\n```\n"
    )
    assert with_links(text, "course/m1/w01/01-x.md", pages, suffixes) == (
        "[week](/m1/w01/index.md#plan), code, [`datasets/cards/x.md`](/data/x.md), "
        "[far](https://example.org/a.md), `[no](README.md)`\n\n```\n[no](README.md)\n```\n"
    )


def test_a_document_is_cut_at_its_rule() -> None:
    text = (
        "# Semaine 1\n\n*[English below](#w)* · Mois 1 ·\n35 heures\n\nBonjour.\n\n---\n\n"
        "# Week 1\n\n*[Français plus haut](#s)* · Month 1\n\nHello.\n"
    )
    assert half(text, "fr") == "Bonjour."
    assert half(text, "en") == "Hello."


def test_accents_and_ligatures_are_folded() -> None:
    assert folded("Séjour, Œdème, ÇA") == "sejour, oedeme, ca"


def _target(page: str, link: str) -> str:
    path = unquote(urlsplit(link).path)
    if not path:
        return page
    parts = page.split("/")[:-1]
    for step in path.split("/"):
        if step == "..":
            parts.pop()
        elif step not in ("", "."):
            parts.append(step)
    return "/".join(parts)


def _small_site(folder: Path, text: str) -> tuple[list[str], str]:
    (folder / "pages").mkdir()
    (folder / "files").mkdir()
    (folder / "pages" / "index.md").write_text(text, encoding="utf-8")
    known: dict[str, list[object]] = {"course": [], "cards": []}
    (warnings,) = render([Rendering(folder, folder / "out", "fr", known)], workers=1)
    return warnings, (folder / "out" / "index.html").read_text(encoding="utf-8")


def _lesson() -> Master:
    return Master(REPOSITORY / "course" / f"{LESSON}.md", "lesson")


def _solution_cells(master: Master) -> list[nbformat.NotebookNode]:
    return [cell for cell in master.read().cells if "solution" in cell.metadata.get("tags", [])]


def _solutions_of_lesson(master: Master, lang: str) -> set[str]:
    """Lines of the solutions that no cell given to learners has too."""
    given = {
        line.strip()
        for cell in master.build(lang, solutions=False).cells  # type: ignore[arg-type]
        for line in cell.source.splitlines()
    }
    lines = {line.strip() for cell in _solution_cells(master) for line in cell.source.splitlines()}
    return {line for line in lines - given if len(line) > 12}


def _hidden_lines(master: Master, lang: str) -> Iterator[str]:
    """Lines between the markers of solutions and hidden tests, but those that are given too."""
    given, hidden = set(), []
    for cell in master.build(lang).cells:  # type: ignore[arg-type]
        inside = False
        for line in cell.source.splitlines():
            if line.strip().startswith(("### BEGIN SOLUTION", "### BEGIN HIDDEN TESTS")):
                inside = True
            elif line.strip().startswith(("### END SOLUTION", "### END HIDDEN TESTS")):
                inside = False
            elif inside:
                hidden.append(line.strip())
            else:
                given.add(line.strip())
    # a call that is cut at its bracket here may stand whole in what is given
    shown = _squeezed("\n".join(given))
    yield from (line for line in hidden if len(line) > 12 and _squeezed(line) not in shown)


def _has_none_of(notebook: nbformat.NotebookNode, lines: set[str]) -> None:
    written = {line.strip() for cell in notebook.cells for line in cell.source.splitlines()}
    assert not written & lines


def _text(path: Path) -> str:
    """The text of a page, without any space: highlighting cuts lines into pieces."""

    class Words(HTMLParser):
        found = ""

        def handle_data(self, data: str) -> None:
            self.found += data

    words = Words()
    words.feed(path.read_text(encoding="utf-8"))
    return _squeezed(words.found)


def _squeezed(text: str) -> str:
    return re.sub(r"\s+", "", text)
