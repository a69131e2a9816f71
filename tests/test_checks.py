"""Every check of `ecole check` that only reads: a planted fault is found, a near miss passes."""

from pathlib import Path

import planted_assertions
import planted_cards
import planted_exercises
import planted_graded
import planted_language
import planted_lessons
import planted_markers
import planted_names
import planted_pairs
import planted_structure
import planted_unwritten
import pytest
from planted import HEADER, Planted, findings_in, known_course

from autograder.authoring.checks.pages import read_page
from autograder.authoring.checks.text import RULES, check_pages
from autograder.authoring.masters import REPOSITORY, assignments, lessons

PLANTED: dict[str, list[Planted]] = {
    **planted_cards.PLANTED,
    **planted_pairs.PLANTED,
    **planted_graded.PLANTED,
    **planted_markers.PLANTED,
    **planted_names.PLANTED,
    **planted_assertions.PLANTED,
    **planted_exercises.PLANTED,
    **planted_unwritten.PLANTED,
    **planted_structure.PLANTED,
    **planted_language.PLANTED,
    **planted_lessons.PLANTED,
}
CASES = [
    pytest.param(rule, planted, id=f"{rule}-{number}")
    for rule, cases in PLANTED.items()
    for number, planted in enumerate(cases)
]


def test_every_rule_has_a_planted_fault() -> None:
    assert set(PLANTED) == set(RULES)


def test_the_course_is_without_fault() -> None:
    pages = [read_page(master, REPOSITORY) for master in (*lessons(), *assignments())]
    found = check_pages(pages, known_course())
    assert [str(finding) for finding in found] == []


@pytest.mark.parametrize("rule, planted", CASES)
def test_the_fault_is_found(rule: str, planted: Planted, tmp_path: Path) -> None:
    lines = (HEADER + planted.fault).splitlines()
    marked = [number for number, line in enumerate(lines, start=1) if "⟵" in line]
    found = [
        finding
        for finding in findings_in(tmp_path, planted.fault.replace("⟵", ""), planted.kind)
        if finding.rule == rule
    ]
    named = [
        finding
        for finding in found
        if all(words in str(finding) for words in planted.says)
        and (not marked or finding.line == marked[0])
    ]
    assert named, found


@pytest.mark.parametrize("rule, planted", CASES)
def test_a_near_miss_passes(rule: str, planted: Planted, tmp_path: Path) -> None:
    found = findings_in(tmp_path, planted.near_miss, planted.kind)
    assert [finding for finding in found if finding.rule == rule] == []
