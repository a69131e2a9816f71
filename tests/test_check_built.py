"""What leaves the house: built notebooks hold nothing of the author's, and ruff reads them."""

from pathlib import Path

import pytest
from planted import HEADER, code, pair
from planted_exercises import WHOLE
from planted_graded import a_test, given, solution
from planted_markers import BEGIN, BEGIN_HIDDEN, END, END_HIDDEN

from autograder.authoring.checks.built import check_built, master_line
from autograder.authoring.checks.pages import read_page
from autograder.authoring.masters import REPOSITORY, Kind, Master, assignments, lessons

AUTHOR = code("from autograder.authoring import t", ":tags: [author]")
ANSWER = solution(f"def double(x):\n    {BEGIN}\n    return 2 * sum([x, 0])\n    {END}", "double")
TEST = a_test(
    f"assert double(2) == 4, t(\n    fr='faux',\n    en='wrong',\n)\n"
    f"{BEGIN_HIDDEN}\nassert double(3) == 6, t(fr='non', en='no')\n{END_HIDDEN}"
)


def write(folder: Path, name: str, cells: str, kind: Kind = "lesson") -> Master:
    """A master of these cells."""
    path = folder / f"{name}.md"
    path.write_text(HEADER + cells, "utf-8")
    return Master(path, kind)


def found(folder: Path, *masters: Master) -> list[str]:
    """What is found, as its reader sees it."""
    pages = [read_page(master, folder) for master in masters]
    return [str(each) for each in check_built(pages)]


def test_the_repository_s_own_notebooks_are_in_order() -> None:
    pages = [read_page(master, REPOSITORY) for master in (*lessons(), *assignments())]
    assert [str(each) for each in check_built(pages)] == []


# cells of a lesson, with ⟵ at the line to be named, and the words to be read
LESSONS: dict[str, tuple[str, str]] = {
    "a build refused": (
        code("x = 1\ny = t(fr='oui', en=x) ⟵"),
        "t(en=…) must be a literal, not x",
    ),
    "the autograder imported": (
        code("import os\nfrom autograder.authoring import t ⟵"),
        "reaches learners, who have no autograder; tag this cell author",
    ),
    "a path of Linux": (code("open('/home/marie/export.csv') ⟵"), "a path of one machine"),
    "a path of Windows": (
        code("x = r'C:\\Users\\marie\\a.csv' ⟵"),
        "`C:\\Users\\marie\\a.csv` is a path",
    ),
    "a path in a text": (
        pair("Ouvrez\n`/tmp/export.csv`. ⟵", "Open it."),
        "`/tmp/export.csv` is a path of one machine",
    ),
    "an unused import": (code("x = 1\nimport os ⟵"), "`os` imported but unused (F401)"),
    "a name unknown": (code("print(tabel) ⟵"), "cell 3: Undefined name `tabel` (F821)"),
    "an error after t()": (
        code("print(\n    t(\n        fr='oui',\n        en='yes',\n    )\n)\nprint(tabel) ⟵"),
        "Undefined name `tabel`",
    ),
    "no Python": (code("x = 1\ny = = 2 ⟵"), "Expected an expression"),
    "t() beside a magic": (
        code("%time print(1)\nprint(t( ⟵\n    fr='oui', en='yes'))"),
        "t() is left in the notebook; move the magic to a cell of its own",
    ),
    "in one language": (
        pair("Voir.", "See.") + code("name = t(fr=f'{1}', en=f'x') ⟵"),
        "in en only: f-string without any placeholders (F541)",
    ),
    "t as a value": (code("say = t ⟵"), "Undefined name `t`"),
}


@pytest.mark.parametrize("fault", LESSONS)
def test_a_faulty_lesson_is_named_at_its_line(fault: str, tmp_path: Path) -> None:
    cells, words = LESSONS[fault]
    text = AUTHOR + code("print('a lesson')") + cells
    line = next(n for n, each in enumerate((HEADER + text).splitlines(), 1) if "⟵" in each)
    lines = found(tmp_path, write(tmp_path, "lesson", text.replace(" ⟵", "")))
    assert [each for each in lines if each.startswith(f"lesson.md:{line}, ") and words in each], (
        lines
    )


