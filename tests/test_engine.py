"""The papermill engine `jupyter`, used alone, and the demonstration."""

import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import nbformat
import psutil
import pytest
from nbformat.v4 import new_code_cell, new_notebook
from papermill.engines import papermill_engines

from autograder.authoring.masters import assignments
from autograder.demo import STUDENTS, compose_class, run_demo
from autograder.errors import EcoleError


def run(cells: list[str], **limits: float) -> nbformat.NotebookNode:
    notebook = new_notebook(cells=[new_code_cell(source) for source in cells])
    notebook.metadata["papermill"] = {}
    return papermill_engines.execute_notebook_with_engine(
        "jupyter", notebook, kernel_name="python3", progress_bar=False, **limits
    )


def states(notebook: nbformat.NotebookNode) -> list[str]:
    return [cell.metadata.ecole.execution.state for cell in notebook.cells]


def test_it_is_registered_and_goes_on_after_an_error() -> None:
    done = run(["x = 1", "1 / 0", "x", ""])
    assert states(done) == ["ok", "error", "ok", "ok"]
    assert done.cells[2].outputs[0].data["text/plain"] == "1"
    assert done.cells[1].outputs[-1].ename == "ZeroDivisionError"


def test_time_of_a_cell_and_of_the_whole() -> None:
    done = run(["import time", "time.sleep(60)", "1", "time.sleep(60)", "1"], cell_seconds=1)
    assert states(done) == ["ok", "timeout", "ok", "timeout", "ok"]
    done = run(["import time", "time.sleep(60)", "1"], cell_seconds=60, submission_seconds=2)
    assert states(done) == ["ok", "timeout", "not-run"]


@pytest.mark.parametrize(
    "last", ["1", "1 / 0", "import os; os._exit(1)", "import time; time.sleep(60)"]
)
def test_no_kernel_outlives_its_notebook(last: str) -> None:
    def kernels() -> set[int]:
        found = set()
        for each in psutil.Process().children(recursive=True):
            with suppress(psutil.Error):
                if "ipykernel_launcher" in each.cmdline():
                    found.add(each.pid)
        return found

    before = kernels()
    run(["import subprocess", "x = 1", last], cell_seconds=2)
    assert kernels() == before


def test_papermill_s_command_line_can_use_it(tmp_path: Path) -> None:
    nbformat.write(new_notebook(cells=[new_code_cell("6 * 7")]), tmp_path / "in.ipynb")
    command = [sys.executable, "-m", "papermill", "--engine", "jupyter", "-k", "python3"]
    subprocess.run(
        [*command, "in.ipynb", "out.ipynb"], cwd=tmp_path, check=True, capture_output=True
    )
    done = nbformat.read(tmp_path / "out.ipynb", as_version=4)
    assert done.cells[0].outputs[0].data["text/plain"] == "42"
    assert states(done) == ["ok"]


def test_the_demonstration_s_class_is_always_the_same() -> None:
    first, second = (compose_class(assignments()[0]) for _ in range(2))
    assert first == second
    assert len({student.name for student in first}) == STUDENTS == 24


def test_the_demonstration_wants_a_folder_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "mine").touch()
    with pytest.raises(EcoleError, match="folder of its own"):
        run_demo(tmp_path, "fr")


def test_the_demonstration_runs_from_release_to_record(tmp_path: Path) -> None:
    done = run_demo(tmp_path / "demo", "en")
    assert len(done.batch.submissions) == STUDENTS
    assert {result.state for result in done.batch.submissions} == {"graded"}
    assert len({result.score for result in done.batch.submissions}) > 5
    assert done.feedback.exists() and done.record.html.exists()
