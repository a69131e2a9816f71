"""A batch: skipped when unchanged, started again after a kill, one writer, clear stops."""

import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path

import nbformat
import pytest
from conftest import answered, build_course, hand_in
from nbgrader.api import Gradebook

from autograder.errors import EcoleError
from autograder.examiner import sandbox
from autograder.grading import grade, open_course, release

Submit = Callable[..., Path]


def marks(course: Path) -> dict[tuple[str, str], tuple[float | None, float | None, bool]]:
    """Every grade of the gradebook: automatic, manual, waiting for a person."""
    with sqlite3.connect(course / "gradebook.db") as database:
        rows = database.execute(
            """select sa.student_id, base_cell.name, grade.auto_score, grade.manual_score,
                      grade.needs_manual_grade
               from grade join base_cell on grade.cell_id = base_cell.id
               join submitted_notebook sn on grade.notebook_id = sn.id
               join submitted_assignment sa on sn.assignment_id = sa.id"""
        ).fetchall()
    return {
        (student, cell): (auto, manual, bool(needs)) for student, cell, auto, manual, needs in rows
    }


def test_unchanged_submissions_are_skipped(small_course: Path, submit: Submit) -> None:
    submit("ada")
    submit("bob", square="def square(x):\n    return 9")
    first = grade(small_course, "small")
    assert not any(result.unchanged for result in first.submissions)
    submit("bob")
    second = grade(small_course, "small")
    assert [(r.student, r.unchanged, r.score) for r in second.submissions] == [
        ("ada", True, 9.0),
        ("bob", False, 9.0),
    ]
    forced = grade(small_course, "small", force=True)
    assert not any(result.unchanged for result in forced.submissions)


def test_a_changed_test_or_a_lost_gradebook_grades_again(
    small_course: Path, submit: Submit
) -> None:
    submit("ada")
    grade(small_course, "small")
    (small_course / "gradebook.db").unlink()
    release(open_course(small_course), "small")
    (again,) = grade(small_course, "small").submissions
    assert not again.unchanged
    path = small_course / "source" / "small" / "small.ipynb"
    source = nbformat.read(path, as_version=4)
    source.cells[-2].source = "0"
    nbformat.write(source, path)
    release(open_course(small_course), "small")
    (changed,) = grade(small_course, "small").submissions
    assert (changed.unchanged, changed.score) == (False, 5.0)


def test_only_the_students_asked_for(small_course: Path, submit: Submit) -> None:
    for student in ("ada", "bob", "eve"):
        submit(student)
    batch = grade(small_course, "small", students=["bob", "nobody"])
    states = {result.student: result.state for result in batch.submissions}
    assert states == {"bob": "graded", "nobody": "missing"}


def test_manual_marks_survive_a_regrade(small_course: Path, submit: Submit) -> None:
    submit("ada")
    grade(small_course, "small")
    with Gradebook(f"sqlite:///{small_course}/gradebook.db") as gradebook:
        gradebook.find_grade("written", "small", "small", "ada").manual_score = 0.5
        gradebook.find_grade("root_test", "small", "small", "ada").manual_score = 1.0
        gradebook.db.commit()
    grade(small_course, "small", force=True)
    found = marks(small_course)
    assert found["ada", "written"][1] == 0.5
    assert found["ada", "root_test"][:2] == (3.0, 1.0)


def test_an_old_mark_does_not_stand_for_a_new_submission(
    small_course: Path, submit: Submit
) -> None:
    submit("ada")
    grade(small_course, "small")
    hand_in(small_course, "ada", b"broken")
    grade(small_course, "small")
    assert marks(small_course)["ada", "root_test"] == (None, None, True)
    assert not (small_course / "autograded" / "ada" / "small").exists()


