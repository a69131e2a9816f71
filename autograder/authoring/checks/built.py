"""What comes out of the masters: notebooks of one language, as learners and students get them."""

import ast
import importlib.util
import json
import re
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode

from autograder.authoring.checks.exercises import is_telling, squeezed, telling_lines
from autograder.authoring.checks.findings import Finding
from autograder.authoring.checks.graded_cells import is_solution, is_test
from autograder.authoring.checks.markers import lines_inside
from autograder.authoring.checks.pages import Cell, Page
from autograder.authoring.masters import REPOSITORY, build, is_kept
from autograder.authoring.translation import LANGS, Lang
from autograder.errors import EcoleError
from autograder.notebooks import to_json

# rules of the house that do not suit a notebook, and why
_NOT_FOR_NOTEBOOKS = (
    "E501",  # t(fr=…, en=…) becomes one line
    "UP034",  # t() in brackets leaves two pairs of them
    "I",  # imports stand where a learner needs them
    "SIM",  # what reads simplest to a learner is the author's choice
    "B905",  # zip(strict=…) is not for the first weeks
)
# in what a learner receives, a stub is redefined by nobody and uses nothing
_NOT_FOR_LEARNERS = ("F401", "F841")
_NOT_FOR_SOLUTIONS = ("F811",)
# what an assignment's locked cells import is for the students' answers
_NOT_FOR_ASSIGNMENTS = ("F401", "F811")

_MACHINE_PATH = re.compile(
    r"(?<![\w./:~$}])/(?:home|Users|root|tmp|mnt|private)/[\w.]\S*|(?<!\w)[A-Za-z]:\\{1,2}\w\S*"
)
_AFTER_A_PATH = "`'\".,;:)]}>"
_T = re.compile(r"\bt\(\s*(?:fr|en)\s*=")
_NAMED_PLACE = re.compile(r"cell (\d+)(?:, line (\d+))?: (.*)", re.DOTALL)


FINDS = {
    "build": "A master of which no notebook can be built.",
    "built-author": "The author's own cells or imports in what learners receive.",
    "built-output": "An output in a built notebook.",
    "built-path": "An absolute path of one machine.",
    "built-t": "A `t()` left in a built notebook.",
    "built-id": "Two cells of one id in a built notebook.",
    "built-ruff": "What ruff says of a built notebook.",
    "released-refused": "An assignment that nbgrader cannot release.",
    "released-syntax": "A released cell that is no Python any more.",
    "released-solution": "A line of a solution that students receive.",
    "released-hidden": "A line of a hidden test that students receive.",
}
"""What `check_built` can find, by the name of the rule."""


@dataclass(frozen=True)
class Built:
    """One notebook, and the cells of the master that it was made of, in its order."""

    page: Page
    lang: Lang
    solutions: bool
    notebook: NotebookNode
    cells: tuple[Cell, ...]

    def finding(self, place: int, line: int, problem: str, remedy: str, rule: str) -> Finding:
        """A finding in a cell (from 0) of the notebook, told where the master says it."""
        cell = self.cells[place]
        at = master_line(cell.source, self.notebook.cells[place].source, line)
        return replace(self.page.finding(cell, problem, remedy, line=at), rule=rule)

    @property
    def ignored(self) -> tuple[str, ...]:
        """Rules of ruff that say nothing about this notebook."""
        if self.page.kind == "assignment":
            return _NOT_FOR_ASSIGNMENTS
        return _NOT_FOR_SOLUTIONS if self.solutions else _NOT_FOR_LEARNERS


def check_built(pages: Iterable[Page]) -> list[Finding]:
    """Build every notebook, look at it as its reader would, and let ruff read them all at once.

    Raises:
        EcoleError: ruff is not installed.
    """
    findings, notebooks = list[Finding](), list[Built]()
    for page in pages:
        try:
            made = list(_build(page))
        except EcoleError as error:
            findings.append(_refused(page, error))
            continue
        notebooks += made
        for built in made:
            findings += [*_cells(built), *_same_ids(built), *_released(built)]
    if notebooks:
        findings += _ruff(notebooks)
    # both languages, with and without solutions, most often say the same
    return sorted(set(findings))


