"""One's progress: what is kept of each trial, bests, competencies, exercises, the welcome page."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from xml.etree import ElementTree

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output

from autograder.authoring.masters import REPOSITORY
from autograder.authoring.syllabus import parse_syllabus
from autograder.grading import State
from autograder.learning import Workspace, prepare_workspace, write_welcome
from autograder.learning import delivery as deliveries
from autograder.learning.progress import (
    KEPT_TRIALS,
    QuestionMark,
    Survey,
    TrialRecord,
    add_trial,
    read_progress,
    survey,
)

W02, W03 = "w02-laboratory-export", "w03-stays-mart"
START = datetime(2026, 1, 5, 9, tzinfo=UTC)
SYLLABUS = parse_syllabus(REPOSITORY)
LESSON = "course/m1-hospital-and-data/w02-python-for-health/01-values-and-types.ipynb"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """A workspace with week 2's assignment, whatever it says."""
    files = {f"assignments/{W02}/{W02}.ipynb": b"{}"}
    monkeypatch.setattr(deliveries, "fresh_files", lambda workspace, manifest: files)
    root = prepare_workspace(tmp_path / "home", "fr").root
    return Workspace(root, "fr")


def trial(
    *points: float, name: str = W02, hour: int = 0, state: State = "graded", most: float = 2.0
) -> TrialRecord:
    """A trial of questions worth `most` points each; the nth names competency Cn."""
    marked = state == "graded"
    return TrialRecord(
        assignment=name,
        date=START + timedelta(hours=hour),
        state=state,
        score=sum(points) if marked else None,
        max_score=most * len(points),
        version="v1",
        questions=[
            QuestionMark(title=f"{place}.", points=got, max_points=most, competencies=[f"C{place}"])
            for place, got in enumerate(points, start=1)
            if marked
        ],
    )


def surveyed(home: Workspace) -> Survey:
    return survey(home, SYLLABUS)


def test_best_and_last_marks_by_week(home: Workspace) -> None:
    for each in (trial(1, 2, hour=1), trial(2, 2, hour=2), trial(0, 1, hour=3)):
        assert add_trial(home, each) == []
    add_trial(home, trial(0, 0, hour=4, state="timeout"))
    week = surveyed(home).weeks[1]
    assert week.best is not None and week.last is not None
    assert (week.best.score, week.last.score, week.state) == (4.0, 1.0, "complete")
    assert week.assignment == W02 and surveyed(home).weeks[2].state == "to-come"


def test_competencies_count_the_best_trial_of_each_assignment(home: Workspace) -> None:
    add_trial(home, trial(1, 0, hour=1))
    add_trial(home, trial(0, 2, hour=2))
    add_trial(home, trial(0, 1, hour=3))
    add_trial(home, trial(1.5, name=W03, hour=4))
    assert surveyed(home).competencies == {"C1": (1.5, 4.0), "C2": (2.0, 2.0)}


def test_a_week_goes_from_to_come_to_complete(home: Workspace) -> None:
    assert [week.state for week in surveyed(home).weeks].count("to-come") == 27
    assert surveyed(home).weeks[1].state == "ready"
    add_trial(home, trial(0, 0))
    assert surveyed(home).weeks[1].state == "begun"
    add_trial(home, trial(2, 2, hour=1))
    assert surveyed(home).weeks[1].state == "complete"


def test_the_file_stays_bounded_and_keeps_the_best(home: Workspace) -> None:
    add_trial(home, trial(2, 2))
    add_trial(home, trial(1, name=W03))
    for hour in range(1, KEPT_TRIALS + 10):
        add_trial(home, trial(0, 1, hour=hour))
    progress, _ = read_progress(home)
    assert len([each for each in progress.trials if each.assignment == W02]) == KEPT_TRIALS
    best, last = progress.best(W02), progress.last(W02)
    assert best is not None and best.score == 4
    assert last is not None and last.date == START + timedelta(hours=KEPT_TRIALS + 9)
    assert progress.best(W03) is not None


@pytest.mark.parametrize(
    "broken",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b"[1, 2]",
        b'{"version": 99, "trials": []}',
        b'{"version": 1, "trials": [{"assignment": "w02", "score": 1e400}]}',
        b"[" * 100_000,
    ],
)
def test_a_broken_progress_is_put_aside_not_lost(home: Workspace, broken: bytes) -> None:
    (home.root / ".ecole/progress.json").write_bytes(broken)
    (said,) = add_trial(home, trial(1, 1))
    (aside,) = (home.root / ".ecole").glob("progress.*.unreadable")
    assert aside.read_bytes() == broken and aside.name in said
    assert len(read_progress(home)[0].trials) == 1
    assert add_trial(home, trial(1, 1, hour=1)) == []


