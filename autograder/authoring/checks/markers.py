"""nbgrader's markers: what lies between them never reaches a student."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

from autograder.authoring.checks.findings import Finding
from autograder.authoring.checks.graded_cells import is_solution, is_test
from autograder.authoring.checks.pages import Cell, Course, Page, Rule

Region = Literal["SOLUTION", "HIDDEN TESTS"]
REGIONS: tuple[Region, ...] = ("SOLUTION", "HIDDEN TESTS")
MARKERS = tuple(f"### {edge} {region}" for region in REGIONS for edge in ("BEGIN", "END"))

# a comment that resembles a marker this much was meant as one
_RESEMBLANCE = 0.86
_MEANT = re.compile(r"(BEGIN|START|END|STOP)( OF)?( (HIDDEN|SOLUTIONS?|TESTS?))+", re.IGNORECASE)


@dataclass(frozen=True)
class Marker:
    """One marker as nbgrader sees it, at a line of the source (from 1)."""

    line: int
    edge: Literal["BEGIN", "END"]
    region: Region


def markers(source: str, region: Region) -> Iterator[Marker]:
    """The markers of one kind of region: nbgrader looks for these words anywhere in a line."""
    for number, line in enumerate(source.split("\n"), start=1):
        if f"BEGIN {region}" in line:
            yield Marker(number, "BEGIN", region)
        elif f"END {region}" in line:
            yield Marker(number, "END", region)


def lines_inside(source: str, region: Region) -> frozenset[int]:
    """The lines (from 1) that nbgrader removes, markers included."""
    removed, inside = set(), False
    edges = {marker.line: marker.edge for marker in markers(source, region)}
    for number in range(1, source.count("\n") + 2):
        edge = edges.get(number)
        inside = edge == "BEGIN" or (inside and edge != "END")
        if inside or edge:
            removed.add(number)
    return frozenset(removed)


def misspelt(page: Page, course: Course) -> Iterator[Finding]:
    """A line meant as a marker that is not written as one."""
    for cell in page.cells:
        for number, line in enumerate(cell.source.split("\n"), start=1):
            marker = _meant(line, comment=cell.kind == "code")
            if marker and line.strip() != marker:
                known = any(word in line for word in (marker.removeprefix("### "),))
                effect = "the house's tools do" if known else "nbgrader does"
                yield page.finding(
                    cell,
                    f"{line.strip()!r} is no marker: {effect} not see it",
                    f"write `{marker}`, alone on its line",
                    line=number,
                )


def never_closed(page: Page, course: Course) -> Iterator[Finding]:
    """A region that does not end: nbgrader refuses to release the assignment."""
    for cell, faults in _faults(page):
        for marker, fault in faults:
            if fault == "open":
                yield page.finding(
                    cell,
                    f"`### BEGIN {marker.region}` is never closed",
                    f"write `### END {marker.region}` where it ends, in the same cell",
                    line=marker.line,
                )


def never_opened(page: Page, course: Course) -> Iterator[Finding]:
    """An end without a beginning, or a second end: what stands before it is released."""
    for cell, faults in _faults(page):
        for marker, fault in faults:
            if fault == "closed":
                yield page.finding(
                    cell,
                    f"`### END {marker.region}` closes nothing: what stands before it is released",
                    f"remove it, or write `### BEGIN {marker.region}` where the region begins",
                    line=marker.line,
                )


def nested(page: Page, course: Course) -> Iterator[Finding]:
    """A region in another one."""
    for cell, faults in _faults(page):
        for marker, fault in faults:
            if fault == "nested":
                yield page.finding(
                    cell,
                    f"`### BEGIN {marker.region}` stands in a region that is still open",
                    "close that one before it",
                    line=marker.line,
                )


def misplaced_solution(page: Page, course: Course) -> Iterator[Finding]:
    """A solution's markers where nbgrader expects none."""
    for cell in page.cells:
        for marker in list(markers(cell.source, "SOLUTION"))[:1]:
            if page.kind == "lesson":
                yield page.finding(
                    cell,
                    "a solution's markers in a lesson: nothing clears them there",
                    "put the solution in a cell tagged `solution`",
                    line=marker.line,
                )
            elif not is_solution(cell):
                yield page.finding(
                    cell,
                    f"a solution's markers in {_what(cell)}: nbgrader refuses them there",
                    "move them to a solution cell, or write solution: true",
                    line=marker.line,
                )


def misplaced_tests(page: Page, course: Course) -> Iterator[Finding]:
    """Hidden tests where nothing is tested."""
    for cell in page.cells:
        for marker in list(markers(cell.source, "HIDDEN TESTS"))[:1]:
            if page.kind == "lesson" or not is_test(cell):
                what = "a lesson" if page.kind == "lesson" else _what(cell)
                yield page.finding(
                    cell,
                    f"hidden tests in {what}",
                    "move them to a locked test cell of an assignment",
                    line=marker.line,
                )


def no_solution(page: Page, course: Course) -> Iterator[Finding]:
    """A solution cell without a region: the student receives a bare stub."""
    for cell in _solutions(page):
        if not list(markers(cell.source, "SOLUTION")):
            yield page.finding(
                cell,
                f"{cell.grade_id} has no solution region: students would receive a stub alone, "
                "without the name and the docstring to fill in",
                "write `### BEGIN SOLUTION` and `### END SOLUTION` around the answer",
            )


