"""Formgrader's buttons and nbgrader's commands give what `ecole grade` and `feedback` give."""

import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import nbformat
import psutil
import pytest
from conftest import CONFIG, answered, build_course, cell_of, hand_in, small_notebook
from nbconvert.exporters import HTMLExporter
from nbgrader.api import Gradebook
from nbgrader.apps.api import NbGraderAPI

from autograder.grading import create_cohort, feedback, grade, open_course, release

HIDDEN = "square(-5) == 25"
KILL = "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)"

Click = Callable[..., dict[str, Any]]


def as_a_cohort(course: Path) -> Path:
    """The small course with what `ecole cohort` writes into its configuration."""
    cohort = create_cohort(course.parent / f"cohort-of-{course.name}", "en", {})
    text = (cohort / "nbgrader_config.py").read_text().replace("'cohort-of-course'", "'small'")
    own = CONFIG.replace("c = get_config()\n", "").replace("timeout = 4", "timeout = 2")
    exchange = f"c.Exchange.root = {str(course.parent)!r}\n"
    (course / "nbgrader_config.py").write_text(text + own + exchange)
    return course


@pytest.fixture
def cohort(small_course: Path) -> Path:
    return as_a_cohort(small_course)


def api_of(course: Path) -> NbGraderAPI:
    """What formgrader's handlers call."""
    opened = open_course(course)
    return NbGraderAPI(opened.coursedir, config=opened.config)


def marks(course: Path) -> list[tuple[Any, ...]]:
    """Every grade of the gradebook, and the comments that nbgrader makes by itself."""
    with sqlite3.connect(course / "gradebook.db") as database:
        return database.execute(
            """select sa.student_id, base_cell.name, grade.auto_score, grade.needs_manual_grade,
                      comment.auto_comment
               from grade join base_cell on grade.cell_id = base_cell.id
               join submitted_notebook sn on grade.notebook_id = sn.id
               join submitted_assignment sa on sn.assignment_id = sa.id
               left join comment on comment.cell_id = base_cell.id and comment.notebook_id = sn.id
               order by 1, 2"""
        ).fetchall()


def autograded(course: Path) -> dict[str, Any]:
    """The autograded folder: notebooks without what is drawn or timed, other files as bytes."""
    found: dict[str, Any] = {}
    for path in sorted((course / "autograded").rglob("*.*")):
        if path.suffix != ".ipynb":
            found[str(path.relative_to(course))] = path.read_bytes()
            continue
        notebook = nbformat.read(path, as_version=4)
        submission = notebook.metadata["ecole"]["submission"]
        assert submission.pop("seconds") >= 0
        cells = []
        for cell in notebook.cells:
            del cell["id"]
            cell.metadata.get("ecole", {}).get("execution", {}).pop("seconds", None)
            cells.append(cell)
        found[str(path.relative_to(course))] = cells, submission
    return found


def pages(course: Path) -> dict[str, str]:
    """The feedback pages."""
    return {
        str(path.relative_to(course)): path.read_text(encoding="utf-8")
        for path in sorted(course.glob("feedback/*/*/*.html"))
    }


def class_of_all_kinds(course: Path) -> list[str]:
    """Submissions that end in each way that has something to grade."""
    hand_in(course, "right", answered())
    hand_in(course, "wrong", answered(square="def square(x):\n    return 9"))
    hand_in(course, "raising", answered(square="def square(x):\n    return [9][x < 0]"))
    hand_in(course, "empty", answered(square="", root="", share="", written="a written answer"))
    hand_in(course, "killed", answered(root=KILL))
    hand_in(course, "slow", answered(root="while True: pass"))
    hand_in(course, "warning", answered(root="import warnings\nwarnings.warn('careful')"))
    cheating = answered(share="def share(x):\n    return 5")
    cheating.cells[3].metadata["tags"] = ["skip-execution"]
    cell_of(cheating, "root_test").source = "True"
    cell_of(cheating, "share_test").metadata["nbgrader"]["points"] = 400
    hand_in(course, "cheating", cheating)
    deleting = answered(root="def root(x):\n    return 1")
    deleting.cells = [each for each in deleting.cells if "root_test" not in str(each.metadata)]
    hand_in(course, "deleting", deleting)
    hand_in(course, "files", answered(square="square = __import__('mine').square"))
    beside = course / "submitted" / "files" / "small"
    (beside / "mine.py").write_text("def square(x):\n    return x * x")
    (beside / "data.csv").write_text("not what was given")
    (beside / "link.txt").symlink_to(course / "nbgrader_config.py")
    return sorted(path.name for path in (course / "submitted").iterdir())


