"""Validate: the examiner's engine gives the verdict of the student's own kernel, in less time."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest
from conftest import answered, cell_of
from nbformat import NotebookNode
from nbgrader.utils import compute_checksum
from nbgrader.validator import Validator
from traitlets.config import Config

from autograder.authoring.checks.specimens import submit
from autograder.authoring.masters import assignment
from autograder.authoring.specimens import read_specimens
from autograder.examiner import sandbox
from autograder.grading.validate import PREPROCESSORS

Results = dict[str, list[dict[str, str]]]
Home = Callable[..., Path]

W01 = "w01-pathways"
UNANSWERED = "# YOUR CODE HERE\nraise NotImplementedError()"


def stock(path: Path) -> Results:
    return Validator(config=Config()).validate(str(path))


def ours(path: Path, **cohort: Any) -> Results:
    config = Config({"Cohort": cohort, "Execute": {"timeout": 2}})
    config.Validator.preprocessors = PREPROCESSORS
    return Validator(config=config).validate(str(path))


def verdict(results: Results) -> dict[str, list[str]]:
    """What is said of which cells, by the end of their source: messages may stand above it."""
    return {kind: [cell["source"][-40:] for cell in cells] for kind, cells in results.items()}


def as_fetched(notebook: NotebookNode) -> NotebookNode:
    """With the checksums of the released assignment."""
    for cell in answered().cells:
        if cell.metadata.get("nbgrader", {}).get("locked"):
            grade_id = cell.metadata["nbgrader"]["grade_id"]
            cell_of(notebook, grade_id).metadata["nbgrader"]["checksum"] = compute_checksum(cell)
    return notebook


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """`home(square="…")`: a student's notebook with these answers, and the assignment's file."""

    def write(notebook: NotebookNode | None = None, **answers: str) -> Path:
        (tmp_path / "data.csv").write_text("a;b\n1;2\n")
        path = tmp_path / "small.ipynb"
        nbformat.write(as_fetched(notebook or answered(**answers)), path)
        return path

    return write


@pytest.mark.parametrize(
    "answers",
    [
        {},
        {"square": UNANSWERED, "root": UNANSWERED, "share": UNANSWERED},
        {"root": "def root(x):\n    return x", "share": "def share(x):\n    return 1"},
        {"root": "def root(x):\n    return 1 / 0"},
        {"root": "root = lambda x: x ** 0.5  # )\n(", "square": "square = pow"},
        {"square": "square = lambda x: int(open('data.csv').read()[-2]) * x * x / 2"},
    ],
    ids=["right", "unanswered", "wrong", "raises", "syntax", "reads its file"],
)
def test_the_verdict_is_nbgrader_s(home: Home, answers: dict[str, str]) -> None:
    path = home(**answers)
    assert verdict(ours(path)) == verdict(stock(path))


def test_a_changed_cell_is_said_first(home: Home) -> None:
    notebook = answered(root="def root(x):\n    return x")
    cell_of(notebook, "square_test").source = "True"
    path = home(notebook)
    assert verdict(ours(path)) == verdict(stock(path)) == {"changed": ["True"]}
    cell_of(notebook, "square_test").metadata["nbgrader"]["cell_type"] = "markdown"
    path = home(notebook)
    assert verdict(ours(path)) == verdict(stock(path)) == {"type_changed": ["True"]}


def test_cells_run_as_in_their_kernel(home: Home) -> None:
    """Each after the other in one process: a test's names are those of the cells below it."""
    notebook = answered()
    cell_of(notebook, "square_test").source = "helper = square\nassert square(3) == 9"
    cell_of(notebook, "root").source = "def root(x):\n    return helper(x) ** 0.25"
    path = home(notebook)
    notebook = nbformat.read(path, as_version=4)
    marked = cell_of(notebook, "square_test").metadata["nbgrader"]
    marked["checksum"] = compute_checksum(cell_of(notebook, "square_test"))
    nbformat.write(notebook, path)
    assert ours(path) == {}


