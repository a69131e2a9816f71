"""Feedback says what is right and what is not, never a hidden test, and nothing that runs."""

import re
import shutil
from itertools import pairwise
from pathlib import Path

import nbformat
import pytest
from bs4 import BeautifulSoup, Tag
from conftest import answered, cell_of, graded, hand_in, question
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from nbgrader.api import Gradebook

from autograder.errors import EcoleError
from autograder.grading import feedback, grade, open_course, release

HOSTILE = "area <img src=x onerror=alert(5)> &lt;b&gt;"
CONFIG = """
c = get_config()
c.CourseDirectory.course_id = "ward"
c.Cohort.lang = "fr"
c.Execute.timeout = 2
c.HTMLExporter.template_name = "lab"
"""


@pytest.fixture(scope="module")
def graded_course(released_course: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An honest mistake and a hostile notebook, graded."""
    course = Path(shutil.copytree(released_course, tmp_path_factory.mktemp("graded") / "course"))
    notebook = answered(square="def square(x):\n    return 9")
    notebook.cells.append(
        new_code_cell(
            "from IPython.display import Image, display\n"
            "picture = b'\\x89PNG\\r\\n\\x1a\\n'\n"
            "display(Image(picture, alt='a \"straight\" line', width=40))\n"
            "display(Image(picture, width='1 onload=alert(1)'))"
        )
    )
    hand_in(course, "ada", notebook)
    notebook = answered(root="def root(x):\n    return 0")
    notebook.cells += [
        new_markdown_cell("<script>alert('markdown')</script><img src=x onerror=alert(1)>"),
        new_code_cell(
            "from IPython.display import HTML, SVG, Javascript, display\n"
            "display(HTML('<script>alert(\"html\")</script><b onclick=alert(2)>bold</b>'))\n"
            "display(SVG('<svg xmlns=\"http://www.w3.org/2000/svg\"><script>alert(3)</script></svg>'))\n"
            "display(Javascript('alert(4)'))"
        ),
    ]
    hand_in(course, "eve", notebook).with_name("another.html").write_text("<script></script>")
    grade(course, "small")
    return course


@pytest.fixture(scope="module")
def pages(graded_course: Path) -> dict[str, str]:
    """Their feedback, by student."""
    return {path.parts[-3]: path.read_text() for path in feedback(graded_course, "small")}


def test_a_hidden_check_shows_its_message_only(pages: dict[str, str]) -> None:
    body = BeautifulSoup(pages["ada"], "html.parser").body
    assert body is not None
    text = "".join(body.get_text().split())
    assert "squaresofnegativenumbers" in text and "square(3)==9" in text
    for hidden in ("HIDDEN", "square(-5)", "==25"):
        assert hidden not in text


def test_a_visible_check_shows_its_assertion(pages: dict[str, str]) -> None:
    assert "the root of 16" in pages["eve"]
    assert "AssertionError" in pages["eve"]


def test_nothing_runs_and_nothing_is_fetched(pages: dict[str, str]) -> None:
    soup = BeautifulSoup(pages["eve"], "html.parser")
    assert not soup.find_all(["script", "iframe", "object", "svg", "link", "form"])
    attributes = {name for tag in soup.find_all(True) for name in tag.attrs}
    assert not any(name.startswith("on") for name in attributes)
    assert any(tag.text == "bold" for tag in soup.find_all("b"))
    policy = "default-src 'none'; img-src data:; style-src 'sha256-"
    assert pages["eve"].index(policy) < pages["eve"].index("<style")
    assert not re.search(r"""(?:src|href|action)\s*=\s*["']?\s*(?:https?:)?//""", pages["eve"])


@pytest.mark.parametrize("engine", ["examiner", "jupyter"])
def test_a_figure_keeps_its_description_and_its_width(
    graded_course: Path, tmp_path: Path, engine: str
) -> None:
    course = Path(shutil.copytree(graded_course, tmp_path / "course"))
    grade(course, "small", students=["ada"], engine=engine, force=True)
    page = next(path for path in feedback(course, "small") if "ada" in path.parts)
    images = BeautifulSoup(page.read_text(), "html.parser").find_all("img")
    assert [(each["alt"], each.get("width")) for each in images] == [
        ('a "straight" line', "40"),
        ("Figure without a description, made by the cell above", None),
    ]


def test_without_headings_each_graded_cell_has_its_row(pages: dict[str, str]) -> None:
    rows = table(pages["ada"])
    assert [row[0] for row in rows] == ["square_test", "root_test", "share_test", "written"]
    assert [row[2] for row in rows] == ["0 / 2", "3 / 3", "4 / 4", "– / 1"]
    assert rows[0][3] == "squares of negative numbers"


def test_the_gradebook_s_copy_keeps_the_hidden_tests(
    graded_course: Path, pages: dict[str, str]
) -> None:
    path = graded_course / "autograded" / "ada" / "small" / "small.ipynb"
    sources = [cell.source for cell in nbformat.read(path, as_version=4).cells]
    assert any("BEGIN HIDDEN TESTS" in source for source in sources)


def test_pages_are_those_of_the_notebooks(graded_course: Path, pages: dict[str, str]) -> None:
    assert (graded_course / "feedback/eve/small/another.html").exists()
    names = [page.relative_to(graded_course) for page in feedback(graded_course, "small")]
    assert names == [Path(f"feedback/{name}/small/small.html") for name in ("ada", "eve")]


def test_nothing_graded_says_what_to_do(small_course: Path) -> None:
    with pytest.raises(EcoleError, match="ecole grade small"):
        feedback(small_course, "small")


# a French cohort, whose questions have headings -----------------------------------------------


def ward_notebook() -> NotebookNode:
    """Two questions by tests (2 and 1 points), one by hand (1.5 points), with headings."""
    notebook = new_notebook()
    notebook.metadata["kernelspec"] = {"name": "python3", "language": "python", "display_name": "P"}
    notebook.cells = [
        new_markdown_cell("# Le service & ses lits"),
        new_markdown_cell("## 1. La *durée* <script>alert(6)</script> (2 points · C1)\n\n$x<y^2$"),
        *question(
            "stay",
            "def stay(days):\n    return 24 * days",
            "assert stay(1) == 24, 'un jour'\n### BEGIN HIDDEN TESTS\n"
            "assert stay(41) == 984, 'un séjour long & <b>rare</b>'\n### END HIDDEN TESTS",
            2,
        ),
        new_markdown_cell("## 2. La surface (1 point · C2)"),
        graded(new_code_cell("### BEGIN SOLUTION\nm2 = 12\n### END SOLUTION"), "m2", solution=True),
        graded(new_code_cell("0.5 * (m2 > 5)"), "m2_test", grade=True, locked=True, points=1),
        new_markdown_cell("## 3. Le message (1,5 point · C3)"),
        graded(new_markdown_cell("réponse"), "message", grade=True, solution=True, points=1.5),
    ]
    return notebook


@pytest.fixture(scope="module")
def ward(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A graded French course: one student wrote to the ward, one is slow, one did nothing."""
    root = tmp_path_factory.mktemp("ward") / "course"
    (root / "source/ward").mkdir(parents=True)
    (root / "nbgrader_config.py").write_text(CONFIG)
    nbformat.write(ward_notebook(), root / "source/ward/ward.ipynb")
    release(open_course(root), "ward")

    headings = {"slow": f"## {HOSTILE}"}

    def submit(student: str, **answers: str) -> Path:
        notebook = nbformat.read(root / "release/ward/ward.ipynb", as_version=4)
        for grade_id, source in answers.items():
            cell_of(notebook, grade_id).source = source
        place = notebook.cells.index(cell_of(notebook, "m2_test"))
        notebook.cells.insert(place, new_markdown_cell(headings.get(student, "")))
        notebook.cells.append(new_code_cell("for line in range(30):\n    print(line)"))
        folder = root / "submitted" / student / "ward"
        folder.mkdir(parents=True)
        nbformat.write(notebook, folder / "ward.ipynb")
        return folder

    submit("empty")
    wrong = {"stay": "def stay(days):\n    return 24", "m2": "m2 = 9"}
    folder = submit("ada", **wrong, message="# Bonjour\n\n#### l'équipe")
    (folder / "timestamp.txt").write_text("2026-03-05 21:14:10 UTC")
    submit("slow", stay="def stay(days):\n    while True: pass", m2="m2 = 12", message="…")
    submit("gone", stay="import os\nos._exit(1)")
    grade(root, "ward")
    return root


@pytest.fixture(scope="module")
def ward_pages(ward: Path) -> dict[str, str]:
    """The pages by student, before anyone marked by hand."""
    return {path.parts[-3]: path.read_text() for path in feedback(ward, "ward")}


def table(page: str, name: str = "questions") -> list[list[str]]:
    """The texts of a table's cells, row by row."""
    found = BeautifulSoup(page, "html.parser").select_one(f"table.{name} tbody")
    assert isinstance(found, Tag)
    rows = [row.find_all(["th", "td"]) for row in found.find_all("tr")]
    return [[cell.get_text(" ", strip=True) for cell in row] for row in rows]


def test_a_page_says_in_the_cohort_s_language_what_is_right_and_what_is_not(
    ward_pages: dict[str, str],
) -> None:
    page = BeautifulSoup(ward_pages["ada"], "html.parser")
    assert page.select_one("html[lang=fr] body[lang=fr]")
    assert [each.text for each in page.find_all("h1")] == ["Le service & ses lits"]
    assert "5 mars 2026 à 21:14" in page.get_text()
    assert table(ward_pages["ada"]) == [
        ["1. La durée", "✘ À reprendre", "0 / 2", "un séjour long & <b>rare</b>"],
        [
            "2. La surface",
            "◐ En partie juste",
            "0,5 / 1",
            "Une partie de ce qui est demandé est juste.",
        ],
        [
            "3. Le message",
            "… En attente de correction",
            "– / 1,5",
            "Une personne doit encore corriger.",
        ],
    ]
    text = page.get_text()
    assert "Sur 3 questions\u00a0: 1 en partie juste, 1 à reprendre, 1 en attente" in text


def test_what_waits_for_a_marker_is_no_zero(ward_pages: dict[str, str]) -> None:
    assert table(ward_pages["ada"], "marks") == [
        ["Par les tests", "0,5 / 3"],
        ["À la main", "En attente de correction (1,5\u00a0point)"],
        ["Total", "0,5 / 4,5 (provisoire)"],
    ]


def test_a_question_leads_to_its_cell(ward_pages: dict[str, str]) -> None:
    page = BeautifulSoup(ward_pages["ada"], "html.parser")
    links = page.select("table.questions th a")
    assert [link.text for link in links] == ["1. La durée", "2. La surface", "3. Le message"]
    for link in links:
        (cell,) = page.select(str(link["href"]))
        assert cell.select_one(".mark")


def test_an_unanswered_question_is_no_failed_test(ward_pages: dict[str, str]) -> None:
    rows = table(ward_pages["empty"])
    assert {row[1] for row in rows} == {"○ Sans réponse"}
    assert "Aucune réponse à tester" in ward_pages["empty"]


def test_a_question_that_ran_out_of_time_says_so(ward_pages: dict[str, str]) -> None:
    assert "temps accordé" in table(ward_pages["slow"])[0][3]
    assert "stay_test interrompue" in ward_pages["slow"]


def test_a_submission_that_was_stopped_has_no_mark_yet(ward_pages: dict[str, str]) -> None:
    assert "L'exécution s'est arrêtée avant la fin" in ward_pages["gone"]
    assert table(ward_pages["gone"], "marks")[-1] == ["Total", "En attente de correction"]
    assert {row[1] for row in table(ward_pages["gone"])} == {"… En attente de correction"}


def test_markup_in_titles_names_and_messages_is_text(ward_pages: dict[str, str]) -> None:
    for page in ward_pages.values():
        soup = BeautifulSoup(page, "html.parser")
        assert not soup.find_all("script") and not soup.select("[onerror], .questions b")
    assert table(ward_pages["slow"])[1][0].endswith("<b>")


def test_no_line_of_a_hidden_test_is_in_a_page(ward_pages: dict[str, str]) -> None:
    for page in ward_pages.values():
        assert "HIDDEN" not in page and "984" not in page


def test_headings_are_in_order_and_formulas_need_no_script(ward_pages: dict[str, str]) -> None:
    page = BeautifulSoup(ward_pages["ada"], "html.parser")
    levels = [int(each.name[1]) for each in page.find_all(re.compile("^h[1-6]$"))]
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    formula = page.find("math")
    assert isinstance(formula, Tag) and formula.text == "x<y2"


def test_a_long_output_is_folded(ward_pages: dict[str, str]) -> None:
    page = BeautifulSoup(ward_pages["ada"], "html.parser")
    (folded,) = [each for each in page.find_all("details") if "lignes" in each.text]
    assert not folded.has_attr("open") and "\n29" in folded.text


def test_a_mark_and_a_comment_by_hand_are_shown(ward: Path) -> None:
    with Gradebook(f"sqlite:///{ward}/gradebook.db") as gradebook:
        where = ("message", "ward", "ward", "ada")
        row = gradebook.find_grade(*where)
        row.manual_score, row.extra_credit, row.needs_manual_grade = 1.0, 0.5, False
        gradebook.find_comment(*where).manual_comment = "**Clair**, merci <iframe></iframe>"
        gradebook.db.commit()
    page = next(path for path in feedback(ward, "ward") if "ada" in path.parts).read_text()
    assert table(page, "marks")[1:] == [["À la main", "1,5 / 1,5"], ["Total", "2 / 4,5"]]
    comment = BeautifulSoup(page, "html.parser").select_one(".comment")
    assert isinstance(comment, Tag) and comment.find_all("strong")[1].text == "Clair"
    assert "<iframe" not in page
    assert "bonus" in page