def test_late_penalties_are_nbgrader_s(small_course: Path, submit: Submit) -> None:
    with (small_course / "nbgrader_config.py").open("a") as config:
        config.write("c.LateSubmissionPlugin.penalty_method = 'zero'\n")
    with Gradebook(f"sqlite:///{small_course}/gradebook.db") as gradebook:
        gradebook.update_or_create_assignment("small", duedate="2026-01-10 12:00 UTC")
    submit("ada").with_name("timestamp.txt").write_text("2026-01-11 12:00 UTC")
    submit("bob").with_name("timestamp.txt").write_text("2026-01-09 12:00 UTC")
    grade(small_course, "small")
    with Gradebook(f"sqlite:///{small_course}/gradebook.db") as gradebook:
        assert gradebook.find_submission("small", "ada").late_submission_penalty == 9
        assert not gradebook.find_submission("small", "bob").late_submission_penalty


@pytest.mark.parametrize("pool", [ThreadPoolExecutor, ProcessPoolExecutor])
def test_an_executor_is_an_argument(small_course: Path, submit: Submit, pool: type) -> None:
    submit("ada")
    submit("bob", root="def root(x):\n    return x")
    with pool(2) as executor:
        batch = grade(small_course, "small", executor=executor)
    assert [result.score for result in batch.submissions] == [9.0, 6.0]


