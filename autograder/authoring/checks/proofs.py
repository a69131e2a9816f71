"""Is each hidden test proved: does some specimen fail it?"""

import ast
from collections import defaultdict
from collections.abc import Iterable, Iterator

from autograder.authoring.checks.findings import Finding
from autograder.authoring.checks.graded_cells import is_test
from autograder.authoring.checks.markers import lines_inside
from autograder.authoring.checks.pages import Cell, Page
from autograder.authoring.translation import Lang, translate
from autograder.grading import Batch, CellResult


def unproved(page: Page, batches: Iterable[Batch]) -> Iterator[Finding]:
    """Test cells in which no specimen loses a point, hidden assertions that none fails.

    An assertion is failed when it is false, and when what it asks raises an error. The empty
    specimen proves nothing. Only the examiner says where a test failed: with another engine,
    assertions are not looked at.
    """
    batches = list(batches)
    sealed = all(batch.engine == "examiner" for batch in batches)
    failures = _failures(batches)
    for cell in page.of_kind("code"):
        if not is_test(cell):
            continue
        failed = failures[cell.grade_id]
        if not failed:
            yield page.finding(
                cell,
                f"no specimen loses a point in {cell.grade_id}",
                "add a wrong specimen that it catches",
                rule="test-unproved",
            )
            continue
        proved = {number for lang, result in failed for number in _failed_in(cell, lang, result)}
        for number, assertion in enumerate(assertions(cell.source)):
            hidden = assertion.lineno in lines_inside(cell.source, "HIDDEN TESTS")
            if sealed and hidden and number not in proved:
                yield _unproved(page, cell, assertion)


def assertions(source: str) -> list[ast.Assert]:
    """The assertions of a cell, in the order of their lines; none where it is no plain Python."""
    try:
        nodes = ast.walk(ast.parse(source))
    except SyntaxError:
        return []
    found = [node for node in nodes if isinstance(node, ast.Assert)]
    return sorted(found, key=lambda node: (node.lineno, node.col_offset))


def _unproved(page: Page, cell: Cell, assertion: ast.Assert) -> Finding:
    return page.finding(
        cell,
        f"no specimen fails the hidden test `{ast.unparse(assertion.test)}`",
        "add a wrong specimen that meets it first, or remove the test",
        line=assertion.lineno,
        rule="hidden-unproved",
    )


def _failures(batches: Iterable[Batch]) -> dict[str, list[tuple[Lang, CellResult]]]:
    """What lost points, by the test's grade_id, with the language of the class."""
    found: dict[str, list[tuple[Lang, CellResult]]] = defaultdict(list)
    for batch in batches:
        lang: Lang = "en" if batch.lang == "en" else "fr"
        for result in batch.submissions:
            for cell in result.cells:
                lost = not cell.manual and (cell.points or 0.0) < cell.max_points
                if lost and result.student != "empty":
                    found[cell.grade_id].append((lang, cell))
    return found


def _failed_in(cell: Cell, lang: Lang, result: CellResult) -> set[int]:
    """Which assertions of a test, by their order, stand at the lines where it failed.

    Lines are those of the notebook of one language, where `t(…)` takes fewer than in the master.
    """
    return {
        number
        for number, assertion in enumerate(assertions(translate(cell.source, lang)))
        if any(assertion.lineno <= line <= (assertion.end_lineno or 0) for line in result.lines)
    }
