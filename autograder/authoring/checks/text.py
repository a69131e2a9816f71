"""The checks that only read: fast enough to run at each save."""

from collections.abc import Iterable
from dataclasses import replace

from autograder.authoring.checks import (
    figures,
    language,
    lesson_shape,
    links,
    numbers,
    pairs,
    structure,
    terms,
    translated,
)
from autograder.authoring.checks.findings import Finding
from autograder.authoring.checks.pages import Course, Page, Rule, read_page
from autograder.authoring.masters import Master

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
}


def check_pages(masters: Iterable[Master], course: Course) -> list[Finding]:
    """Read each master and apply every rule.

    Raises:
        EcoleError: a file is missing or no MyST notebook.
    """
    pages = (read_page(master, course.root) for master in masters)
    return sorted(finding for page in pages for finding in check_page(page, course))


def check_page(page: Page, course: Course) -> list[Finding]:
    """Apply every rule to one master that was read."""
    return [
        replace(finding, rule=name)
        for name, rule in RULES.items()
        for finding in rule(page, course)
    ]
