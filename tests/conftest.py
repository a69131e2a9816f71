"""A small nbgrader course that any test can grade in a second or two."""

import shutil
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from autograder.grading import open_course, release
from autograder.learning import prepare_workspace

CONFIG = """
c = get_config()
c.CourseDirectory.course_id = "small"
c.Cohort.lang = "en"
c.Execute.timeout = 4
c.Cohort.submission_seconds = 20
c.Cohort.output_bytes = 200_000
c.Cohort.submission_bytes = 5_000_000
c.Cohort.lock_seconds = 2
"""


def pytest_configure() -> None:
    """Let what the tests start be interrupted: a shell has its background jobs ignore SIGINT."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


def graded(cell: NotebookNode, grade_id: str, **settings: object) -> NotebookNode:
    """Give a cell nbgrader's metadata."""
    metadata = {
        "schema_version": 3,
        "grade_id": grade_id,
        "grade": False,
        "solution": False,
        "locked": False,
        "task": False,
    }
    cell.metadata["nbgrader"] = metadata | settings
    return cell


def question(name: str, solution: str, tests: str, points: float) -> list[NotebookNode]:
    """A solution cell and its locked test cell."""
    answer = f"### BEGIN SOLUTION\n{solution}\n### END SOLUTION"
    return [
        graded(new_code_cell(answer), name, solution=True),
        graded(new_code_cell(tests), f"{name}_test", grade=True, locked=True, points=points),
    ]


def small_notebook() -> NotebookNode:
    """Three questions by tests (2, 3 and 4 points), one by hand (1 point)."""
    notebook = new_notebook()
    notebook.metadata["kernelspec"] = {"name": "python3", "language": "python", "display_name": "P"}
    notebook.cells = [
        new_markdown_cell("# A small assignment"),
        graded(new_code_cell("import math"), "imports", locked=True),
        *question(
            "square",
            "def square(x):\n    return x * x",
            "assert square(3) == 9, 'the square of 3'\n### BEGIN HIDDEN TESTS\n"
            "assert square(-5) == 25, 'squares of negative numbers'\n### END HIDDEN TESTS",
            2,
        ),
        *question(
            "root",
            "def root(x):\n    return math.sqrt(x)",
            "assert abs(root(16) - 4) < 1e-9, 'the root of 16'",
            3,
        ),
        *question(
            "share",
            "def share(x):\n    return x / 4",
            "sum(share(x) == x / 4 for x in (1, 2, 3, 4))",
            4,
        ),
        graded(
            new_markdown_cell("a written answer"), "written", grade=True, solution=True, points=1
        ),
    ]
    return notebook


def build_course(root: Path, name: str = "small", notebook: str | None = None) -> Path:
    """A released nbgrader course with one assignment of one notebook."""
    notebook = notebook or name
    folder = root / "source" / name
    folder.mkdir(parents=True)
    (root / "nbgrader_config.py").write_text(CONFIG)
    nbformat.write(small_notebook(), folder / f"{notebook}.ipynb")
    (folder / "data.csv").write_text("a;b\n1;2\n")
    release(open_course(root), name)
    return root


@pytest.fixture(scope="session")
def released_course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A released course to copy: nbgrader takes seconds to make a gradebook."""
    return build_course(tmp_path_factory.mktemp("released") / "course")


@pytest.fixture(scope="session")
def delivered_workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A self-learner's French workspace to copy: each assignment takes nbgrader its time."""
    return prepare_workspace(tmp_path_factory.mktemp("delivered") / "home", "fr").root


@pytest.fixture
def small_course(released_course: Path, tmp_path: Path) -> Path:
    """A released course without submissions."""
    return Path(shutil.copytree(released_course, tmp_path / "course"))


def answered(**answers: str) -> NotebookNode:
    """The released notebook with the reference's answers, or those given by solution cell."""
    notebook = small_notebook()
    for cell in notebook.cells:
        grade_id = cell.metadata.get("nbgrader", {}).get("grade_id")
        if grade_id in answers:
            cell.source = answers[grade_id]
        elif grade_id == "square_test":
            cell.source = "assert square(3) == 9, 'the square of 3'"
    return notebook


def cell_of(notebook: NotebookNode, grade_id: str) -> NotebookNode:
    """The cell of that grade_id."""
    return next(
        cell
        for cell in notebook.cells
        if cell.metadata.get("nbgrader", {}).get("grade_id") == grade_id
    )


def hand_in(course: Path, student: str, notebook: NotebookNode | bytes | str) -> Path:
    """Put a notebook (or any bytes) where a student's submission belongs."""
    folder = course / "submitted" / student / "small"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "small.ipynb"
    if isinstance(notebook, NotebookNode):
        notebook = nbformat.writes(notebook)
    if isinstance(notebook, str):
        notebook = notebook.encode()
    path.write_bytes(notebook)
    return path


@pytest.fixture
def submit(small_course: Path) -> Callable[..., Path]:
    """`submit("ada", square="…")`: hand in the reference with these answers instead."""

    def hand(student: str, **answers: str) -> Path:
        return hand_in(small_course, student, answered(**answers))

    return hand


@pytest.fixture
def small_disk(tmp_path: Path):  # type: ignore[no-untyped-def]
    """A file system of 3 MB."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(place)], capture_output=True
    )
    if mounted.returncode:
        pytest.skip("mounting a small file system is not allowed here")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site of the repository in both languages, built once for the tests that look at it."""
    pytest.importorskip("myst_nb", reason="the extra `site` is not installed (make test does)")
    from autograder.site import build_site

    return build_site(tmp_path_factory.mktemp("site") / "site").output