def test_a_progress_that_is_a_link_is_put_aside(home: Workspace, tmp_path: Path) -> None:
    outside = tmp_path / "outside.json"
    outside.write_text('{"version": 1, "trials": []}')
    (home.root / ".ecole/progress.json").symlink_to(outside)
    assert len(add_trial(home, trial(1, 1))) == 1
    assert json.loads(outside.read_text())["trials"] == []


# ------------------------------------------------------------------------ exercises

STUB = 'def highest(texts):\n    """The greatest."""\n    return None'


def lesson(home: Workspace, answer: str, *, run: bool = True, error: bool = False) -> None:
    """A learner's saved lesson of one exercise."""
    check = new_code_cell("assert highest(['1']) == 1", metadata={"tags": ["check"]})
    check.execution_count = 3 if run else None
    if error:
        check.outputs = [new_output("error", ename="AssertionError", evalue="", traceback=[])]
    metadata = {"tags": ["exercise"], "ecole": {"stub": STUB}}
    notebook = new_notebook(cells=[new_code_cell(answer, metadata=metadata), check])
    path = home.root / LESSON
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, path)


@pytest.mark.parametrize(
    ("answer", "run", "error", "done"),
    [
        ("def highest(texts):\n    return 1", True, False, 1),
        ("def highest(texts):\n    return 1", False, False, 0),
        ("def highest(texts):\n    return 1", True, True, 0),
        (STUB, True, False, 0),
        (STUB.replace("return None", "return  None  # to do"), True, False, 0),
        ("%matplotlib inline\nhighest = max", True, False, 1),
    ],
)
def test_an_exercise_is_done_when_answered_and_checked(
    home: Workspace, answer: str, run: bool, error: bool, done: int
) -> None:
    lesson(home, answer, run=run, error=error)
    found = surveyed(home).weeks[1].lessons[0].exercises
    assert (found.done, found.total) == (done, 1)


def test_delivered_lessons_have_exercises_to_do(tmp_path: Path) -> None:
    master = next(each for each in deliveries.lessons() if each.name == "01-values-and-types")
    ((_, files),) = deliveries._build([master], "fr")
    path = tmp_path / LESSON
    path.parent.mkdir(parents=True)
    path.write_bytes(files[LESSON])
    found = surveyed(Workspace(tmp_path, "fr")).weeks[1].lessons[0]
    assert (found.exercises.done, found.exercises.total, found.minutes) == (0, 3, 90)


@pytest.mark.parametrize("broken", [b"{", b"[]", b'{"cells": [3]}', b"[" * 100_000])
def test_a_broken_lesson_is_said_and_counts_for_nothing(home: Workspace, broken: bytes) -> None:
    path = home.root / LESSON
    path.parent.mkdir(parents=True)
    path.write_bytes(broken)
    (note,) = write_welcome(home)
    assert LESSON in note and "ecole learn" in note
    assert path.read_bytes() == broken


# ------------------------------------------------------------------------- the page


def test_the_welcome_page_shows_months_progress_and_what_to_do(home: Workspace) -> None:
    lesson(home, STUB)
    add_trial(home, trial(1, 2, hour=1))
    add_trial(home, trial(0, 1, hour=2))
    write_welcome(home)
    page = (home.root / "Bienvenue.md").read_text(encoding="utf-8")
    for month in SYLLABUS.months:
        assert month.title.fr in page
    assert f"]({LESSON})" in page and f"](assignments/{W02}/{W02}.ipynb)" in page
    assert "**3/4** (dernière fois 1/4)" in page
    assert "C2 " in page and "2/2" in page
    assert "(Corriger%20mes%20devoirs.ipynb)" in page


def test_the_picture_names_each_week_and_speaks_for_itself(home: Workspace) -> None:
    add_trial(home, trial(2, 2))
    write_welcome(home)
    picture = ElementTree.parse(home.root / "progression.svg").getroot()
    texts = [text.text for text in picture.iter("{http://www.w3.org/2000/svg}text")]
    assert {str(week) for week in range(1, 29)} <= set(texts) and "✓ 4/4" in texts
    title = picture.findtext("{http://www.w3.org/2000/svg}title")
    assert title is not None and "1 terminée" in title and "27 à venir" in title
    assert title in (home.root / "Bienvenue.md").read_text(encoding="utf-8")


def test_a_page_of_the_learner_s_own_is_left_alone(home: Workspace) -> None:
    (home.root / "Bienvenue.md").write_text("my notes")
    write_welcome(home)
    assert (home.root / "Bienvenue.md").read_text() == "my notes"
    assert "École IA Santé" in (home.root / "Bienvenue.ecole.md").read_text(encoding="utf-8")
