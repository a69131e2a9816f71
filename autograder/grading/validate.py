"""JupyterLab's Validate button and `nbgrader validate`, executed by the examiner's engine.

In a Jupyter configuration of students (`nbgrader_config.py`):

    from autograder.grading.validate import PREPROCESSORS
    c.Validator.preprocessors = PREPROCESSORS
"""

import os
import sys
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode
from nbgrader.preprocessors import CheckCellMetadata, ClearOutput, Execute, NbGraderPreprocessor
from nbgrader.utils import compute_checksum, is_grade, is_ignored, is_solution
from nbgrader.validator import Validator

from autograder.examiner import sandbox
from autograder.examiner.answers import imports_of, is_given
from autograder.examiner.outputs import error_output
from autograder.examiner.processes import close_zygotes, zygote_for
from autograder.grading.course import Course
from autograder.grading.execution import Job, execute
from autograder.grading.marking import failure_message, settle_outputs
from autograder.grading.results import EXECUTED
from autograder.grading.submission import read_files
from autograder.notebooks import from_json, kernel_name, to_json

_FILES = 1000
_IDLE_SECONDS = 600
_NOT_RUN = {
    "fr": "cette cellule n'a pas été exécutée : une cellule plus haut a mis fin au processus, "
    "ou pris tout le temps",
    "en": "this cell was not run: a cell above it ended the process, or took all the time",
}

# processes that have run what the assignment gives
_warmed: dict[tuple[str, ...], int] = {}

# nbgrader reads its other traits from the configuration, not this one
Validator.preprocessors.tag(config=True)


class ExamineOwn(NbGraderPreprocessor):
    """Execute the student's own notebook as it stands, in the place of nbgrader's `Execute`.

    One process runs the cells from top to bottom as their kernel would: forked from a warm one,
    confined, in a folder of its own with the files that lie beside the notebook. What a test
    writes on stderr or returns counts as when the work is graded. Where this cannot be done
    (another kernel, no sandbox, a folder that holds too much), nbgrader's `Execute` does its job.
    """

    def preprocess(
        self, nb: NotebookNode, resources: dict[str, Any]
    ) -> tuple[NotebookNode, dict[str, Any]]:
        """The notebook with its outputs; the working directory is the notebook's folder."""
        course = Course(Path.cwd(), self.config)
        try:
            reason = _why_not_here(nb, course)
            if not reason:
                with _IN_USE:
                    _examine(nb, course)
        except Exception as error:
            reason = f"{type(error).__name__}: {error}"
        if reason:
            self.log.info("validated by an ordinary kernel: %s", reason)
            nb, resources = Execute(parent=self.parent).preprocess(nb, resources)
        _lead_with_messages(nb)
        return nb, resources


PREPROCESSORS = [CheckCellMetadata, ClearOutput, ExamineOwn]
"""For `c.Validator.preprocessors`."""


def _why_not_here(nb: NotebookNode, course: Course) -> str:
    if sys.platform != "linux":
        return "the examiner runs on Linux"
    if kernel_name(nb.metadata.get("kernelspec", {})) != "python3":
        return "the notebook asks for another kernel"
    count = 0
    for folder, below, names in os.walk(course.root):
        below[:] = [
            name
            for name in below
            if not is_ignored(os.path.join(folder, name), course.coursedir.ignore)
        ]
        count += len(names)
        if count > _FILES:
            return f"more than {_FILES} files in {course.root}"
    return sandbox.why_not(sandbox.best_mode())


def _examine(nb: NotebookNode, course: Course) -> None:
    """Give the cells of `nb` the outputs that the examiner's candidate shows."""
    plain = nbformat.from_dict(nb)
    for cell in plain.cells:
        # nobody's test is hidden here: all run one after the other, in one process
        if not is_given(cell):
            cell.metadata = NotebookNode()
    # what the assignment gives is imported and run beforehand, once; a student's lines may change
    imports = imports_of(plain)
    plain.metadata["ecole"] = {"imports": imports}
    files = read_files(course.root, course.coursedir.ignore, course.cohort.submission_bytes)
    job = Job("", {"own": to_json(plain)}, files.kept, "examiner", course.limits("examiner"))
    fresh = zygote_for(imports).process.pid != _warmed.get(tuple(imports))
    done = execute(replace(job, rehearsal=fresh))
    _warmed[tuple(imports)] = zygote_for(imports).process.pid
    for cell, executed in zip(nb.cells, from_json(done.notebooks["own"]).cells, strict=True):
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = executed.outputs, executed.execution_count
            cell.metadata["ecole"] = executed.metadata["ecole"]
    settle_outputs(nb)
    for cell in nb.cells:
        if cell.cell_type == "code" and not _told(cell):
            cell.outputs.append(error_output("NotRunError", _NOT_RUN[course.cohort.lang]))


def _told(cell: NotebookNode) -> bool:
    """Did the cell run, or does it say why not? One without output would be worth its points."""
    state = cell.metadata["ecole"]["execution"]["state"]
    return state in EXECUTED or any(each.output_type == "error" for each in cell.outputs)


def _lead_with_messages(nb: NotebookNode) -> None:
    """Put what failed above the test: JupyterLab shows the whole test, then its traceback."""
    for cell in nb.cells:
        if cell.cell_type != "code" or not is_grade(cell) or is_solution(cell):
            continue
        message = failure_message(cell)
        if not message:
            continue
        marked = cell.metadata["nbgrader"]
        intact = marked.get("checksum") == compute_checksum(cell)
        lines = "".join(f"# ✗ {line}\n" for line in message.splitlines())
        cell.source = f"{lines}\n{cell.source}"
        if intact:  # nbgrader compares afterwards
            marked["checksum"] = compute_checksum(cell)
        for output in cell.outputs:
            if output.output_type == "error":
                output.traceback = [message, "", *output.traceback]


class _InUse:
    """One validation at a time; the warm process ends when nobody has asked for a while."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._timer: threading.Timer | None = None

    def __enter__(self) -> None:
        self._lock.acquire()
        if self._timer:
            self._timer.cancel()

    def __exit__(self, *error: object) -> None:
        self._timer = threading.Timer(_IDLE_SECONDS, self._end)
        self._timer.daemon = True
        self._timer.start()
        self._lock.release()

    def _end(self) -> None:
        with self._lock:
            close_zygotes()


_IN_USE = _InUse()