def empty_solution(page: Page, course: Course) -> Iterator[Finding]:
    """A solution region that holds no code: is the solution outside?"""
    for cell in _solutions(page):
        begins = [mark for mark in markers(cell.source, "SOLUTION") if mark.edge == "BEGIN"]
        lines = cell.source.split("\n")
        inside = lines_inside(cell.source, "SOLUTION")
        code = [lines[number - 1].strip() for number in inside]
        if begins and not any(line and not line.startswith("#") for line in code):
            yield page.finding(
                cell,
                f"the solution region of {cell.grade_id} holds no code",
                "move the solution into it: what stands outside is released",
                line=begins[0].line,
            )


def outside_solution(page: Page, course: Course) -> Iterator[Finding]:
    """A line of a function, outside the markers, that needs a name bound only inside them."""
    for cell in _solutions(page):
        inside = lines_inside(cell.source, "SOLUTION")
        functions = [
            node
            for node in ast.walk(cell.tree or ast.Module([], []))
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        ]
        for function in functions:
            for line, name in _orphans(function, inside):
                yield page.finding(
                    cell,
                    f"outside the markers, {function.name} reads {name!r}, "
                    "which only the solution region binds: a student would have to guess that name",
                    "move this line into the region, or bind the name outside it",
                    line=line,
                )


def no_hidden_tests(page: Page, course: Course) -> Iterator[Finding]:
    """A test that shows all it looks for."""
    for cell in _tests(page):
        if not list(markers(cell.source, "HIDDEN TESTS")):
            yield page.finding(
                cell,
                f"the test {cell.grade_id} has no hidden tests: an answer made for its examples "
                "gets all its points",
                "add fresh cases between `### BEGIN HIDDEN TESTS` and `### END HIDDEN TESTS`",
            )


def no_visible_tests(page: Page, course: Course) -> Iterator[Finding]:
    """A test that shows nothing, or only after what it hides."""
    for cell in _tests(page):
        hidden = lines_inside(cell.source, "HIDDEN TESTS")
        first = min(hidden, default=10**6)
        checks = (
            node.lineno
            for node in ast.walk(cell.tree or ast.Module([], []))
            if isinstance(node, ast.Assert | ast.Raise)
        )
        if cell.tree and not any(line < first for line in checks):
            yield page.finding(
                cell,
                f"the test {cell.grade_id} asserts nothing before its hidden tests: "
                "a student cannot try an answer",
                "begin with visible checks: type, shape, a small example",
            )


def _meant(line: str, *, comment: bool) -> str:
    """The marker that a line is, or was meant to be; empty for any other line."""
    seen = [marker for marker in MARKERS if marker.removeprefix("### ") in line]
    if seen:
        return seen[0] if comment or line.strip() == seen[0] else ""
    if not line.lstrip().startswith("#"):
        return ""
    words = " ".join(re.findall(r"[A-Za-z]+", line)).upper()
    if not _MEANT.fullmatch(words) and len(words.split()) > 4:
        return ""
    likely = max(MARKERS, key=lambda marker: _resemblance(words, marker))
    close = _resemblance(words, likely) >= _RESEMBLANCE
    return likely if close or _MEANT.fullmatch(words) else ""


def _resemblance(words: str, marker: str) -> float:
    return SequenceMatcher(None, words, marker.removeprefix("### "), autojunk=False).ratio()


def _faults(page: Page) -> Iterator[tuple[Cell, list[tuple[Marker, str]]]]:
    """What is wrong with the order of the markers of each cell."""
    for cell in page.cells:
        found = sorted(
            (marker for region in REGIONS for marker in markers(cell.source, region)),
            key=lambda marker: marker.line,
        )
        faults, opened = [], list[Marker]()
        for marker in found:
            if marker.edge == "BEGIN":
                if opened:
                    faults.append((marker, "nested"))
                opened.append(marker)
            elif any(each.region == marker.region for each in opened):
                opened = [each for each in opened if each.region != marker.region]
            else:
                faults.append((marker, "closed"))
        yield cell, [*faults, *((marker, "open") for marker in opened)]


def _orphans(
    function: ast.FunctionDef | ast.AsyncFunctionDef, inside: frozenset[int]
) -> Iterator[tuple[int, str]]:
    """Names that a function reads outside the region and binds only inside: line, name."""
    names = [node for node in ast.walk(function) if isinstance(node, ast.Name)]
    stored = [node for node in names if not isinstance(node.ctx, ast.Load)]
    of_region = {node.id for node in stored if node.lineno in inside}
    of_region -= {node.id for node in stored if node.lineno not in inside}
    of_region -= {argument.arg for argument in ast.walk(function) if isinstance(argument, ast.arg)}
    for node in names:
        if isinstance(node.ctx, ast.Load) and node.lineno not in inside and node.id in of_region:
            yield node.lineno, node.id


def _what(cell: Cell) -> str:
    if is_test(cell):
        return f"the test {cell.grade_id}"
    return f"cell {cell.grade_id}" if cell.grade_id else f"a {cell.kind} cell without grade_id"


def _solutions(page: Page) -> Iterator[Cell]:
    if page.kind == "assignment":
        yield from (cell for cell in page.of_kind("code") if is_solution(cell))


def _tests(page: Page) -> Iterator[Cell]:
    if page.kind == "assignment":
        yield from (cell for cell in page.cells if is_test(cell))


RULES: dict[str, Rule] = {
    "marker-spelling": misspelt,
    "marker-open": never_closed,
    "marker-closed": never_opened,
    "marker-nested": nested,
    "solution-place": misplaced_solution,
    "solution-region": no_solution,
    "solution-empty": empty_solution,
    "solution-outside": outside_solution,
    "hidden-place": misplaced_tests,
    "hidden-missing": no_hidden_tests,
    "visible-missing": no_visible_tests,
}
