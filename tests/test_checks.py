"""Every check of `ecole check` that only reads: a planted fault is found, a near miss passes."""

from pathlib import Path

import planted_assertions
import planted_exercises
import planted_graded
import planted_markers
import planted_names
import planted_pairs
import planted_unwritten
import pytest
from planted import HEADER, Planted, findings_in

from autograder.authoring.checks.text import RULES

PLANTED: dict[str, list[Planted]] = {
    **planted_pairs.PLANTED,
    **planted_graded.PLANTED,
    **planted_markers.PLANTED,
    **planted_names.PLANTED,
    **planted_assertions.PLANTED,
    **planted_exercises.PLANTED,
    **planted_unwritten.PLANTED,
}
CASES = [
    pytest.param(rule, planted, id=f"{rule}-{number}")
    for rule, cases in PLANTED.items()
    for number, planted in enumerate(cases)
]


def test_every_rule_has_a_planted_fault() -> None:
    assert set(PLANTED) == set(RULES)


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
