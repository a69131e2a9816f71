"""`ecole grade --watch`: what arrives is graded, whatever breaks is said once, nothing is lost."""

import copy
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import nbformat
import psutil
import pytest
from conftest import answered
from nbformat import NotebookNode
from nbgrader.apps.api import NbGraderAPI
from nbgrader.auth import Authenticator
from nbgrader.coursedir import CourseDirectory
from nbgrader.exchange import ExchangeFactory

from autograder.errors import EcoleError
from autograder.grading import feedback, grade, open_course
from autograder.grading.results import SubmissionResult
from autograder.grading.watch import Watch

HandIn = Callable[..., None]
SLOW = "import time\ntime.sleep(3)\ndef square(x):\n    return x * x"
WRONG = "def square(x):\n    return 9"


def open_exchange(course: Path, exchange: Path) -> Path:
    """Configure a course for an exchange of its own, and release its assignment there."""
    exchange.mkdir(mode=0o777)
    with (course / "nbgrader_config.py").open("a") as config:
        config.write(f"c.Exchange.root = {str(exchange)!r}\nc.Cohort.watch_seconds = 0.2\n")
    opened = open_course(course)
    assert NbGraderAPI(opened.coursedir, config=opened.config).release("small")["success"]
    return course


def submit_to(course: Path, student: str, notebook: NotebookNode | str) -> None:
    """Hand in through nbgrader's exchange, from a folder of the student's beside it."""
    home = Path(open_course(course).config.Exchange.root).with_name("homes") / student
    (home / "small").mkdir(parents=True, exist_ok=True)
    text = notebook if isinstance(notebook, str) else nbformat.writes(notebook)
    (home / "small" / "small.ipynb").write_text(text)
    config = copy.deepcopy(open_course(course).config)
    config.Exchange.assignment_dir = str(home)
    config.Exchange.cache = str(home / "cache")
    config.CourseDirectory.student_id = student
    coursedir = CourseDirectory(config=config)
    coursedir.assignment_id = "small"
    factory = ExchangeFactory(config=config)
    factory.Submit(coursedir=coursedir, authenticator=Authenticator(config=config)).start()


@pytest.fixture
def course(small_course: Path) -> Path:
    return open_exchange(small_course, small_course.parent / "exchange")


@pytest.fixture
def submit(course: Path) -> HandIn:
    """`submit("ada", square="…")`: hand in through the exchange."""
    return lambda student, **answers: submit_to(course, student, answered(**answers))


class Observed:
    """A watch in a thread, and what it has said so far."""

    def __init__(self, course: Path) -> None:
        self.results: list[SubmissionResult] = []
        self.remarks: list[str] = []
        self.watch = Watch(
            course,
            on_result=lambda name, result: self.results.append(result),
            on_remark=self.remarks.append,
        )
        self.thread = threading.Thread(target=self.watch.run)

    def graded(self) -> list[tuple[str, float | None]]:
        """Students and marks in the order in which they were graded."""
        return [(result.student, result.score) for result in self.results]

    def until(self, condition: Callable[[], bool]) -> None:
        """Wait for something that the watch is to do."""
        deadline = time.monotonic() + 120
        while not condition():
            assert time.monotonic() < deadline, (self.graded(), self.remarks)
            assert self.thread.is_alive()
            time.sleep(0.05)


@pytest.fixture
def watching(course: Path) -> Iterator[Observed]:
    observed = Observed(course)
    observed.thread.start()
    yield observed
    observed.watch.stop()
    observed.thread.join()


def marks(course: Path) -> dict[str, float]:
    """The sum of the automatic marks of each student."""
    with sqlite3.connect(course / "gradebook.db") as database:
        assert database.execute("pragma integrity_check").fetchone() == ("ok",)
        return dict(
            database.execute(
                """select sa.student_id, sum(grade.auto_score) from grade
                   join submitted_notebook sn on grade.notebook_id = sn.id
                   join submitted_assignment sa on sn.assignment_id = sa.id group by 1"""
            ).fetchall()
        )


def test_submissions_are_graded_as_they_arrive(
    course: Path, submit: HandIn, watching: Observed
) -> None:
    submit("ada")
    watching.until(lambda: watching.graded() == [("ada", 9.0)])
    submit("bob", square=WRONG)
    submit_to(course, "eve", "broken")
    watching.until(lambda: len(watching.results) == 3)
    submit("ada", square=WRONG)
    watching.until(lambda: len(watching.results) == 4)
    assert sorted(watching.graded()[1:3]) == [("bob", 7.0), ("eve", None)]
    assert watching.graded()[3] == ("ada", 7.0)
    assert marks(course) == {"ada": 7.0, "bob": 7.0, "eve": None}
    assert watching.remarks == []


def test_nothing_is_released_not_even_late(
    course: Path, submit: HandIn, watching: Observed
) -> None:
    submit("ada")
    watching.until(lambda: len(watching.results) == 1)
    exchange = course.parent / "exchange" / "small" / "feedback"
    assert not (course / "feedback").exists() and not list(exchange.glob("*"))
    feedback(course, "small")
    opened = open_course(course)
    api = NbGraderAPI(opened.coursedir, config=opened.config)
    assert api.release_feedback("small")["success"]
    released = {path.name: path.read_bytes() for path in exchange.iterdir()}
    submit("ada", square=WRONG)
    submit("bob")
    watching.until(lambda: len(watching.results) == 3)
    assert {path.name: path.read_bytes() for path in exchange.iterdir()} == released != {}


