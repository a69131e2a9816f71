"""Whatever is handed in gets a state, loses nothing, and never stops the others.

One class of troubles is graded once; each test looks at its own trouble.
"""

import json
import os
import sqlite3
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest
from conftest import answered, build_course, cell_of, hand_in, small_notebook
from nbformat.v4 import new_code_cell, new_raw_cell
from nbgrader.api import Gradebook

from autograder.grading import Batch, SubmissionResult, grade

# the class is graded once, by one worker
pytestmark = pytest.mark.xdist_group("troubles")
FULL = 9.0
TROUBLES: dict[str, Callable[[Path, str], None]] = {}


def trouble(function: Callable[[Path, str], None]) -> Callable[[Path, str], None]:
    TROUBLES[function.__name__] = function
    return function


@trouble
def honest(course: Path, student: str) -> None:
    hand_in(course, student, answered())


@trouble
def honest_too(course: Path, student: str) -> None:
    hand_in(course, student, answered(square="def square(x):\n    return 9"))


@trouble
def not_json(course: Path, student: str) -> None:
    hand_in(course, student, b"%PDF-1.7 no notebook at all")


@trouble
def empty_file(course: Path, student: str) -> None:
    hand_in(course, student, b"")


@trouble
def not_a_notebook(course: Path, student: str) -> None:
    hand_in(course, student, json.dumps({"cells": "none", "nbformat": 4}))


@trouble
def a_list(course: Path, student: str) -> None:
    hand_in(course, student, "[1, 2]")


@trouble
def deep_json(course: Path, student: str) -> None:
    hand_in(course, student, "[" * 200_000 + "]" * 200_000)


@trouble
def deep_metadata(course: Path, student: str) -> None:
    document = json.loads(nbformat.writes(answered()))
    nested: dict[str, object] = {}
    for _ in range(500):
        nested = {"deeper": nested}
    document["metadata"]["deep"] = nested
    hand_in(course, student, json.dumps(document))


@trouble
def lone_surrogates(course: Path, student: str) -> None:
    text = nbformat.writes(answered()).replace("a written answer", "half \\ud83d of a pair")
    hand_in(course, student, text)


@trouble
def nbformat_3(course: Path, student: str) -> None:
    hand_in(course, student, json.dumps(nbformat.convert(answered(), 3)))


@trouble
def nbformat_5(course: Path, student: str) -> None:
    document = json.loads(nbformat.writes(answered()))
    document["nbformat"] = 5
    hand_in(course, student, json.dumps(document))


@trouble
def newer_minor(course: Path, student: str) -> None:
    document = json.loads(nbformat.writes(answered()))
    document["nbformat_minor"] = 99
    document["cells"][0]["invented_later"] = {"x": 1}
    hand_in(course, student, json.dumps(document))


@trouble
def too_large(course: Path, student: str) -> None:
    hand_in(course, student, answered(square="x = '" + "x" * 6_000_000 + "'"))


@trouble
def missing_test_cell(course: Path, student: str) -> None:
    notebook = answered()
    notebook.cells.remove(cell_of(notebook, "square_test"))
    hand_in(course, student, notebook)


@trouble
def missing_solution_cell(course: Path, student: str) -> None:
    notebook = answered()
    notebook.cells.remove(cell_of(notebook, "root"))
    hand_in(course, student, notebook)


@trouble
def duplicated_test_cell(course: Path, student: str) -> None:
    notebook = answered()
    notebook.cells.append(nbformat.from_dict(cell_of(notebook, "square_test")))
    hand_in(course, student, notebook)


@trouble
def duplicated_solution_cell(course: Path, student: str) -> None:
    notebook = answered()
    copy = nbformat.from_dict(json.loads(json.dumps(cell_of(notebook, "square"))))
    copy.source = "def square(x):\n    return 0"
    notebook.cells.insert(2, copy)
    hand_in(course, student, notebook)


@trouble
def renamed_cell(course: Path, student: str) -> None:
    notebook = answered()
    cell_of(notebook, "root_test").metadata.nbgrader["grade_id"] = "mine"
    hand_in(course, student, notebook)


@trouble
def raw_test_cell(course: Path, student: str) -> None:
    notebook = answered()
    cell = cell_of(notebook, "square_test")
    raw = new_raw_cell(cell.source, metadata=cell.metadata)
    notebook.cells[notebook.cells.index(cell)] = raw
    hand_in(course, student, notebook)


