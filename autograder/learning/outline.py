"""What there is in a notebook for a learner: a lesson's minutes, its exercises, questions."""

import ast
import json
import re
from dataclasses import dataclass
from typing import Any

from nbformat import NotebookNode

from autograder.authoring.checks.graded_cells import questions
from autograder.authoring.checks.pages import read_page
from autograder.authoring.masters import REPOSITORY, Master
from autograder.authoring.translation import Lang

_MINUTES = re.compile(r"\*\*(?:Durée|Time)\s*:\*\*\s*(\d+)\s+minutes")
_TITLE = re.compile(r"^#\s+(.+)$", re.MULTILINE)
_WORTH = re.compile(r"\s*\([^()]*\bpoints?\b[^()]*\)\s*$")
_COMPETENCY = re.compile(r"\bC\d+\b")


@dataclass(frozen=True)
class QuestionOutline:
    """A graded question: its heading without points and competencies, and its cells."""

    title: str
    competencies: tuple[str, ...]
    grade_ids: tuple[str, ...]


@dataclass(frozen=True)
class Exercises:
    """The exercises of a learner's lesson: how many, and how many are done."""

    done: int
    total: int


def outline(master: Master, lang: Lang) -> list[QuestionOutline]:
    """The graded questions of an assignment, named by its own headings.

    Raises:
        EcoleError: the master cannot be read.
    """
    found = []
    for question in questions(read_page(master, REPOSITORY), lang):
        if question.graded:
            title = _WORTH.sub("", question.heading).strip() or master.name
            names = tuple(dict.fromkeys(_COMPETENCY.findall(question.heading)))
            ids = tuple(cell.grade_id for cell in question.graded)
            found.append(QuestionOutline(title, names, ids))
    return found


def keep_stubs(lesson: NotebookNode) -> None:
    """Note in each exercise of a lesson what was handed out, to tell later what was changed."""
    for cell in lesson.cells:
        if "exercise" in cell.metadata.get("tags", []):
            cell.metadata["ecole"] = {"stub": cell.source}


def minutes(notebook: dict[str, Any]) -> int | None:
    """The minutes that a lesson says it takes."""
    for cell in notebook["cells"]:
        said = _MINUTES.search(source_of(cell).replace("\u00a0", " ").replace("\u202f", " "))
        if cell.get("cell_type") == "markdown" and said:
            return int(said[1])
    return None


def exercises(notebook: dict[str, Any]) -> Exercises:
    """The exercises of a learner's saved lesson; nothing is executed.

    One is done when its cell says something else than what was handed out, and its check was
    run after it without an error.
    """
    cells = [cell for cell in notebook["cells"] if cell.get("cell_type") == "code"]
    total = done = 0
    for place, cell in enumerate(cells):
        stub = cell.get("metadata", {}).get("ecole", {}).get("stub")
        if isinstance(stub, str):
            total += 1
            check = next((each for each in cells[place + 1 :] if _tagged(each, "check")), None)
            done += check is not None and _changed(stub, source_of(cell)) and _passed(check)
    return Exercises(done, total)


def read_notebook_json(data: bytes) -> dict[str, Any]:
    """A notebook's JSON, as far as it is one.

    Raises:
        ValueError: not JSON, or no notebook.
    """
    try:
        notebook = json.loads(data)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    cells = notebook.get("cells") if isinstance(notebook, dict) else None
    if not isinstance(cells, list) or not all(_is_cell(cell) for cell in cells):
        raise ValueError("not a notebook")
    return dict(notebook)


def source_of(cell: dict[str, Any]) -> str:
    """A cell's source: files hold it as one text or as lines."""
    source = cell.get("source", "")
    return "".join(map(str, source)) if isinstance(source, list) else str(source)


def _is_cell(cell: object) -> bool:
    if not isinstance(cell, dict):
        return False
    metadata = cell.get("metadata", {})
    return isinstance(metadata, dict) and isinstance(metadata.get("ecole", {}), dict)


def _tagged(cell: dict[str, Any], tag: str) -> bool:
    tags = cell.get("metadata", {}).get("tags", [])
    return isinstance(tags, list) and tag in tags


def _changed(stub: str, source: str) -> bool:
    """Is it other code? Comments, blank lines and layout are no answer."""
    try:
        return ast.dump(ast.parse(stub)) != ast.dump(ast.parse(source))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return stub.strip() != source.strip()


def _passed(check: dict[str, Any]) -> bool:
    outputs = check.get("outputs", [])
    errors = [
        each
        for each in (outputs if isinstance(outputs, list) else [])
        if isinstance(each, dict) and each.get("output_type") == "error"
    ]
    return check.get("execution_count") is not None and not errors