def master_line(master: str, built: str, line: int) -> int:
    """The line of a master's cell that a line of the built cell comes from (both from 1).

    `t(fr=…, en=…)` takes several lines in the master, and most often one in the notebook.
    """
    before, after = master.split("\n"), built.split("\n")
    if before == after:
        return line
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    for _, start, end, built_start, built_end in matcher.get_opcodes():
        if built_start <= line - 1 < built_end:
            return min(start + line - 1 - built_start, max(end - 1, start)) + 1
    return min(line, len(before))


def _build(page: Page) -> Iterator[Built]:
    """All that is made of a master."""
    for lang in LANGS:
        for solutions in (True, False) if page.kind == "lesson" else (True,):
            notebook = build(page.notebook, lang, solutions=solutions, where=page.path)
            cells = (
                cell for cell in page.cells if is_kept(cell.metadata, lang, solutions=solutions)
            )
            yield Built(page, lang, solutions, notebook, tuple(cells))


def _refused(page: Page, error: EcoleError) -> Finding:
    """What the build refuses, at its cell and line."""
    place = _NAMED_PLACE.search(str(error))
    if place is None:
        return Finding(page.path, 0, 0, str(error), "mend it", "build")
    problem, _, remedy = place[3].partition(";")
    found = page.finding(
        page.cells[int(place[1]) - 1],
        problem,
        remedy.strip() or "mend it",
        line=int(place[2] or 1),
    )
    return replace(found, rule="build")


def _cells(built: Built) -> Iterator[Finding]:
    """What no cell that leaves the house may hold."""
    for place, cell in enumerate(built.notebook.cells):
        if "author" in cell.metadata.get("tags", []):
            problem = "a cell tagged author is in the notebook"
            yield built.finding(place, 1, problem, "mend the build", "built-author")
        if cell.get("outputs") or cell.get("execution_count"):
            problem = "the notebook holds an output"
            yield built.finding(place, 1, problem, "mend the build", "built-output")
        for number, line in enumerate(cell.source.split("\n"), start=1):
            found = _MACHINE_PATH.search(line)
            if found:
                yield built.finding(
                    place,
                    number,
                    f"`{found[0].rstrip(_AFTER_A_PATH)}` is a path of one machine",
                    "use a relative path",
                    "built-path",
                )
        if cell.cell_type == "code":
            yield from _house_words(built, place, cell.source)


def _house_words(built: Built, place: int, source: str) -> Iterator[Finding]:
    """`t()` and imports of the autograder: the author's, who alone has them."""
    for left in _T.finditer(source):
        yield built.finding(
            place,
            source.count("\n", 0, left.start()) + 1,
            "t() is left in the notebook",
            "move the magic to a cell of its own",  # any other cell is refused or translated
            "built-t",
        )
    if "autograder" not in source or not _is_python(source):
        return
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import | ast.ImportFrom):
            modules = [getattr(node, "module", None), *(alias.name for alias in node.names)]
            if any(str(module).split(".")[0] == "autograder" for module in modules):
                yield built.finding(
                    place,
                    node.lineno,
                    f"`{ast.unparse(node)}` reaches learners, who have no autograder",
                    "tag this cell author",
                    "built-author",
                )


def _same_ids(built: Built) -> Iterator[Finding]:
    """Two cells of one id: a submission could not be told apart from another."""
    for name, count in Counter(cell.id for cell in built.notebook.cells).items():
        if count > 1:
            problem = f"{count} cells of the {built.lang} notebook have the id {name}"
            yield Finding(built.page.path, 0, 0, problem, "mend the build", "built-id")


def _released(built: Built) -> Iterator[Finding]:
    """What students receive of an assignment: nbgrader's own clearing, then what is left."""
    if built.page.kind != "assignment":
        return
    try:
        released = _clear(built.notebook)
    except (RuntimeError, ValueError) as error:
        problem = f"nbgrader cannot release it: {error}"
        yield Finding(built.page.path, 0, 0, problem, "mend the markers", "released-refused")
        return
    secrets = list(_secrets(built))
    for place, cell in enumerate(released.cells):
        shown = built.notebook.cells[place].source
        for number, secret in _shown(cell, secrets):
            yield built.finding(
                place,
                _line_before_release(shown, cell.source, number),
                f"`{secret.line}` is a line of {secret.what}, and students receive it here",
                "remove it, or write it otherwise",
                secret.rule,
            )
        if cell.cell_type == "code" and _is_python(shown) and not _is_python(cell.source):
            problem = "what is left for students when nbgrader has cleared it is no Python"
            remedy = "keep whole statements on each side of the markers"
            yield built.finding(place, 1, problem, remedy, "released-syntax")