@trouble
def edited_locked_cells(course: Path, student: str) -> None:
    notebook = answered(square="def square(x):\n    return 0")
    cell_of(notebook, "square_test").source = "pass"
    cell_of(notebook, "imports").source = "import antigravity_no_such_module"
    hand_in(course, student, notebook)


@trouble
def edited_metadata(course: Path, student: str) -> None:
    notebook = answered(square="def square(x):\n    return 0")
    metadata = cell_of(notebook, "square_test").metadata.nbgrader
    metadata.update(points=1000, grade=False, schema_version=99, locked="no")
    cell_of(notebook, "root_test").metadata["nbgrader"] = {"grade_id": "root_test"}
    cell_of(notebook, "share_test").metadata["nbgrader"] = ["nonsense"]
    hand_in(course, student, notebook)


@trouble
def tags(course: Path, student: str) -> None:
    notebook = answered(square="def square(x):\n    return 0")
    for cell in notebook.cells:
        cell.metadata["tags"] = ["skip-execution", "papermill-error-cell-tag", "raises-exception"]
        cell.metadata["ecole"] = {"execution": {"state": "ok", "seconds": 0, "sealed": True}}
    notebook.metadata["ecole"] = {"submission": {"fingerprint": "", "state": "graded"}}
    hand_in(course, student, notebook)


@trouble
def wrong_kernelspec(course: Path, student: str) -> None:
    notebook = answered()
    notebook.metadata["kernelspec"] = {"name": "no-such-kernel", "display_name": "x"}
    hand_in(course, student, notebook)


@trouble
def syntax_error(course: Path, student: str) -> None:
    hand_in(course, student, answered(root="def root(x)\n    return"))


@trouble
def infinite_loop(course: Path, student: str) -> None:
    hand_in(course, student, answered(root="while True:\n    pass"))


@trouble
def infinite_test(course: Path, student: str) -> None:
    hand_in(course, student, answered(root="def root(x):\n    while True: pass"))


@trouble
def ignores_interrupts(course: Path, student: str) -> None:
    code = (
        "import signal\n"
        "for number in (signal.SIGINT, signal.SIGALRM, signal.SIGTERM):\n"
        "    signal.signal(number, signal.SIG_IGN)\n"
        "while True:\n    pass"
    )
    hand_in(course, student, answered(root=code))


@trouble
def killed_kernel(course: Path, student: str) -> None:
    hand_in(course, student, answered(root="import os\nos.kill(os.getpid(), 9)"))


@trouble
def bytes_to_descriptors(course: Path, student: str) -> None:
    code = (
        "import os\n"
        "for fd in range(3, 200):\n"
        "    try:\n"
        "        os.set_blocking(fd, False)\n"
        "        os.write(fd, os.urandom(500))\n"
        "    except OSError:\n"
        "        pass\n"
    )
    hand_in(course, student, answered(root=code))


@trouble
def sys_exit(course: Path, student: str) -> None:
    hand_in(course, student, answered(root="import sys\nsys.exit()"))


@trouble
def exit_function(course: Path, student: str) -> None:
    hand_in(course, student, answered(root="exit()"))


@trouble
def much_output(course: Path, student: str) -> None:
    code = "for _ in range(200):\n    print('x' * 1_000_000)"
    hand_in(course, student, answered(root=code))


@trouble
def much_output_in_test(course: Path, student: str) -> None:
    code = "def share(x):\n    print('x' * 3_000_000)\n    return x / 4"
    wrong = "def square(x):\n    print('x' * 3_000_000)\n    return 0"
    hand_in(course, student, answered(share=code, square=wrong))


@trouble
def warning_on_stderr(course: Path, student: str) -> None:
    code = "import warnings\ndef square(x):\n    warnings.warn('careful')\n    return x * x"
    hand_in(course, student, answered(square=code))


@trouble
def displayhook(course: Path, student: str) -> None:
    code = "import sys\ndef square(x):\n    sys.displayhook(1)\n    return x * x"
    share = "import sys\ndef share(x):\n    sys.displayhook(4)\n    return 0"
    hand_in(course, student, answered(square=code, share=share))


@trouble
def negative_result(course: Path, student: str) -> None:
    code = (
        "def share(x):\n"
        "    class Odd:\n"
        "        def __eq__(self, other): return -100\n"
        "    return Odd()"
    )
    hand_in(course, student, answered(share=code))


