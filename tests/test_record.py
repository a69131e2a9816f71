"""The record of a batch: what an instructor reads, reopens and reruns."""

import hashlib
import json
import re
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from conftest import answered, hand_in

from autograder.grading import Batch, CellResult, Note, SubmissionResult, grade
from autograder.reporting import Record, write_record

HOSTILE = "<script>alert('x')</script> & <img src=http://example.org/x>"


def make_batch(lang: str, submissions: list[SubmissionResult]) -> Batch:
    return Batch(
        assignment="w02-laboratory-export",
        course="promotion",
        lang=lang,
        started=datetime(2026, 3, 2, 8, 30, tzinfo=UTC),
        seconds=12.5,
        engine="jupyter",
        workers=2,
        limits={"cell_seconds": 30.0},
        exam_secret_sha256="ab" * 32,
        versions={"nbgrader": "0.9.6"},
        submissions=submissions,
    )


def result(student: str, points: float, message: str | None) -> SubmissionResult:
    cells = [
        CellResult(
            notebook="n", grade_id="q1", state="error", points=points, max_points=4, message=message
        ),
        CellResult(
            notebook="n", grade_id="by_hand", state="ok", points=None, max_points=2, manual=True
        ),
    ]
    return SubmissionResult(
        student=student, state="graded", score=points, max_score=4, seconds=1.5, cells=cells
    )


SUBMISSIONS = [
    result("ada", 4, None),
    result("bob", 1, "la virgule décimale"),
    result("eve", 1, "la virgule décimale"),
    result(HOSTILE, 0, HOSTILE),
    SubmissionResult(student="max", state="missing", notes=[Note(code="nothing-submitted")]),
]


@pytest.fixture(scope="module")
def french(tmp_path_factory: pytest.TempPathFactory) -> Record:
    return write_record(make_batch("fr", SUBMISSIONS), tmp_path_factory.mktemp("batches"))


def test_files_are_named_by_time_and_assignment(french: Record) -> None:
    stem = "20260302T083000-w02-laboratory-export"
    assert (french.notebook.name, french.html.name) == (f"{stem}.ipynb", f"{stem}.html")
    assert Batch.model_validate_json(french.data.read_text()).submissions[0].student == "ada"


def test_it_says_who_was_graded_and_what_failed(french: Record) -> None:
    page = french.html.read_text()
    assert "4 notés sur 5" in page
    assert "rien de rendu" in page and "rien n'a été rendu" in page
    commonest = re.search(r"<td>q1</td>\s*<td>la virgule décimale</td>\s*<td>2</td>", page)
    assert commonest
    assert "0.9.6" in page and "abababab" in page and "ab" * 32 not in page


def test_it_has_figures_with_alternative_text(french: Record) -> None:
    images = re.findall(r"<img[^>]*>", french.html.read_text())
    assert len(images) == 3
    described = [re.search(r'alt="([^"]*)"', image) for image in images]
    assert [each and each[1] for each in described] == [
        "Part des points obtenus à chaque question : q1 38 %",
        "Répartition des notes ; médiane 1,0 / 4,0",
        "Durée d'exécution de chaque rendu, par état ; médiane 1,5 s",
    ]


def test_what_students_write_is_escaped_and_nothing_is_fetched(french: Record) -> None:
    page = french.html.read_text()
    assert "<script>alert" not in page and "<img src=http" not in page
    assert "&lt;script&gt;alert" in page
    assert "default-src 'none'" in page


def test_it_reads_in_english(tmp_path: Path) -> None:
    page = write_record(make_batch("en", SUBMISSIONS), tmp_path).html.read_text()
    assert "4 graded of 5" in page and "nothing was submitted" in page
    assert "Compte rendu" not in page


@pytest.mark.parametrize(
    "submissions", [[], SUBMISSIONS[-1:], SUBMISSIONS[:1]], ids=["nobody", "no mark", "one"]
)
def test_small_batches_have_a_record_too(
    tmp_path: Path, submissions: list[SubmissionResult]
) -> None:
    assert write_record(make_batch("fr", submissions), tmp_path).html.exists()


def test_an_instructor_can_run_it_again(french: Record, tmp_path: Path) -> None:
    batch = json.loads(french.data.read_text())
    batch["submissions"].pop()
    (tmp_path / french.data.name).write_text(json.dumps(batch))
    notebook = tmp_path / shutil.copy(french.notebook, tmp_path)
    command = [sys.executable, "-m", "nbconvert", "--execute", "--to", "notebook", "--inplace"]
    subprocess.run([*command, notebook.name], cwd=tmp_path, check=True, capture_output=True)
    assert "4 notés sur 5" in french.notebook.read_text()
    assert "4 notés sur 4" in notebook.read_text()


def test_a_graded_class_is_recorded_by_the_command(small_course: Path) -> None:
    hand_in(small_course, "ada", answered())
    hand_in(small_course, "bob", b"")
    secret = "ab12" * 16
    (small_course / "exam-secret").write_text(secret)
    command = [sys.executable, "-m", "autograder", "grade", "small", "--course", str(small_course)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "9/9" in done.stdout and "unreadable" in done.stdout
    (page,) = (small_course / "batches").glob("*.html")
    assert str(page) in done.stdout.replace("\n", "")
    (data,) = (small_course / "batches").glob("*.json")
    recorded = json.loads(data.read_text())
    assert recorded["exam_secret_sha256"] == hashlib.sha256(secret.encode()).hexdigest()
    assert not [each for each in data.parent.iterdir() if secret in each.read_text()]
    without = subprocess.run([*command, "--no-record"], capture_output=True, text=True)
    assert without.returncode == 0 and "unchanged" in without.stdout
    assert len(list((small_course / "batches").glob("*.html"))) == 1


def test_marks_in_the_record_are_those_of_the_gradebook(small_course: Path) -> None:
    hand_in(small_course, "ada", answered(root="def root(x):\n    return 0"))
    batch = grade(small_course, "small")
    assert [cell.points for cell in batch.submissions[0].cells] == [2.0, 0.0, 4.0, None]
