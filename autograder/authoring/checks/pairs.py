"""Text cells come in pairs, French then English."""

from collections.abc import Iterator

from autograder.authoring.checks.findings import Finding
from autograder.authoring.checks.pages import Course, Page, Rule
from autograder.authoring.masters import pair_faults


def unpaired(page: Page, course: Course) -> Iterator[Finding]:
    """A text cell without its other language, or in the wrong order."""
    cells = ((cell.number, cell.kind, cell.lang) for cell in page.cells)
    for number, problem, remedy in pair_faults(cells):
        yield page.finding(page.cells[number - 1], problem, remedy)


RULES: dict[str, Rule] = {"pair": unpaired}