@trouble
def extra_notebook(course: Path, student: str) -> None:
    path = hand_in(course, student, answered())
    path.with_name("draft.ipynb").write_text("not even a notebook")


@trouble
def other_name(course: Path, student: str) -> None:
    path = hand_in(course, student, answered())
    path.rename(path.with_name("small (1).ipynb"))


@trouble
def unreadable_file(course: Path, student: str) -> None:
    path = hand_in(course, student, answered())
    path.unlink()
    path.mkdir()


@trouble
def linked_file(course: Path, student: str) -> None:
    path = hand_in(course, student, answered())
    path.unlink()
    path.symlink_to(course / "source" / "small" / "small.ipynb")


@trouble
def linked_data(course: Path, student: str) -> None:
    path = hand_in(course, student, answered())
    path.with_name("stolen.csv").symlink_to(course / "nbgrader_config.py")


@trouble
def empty_folder(course: Path, student: str) -> None:
    hand_in(course, student, b"").unlink()


@trouble
def bad_timestamp(course: Path, student: str) -> None:
    hand_in(course, student, answered()).with_name("timestamp.txt").write_text("yesterday")


@trouble
def shadowing_files(course: Path, student: str) -> None:
    path = hand_in(course, student, answered())
    for module in ("papermill", "nbformat", "json", "autograder"):
        path.with_name(f"{module}.py").write_text("raise SystemExit('shadowed')")


@trouble
def child_left_running(course: Path, student: str) -> None:
    marker = course / "left-running"
    code = (
        "import subprocess, sys\n"
        "later = 'import time, pathlib; time.sleep(20); pathlib.Path(%r).touch()'\n"
        f"subprocess.Popen([sys.executable, '-c', later % {str(marker)!r}], "
        "start_new_session=True)\n"
        "def root(x):\n    return x ** 0.5"
    )
    hand_in(course, student, answered(root=code))


class Class:
    """The graded class: results by student, and the course directory."""

    def __init__(self, course: Path, batch: Batch) -> None:
        self.course = course
        self.batch = batch
        self.results = {result.student: result for result in batch.submissions}

    def __getitem__(self, student: str) -> SubmissionResult:
        return self.results[student]

    def points(self, student: str) -> dict[str, float | None]:
        return {cell.grade_id: cell.points for cell in self[student].cells if not cell.manual}

    def notes(self, student: str) -> set[str]:
        return {note.code for note in self[student].notes}

    def recorded(self, student: str) -> dict[str, float | None]:
        with Gradebook(f"sqlite:///{self.course}/gradebook.db") as gradebook:
            grades = gradebook.find_submission_notebook("small", "small", student).grades
            return {grade.name: grade.auto_score for grade in grades if grade.name != "written"}


