"""Is each hidden test proved: does some specimen fail it?"""

import ast
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator

from autograder.authoring.checks.findings import Finding
from autograder.authoring.checks.pages import Cell, Page
from autograder.grading import Batch

_HIDDEN = ("### BEGIN HIDDEN TESTS", "### END HIDDEN TESTS")


def unproved(page: Page, batches: Iterable[Batch]) -> Iterator[Finding]:
    """Test cells in which no specimen loses a point, hidden assertions that none fails.

    Which assertion failed is read from its message; the empty specimen proves nothing.
    """
    failures = _failures(batches)
    for cell in page.of_kind("code"):
        if not cell.is_test:
            continue
        if cell.grade_id not in failures:
            yield page.finding(
                cell,
                f"no specimen loses a point in {cell.grade_id}",
                "add a wrong specimen that it catches",
                rule="test-unproved",
            )
            continue
        for assertion in hidden_assertions(cell):
            pattern = _pattern(assertion.msg)
            if pattern and not any(pattern.match(text) for text in failures[cell.grade_id]):
                yield page.finding(
                    cell,
                    f"no specimen fails the hidden test `{ast.unparse(assertion.test)}`",
                    "add a wrong specimen that meets it first, or remove the test",
                    line=assertion.lineno,
                    rule="hidden-unproved",
                )


def hidden_assertions(cell: Cell) -> list[ast.Assert]:
    """The assertions of a test cell between the marks of its hidden tests."""
    hidden, lines = False, set()
    for number, line in enumerate(cell.source.splitlines(), start=1):
        if line.strip() in _HIDDEN:
            hidden = line.strip() == _HIDDEN[0]
        elif hidden:
            lines.add(number)
    nodes = ast.walk(cell.tree) if cell.tree else ()
    found = [node for node in nodes if isinstance(node, ast.Assert) and node.lineno in lines]
    return sorted(found, key=lambda node: node.lineno)


def _failures(batches: Iterable[Batch]) -> dict[str, set[str]]:
    """The messages with which answers lost points, by the test's grade_id."""
    found: dict[str, set[str]] = defaultdict(set)
    for batch in batches:
        for result in batch.submissions:
            for cell in result.cells:
                lost = not cell.manual and (cell.points or 0.0) < cell.max_points
                if lost and result.student != "empty":
                    found[cell.grade_id].add(cell.message or "")
    return found


def _pattern(message: ast.expr | None) -> re.Pattern[str] | None:
    """What the message of an assertion looks like in either language; None without one."""
    if isinstance(message, ast.Call):
        texts = [keyword.value for keyword in message.keywords]
    else:
        texts = [message] if message else []
    patterns = [_text_pattern(text) for text in texts]
    if not patterns or None in patterns:
        return None
    return re.compile("|".join(str(each) for each in patterns), re.DOTALL)


def _text_pattern(text: ast.expr) -> str | None:
    if isinstance(text, ast.Constant):
        return re.escape(str(text.value).strip())
    if isinstance(text, ast.JoinedStr):
        return "".join(
            re.escape(str(part.value)) if isinstance(part, ast.Constant) else ".*"
            for part in text.values
        ).strip()
    return None