def test_a_broken_exchange_is_said_once_and_tried_again(
    course: Path, submit: HandIn, watching: Observed
) -> None:
    exchange = course.parent / "exchange"
    submit("ada")
    watching.until(lambda: len(watching.results) == 1)
    exchange.rename(course.parent / "away")
    watching.until(lambda: len(watching.remarks) == 1)
    time.sleep(1)  # some rounds
    (course.parent / "away").rename(exchange)
    watching.until(lambda: len(watching.remarks) == 2)
    submit("bob")
    watching.until(lambda: len(watching.results) == 2)
    assert "Unwritable directory" in watching.remarks[0]
    assert watching.remarks[1:] == ["everything works again"]


def test_a_configuration_that_breaks_is_said_and_tried_again(
    course: Path, submit: HandIn, watching: Observed
) -> None:
    config = course / "nbgrader_config.py"
    good = config.read_text()
    config.write_text("c = 1 / 0")
    watching.until(lambda: len(watching.remarks) == 1)
    config.write_text(good)
    submit("ada")
    watching.until(lambda: len(watching.results) == 1)
    assert "division by zero" in watching.remarks[0]


def warm_processes() -> list[psutil.Process]:
    """Those of this process that execute submissions; a browser may be another child of it."""
    return [child for child in psutil.Process().children() if executes_submissions(child)]


def executes_submissions(process: psutil.Process) -> bool:
    """False for one that has just ended, whether or not its parent has seen it."""
    try:
        return any(word.startswith("autograder.") for word in process.cmdline())
    except psutil.NoSuchProcess:  # a zombie too
        return False


def test_warm_processes_end_when_nothing_arrives(
    course: Path, submit: HandIn, watching: Observed, monkeypatch: pytest.MonkeyPatch
) -> None:
    submit("ada")
    watching.until(lambda: len(watching.results) == 1)
    assert warm_processes()
    monkeypatch.setattr("autograder.grading.watch._WARM_SECONDS", 0.0)
    watching.until(lambda: not warm_processes())
    submit("bob")
    watching.until(lambda: watching.graded()[1:] == [("bob", 9.0)])


def test_others_at_work_are_waited_for(course: Path, submit: HandIn, watching: Observed) -> None:
    with open_course(course).lock():
        submit("ada")
        watching.until(lambda: len(watching.remarks) == 1)
        assert not watching.results
    watching.until(lambda: len(watching.results) == 1)
    assert "is at work" in watching.remarks[0]
    submit("bob")
    grade(course, "small")
    opened = open_course(course)
    api = NbGraderAPI(opened.coursedir, config=opened.config)
    assert api.autograde("small", "ada")["success"]
    watching.until(lambda: "bob" in marks(course))
    assert marks(course) == {"ada": 9.0, "bob": 9.0}


def test_what_is_put_into_submitted_by_hand_is_graded_too(
    course: Path, submit: HandIn, watching: Observed
) -> None:
    folder = course / "submitted" / "zoe" / "small"
    folder.mkdir(parents=True)
    nbformat.write(answered(), folder / "small.ipynb")
    submit("ada")
    watching.until(lambda: sorted(watching.graded()) == [("ada", 9.0), ("zoe", 9.0)])


def test_a_date_that_a_student_wrote_does_not_stop_the_others(
    course: Path, submit: HandIn, watching: Observed
) -> None:
    submit("eve")
    watching.until(lambda: len(watching.results) == 1)
    (course / "submitted" / "eve" / "small" / "timestamp.txt").write_text("the day after\0")
    submit("ada")
    watching.until(lambda: ("ada", 9.0) in watching.graded())
    submit("eve", square=WRONG)
    watching.until(lambda: ("eve", 7.0) in watching.graded())
    assert watching.remarks == []