def test_what_failed_is_said_before_the_test(home: Home) -> None:
    (failed,) = ours(home(root="def root(x):\n    return x"))["failed"]
    assert failed["source"].startswith("# ✗ the root of 16\n")
    assert failed["error"].startswith("the root of 16\n")
    assert "AssertionError" in failed["error"]


def test_a_warning_costs_nothing_as_when_graded(home: Home) -> None:
    warns = "import warnings\ndef root(x):\n    warnings.warn('careful')\n    return x ** 0.5"
    assert ours(home(root=warns)) == {}


@pytest.mark.parametrize(
    ("lang", "sentence"), [("en", "was not run"), ("fr", "n'a pas été exécutée")]
)
def test_a_process_that_dies_passes_nothing(home: Home, lang: str, sentence: str) -> None:
    path = home(square="import os\nos._exit(0)")
    failed = ours(path, lang=lang)["failed"]
    assert len(failed) == 3
    assert all(sentence in cell["raw_error"] for cell in failed)


def test_an_endless_loop_costs_its_own_question(home: Home) -> None:
    failed = ours(home(root="while True:\n    pass"))["failed"]
    assert [cell["source"].splitlines()[-1] for cell in failed] == [
        "assert abs(root(16) - 4) < 1e-9, 'the root of 16'"
    ]


def test_the_student_s_folder_is_left_as_it_was(home: Home) -> None:
    path = home(square="open('data.csv', 'w').write('gone')\nopen('new.txt', 'w')\nsquare = abs")
    before = path.read_bytes()
    ours(path)
    assert (path.parent / "data.csv").read_text() == "a;b\n1;2\n"
    assert sorted(each.name for each in path.parent.iterdir()) == ["data.csv", "small.ipynb"]
    assert path.read_bytes() == before


@pytest.mark.parametrize("mode", ["landlock", "none", "no such sandbox"])
def test_in_each_sandbox_and_without_any(
    home: Home, monkeypatch: pytest.MonkeyPatch, mode: str
) -> None:
    monkeypatch.setenv("ECOLE_SANDBOX", mode)
    confined = mode in list(sandbox.Mode) and not sandbox.why_not(sandbox.best_mode())
    path = home(root="open('written', 'w').close()\ndef root(x):\n    return x")
    (failed,) = ours(path)["failed"]
    assert failed["error"].startswith("the root of 16\n")
    assert (path.parent / "written").exists() != confined, "only a kernel writes in the folder"


def test_a_crowded_folder_is_left_to_the_kernel(home: Home) -> None:
    path = home(square="open('written', 'w').close()\nsquare = lambda x: x * x")
    for number in range(1001):
        (path.parent / f"{number}.txt").touch()
    assert ours(path) == {}
    assert (path.parent / "written").exists()


@pytest.mark.parametrize("specimen", ["empty", "wrong_by_patient", "trap_order_of_reception"])
def test_specimens_get_nbgrader_s_verdict(
    delivered_workspace: Path, tmp_path: Path, specimen: str
) -> None:
    master = assignment(W01)
    released = delivered_workspace / ".ecole/built/assignments" / W01
    (chosen,) = (each for each in read_specimens(master) if each.name == specimen)
    submit(chosen, master, released, tmp_path, "fr")
    path = tmp_path / W01 / f"{W01}.ipynb"
    assert verdict(ours(path)) == verdict(stock(path))


def test_nbgrader_validate_with_the_configuration(home: Home) -> None:
    path = home(root="def root(x):\n    return x")
    (path.parent / "nbgrader_config.py").write_text(
        "from autograder.grading.validate import PREPROCESSORS\n"
        "c = get_config()\nc.Validator.preprocessors = PREPROCESSORS\n"
    )
    command = [sys.executable, "-m", "nbgrader", "validate", path.name]
    done = subprocess.run(command, cwd=path.parent, capture_output=True, text=True)
    assert "VALIDATION FAILED ON 1 CELL(S)" in done.stdout
    assert "# ✗ the root of 16" in done.stdout