def test_what_resembles_those_faults_passes(tmp_path: Path) -> None:
    text = pair(
        "Voir <https://example.org/home/index.html>, l'un/l'autre, mg/L, src/home/a.py.",
        "See <https://example.org/tmp/a>, a ratio A:\\, either/or.",
    )
    text += code("%time print(3)") + code("print('Il est tard : /')")
    text += code("import math\n\nprint(math.pi, " + "'a long line', " * 12 + ")")
    text += code("%matplotlib inline") + WHOLE + code("import re\n\nre.compile('x')")
    assert found(tmp_path, write(tmp_path, "lesson", AUTHOR + text)) == []


# cells added after a question and its test, and the words to be read
ASSIGNMENTS: dict[str, tuple[str, str]] = {
    "a solution in a text": (
        pair("Par exemple :\n`return 2 * sum([x, 0])` ⟵", "For instance."),
        "`return 2 * sum([x, 0])` is a line of the solution double, and students receive it here",
    ),
    "a solution in a cell": (
        given("def other(x):\n    return 2 * sum([x, 0]) ⟵"),
        "is a line of the solution double",
    ),
    "a hidden test shown after": (
        a_test(
            f"assert x\n{BEGIN_HIDDEN}\nassert double(5) == 10, t(fr='a', en='b')\n{END_HIDDEN}\n"
            "assert double(5) == 10, t(fr='a', en='b') ⟵",
            "shown",
        ),
        "is a line of the hidden tests of shown",
    ),
    "a hidden test shown": (
        a_test(
            "assert double(2) == 4, t(fr='un', en='one')\n"
            "assert double(3) == 6, t(fr='non', en='no') ⟵",
            "shown",
        ),
        "is a line of the hidden tests of test, and students receive it here",
    ),
    "half a statement hidden": (
        a_test(f"for x in [1]: ⟵\n    {BEGIN_HIDDEN}\n    assert x\n    {END_HIDDEN}", "half"),
        "is no Python; keep whole statements on each side of the markers",
    ),
}


@pytest.mark.parametrize("fault", ASSIGNMENTS)
def test_what_students_must_not_receive_is_named(fault: str, tmp_path: Path) -> None:
    cells, words = ASSIGNMENTS[fault]
    text = AUTHOR + ANSWER + TEST + cells
    line = next(n for n, each in enumerate((HEADER + text).splitlines(), 1) if "⟵" in each)
    master = write(tmp_path, "w99", text.replace(" ⟵", ""), "assignment")
    lines = found(tmp_path, master)
    assert [each for each in lines if each.startswith(f"w99.md:{line}, ") and words in each], lines


def test_an_assignment_without_those_faults_passes(tmp_path: Path) -> None:
    text = AUTHOR + given("import re\nimport math", "imports") + ANSWER + TEST
    text += pair("La somme des deux : `2 * x`.", "The sum: `2 * x`.")
    text += a_test(
        f"x = double(2)\nassert all(\n    [x]\n)\n{BEGIN_HIDDEN}\nx = double(2)\n"
        f"assert all(\n    [x, x]\n)\n{END_HIDDEN}",
        "again",
    )
    assert found(tmp_path, write(tmp_path, "w99", text, "assignment")) == []


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        (solution(f"{BEGIN}\nx = 1"), "nbgrader cannot release it: no end solution statement"),
        (given(f"{BEGIN}\nx = 1\n{END}"), "Solution region detected in a non-solution cell"),
    ],
)
def test_what_nbgrader_refuses_is_said_in_its_words(cells: str, words: str, tmp_path: Path) -> None:
    assert words in "\n".join(found(tmp_path, write(tmp_path, "w99", cells, "assignment")))


def test_metadata_that_are_no_mapping_are_refused(tmp_path: Path) -> None:
    cells = code("x = 1", ":nbgrader: true")
    (finding,) = found(tmp_path, write(tmp_path, "w99", cells, "assignment"))
    assert "w99.md:10, cell 1: `nbgrader` is no mapping; write `nbgrader:`" in finding


def test_each_finding_is_told_once_though_it_is_in_every_notebook(tmp_path: Path) -> None:
    lesson = write(tmp_path, "lesson", AUTHOR + code("open('/home/marie/a')"))
    assert len(found(tmp_path, lesson)) == 1


def test_a_line_of_the_notebook_is_told_where_the_master_says_it() -> None:
    master = "a\nprint(\n    t(\n        fr='b',\n        en='c',\n    )\n)\nd\ne"
    built = "a\nprint(\n    'b'\n)\nd\ne"
    assert [master_line(master, built, line) for line in range(1, 7)] == [1, 2, 3, 7, 8, 9]
