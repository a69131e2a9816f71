"""Feedback shows what teaches, never a hidden test, and nothing that runs."""

from pathlib import Path

import nbformat
import pytest
from bs4 import BeautifulSoup
from conftest import answered, hand_in
from nbformat.v4 import new_code_cell, new_markdown_cell

from autograder.errors import EcoleError
from autograder.grading import feedback, grade


@pytest.fixture
def pages(small_course: Path) -> dict[str, str]:
    """Feedback of an honest mistake and of a hostile notebook."""
    hand_in(small_course, "ada", answered(square="def square(x):\n    return 9"))
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
    hand_in(small_course, "eve", notebook)
    grade(small_course, "small")
    return {path.parts[-3]: path.read_text() for path in feedback(small_course, "small")}


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
    assert soup.body is not None
    assert not soup.body.find_all(["script", "iframe", "object", "svg"])
    attributes = {name for tag in soup.body.find_all(True) for name in tag.attrs}
    assert not any(name.startswith("on") for name in attributes)
    assert any(tag.text == "bold" for tag in soup.body.find_all("b"))
    assert pages["eve"].index("default-src 'none'") < pages["eve"].index("<script")


def test_the_gradebook_s_copy_keeps_the_hidden_tests(
    small_course: Path, pages: dict[str, str]
) -> None:
    path = small_course / "autograded" / "ada" / "small" / "small.ipynb"
    sources = [cell.source for cell in nbformat.read(path, as_version=4).cells]
    assert any("BEGIN HIDDEN TESTS" in source for source in sources)


def test_nothing_graded_says_what_to_do(small_course: Path) -> None:
    with pytest.raises(EcoleError, match="ecole grade small"):
        feedback(small_course, "small")
