"""The class of 24: our marks are those of stock `nbgrader autograde`, cell by cell.

One difference is meant and shown: stock nbgrader gives 0 for a mere warning.
"""

import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from conftest import answered, hand_in

from autograder.authoring.translation import Lang
from autograder.demo import ASSIGNMENT, make_class
from autograder.grading import Batch, feedback, grade, open_course, release

Marks = dict[tuple[str, str], float | None]


def marks(course: Path) -> Marks:
    with sqlite3.connect(course / "gradebook.db") as database:
        rows = database.execute(
            """select sa.student_id, base_cell.name, grade.auto_score
               from grade join base_cell on grade.cell_id = base_cell.id
               join submitted_notebook sn on grade.notebook_id = sn.id
               join submitted_assignment sa on sn.assignment_id = sa.id"""
        ).fetchall()
    return {(student, cell): score for student, cell, score in rows}


def stock_autograde(course: Path, assignment: str) -> subprocess.CompletedProcess[str]:
    """`nbgrader autograde`, two at once: stock nbgrader would take them one by one."""
    environment = os.environ | {"ECOLE_EXAM_SECRET_FILE": str(course / "exam-secret")}
    environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{environment['PATH']}"
    if not (course / "exam-secret").exists():
        del environment["ECOLE_EXAM_SECRET_FILE"]
    command = [sys.executable, "-m", "nbgrader", "autograde", assignment]
    command += ["--Autograde.exporter_class=nbconvert.exporters.NotebookExporter"]
    return subprocess.run(command, cwd=course, env=environment, capture_output=True, text=True)


def not_sealed(batch: Batch) -> set[str]:
    """grade_ids of tests that did not run sealed."""
    cells = [cell for result in batch.submissions for cell in result.cells]
    return {cell.grade_id for cell in cells if not cell.manual and not cell.sealed}


def warned(course: Path) -> set[tuple[str, str]]:
    """Students and tests where something was written on stderr."""
    found = set()
    for path in course.glob("autograded/*/*/*.ipynb"):
        for cell in nbformat.read(path, as_version=4).cells:
            if any(output.get("name") == "stderr" for output in cell.get("outputs", [])):
                grade_id = cell.metadata.get("nbgrader", {}).get("grade_id", "")
                found.add((path.parents[1].name, grade_id))
    return found


def equal_marks(tmp_path: Path, lang: Lang) -> None:
    ours = make_class(tmp_path / "ours", lang)
    stock = Path(shutil.copytree(ours, tmp_path / "stock"))
    assert not_sealed(grade(ours, ASSIGNMENT, engine="examiner")) == set()
    sealed_marks = marks(ours)
    batch = grade(ours, ASSIGNMENT, engine="jupyter")
    assert {result.state for result in batch.submissions} == {"graded"}
    done = stock_autograde(stock, ASSIGNMENT)
    assert done.returncode == 0, done.stderr[-2000:]
    ours_marks, stock_marks = marks(ours), marks(stock)
    assert ours_marks == sealed_marks
    # a warning costs nothing here; to nbgrader, text on stderr in a test is worth 0
    silent = ours_marks.keys() - warned(stock)
    assert {key: stock_marks[key] for key in silent} == {key: ours_marks[key] for key in silent}
    assert len(silent) > 0.8 * len(stock_marks) == 0.8 * len(ours_marks)
    assert len({student for student, _ in ours_marks}) == 24
    assert len(set(ours_marks.values())) > 3


def test_the_class_of_24(tmp_path: Path) -> None:
    equal_marks(tmp_path, "fr")


def test_stock_nbgrader_zeroes_a_mark_for_a_mere_warning(small_course: Path) -> None:
    warns = "import warnings\ndef square(x):\n    warnings.warn('careful')\n    return x * x"
    hand_in(small_course, "ada", answered(square=warns))
    hand_in(small_course, "bob", answered())
    hand_in(small_course, "eve", answered(share="def share(x):\n    return 1"))
    stock = Path(shutil.copytree(small_course, small_course.parent / "stock"))
    grade(small_course, "small")
    done = stock_autograde(stock, "small")
    assert done.returncode == 0, done.stderr[-2000:]
    ours_marks, stock_marks = marks(small_course), marks(stock)
    differing = {key for key in ours_marks if ours_marks[key] != stock_marks[key]}
    assert differing == {("ada", "square_test")}
    assert (ours_marks["ada", "square_test"], stock_marks["ada", "square_test"]) == (2, 0)


@pytest.fixture(scope="module")
def nbgrader_s_own_course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The documentation course that nbgrader ships, with its two submissions."""
    import nbgrader

    course = tmp_path_factory.mktemp("docs") / "course"
    guide = Path(nbgrader.__file__).parent / "docs" / "source" / "user_guide"
    for step in ("source", "submitted"):
        shutil.copytree(guide / step, course / step)
    return course


def test_nbgrader_s_documentation_course(nbgrader_s_own_course: Path, tmp_path: Path) -> None:
    ours = Path(shutil.copytree(nbgrader_s_own_course, tmp_path / "ours"))
    release(open_course(ours), "ps1")
    stock = Path(shutil.copytree(ours, tmp_path / "stock"))
    sealed = grade(ours, "ps1", engine="examiner")
    assert not_sealed(sealed) == set()
    sealed_marks = marks(ours)
    batch = grade(ours, "ps1", engine="jupyter")
    assert [result.student for result in batch.submissions] == ["bitdiddle", "hacker"]
    assert stock_autograde(stock, "ps1").returncode == 0
    assert marks(ours) == marks(stock) == sealed_marks
    assert len(feedback(ours, "ps1")) == 4