@pytest.fixture(scope="module", params=["jupyter", "examiner"])
def graded_class(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Class:
    course = build_course(tmp_path_factory.mktemp("troubles") / "course")
    for student, hand in TROUBLES.items():
        hand(course, student)
    with Gradebook(f"sqlite:///{course}/gradebook.db") as gradebook:
        gradebook.add_student("never_came")
    return Class(course, grade(course, "small", engine=request.param, workers=4))


def test_every_student_has_a_state(graded_class: Class) -> None:
    assert set(graded_class.results) == {*TROUBLES, "never_came"}


def test_the_honest_ones_are_graded_among_the_others(graded_class: Class) -> None:
    assert graded_class["honest"].state == "graded"
    assert graded_class["honest"].score == FULL
    assert graded_class["honest_too"].score == FULL - 2
    assert graded_class.recorded("honest_too") == {
        "square_test": 0.0,
        "root_test": 3.0,
        "share_test": 4.0,
    }
    message = next(c.message for c in graded_class["honest_too"].cells if c.points == 0)
    assert message == "squares of negative numbers"


@pytest.mark.parametrize(
    ("student", "reason"),
    [
        ("not_json", "not JSON"),
        ("empty_file", "empty file"),
        ("not_a_notebook", "not a notebook"),
        ("a_list", "not a notebook"),
        ("deep_json", "not JSON"),
        ("deep_metadata", "not a notebook"),
        ("nbformat_5", "too new"),
        ("too_large", "too large"),
        ("unreadable_file", "not a regular file"),
        ("linked_file", "symbolic link"),
    ],
)
def test_unreadable(graded_class: Class, student: str, reason: str) -> None:
    result = graded_class[student]
    assert result.state == "unreadable"
    assert result.score is None
    assert reason in " ".join(note.text("en") for note in result.notes)
    assert set(graded_class.recorded(student).values()) == {None}


@pytest.mark.parametrize("student", ["other_name", "empty_folder", "never_came"])
def test_missing(graded_class: Class, student: str) -> None:
    assert graded_class[student].state == "missing"
    assert graded_class[student].score is None


def test_a_misnamed_notebook_is_named(graded_class: Class) -> None:
    text = " ".join(note.text("en") for note in graded_class["other_name"].notes)
    assert "small.ipynb" in text and "small (1).ipynb" in text


@pytest.mark.parametrize(
    "student",
    [
        "nbformat_3",
        "newer_minor",
        "lone_surrogates",
        "wrong_kernelspec",
        "extra_notebook",
        "warning_on_stderr",
        "linked_data",
        "bad_timestamp",
        "shadowing_files",
    ],
)
def test_graded_in_full_all_the_same(graded_class: Class, student: str) -> None:
    result = graded_class[student]
    assert (result.state, result.score) == ("graded", FULL), result.notes


def test_a_link_is_not_followed(graded_class: Class) -> None:
    assert "file-left-out" in graded_class.notes("linked_data")
    folder = graded_class.course / "autograded" / "linked_data" / "small"
    assert not (folder / "stolen.csv").exists()
    assert (folder / "data.csv").read_text() == "a;b\n1;2\n"


@pytest.mark.parametrize(
    ("student", "note"),
    [
        ("missing_test_cell", "cell-missing"),
        ("duplicated_test_cell", "cell-duplicated"),
        ("duplicated_solution_cell", "cell-duplicated"),
        ("renamed_cell", "cell-unknown"),
        ("raw_test_cell", "cell-retyped"),
    ],
)
def test_altered_cells_are_put_right(graded_class: Class, student: str, note: str) -> None:
    result = graded_class[student]
    assert result.state == "altered"
    assert note in graded_class.notes(student)
    assert result.score == FULL


def test_a_missing_solution_costs_its_own_question(graded_class: Class) -> None:
    assert graded_class["missing_solution_cell"].state == "altered"
    points = {"square_test": 2.0, "root_test": 0.0, "share_test": 4.0}
    assert graded_class.points("missing_solution_cell") == points
    assert graded_class.recorded("missing_solution_cell") == points


def test_edits_of_locked_cells_are_undone_and_said(graded_class: Class) -> None:
    result = graded_class["edited_locked_cells"]
    assert (result.state, result.score) == ("graded", FULL - 2)
    restored = {n.details["cell"] for n in result.notes if n.code == "locked-restored"}
    assert restored == {"square_test", "imports"}


def test_edits_of_metadata_are_undone(graded_class: Class) -> None:
    result = graded_class["edited_metadata"]
    assert result.score == FULL - 2
    assert result.max_score == FULL


def test_tags_and_planted_records_are_erased(graded_class: Class) -> None:
    assert graded_class["tags"].state == "graded"
    assert graded_class["tags"].score == FULL - 2


@pytest.mark.parametrize("student", ["syntax_error", "sys_exit"])
def test_a_cell_that_fails_costs_its_own_question(graded_class: Class, student: str) -> None:
    assert graded_class[student].state == "graded"
    assert graded_class[student].score == FULL - 3


def test_exit_ends_the_process_and_gives_no_mark(graded_class: Class) -> None:
    result = graded_class["exit_function"]
    assert (result.state, result.score) in (("graded", FULL - 3), ("killed", None))


@pytest.mark.parametrize("student", ["infinite_loop", "infinite_test"])
def test_a_cell_out_of_time_costs_its_own_question(graded_class: Class, student: str) -> None:
    result = graded_class[student]
    assert (result.state, result.score) == ("partial", FULL - 3)
    assert "cell-timeout" in graded_class.notes(student)


@pytest.mark.parametrize(
    ("student", "states"),
    [
        ("ignores_interrupts", {"timeout"}),
        ("killed_kernel", {"killed"}),
        ("bytes_to_descriptors", {"timeout", "killed"}),
    ],
)
def test_no_mark_unless_every_graded_cell_ran(
    graded_class: Class, student: str, states: set[str]
) -> None:
    result = graded_class[student]
    assert result.state in states
    assert result.score is None
    assert set(graded_class.recorded(student).values()) == {None}


def test_what_ran_before_a_kill_is_kept(graded_class: Class) -> None:
    path = graded_class.course / "autograded" / "killed_kernel" / "small" / "small.ipynb"
    notebook = nbformat.read(path, as_version=4)
    states = [c.metadata.ecole.execution.state for c in notebook.cells if c.cell_type == "code"]
    if graded_class.batch.engine == "examiner":  # its tests wait for the last cell
        assert states == ["ok", "ok", "not-run", "killed", "not-run", "not-run", "not-run"]
    else:
        assert states == ["ok", "ok", "ok", "killed", "not-run", "not-run", "not-run"]


def test_output_is_bounded(graded_class: Class) -> None:
    # 200 MB may or may not fit into the seconds of a cell: its own question is lost either way
    assert graded_class["much_output"].state in ("graded", "partial")
    assert graded_class["much_output"].score == FULL - 3
    for student in ("much_output", "much_output_in_test"):
        path = graded_class.course / "autograded" / student / "small" / "small.ipynb"
        assert path.stat().st_size < 1_000_000


def test_a_flood_hides_neither_an_error_nor_a_partial_mark(graded_class: Class) -> None:
    points = {"square_test": 0.0, "root_test": 3.0, "share_test": 4.0}
    assert graded_class.points("much_output_in_test") == points


def test_only_the_test_cell_s_own_value_is_partial_credit(graded_class: Class) -> None:
    points = {"square_test": 2.0, "root_test": 3.0, "share_test": 0.0}
    assert graded_class.points("displayhook") == points


def test_a_negative_value_is_zero(graded_class: Class) -> None:
    assert graded_class.points("negative_result")["share_test"] == 0.0


def test_what_a_submission_starts_ends_with_it(graded_class: Class) -> None:
    assert graded_class["child_left_running"].score == FULL
    assert not (graded_class.course / "left-running").exists()


def test_notes_read_in_both_languages(graded_class: Class) -> None:
    for result in graded_class.batch.submissions:
        for note in result.notes:
            french, english = note.text("fr"), note.text("en")
            assert french and english and french != english
            assert "{" not in french + english


def test_written_answers_wait_for_a_person(graded_class: Class) -> None:
    with Gradebook(f"sqlite:///{graded_class.course}/gradebook.db") as gradebook:
        notebook = gradebook.find_submission_notebook("small", "small", "honest")
        assert notebook.needs_manual_grade


def test_the_gradebook_is_whole(graded_class: Class) -> None:
    with sqlite3.connect(graded_class.course / "gradebook.db") as database:
        assert database.execute("pragma integrity_check").fetchone() == ("ok",)


def test_names_with_braces_spaces_and_accents(tmp_path: Path) -> None:
    course = build_course(tmp_path / "cours d'été {1}", "TP n° 1 {bis}", "réponse {0}")
    folder = course / "submitted" / "Zoë {x} [2]" / "TP n° 1 {bis}"
    folder.mkdir(parents=True)
    nbformat.write(answered(), folder / "réponse {0}.ipynb")
    (folder / "donnée {é}.csv").write_text("1")
    batch = grade(course, "TP n° 1 {bis}")
    (result,) = batch.submissions
    assert (result.state, result.score) == ("graded", FULL)
    kept = course / "autograded" / "Zoë {x} [2]" / "TP n° 1 {bis}"
    assert (kept / "donnée {é}.csv").exists()


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads any file: run as an ordinary user")
def test_a_file_without_read_permission(small_course: Path) -> None:
    hand_in(small_course, "ada", answered()).chmod(0)
    (result,) = grade(small_course, "small").submissions
    assert result.state == "unreadable"


def test_a_notebook_that_was_not_handed_in_counts_zero(tmp_path: Path) -> None:
    course = build_course(tmp_path / "course")
    second = small_notebook()
    nbformat.write(second, course / "source" / "small" / "second.ipynb")
    from autograder.grading import open_course, release

    release(open_course(course), "small")
    hand_in(course, "ada", answered())
    (result,) = grade(course, "small").submissions
    assert (result.state, result.score, result.max_score) == ("altered", FULL, 2 * FULL)
    assert result.notes[0].text("en").startswith("second.ipynb was not submitted")


def test_new_code_cells_of_the_student_are_executed(small_course: Path) -> None:
    notebook = answered(square="square = helper")
    notebook.cells.insert(1, new_code_cell("def helper(x):\n    return x * x"))
    hand_in(small_course, "ada", notebook)
    (result,) = grade(small_course, "small").submissions
    assert (result.state, result.score) == ("graded", FULL)
