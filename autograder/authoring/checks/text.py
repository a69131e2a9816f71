"""The checks that only read: fast enough to run at each save."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import chain

from autograder.authoring.checks import (
    assertions,
    cards,
    exercises,
    figures,
    graded_cells,
    language,
    lesson_shape,
    links,
    markers,
    names,
    numbers,
    pairs,
    structure,
    terms,
    translated,
    unwritten,
)
from autograder.authoring.checks.findings import Finding
from autograder.authoring.checks.pages import Course, Page, Rule

RULES: dict[str, Rule] = {
    **pairs.RULES,
    **structure.RULES,
    **numbers.RULES,
    **language.RULES,
    **translated.RULES,
    **terms.RULES,
    **figures.RULES,
    **lesson_shape.RULES,
    **links.RULES,
    **graded_cells.RULES,
    **markers.RULES,
    **names.RULES,
    **assertions.RULES,
    **exercises.RULES,
    **cards.RULES,
    **unwritten.RULES,
}


def check_pages(pages: Sequence[Page], course: Course) -> list[Finding]:
    """Apply every rule to each master; also what its folder still has to be written."""
    folders = {page.master.path.parent for page in pages}
    beside = (unwritten.unwritten_beside(folder, course.root) for folder in folders)
    found = (check_page(page, course) for page in pages)
    return sorted(chain(chain.from_iterable(found), chain.from_iterable(beside)))


def check_page(page: Page, course: Course) -> list[Finding]:
    """Apply every rule to one master that was read."""
    return [
        replace(finding, rule=name)
        for name, rule in RULES.items()
        for finding in rule(page, course)
    ]