def test_the_buttons_give_what_the_commands_give(cohort: Path) -> None:
    students = class_of_all_kinds(cohort)
    clicked = as_a_cohort(Path(shutil.copytree(cohort, cohort.parent / "clicked", symlinks=True)))
    batch = grade(cohort, "small")
    assert {result.state for result in batch.submissions} == {
        "graded",
        "altered",
        "killed",
        "partial",
    }
    feedback(cohort, "small")
    api = api_of(clicked)
    for student in students:
        assert api.autograde("small", student)["success"]
        assert api.generate_feedback("small", student)["success"]
    assert marks(clicked) == marks(cohort)
    assert autograded(clicked) == autograded(cohort)
    assert pages(clicked) == pages(cohort)
    assert len(pages(clicked)) == len(students)
    # and the command knows what the buttons did
    again = {result.student: result.unchanged for result in grade(clicked, "small").submissions}
    assert again == {student: student != "killed" for student in students}


def test_the_button_s_feedback_shows_no_hidden_test(cohort: Path) -> None:
    hand_in(cohort, "ada", answered(square="def square(x):\n    return [9][x < 0]"))
    api = api_of(cohort)
    api.autograde("small", "ada")
    (source,) = (cohort / "autograded").rglob("*.ipynb")
    assert HIDDEN in source.read_text()
    assert api.generate_feedback("small", "ada")["success"]
    (page,) = pages(cohort).values()
    assert "Detail of the error: IndexError" in page
    assert "square(-5" not in re.sub("<[^>]*>", "", page)


def test_a_student_s_script_does_not_run_in_formgrader_s_page(cohort: Path) -> None:
    notebook = answered(square="from IPython.display import HTML\nHTML('<script>one()</script>')")
    notebook.cells[0].source = "<img src=x onerror=two()> <script>three()</script>"
    hand_in(cohort, "ada", notebook)
    assert api_of(cohort).autograde("small", "ada")["success"]
    (path,) = (cohort / "autograded").rglob("*.ipynb")
    # as formgrader configures its exporter, but for the template
    page, _ = HTMLExporter(config=open_course(cohort).config).from_filename(str(path))
    assert "onerror=two()" not in page.replace("&lt;img src=x onerror=two()", "")
    assert "<script>one()" not in page and "<script>three()" not in page


def test_what_the_button_s_log_says(cohort: Path) -> None:
    hand_in(cohort, "ada", answered(root=KILL))
    hand_in(cohort, "bob", answered())
    api = api_of(cohort)
    assert (
        "ada: died, no mark (the process died during cell root)"
        in api.autograde("small", "ada")["log"]
    )
    assert "bob: graded, 9 / 9" in api.autograde("small", "bob")["log"]


def test_an_old_mark_does_not_stand_for_an_unreadable_submission(cohort: Path) -> None:
    hand_in(cohort, "ada", answered())
    api = api_of(cohort)
    api.autograde("small", "ada")
    hand_in(cohort, "ada", b"broken")
    result = api.autograde("small", "ada")
    assert not result["success"]
    assert "ada: unreadable, no mark (small.ipynb: not JSON" in result["log"]
    assert {(auto, needs) for _, _, auto, needs, *_ in marks(cohort)} == {(None, 1)}
    assert not (cohort / "autograded" / "ada" / "small").exists()


def test_a_manual_mark_survives_the_button(cohort: Path) -> None:
    hand_in(cohort, "ada", answered())
    api = api_of(cohort)
    api.autograde("small", "ada")
    with Gradebook(f"sqlite:///{cohort}/gradebook.db") as gradebook:
        gradebook.find_grade("written", "small", "small", "ada").manual_score = 0.5
        gradebook.db.commit()
    api.autograde("small", "ada")
    with Gradebook(f"sqlite:///{cohort}/gradebook.db") as gradebook:
        assert gradebook.find_submission("small", "ada").score == 9.5


