"""Exercises of a lesson: a stub that runs, its solution, a check that both pass through."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

from autograder.authoring.checks.findings import Finding
from autograder.authoring.checks.names import names_of
from autograder.authoring.checks.pages import Cell, Course, Page, Rule

ROLES = ("exercise", "solution", "check")
# `parameters` is papermill's; `predict` and `figure` say what a cell is for
TAGS = (*ROLES, "author", "predict", "figure", "parameters")

# lines of fewer different words (`total = 0`, `text = text.strip()`) are everybody's
_TELLING = 4


@dataclass(frozen=True)
class Exercise:
    """The three cells of one exercise."""

    stub: Cell
    solution: Cell
    check: Cell


def exercises(page: Page) -> list[Exercise]:
    """The exercises whose three cells stand in order."""
    triplets = zip(page.cells, page.cells[1:], page.cells[2:], strict=False)
    return [
        Exercise(*cells)
        for cells in triplets
        if tuple(map(_role, cells)) == ROLES and all(cell.kind == "code" for cell in cells)
    ]


def tags(page: Page, course: Course) -> Iterator[Finding]:
    """A tag that nothing reads: misspelt, most often."""
    for cell in page.cells:
        for tag in cell.tags:
            if tag not in TAGS:
                yield page.finding(
                    cell, f"the tag {tag!r} is unknown", f"use one of {', '.join(TAGS)}"
                )


def order(page: Page, course: Course) -> Iterator[Finding]:
    """A cell of an exercise without the two others beside it."""
    whole = {
        cell.number
        for exercise in exercises(page)
        for cell in (exercise.stub, exercise.solution, exercise.check)
    }
    for cell in page.cells:
        role = _role(cell)
        if role and page.kind == "assignment":
            yield page.finding(
                cell, f"a cell tagged {role} in an assignment", "use nbgrader's metadata there"
            )
        elif role and cell.number not in whole:
            around = page.cells[max(0, cell.number - 2) : cell.number + 1]
            found = ", ".join(_role(each) or each.kind for each in around)
            yield page.finding(
                cell,
                f"a cell tagged {role} stands among {found}",
                "write three adjacent code cells tagged exercise, solution, check, in that order",
            )


def answered_stub(page: Page, course: Course) -> Iterator[Finding]:
    """A stub that is its solution."""
    for exercise in exercises(page):
        stub, solution = exercise.stub, exercise.solution
        if stub.tree and solution.tree and _bare(stub) == _bare(solution):
            yield page.finding(
                stub,
                "the exercise holds the same code as its solution",
                "leave the answer unfinished, in a stub that runs",
            )


def unbound_in_check(page: Page, course: Course) -> Iterator[Finding]:
    """A name that the check reads and the learner's notebook does not bind."""
    for exercise in exercises(page):
        before = page.cells[: exercise.check.number - 1]
        bound = {
            name
            for cell in before
            if cell.kind == "code" and not {"solution", "author"} & set(cell.tags)
            for name in names_of(cell.source).bound
        }
        for name, line in names_of(exercise.check.source).reads:
            if name not in bound:
                solved = name in names_of(exercise.solution.source).bound
                who = "only the solution binds" if solved else "nothing before it binds"
                yield page.finding(
                    exercise.check,
                    f"the check reads {name!r}, which {who}",
                    "bind it in the exercise's stub, or in a cell before",
                    line=line,
                )


def other_names(page: Page, course: Course) -> Iterator[Finding]:
    """A name of the stub that the solution leaves as the stub made it."""
    for exercise in exercises(page):
        solved = names_of(exercise.solution.source).bound
        for name in sorted(names_of(exercise.stub.source).bound - solved):
            yield page.finding(
                exercise.solution,
                f"the exercise binds {name!r}, the solution does not",
                "bind it again, or move it to a cell before the exercise",
            )


def left_solution(page: Page, course: Course) -> Iterator[Finding]:
    """A line of a solution that the learner's notebook shows elsewhere."""
    for exercise in exercises(page):
        stub = {squeezed(line) for line in exercise.stub.source.splitlines()}
        telling = [line for line in telling_lines(exercise.solution) if line not in stub]
        for cell in page.cells:
            if {"solution", "author"} & set(cell.tags):
                continue
            if cell.kind == "code" and cell.number < exercise.stub.number:
                continue  # code that came before was taught
            for number, line in _shown(cell, telling):
                yield page.finding(
                    cell,
                    f"`{line}` is a line of the solution (cell {exercise.solution.number})",
                    "remove it from what learners receive",
                    line=number,
                )


def telling_lines(cell: Cell) -> list[str]:
    """Lines of a solution that give it away: no imports, comments, headers, docstring."""
    words = _docstrings(cell.tree) if cell.tree else set()
    found = []
    for number, line in enumerate(cell.source.splitlines(), start=1):
        text = squeezed(line)
        header = text.startswith(("#", "import ", "from ", "def ", "class ", "@"))
        if number not in words and not header and is_telling(text):
            found.append(text)
    return found


def is_telling(line: str) -> bool:
    """Does a line say enough to be of one answer rather than everybody's?"""
    return len(set(re.findall(r"\w+", line))) >= _TELLING


def squeezed(line: str) -> str:
    """A line without its indentation, single spaces between its words."""
    return " ".join(line.split())


def _shown(cell: Cell, telling: list[str]) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(cell.source.splitlines(), start=1):
        text = squeezed(line)
        text = text.lstrip("# ") if cell.kind == "code" else text
        for each in telling:
            if text == each or (cell.kind == "markdown" and each in text):
                yield number, each
                break


def _role(cell: Cell) -> str:
    return next((role for role in ROLES if role in cell.tags), "")


def _documented(tree: ast.Module) -> Iterator[ast.Expr]:
    """The docstrings of a cell's functions and classes."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            first = node.body[0]
            if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
                yield first


def _docstrings(tree: ast.Module) -> set[int]:
    return {
        line
        for node in _documented(tree)
        for line in range(node.lineno, (node.end_lineno or node.lineno) + 1)
    }


def _bare(cell: Cell) -> str:
    """The code of a cell without comments and docstrings."""
    tree = ast.parse(cell.source)
    dropped = {id(node) for node in _documented(tree)}
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            node.body = [each for each in node.body if id(each) not in dropped] or [ast.Pass()]
    return ast.dump(tree)


RULES: dict[str, Rule] = {
    "cell-tag": tags,
    "exercise-order": order,
    "exercise-answered": answered_stub,
    "exercise-names": unbound_in_check,
    "exercise-solution": other_names,
    "exercise-left": left_solution,
}
