"""A master as the checks read it: its cells, each with the line where it stands in the file."""

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from typing import Any

from nbformat import NotebookNode

from autograder.authoring.checks.findings import Finding
from autograder.authoring.checks.prose import Text, read_text
from autograder.authoring.checks.texts import Translation, translations
from autograder.authoring.checks.vocabulary import Vocabulary
from autograder.authoring.glossary import Glossary, read_glossary
from autograder.authoring.masters import Kind, Master, read_myst
from autograder.authoring.syllabus import parse_syllabus
from autograder.authoring.translation import calls_of_t, calls_t


@dataclass(frozen=True)
class Cell:
    """One cell of a master.

    Attributes:
        number: its place in the master, from 1.
        line: line of the file, from 1, where its source begins.
        kind: `markdown`, `code` or `raw`.
    """

    number: int
    line: int
    kind: str
    source: str
    metadata: dict[str, Any]

    @property
    def lang(self) -> str | None:
        """The language of a text cell; None for what both languages share."""
        return self.metadata.get("lang")

    @property
    def tags(self) -> list[str]:
        """Jupyter's cell tags."""
        return list(self.metadata.get("tags") or [])

    @property
    def nbgrader(self) -> dict[str, Any]:
        """nbgrader's metadata; empty for an ordinary cell."""
        found = self.metadata.get("nbgrader")
        return dict(found) if isinstance(found, dict) else {}

    @property
    def grade_id(self) -> str:
        """nbgrader's name of the cell; empty for an ordinary cell."""
        return str(self.nbgrader.get("grade_id", ""))

    @cached_property
    def text(self) -> Text:
        """What a text cell says; nothing for a code cell."""
        return read_text(self.source) if self.kind == "markdown" else Text()

    @cached_property
    def tree(self) -> ast.Module | None:
        """The syntax tree of a code cell; None where it is no plain Python."""
        if self.kind != "code":
            return None
        try:
            return ast.parse(self.source)
        except SyntaxError:
            return None

    @cached_property
    def nodes(self) -> tuple[ast.AST, ...]:
        """Every node of the syntax tree: several rules look through them."""
        return tuple(ast.walk(self.tree)) if self.tree else ()

    @cached_property
    def calls(self) -> tuple[ast.Call, ...]:
        """The calls of `t`."""
        return tuple(calls_of_t(self.tree)) if calls_t(self.source) and self.tree else ()

    @cached_property
    def translations(self) -> tuple[Translation, ...]:
        """The texts of its `t()`, in pairs."""
        return tuple(translations(self.calls))


@dataclass(frozen=True)
class Page:
    """One master, read once for every check."""

    root: Path
    master: Master
    notebook: NotebookNode = field(repr=False)
    cells: tuple[Cell, ...] = field(repr=False)

    @property
    def kind(self) -> Kind:
        """`lesson` or `assignment`."""
        return self.master.kind

    @property
    def path(self) -> str:
        """The file, relative to the repository, as findings name it."""
        return self.master.path.relative_to(self.root).as_posix()

    @cached_property
    def pairs(self) -> tuple[tuple[Cell, Cell], ...]:
        """Each French text cell with the English one right after it; others are left out."""
        return tuple(
            (french, english)
            for french, english in zip(self.cells, self.cells[1:], strict=False)
            if french.lang == "fr" and english.lang == "en"
        )

    def of_kind(self, kind: str) -> Iterator[Cell]:
        """The cells of one kind, in order."""
        return (cell for cell in self.cells if cell.kind == kind)

    def finding(
        self, cell: Cell | None, problem: str, remedy: str, *, line: int = 1, rule: str = ""
    ) -> Finding:
        """A finding in a cell, at a line of its source (from 1); None: in the whole file."""
        if cell is None:
            return Finding(self.path, 0, 0, problem, remedy, rule)
        return Finding(self.path, cell.line + line - 1, cell.number, problem, remedy, rule)


@dataclass(frozen=True)
class Course:
    """What a check knows beside the page.

    Attributes:
        root: the repository.
        glossary: the words of the course.
        competencies: those of the certification, `C1` to `C21`.
    """

    root: Path
    glossary: Glossary
    competencies: frozenset[str] = frozenset()

    @classmethod
    def read(cls, root: Path) -> "Course":
        """Read what lies in `course/`.

        Raises:
            EcoleError: the glossary or the syllabus is missing or faulty.
        """
        known = parse_syllabus(root).certification.competencies
        return cls(root, read_glossary(root), frozenset(each.id for each in known))

    @cached_property
    def vocabulary(self) -> Vocabulary:
        """The glossary, made ready to be looked for in texts."""
        return Vocabulary(self.glossary)


Rule = Callable[[Page, Course], Iterator[Finding]]


def rule_of(
    function: Callable[[str, Page, Course], Iterator[Finding]], kind: str, what: str
) -> Rule:
    """A rule that looks for one kind of what a function finds; `what` describes it."""
    rule = partial(function, kind)
    rule.__doc__ = what
    return rule


def read_page(master: Master, root: Path) -> Page:
    """Read a master for the checks.

    Raises:
        EcoleError: the file is missing or no MyST notebook.
    """
    notebook = read_myst(master.path, source_map=True)
    lines = master.path.read_text(encoding="utf-8").splitlines()
    starts = notebook.metadata["source_map"]
    cells = tuple(
        _cell(cell, number, _first_line(lines, start, cell))
        for number, (cell, start) in enumerate(zip(notebook.cells, starts, strict=True), start=1)
    )
    return Page(root, master, notebook, cells)


def _cell(cell: NotebookNode, number: int, line: int) -> Cell:
    return Cell(number, line, cell.cell_type, cell.source, dict(cell.metadata))


def _first_line(lines: list[str], start: int, cell: NotebookNode) -> int:
    """The line, from 1, where a cell's source begins: its metadata stand before it."""
    first = cell.source.split("\n", 1)[0]
    metadata = cell.cell_type != "markdown" and lines[start].lstrip().startswith("---")
    skipped = lines.index("---", start + 1) + 1 if metadata else start
    for number in range(skipped, len(lines)):
        if lines[number].strip() and lines[number].rstrip() == first.rstrip():
            return number + 1
    return start + 1