def test_a_submission_of_two_notebooks_is_graded_whole(tmp_path: Path) -> None:
    course = build_course(tmp_path / "course", notebook="one")
    folder = course / "source" / "small"
    nbformat.write(small_notebook(), folder / "two.ipynb")
    as_a_cohort(course)
    release(open_course(course), "small")
    for student, answers in (("ada", {}), ("eve", {"share": KILL})):
        handed = hand_in(course, student, answered()).rename(
            course / "submitted" / student / "small" / "one.ipynb"
        )
        nbformat.write(answered(**answers), handed.with_name("two.ipynb"))
    api = api_of(course)
    assert all(api.autograde("small", student)["success"] for student in ("ada", "eve"))
    totals = {"ada": 0.0, "eve": 0.0}
    for student, _, auto, *_ in marks(course):
        totals[student] += auto or 0.0
    assert totals == {"ada": 18.0, "eve": 0.0}
    assert len(list((course / "autograded").rglob("*.ipynb"))) == 4


def nbgrader(course: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "nbgrader", *arguments]
    return subprocess.run(command, cwd=course, capture_output=True, text=True)


def test_nbgrader_s_own_commands(cohort: Path) -> None:
    for student in ("ada", "bob"):
        hand_in(cohort, student, answered(square="def square(x):\n    return 9"))
    done = nbgrader(cohort, "autograde", "small")
    assert done.returncode == 0, done.stderr
    done = nbgrader(cohort, "generate_feedback", "small")
    assert done.returncode == 0, done.stderr
    texts = [re.sub(r"<[^>]*>|\s", "", page) for page in pages(cohort).values()]
    assert len(texts) == 2
    for text in texts:
        assert "7/10" in text and "square(-5)" not in text
    assert [result.unchanged for result in grade(cohort, "small").submissions] == [True, True]


@pytest.mark.parametrize("engine", ["examiner", "jupyter"])
def test_no_token_of_the_hub_reaches_the_student_s_code(
    cohort: Path, monkeypatch: pytest.MonkeyPatch, engine: str
) -> None:
    monkeypatch.setenv("JUPYTERHUB_API_TOKEN", "opens-the-hub")
    monkeypatch.setenv("JUPYTERHUB_USER", "the-instructor")
    hand_in(cohort, "ada", answered(square="import os\nprint(dict(os.environ))\nsquare = abs"))
    if engine == "examiner":
        assert api_of(cohort).autograde("small", "ada")["success"]
    else:
        grade(cohort, "small", engine=engine)
    (path,) = (cohort / "autograded").rglob("*.ipynb")
    text = path.read_text()
    assert "PATH" in text
    assert "opens-the-hub" not in text and "the-instructor" not in text


def test_a_click_waits_for_another_command(cohort: Path) -> None:
    with (cohort / "nbgrader_config.py").open("a") as config:
        config.write("c.Cohort.lock_seconds = 60\n")
    hand_in(cohort, "ada", answered(root="def root(x):\n    return 0"))
    with ThreadPoolExecutor(1) as thread:
        with open_course(cohort).lock():
            clicked = thread.submit(api_of(cohort).autograde, "small", "ada")
            time.sleep(3)
            hand_in(cohort, "ada", answered())
        assert clicked.result()["success"]
    assert ("ada", "root_test", 3.0) in [row[:3] for row in marks(cohort)]


SERVER = """
import sys, time
from autograder.grading import open_course
from nbgrader.apps.api import NbGraderAPI
import psutil
opened = open_course(sys.argv[1])
api = NbGraderAPI(opened.coursedir, config=opened.config)
for _ in range(2):
    assert api.autograde("small", "ada")["success"]
    warm = psutil.Process().children()
    print(*[each.pid for each in warm if each.status() != psutil.STATUS_ZOMBIE], flush=True)
time.sleep(float(sys.argv[2]))
"""


@pytest.mark.parametrize("killed", [False, True], ids=["stopped", "killed"])
def test_warm_processes_serve_all_clicks_and_end_with_the_server(
    cohort: Path, killed: bool
) -> None:
    hand_in(cohort, "ada", answered())
    server = subprocess.Popen(
        [sys.executable, "-c", SERVER, str(cohort), "600" if killed else "0"],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert server.stdout is not None
    first, second = (server.stdout.readline().split() for _ in range(2))
    assert len(first) == 1 and first == second
    if killed:
        os.kill(server.pid, signal.SIGKILL)
    server.wait()
    deadline = time.monotonic() + 30
    while psutil.pid_exists(int(first[0])):
        assert time.monotonic() < deadline, "a process outlives the server"
        time.sleep(0.1)