def test_a_dask_cluster_is_an_executor(small_course: Path, submit: Submit) -> None:
    distributed = pytest.importorskip("distributed", reason="needs the extra `cluster`")
    submit("ada")
    with (
        distributed.LocalCluster(
            n_workers=1, threads_per_worker=2, processes=False, dashboard_address=None
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        batch = grade(small_course, "small", executor=client.get_executor())
    assert [result.score for result in batch.submissions] == [9.0]


def test_a_worker_that_is_lost_costs_its_own_submission(small_course: Path, submit: Submit) -> None:
    class Losing(ThreadPoolExecutor):
        def submit(self, function, job, /):  # type: ignore[no-untyped-def]
            if job.student == "bob":
                return super().submit(lambda: 1 / 0)
            return super().submit(function, job)

    submit("ada")
    submit("bob")
    with Losing(2) as executor:
        batch = grade(small_course, "small", executor=executor)
    assert [result.state for result in batch.submissions] == ["graded", "killed"]


def run_grade(course: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "autograder"]
    command += ["grade", "small", "--course", str(course), "--workers", "2", "--no-record"]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def test_killed_at_any_moment_and_started_again(tmp_path: Path) -> None:
    """SIGKILL five times, then once to the end: the gradebook of an undisturbed run."""
    wrong = {
        "square": "def square(x):\n    return 9",
        "root": "def root(x):\n    return x",
        "share": "def share(x):\n    return 1",
    }
    courses = [build_course(tmp_path / name) for name in ("disturbed", "calm")]
    for course in courses:
        for number in range(6):
            draw = random.Random(number)
            chosen = dict(draw.sample(sorted(wrong.items()), k=number % 4))
            hand_in(course, f"student-{number}", answered(**chosen))
    draw = random.Random(1)
    for _ in range(5):
        process = run_grade(courses[0])
        time.sleep(draw.uniform(1.0, 4.0))
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        with sqlite3.connect(courses[0] / "gradebook.db") as database:
            assert database.execute("pragma integrity_check").fetchone() == ("ok",)
    for course in courses:
        assert run_grade(course).wait() == 0
    assert marks(courses[0]) == marks(courses[1])
    assert len(marks(courses[0])) == 6 * 4
    trees = [
        sorted(path.relative_to(course) for path in (course / "autograded").rglob("*"))
        for course in courses
    ]
    assert trees[0] == trees[1]


def test_a_locked_gradebook_is_waited_for(small_course: Path, submit: Submit) -> None:
    with (small_course / "nbgrader_config.py").open("a") as config:
        # SQLite itself would wait for five seconds
        config.write(
            f"c.CourseDirectory.db_url = 'sqlite:///{small_course}/gradebook.db?timeout=0'\n"
            "c.Cohort.lock_seconds = 30\n"
        )
    submit("ada")
    with sqlite3.connect(small_course / "gradebook.db", check_same_thread=False) as other:
        other.execute("begin exclusive")
        with ThreadPoolExecutor(1) as thread:
            graded = thread.submit(grade, small_course, "small")
            time.sleep(3)
            other.rollback()
            assert [result.score for result in graded.result().submissions] == [9.0]


def test_a_gradebook_that_stays_locked_is_said(small_course: Path, submit: Submit) -> None:
    submit("ada")
    with sqlite3.connect(small_course / "gradebook.db") as other:
        other.execute("begin exclusive")
        with pytest.raises(EcoleError, match="locked by another process"):
            grade(small_course, "small")
        other.rollback()
    assert [result.score for result in grade(small_course, "small").submissions] == [9.0]


def test_two_batches_at_once_are_refused(small_course: Path, submit: Submit) -> None:
    submit("ada")
    with open_course(small_course).lock(), pytest.raises(EcoleError, match="at work"):
        grade(small_course, "small")


def test_a_full_disk_is_said_and_loses_nothing(small_disk: Path) -> None:
    course = build_course(small_disk / "course")
    hand_in(course, "ada", answered())
    grade(course, "small")
    hand_in(course, "ada", answered(square="def square(x):\n    return 0"))
    hand_in(course, "bob", answered())
    filler = small_disk / "filler"
    with filler.open("wb", buffering=0) as file, pytest.raises(OSError, match="No space"):
        while True:
            file.write(b"0" * 4096)
    with pytest.raises(EcoleError, match="disk is full"):
        grade(course, "small")
    filler.unlink()
    batch = grade(course, "small")
    assert [(r.student, r.score) for r in batch.submissions] == [("ada", 7.0), ("bob", 9.0)]


@pytest.mark.parametrize(
    ("prepare", "message"),
    [
        (lambda root: None, "no course directory"),
        (lambda root: (root / "source").mkdir(), "has not been released"),
        (lambda root: (root / "nbgrader_config.py").write_text("c = 1/0"), "division by zero"),
        (
            lambda root: (root / "nbgrader_config.py").write_text(
                "c = get_config()\nc.Cohort.lang = 'de'"
            ),
            "lang",
        ),
        (
            lambda root: (
                (root / "nbgrader_config.py").write_text("c = get_config()"),
                (root / "gradebook.db").write_bytes(b"not a database at all" * 100),
            ),
            "gradebook cannot be used",
        ),
    ],
    ids=["no course", "not released", "config fails", "config wrong", "gradebook broken"],
)
def test_what_cannot_be_graded_says_what_to_do(
    tmp_path: Path, prepare: Callable[[Path], object], message: str
) -> None:
    prepare(tmp_path)
    with pytest.raises(EcoleError, match=message):
        grade(tmp_path, "small")


def test_a_kernel_that_is_not_installed_is_named(small_course: Path, submit: Submit) -> None:
    with Gradebook(f"sqlite:///{small_course}/gradebook.db") as gradebook:
        gradebook.find_notebook("small", "small").kernelspec = '{"name": "julia-1.9"}'
        gradebook.db.commit()
    submit("ada")
    with pytest.raises(EcoleError, match=r"julia-1\.9"):
        grade(small_course, "small")


@pytest.mark.parametrize("mode", ["none", "strongest"])
def test_a_machine_that_cannot_confine_is_said_at_once(
    small_course: Path, submit: Submit, monkeypatch: pytest.MonkeyPatch, mode: str
) -> None:
    if mode == "none" and not sandbox.why_not(sandbox.Mode.none):
        pytest.skip("this machine can enter the mode none")
    submit("ada")
    monkeypatch.setenv("ECOLE_SANDBOX", mode)
    with pytest.raises(EcoleError, match="cannot be confined here"):
        grade(small_course, "small", engine="examiner")
    assert grade(small_course, "small", engine="jupyter").submissions[0].score == 9