@dataclass(frozen=True)
class Secret:
    """A line that students must not find, and what it is of."""

    line: str
    what: str
    rule: str


def _shown(cell: NotebookNode, secrets: list[Secret]) -> Iterator[tuple[int, Secret]]:
    """The lines (from 1) of a released cell that hold a secret."""
    for number, line in enumerate(cell.source.split("\n"), start=1):
        text = squeezed(line)
        for secret in secrets:
            if text == secret.line or (cell.cell_type == "markdown" and secret.line in text):
                yield number, secret


def _clear(notebook: NotebookNode) -> NotebookNode:
    """The notebook as nbgrader releases it (its cells, in the same order)."""
    from nbgrader.preprocessors import ClearHiddenTests, ClearSolutions

    released = nbformat.from_dict(notebook)
    for preprocessor in (ClearSolutions(), ClearHiddenTests()):
        preprocessor.log.disabled = True  # its reason comes back in the exception
        released, _ = preprocessor.preprocess(released, {})
    return released


def _line_before_release(source: str, released: str, line: int) -> int:
    """The line of a cell that a line of its released version comes from (both from 1)."""
    removed = lines_inside(source, "SOLUTION") | lines_inside(source, "HIDDEN TESTS")
    lines = list(enumerate(source.split("\n"), start=1))
    kept = [(number, text) for number, text in lines if number not in removed]
    if not kept:
        return 1
    return kept[master_line("\n".join(text for _, text in kept), released, line) - 1][0]


def _secrets(built: Built) -> Iterator[Secret]:
    """Lines of the solutions and of the hidden assertions, as the notebook says them."""
    for place, cell in enumerate(built.cells):
        source = built.notebook.cells[place].source
        lines = [squeezed(line) for line in source.split("\n")]
        if cell.kind == "code" and is_solution(cell):
            inside = lines_inside(source, "SOLUTION")
            kept = {line for number, line in enumerate(lines, start=1) if number not in inside}
            for line in telling_lines(replace(cell, source=source)):
                if line not in kept:
                    yield Secret(line, f"the solution {cell.grade_id}", "released-solution")
        elif is_test(cell):
            for number in sorted(lines_inside(source, "HIDDEN TESTS")):
                line = lines[number - 1]
                if line.startswith("assert ") and is_telling(line):
                    what = f"the hidden tests of {cell.grade_id}"
                    yield Secret(line, what, "released-hidden")


def _is_python(source: str) -> bool:
    try:
        ast.parse(source)
    except SyntaxError:
        return False
    return True


def _ruff(notebooks: list[Built]) -> Iterator[Finding]:
    """What ruff says of the notebooks, with the project's rules and one call."""
    said: dict[Finding, set[Lang]] = {}
    with tempfile.TemporaryDirectory(prefix="ecole-built-") as folder:
        for number, built in enumerate(notebooks):
            Path(folder, f"{number}.ipynb").write_text(to_json(built.notebook), encoding="utf-8")
        for found in _run_ruff(folder):
            built = notebooks[int(Path(found["filename"]).stem)]
            if found["code"] not in built.ignored:
                place, line = found["cell"] - 1, found["location"]["row"]
                problem = f"{found['message']} ({found['code'] or 'syntax'})"
                remedy = (found.get("fix") or {}).get("message") or "mend it"
                finding = built.finding(place, line, problem, remedy, "built-ruff")
                said.setdefault(finding, set()).add(built.lang)
    for finding, langs in said.items():
        only = "" if len(langs) == len(LANGS) else f"in {', '.join(langs)} only: "
        yield replace(finding, problem=only + finding.problem)


def _run_ruff(folder: str) -> list[dict[str, Any]]:
    if importlib.util.find_spec("ruff") is None:
        raise EcoleError("ruff is not installed: pip install -e '.[dev]' (or make test) brings it")
    command = [sys.executable, "-m", "ruff", "check", "--no-cache", "--output-format", "json"]
    command += ["--config", str(REPOSITORY / "pyproject.toml")]
    command += ["--ignore", ",".join(_NOT_FOR_NOTEBOOKS), folder]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)
    if done.returncode not in (0, 1):
        raise EcoleError(f"ruff could not read the notebooks: {done.stderr.strip()}")
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found