def test_one_that_cannot_be_graded_does_not_keep_the_others_waiting(
    course: Path, submit: HandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    from autograder.grading.steps import Steps

    prepare = Steps.prepare

    def failing(self: Steps, student: str, force: bool) -> Any:
        if student == "bob":
            raise RuntimeError("a mistake of ours")
        return prepare(self, student, force)

    monkeypatch.setattr(Steps, "prepare", failing)
    for student in ("ada", "bob", "eve"):
        submit(student)
    observed = Observed(course)
    observed.thread.start()
    try:
        observed.until(lambda: {"ada", "eve"} <= dict(observed.graded()).keys())
        monkeypatch.setattr(Steps, "prepare", prepare)
        observed.until(lambda: "bob" in dict(observed.graded()))
    finally:
        observed.watch.stop()
        observed.thread.join()
    assert len(observed.results) == 3
    (said,) = [remark for remark in observed.remarks if "mistake" in remark]
    assert said.startswith("bob, small: RuntimeError: a mistake of ours; trying again")


def test_a_collection_that_was_cut_short_is_taken_again(course: Path, submit: HandIn) -> None:
    submit("ada")
    # killed here: nbgrader had copied the date already, not yet the notebook
    (course / ".ecole-collecting-small").touch()
    time.sleep(0.01)
    folder = course / "submitted" / "ada" / "small"
    (inbound,) = (course.parent / "exchange" / "small" / "inbound").iterdir()
    folder.mkdir(parents=True)
    shutil.copy(inbound / "timestamp.txt", folder)
    observed = Observed(course)
    observed.thread.start()
    observed.until(lambda: ("ada", 9.0) in observed.graded())
    observed.watch.stop()
    observed.thread.join()
    assert not (course / ".ecole-collecting-small").exists()


def test_a_full_disk_is_said_once_and_loses_nothing(
    small_disk: Path, released_course: Path
) -> None:
    exchange = small_disk.parent / "exchange"
    course = open_exchange(Path(shutil.copytree(released_course, small_disk / "course")), exchange)
    observed = Observed(course)
    observed.thread.start()
    try:
        submit_to(course, "ada", answered())
        observed.until(lambda: len(observed.results) == 1)
        filler = small_disk / "filler"
        with filler.open("wb", buffering=0) as file, pytest.raises(OSError, match="No space"):
            while True:
                file.write(b"0" * 4096)
        submit_to(course, "ada", answered(square=WRONG))
        submit_to(course, "bob", answered())
        observed.until(lambda: bool(observed.remarks))
        time.sleep(1)  # some rounds
        assert marks(course) == {"ada": 9.0}
        filler.unlink()
        observed.until(lambda: marks(course) == {"ada": 7.0, "bob": 9.0})
    finally:
        observed.watch.stop()
        observed.thread.join()
    full = [remark for remark in observed.remarks if "the disk is full: free" in remark]
    assert 1 <= len(full) == len(set(full)) <= 2


def start(course: Path, *options: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "autograder", "grade", "--watch", "--course", str(course)]
    pipe = subprocess.PIPE
    return subprocess.Popen([*command, *options], stdout=pipe, stderr=subprocess.STDOUT, text=True)


def read_until(process: subprocess.Popen[str], text: str) -> list[str]:
    """Lines that the command prints, to the first that holds a text."""
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line.rstrip())
        if text in line:
            return lines
    raise AssertionError(lines)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_stopped_while_it_executes(course: Path, submit: HandIn, number: int) -> None:
    with (course / "nbgrader_config.py").open("a") as config:
        config.write("c.Cohort.lang = 'fr'\nc.Execute.timeout = 500\n")
        config.write("c.Cohort.submission_seconds = 500\n")
    submit("ada")
    process = start(course)
    line = read_until(process, "ada")[-1]
    assert line == "small · ada : noté, 9 / 9"
    submit("bob", square="import time\ntime.sleep(400)")
    folder = course / "submitted" / "bob" / "small" / "submission_secret.txt"
    while not folder.exists():
        time.sleep(0.1)
    time.sleep(1)
    process.send_signal(number)
    out, _ = process.communicate(timeout=100)
    assert process.returncode == 0
    assert "bob" not in out and out.startswith("arrêt")
    assert marks(course) == {"ada": 9.0}
    submit("bob")
    process = start(course, "small")
    assert read_until(process, "bob")[-1] == "small · bob : noté, 9 / 9"
    process.terminate()
    process.communicate()


def test_killed_at_any_moment_and_started_again(course: Path, submit: HandIn) -> None:
    """SIGKILL while it collects and grades, then once to the end: nothing is lost or doubled."""
    calm = open_exchange(Path(shutil.copytree(course, course.parent / "calm")), course.parent / "e")
    students = [f"student-{number}" for number in range(6)]
    for number, student in enumerate(students):
        for where in (course, calm):
            submit_to(where, student, answered(square=WRONG if number % 2 else SLOW))
    for word in ("watching", "student-1", "student-3"):
        process = start(course)
        read_until(process, word)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        marks(course)
    submit("student-0", square=WRONG)
    process = start(course)
    deadline = time.monotonic() + 120
    while len(marks(course)) < len(students) or marks(course)["student-0"] != 7.0:
        assert time.monotonic() < deadline, marks(course)
        time.sleep(0.1)
    process.terminate()
    out, _ = process.communicate()
    assert "student-1" not in out, "graded twice"
    submit_to(calm, "student-0", answered(square=WRONG))
    assert NbGraderAPI(open_course(calm).coursedir, config=open_course(calm).config).collect(
        "small"
    )["success"]
    grade(calm, "small")
    assert marks(course) == marks(calm)
    assert len(marks(course)) == len(students)


def test_what_makes_no_sense_together_is_refused(course: Path) -> None:
    done = start(course, "--force")
    out, _ = done.communicate()
    assert done.returncode == 1 and "--watch grades what arrives" in out


def test_there_must_be_a_course(tmp_path: Path) -> None:
    with pytest.raises(EcoleError, match="no course directory"):
        Watch(tmp_path, on_result=lambda name, result: None, on_remark=print)
