"""Lessons executed in the sandbox, once for all who need their outputs.

`ecole check` judges an execution and the site shows it: both ask here. What was executed to its
end is kept by the content of the lesson and of the code, so that it is executed once.
"""

from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from autograder.authoring.checks.cache import CACHE, content_key
from autograder.authoring.masters import Master, is_kept
from autograder.authoring.translation import Lang
from autograder.grading.execution import Job, default_engine, execute
from autograder.grading.marking import failure_message
from autograder.notebooks import from_json, to_json

SECONDS = 30
"""What a lesson may take, from CURRICULUM.md; a busy machine may take four times that."""
_LIMITS = {"cell_seconds": 4 * SECONDS, "submission_seconds": 4 * SECONDS, "output_bytes": 5e6}


@dataclass(frozen=True)
class ExecutedLesson:
    """One version of a lesson with its outputs, as far as it got.

    Attributes:
        numbers: for each cell of the notebook, its number in the master, from 1.
        seconds: wall time of the execution.
        fresh: it was executed just now, not taken from the cache.
    """

    notebook: NotebookNode
    numbers: list[int]
    seconds: float
    fresh: bool


def execute_lesson(
    master: Master, lang: Lang, *, solutions: bool = True, use_cache: bool = True
) -> ExecutedLesson:
    """Execute a lesson from top to bottom in the sandbox, without the network.

    Raises:
        EcoleError: the master cannot be built.
    """
    numbers = [
        number
        for number, cell in enumerate(master.read().cells, start=1)
        if is_kept(cell.metadata, lang, solutions=solutions)
    ]
    key = content_key(["executed-lesson", lang, solutions], [master.path])
    kept = CACHE / f"{key}.ipynb"
    if use_cache and kept.is_file():
        notebook = nbformat.read(kept, 4)
        seconds = notebook.metadata["ecole"]["seconds"]
        return ExecutedLesson(notebook, numbers, seconds, fresh=False)
    built = to_json(master.build(lang, solutions=solutions))
    executed = execute(Job("lesson", {"lesson": built}, {}, default_engine(), dict(_LIMITS)))
    notebook = from_json(executed.notebooks.get("lesson") or built)
    notebook.metadata["ecole"] = {"seconds": executed.seconds}
    if first_failure(notebook) is None and executed.seconds <= SECONDS:
        keep_notebook(kept, notebook)
    return ExecutedLesson(notebook, numbers, executed.seconds, fresh=True)


def first_failure(notebook: NotebookNode) -> tuple[int, str] | None:
    """The place, from 0, of the first cell that failed or did not end, and what it said."""
    for place, cell in enumerate(notebook.cells):
        if cell.cell_type != "code":
            continue
        message = failure_message(cell)
        state = cell.metadata.get("ecole", {}).get("execution", {}).get("state", "not-run")
        if message is None and state != "ok":
            message = f"not executed to its end ({state})"
        if message is not None:
            return place, message
    return None


def keep_notebook(path: Path, notebook: NotebookNode) -> None:
    """Write a notebook into the cache, never half of it under the name that is read."""
    path.parent.mkdir(exist_ok=True)
    beside = path.with_suffix(".partial")
    beside.write_text(to_json(notebook), encoding="utf-8")
    beside.replace(path)
