"""Assertions of tests and of exercises' checks: each says something, in both languages."""

import ast
from collections.abc import Iterator

from autograder.authoring.checks.findings import Finding
from autograder.authoring.checks.graded_cells import is_given, is_test
from autograder.authoring.checks.markers import lines_inside
from autograder.authoring.checks.pages import Cell, Course, Page, Rule


def without_message(page: Page, course: Course) -> Iterator[Finding]:
    """An assertion that fails without a word."""
    for cell, assertion in _assertions(page):
        if assertion.msg is None:
            yield page.finding(
                cell,
                f"`assert {_short(assertion.test)}` has no message",
                'add one that teaches: `, t(fr="…", en="…")`',
                line=assertion.lineno,
            )


def one_language(page: Page, course: Course) -> Iterator[Finding]:
    """A message that both languages share."""
    for cell, assertion in _assertions(page):
        if assertion.msg is not None and not _translated(assertion.msg, cell):
            yield page.finding(
                cell,
                f"the message {_short(assertion.msg)} is not in both languages",
                'write it t(fr="…", en="…")',
                line=assertion.msg.lineno,
            )


def same_message(page: Page, course: Course) -> Iterator[Finding]:
    """Two assertions of a cell that say the same: which of them failed?"""
    for cell in page.of_kind("code"):
        seen: dict[str, int] = {}
        for assertion in _of_cell(page, cell):
            for lang, text in _texts(assertion.msg):
                first = seen.setdefault(text, assertion.lineno)
                if first != assertion.lineno:
                    yield page.finding(
                        cell,
                        f"the {lang} message {_short_text(text)} is also that of the assertion "
                        f"at line {cell.line + first - 1}: a learner cannot tell which one failed",
                        "say what this one looks at",
                        line=assertion.lineno,
                    )
                    break


def swallows_all(page: Page, course: Course) -> Iterator[Finding]:
    """An `except` that also stops what stops the test: interruptions and exits."""
    for cell in page.of_kind("code"):
        if page.kind == "assignment" and (is_test(cell) or is_given(cell)):
            for handler in ast.walk(cell.tree or ast.Module([], [])):
                if isinstance(handler, ast.ExceptHandler) and _catches_all(handler):
                    words = f" {ast.unparse(handler.type)}" if handler.type else ""
                    yield page.finding(
                        cell,
                        f"`except{words}:` swallows the interruption of a cell that runs too long",
                        "catch Exception at most",
                        line=handler.lineno,
                    )


def no_fresh_case(page: Page, course: Course) -> Iterator[Finding]:
    """An assignment whose hidden tests are the same for every class: answers can be written in."""
    hidden = [
        (cell, lines)
        for cell in page.cells
        if page.kind == "assignment"
        and is_test(cell)
        and (lines := lines_inside(cell.source, "HIDDEN TESTS"))
    ]
    if hidden and not any(_draws(cell, lines) for cell, lines in hidden):
        cell, lines = hidden[0]
        yield page.finding(
            cell,
            "no hidden test of the assignment calls exam_seed(): "
            "the same cases come back every year and can be copied",
            'draw fresh ones, for instance from random.Random(exam_seed("…"))',
            line=min(lines),
        )


def _assertions(page: Page) -> Iterator[tuple[Cell, ast.Assert]]:
    """The assertions that a learner meets: of tests, of exercises' checks."""
    for cell in page.of_kind("code"):
        for assertion in _of_cell(page, cell):
            yield cell, assertion


def _of_cell(page: Page, cell: Cell) -> list[ast.Assert]:
    speaks = is_test(cell) if page.kind == "assignment" else "check" in cell.tags
    nodes = ast.walk(cell.tree) if speaks and cell.tree else iter(())
    return sorted(
        (node for node in nodes if isinstance(node, ast.Assert)), key=lambda node: node.lineno
    )


def _translated(message: ast.expr, cell: Cell) -> bool:
    """It holds a call of `t`, or is a name that the cell gives one to."""
    if any(_is_t(node) for node in ast.walk(message)):
        return True
    given = {
        target.id
        for node in ast.walk(cell.tree or ast.Module([], []))
        if isinstance(node, ast.Assign) and any(_is_t(value) for value in ast.walk(node.value))
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    return any(isinstance(node, ast.Name) and node.id in given for node in ast.walk(message))


def _is_t(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "t"


def _texts(message: ast.expr | None) -> Iterator[tuple[str, str]]:
    """Each language's words of a message, as code: language, words."""
    if isinstance(message, ast.Call) and _is_t(message):
        for keyword in message.keywords:
            yield str(keyword.arg), ast.unparse(keyword.value)


def _catches_all(handler: ast.ExceptHandler) -> bool:
    names = {node.id for node in ast.walk(handler.type or handler) if isinstance(node, ast.Name)}
    wide = handler.type is None or bool(names & {"BaseException", "KeyboardInterrupt"})
    raised = (node for node in ast.walk(handler) if isinstance(node, ast.Raise))
    return wide and not any(node.exc is None for node in raised)


def _draws(cell: Cell, lines: frozenset[int]) -> bool:
    for node in ast.walk(cell.tree or ast.Module([], [])):
        if isinstance(node, ast.Call) and node.lineno in lines:
            function = node.func
            name = function.id if isinstance(function, ast.Name) else ""
            if "exam_seed" in (name, getattr(function, "attr", "")):
                return True
    return False


def _short(node: ast.expr) -> str:
    return _short_text(ast.unparse(node))


def _short_text(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:57]}…"


RULES: dict[str, Rule] = {
    "assert-message": without_message,
    "assert-language": one_language,
    "assert-twice": same_message,
    "except-all": swallows_all,
    "exam-seed": no_fresh_case,
}
