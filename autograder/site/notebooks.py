"""Notebooks made fit for a page: lessons executed, assignments as students receive them."""

import re
import tempfile
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from autograder.authoring.checks.cache import CACHE, content_key
from autograder.authoring.cohort import cohort
from autograder.authoring.executions import execute_lesson, first_failure, keep_notebook
from autograder.authoring.masters import Master
from autograder.authoring.translation import Lang
from autograder.errors import EcoleError
from autograder.grading import open_course, release
from autograder.notebooks import from_json, to_json

_SCOPED_STYLE = re.compile(r"<style scoped>.*?</style>\s*", re.DOTALL)
_TABLE = re.compile(r"<table\b.*?</table>", re.DOTALL)
_HEADING = re.compile(r"\A(# [^\n]*\n)")

_FOLDS = {
    "solution": {"fr": "Voir la solution", "en": "Show the solution"},
    "check": {"fr": "Voir le code de la vérification", "en": "Show the code of the check"},
    "given": {"fr": "Voir le code fourni", "en": "Show the code given"},
    "tests": {"fr": "Voir les tests visibles", "en": "Show the visible tests"},
}
_TABLE_LABEL = {"fr": "Tableau", "en": "Table"}


def executed_lessons(
    wanted: Iterable[tuple[Master, Lang]],
    workers: int,
    on_progress: Callable[[int, int], None],
) -> tuple[dict[tuple[str, Lang], NotebookNode], int]:
    """Lessons with their outputs, by name of their path and language; how many were executed.

    What was executed once and has not changed is taken from the cache.

    Raises:
        EcoleError: a lesson fails; the message names its cell.
    """
    wanted = list(wanted)
    done, executed = {}, 0
    with ThreadPoolExecutor(workers, "ecole-site") as pool:
        runs = pool.map(lambda each: executed_lesson(*each), wanted)
        for number, ((master, lang), (notebook, fresh)) in enumerate(
            zip(wanted, runs, strict=True), start=1
        ):
            done[str(master.path), lang] = notebook
            executed += fresh
            on_progress(number, len(wanted))
    return done, executed


def executed_lesson(master: Master, lang: Lang) -> tuple[NotebookNode, bool]:
    """A lesson of one language with its solutions and outputs; was it executed just now?

    Raises:
        EcoleError: a cell fails or the lesson is stopped; the message names the cell.
    """
    executed = execute_lesson(master, lang)
    failure = first_failure(executed.notebook)
    if failure is not None:
        place, message = failure
        raise EcoleError(
            f"{master.path}, cell {executed.numbers[place]} ({lang}): {message.splitlines()[0]}; "
            "`ecole check` says more; mend it, then build the site again"
        )
    return executed.notebook, executed.fresh


def released_assignments(masters: Iterable[Master], lang: Lang) -> dict[str, NotebookNode]:
    """The notebooks that students receive, by name: no solution, no hidden test.

    Raises:
        EcoleError: see `cohort` and `release`.
    """
    found = {}
    missing = []
    for master in masters:
        path = _cached("site-assignment", master, lang)
        if path.is_file():
            found[master.name] = nbformat.read(path, 4)
        else:
            missing.append(master)
    if missing:
        with tempfile.TemporaryDirectory(prefix="ecole-site-") as folder:
            course = open_course(cohort(Path(folder) / "cohort", lang, missing))
            for master in missing:
                released = release(course, master.name) / f"{master.name}.ipynb"
                found[master.name] = nbformat.read(released, 4)
                keep_notebook(_cached("site-assignment", master, lang), found[master.name])
    return found


def lesson_page(executed: NotebookNode, lang: Lang, header: str) -> NotebookNode:
    """A lesson for its page: solutions folded, figures described, tables that scroll.

    Args:
        executed: from `executed_lesson`.
        header: Markdown put below the title.
    """
    page = _page_of(executed, header)
    for cell in page.cells:
        if cell.cell_type != "code":
            continue
        tags = cell.metadata.get("tags", [])
        alt = cell.metadata.get("alt")
        cell.metadata = NotebookNode(tags=[])
        if "solution" in tags:
            _fold(cell, "hide-cell", "solution", lang)
        elif "check" in tags:
            _fold(cell, "hide-input", "check", lang)
        if alt:
            cell.metadata.setdefault("mystnb", NotebookNode())["image"] = {"alt": alt}
        for output in cell.outputs:
            _show_tables(output, lang)
    return page


def assignment_page(released: NotebookNode, lang: Lang, header: str) -> NotebookNode:
    """An assignment for its page: what is given and what is tested folded, nothing executed."""
    page = _page_of(released, header)
    for cell in page.cells:
        if cell.cell_type != "code":
            continue
        graded = cell.metadata.get("nbgrader", {})
        cell.metadata = NotebookNode(tags=[])
        cell.outputs, cell.execution_count = [], None
        if graded.get("locked"):
            _fold(cell, "hide-input", "tests" if graded.get("grade") else "given", lang)
    return page


def _cached(what: str, master: Master, lang: Lang) -> Path:
    return CACHE / f"{content_key([what, lang], [master.path])}.ipynb"


def _page_of(notebook: NotebookNode, header: str) -> NotebookNode:
    """A copy whose first cell has the header below its title."""
    page = from_json(to_json(notebook))
    page.metadata = NotebookNode(
        kernelspec={"name": "python3", "display_name": "Python 3"},
        language_info={"name": "python"},
    )
    first = page.cells[0]
    first.source = _HEADING.sub(lambda found: f"{found[1]}\n{header}\n", first.source)
    return page


def _fold(cell: NotebookNode, tag: str, what: str, lang: Lang) -> None:
    label = _FOLDS[what][lang]
    cell.metadata["tags"] = [tag]
    cell.metadata["mystnb"] = {"code_prompt_show": label, "code_prompt_hide": label}


def _show_tables(output: NotebookNode, lang: Lang) -> None:
    """Put pandas' tables in a frame that scrolls, and that a keyboard reaches."""
    data = output.get("data", {})
    if "text/html" not in data:
        return
    frame = (
        f'<div class="table-frame" role="region" tabindex="0" aria-label="{_TABLE_LABEL[lang]}">'
    )
    bare = _SCOPED_STYLE.sub("", "".join(data["text/html"]))
    data["text/html"] = _TABLE.sub(lambda found: f"{frame}{found[0]}</div>", bare)
