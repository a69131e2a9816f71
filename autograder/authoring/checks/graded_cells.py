"""Cells that nbgrader knows: their metadata, their points, the questions they belong to."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any, TypeGuard

import nbformat

from autograder.authoring.checks.findings import Finding
from autograder.authoring.checks.pages import Cell, Course, Page, Rule
from autograder.authoring.translation import LANGS, Lang

TOTAL = 20.0
BY_TESTS = (17.0, 18.0)
BY_HAND = (2.0, 3.0)
QUESTIONS = range(5, 9)
KEYS = ("schema_version", "grade", "grade_id", "locked", "solution", "task")

_GRADE_ID = re.compile(r"[a-z][a-z0-9_]*")
_HEADING = re.compile(r"(#{1,6})\s+(.*)")
_POINTS = re.compile(r"(\d+(?:[.,]\d+)?)\s*points?\b")
_COMPETENCY = re.compile(r"\bC\d+\b")


def is_test(cell: Cell) -> bool:
    """A code cell that carries points and is no answer."""
    return cell.kind == "code" and bool(cell.nbgrader.get("grade")) and not is_solution(cell)


def is_solution(cell: Cell) -> bool:
    """A cell, of code or text, that the student fills in."""
    return bool(cell.nbgrader.get("solution"))


def is_given(cell: Cell) -> bool:
    """A locked code cell that is no test: the student receives it and cannot change it."""
    locked = cell.kind == "code" and bool(cell.nbgrader.get("locked"))
    return locked and not is_test(cell) and not is_solution(cell)


def points_of(cell: Cell) -> float:
    """The points that a cell carries; 0 where it carries none or states no number."""
    points = cell.nbgrader.get("points")
    return float(points) if _is_number(points) and cell.nbgrader.get("grade") else 0.0


def in_language(page: Page, lang: Lang) -> list[Cell]:
    """The cells of one language, those of both included."""
    return [cell for cell in page.cells if cell.lang in (None, lang)]


@dataclass
class Question:
    """What stands between a heading of level 1 or 2 and the next one, in one language.

    Attributes:
        cell: the text cell of the heading; None before the first heading.
        line: the heading's line in that cell, from 1.
        graded: the cells that carry points.
    """

    cell: Cell | None
    line: int
    heading: str
    graded: list[Cell] = field(default_factory=list)

    @property
    def points(self) -> float:
        """What its cells carry together."""
        return sum(points_of(cell) for cell in self.graded)


def questions(page: Page, lang: Lang) -> list[Question]:
    """The sections of an assignment in one language; what has no heading comes first."""
    found = [Question(None, 1, "")]
    for cell in in_language(page, lang):
        if cell.kind == "markdown" and not cell.nbgrader:
            found += [Question(cell, line, text) for line, text in _headings(cell.source)]
        if cell.nbgrader.get("grade"):
            found[-1].graded.append(cell)
    return found


def _headings(source: str) -> Iterator[tuple[int, str]]:
    fenced = False
    for number, line in enumerate(source.splitlines(), start=1):
        fenced ^= line.lstrip().startswith("```")
        heading = _HEADING.match(line)
        if heading and not fenced and len(heading[1]) <= 2:
            yield number, heading[2]


def of_a_lesson(page: Page, course: Course) -> Iterator[Finding]:
    """nbgrader's metadata in a lesson, which nothing grades."""
    for cell in page.cells:
        if page.kind == "lesson" and "nbgrader" in cell.metadata:
            yield page.finding(
                cell,
                f"nbgrader's metadata ({cell.grade_id or 'no grade_id'}) in a lesson",
                "remove them: only assignments are graded",
            )


def twice(page: Page, course: Course) -> Iterator[Finding]:
    """A grade_id of two cells of one language: nbgrader refuses the notebook."""
    reported = set()
    for lang in LANGS:
        seen: dict[str, Cell] = {}
        for cell in in_language(page, lang) if page.kind == "assignment" else []:
            first = seen.setdefault(cell.grade_id, cell)
            if cell.grade_id and first is not cell and cell.number not in reported:
                reported.add(cell.number)
                yield page.finding(
                    cell,
                    f"grade_id {cell.grade_id!r} is also that of cell {first.number}",
                    "rename one of them (and its specimens' cells)",
                )


def malformed(page: Page, course: Course) -> Iterator[Finding]:
    """A grade_id that nbgrader, a specimen or a reader would stumble on."""
    for cell in _of_assignment(page):
        grade_id = cell.nbgrader.get("grade_id")
        if isinstance(grade_id, str) and grade_id and not _GRADE_ID.fullmatch(grade_id):
            yield page.finding(
                cell,
                f"grade_id {grade_id!r} holds something else than a-z, 0-9 and _",
                "write it as a Python name in lower case, beginning with a letter",
            )


def against_schema(page: Page, course: Course) -> Iterator[Finding]:
    """Metadata that nbgrader's own validator refuses."""
    for cell in _of_assignment(page):
        refused = _refused(cell)
        if refused:
            yield page.finding(
                cell,
                f"nbgrader refuses the metadata of {cell.grade_id or 'this cell'}: {refused}",
                "correct them: nbgrader releases nothing otherwise",
            )


def keys(page: Page, course: Course) -> Iterator[Finding]:
    """Metadata without one of their keys, or with those that a release adds."""
    for cell in _of_assignment(page):
        given = cell.nbgrader
        missing = [key for key in KEYS if key not in given]
        unknown = sorted(set(given) - {*KEYS, "points"})
        if given and missing:
            words = ", ".join(missing)
            yield page.finding(
                cell, f"nbgrader's metadata lack {words}", f"write all of them: {', '.join(KEYS)}"
            )
        if unknown:
            yield page.finding(
                cell,
                f"nbgrader's metadata hold {', '.join(unknown)}",
                "remove it: nbgrader adds what a release needs",
            )


def misplaced_points(page: Page, course: Course) -> Iterator[Finding]:
    """Points where nothing is graded, or none where something is."""
    for cell in _of_assignment(page):
        points = cell.nbgrader.get("points")
        if cell.nbgrader.get("grade"):
            if not _is_number(points) or points <= 0:
                yield page.finding(
                    cell,
                    f"{cell.grade_id} is graded, with points: {points}",
                    "give it points above 0, or grade: false",
                )
        elif points is not None:
            yield page.finding(
                cell,
                f"{cell.grade_id} states {points} points, but is not graded",
                "remove the points, or write grade: true",
            )


def pair_differs(page: Page, course: Course) -> Iterator[Finding]:
    """The two languages of a written answer, known to nbgrader under different terms."""
    for french, english in page.pairs if page.kind == "assignment" else ():
        if french.metadata.get("nbgrader") != english.metadata.get("nbgrader"):
            names = sorted({*french.nbgrader, *english.nbgrader})
            differing = [
                f"{name}: {french.nbgrader.get(name)} / {english.nbgrader.get(name)}"
                for name in names
                if french.nbgrader.get(name) != english.nbgrader.get(name)
            ]
            yield page.finding(
                english,
                f"its nbgrader metadata are not those of the French cell ({'; '.join(differing)})",
                "write the same in both, the grade_id too",
            )


def total(page: Page, course: Course) -> Iterator[Finding]:
    """An assignment that is not worth 20 points."""
    if page.kind == "assignment":
        found = sum(map(points_of, in_language(page, "fr")))
        if found != TOTAL:
            yield page.finding(
                None, f"the points of its cells add up to {found:g}", f"make them {TOTAL:g}"
            )


def shares(page: Page, course: Course) -> Iterator[Finding]:
    """Too much or too little that a person marks."""
    cells = in_language(page, "fr") if page.kind == "assignment" else []
    graded = [cell for cell in cells if points_of(cell)]
    tests = sum(points_of(cell) for cell in graded if is_test(cell))
    hand = sum(points_of(cell) for cell in graded if not is_test(cell))
    for what, found, (low, high) in (
        ("by tests", tests, BY_TESTS),
        ("by hand", hand, BY_HAND),
    ):
        if page.kind == "assignment" and not low <= found <= high:
            yield page.finding(
                None,
                f"{found:g} points are marked {what}",
                f"make them {low:g} to {high:g}",
            )


def number_of_questions(page: Page, course: Course) -> Iterator[Finding]:
    """Too few or too many graded questions."""
    if page.kind == "assignment":
        found = sum(1 for question in questions(page, "fr") if question.graded)
        if found not in QUESTIONS:
            yield page.finding(
                None,
                f"{found} graded question{'s' if found > 1 else ''} (headings `## …`)",
                f"make them {QUESTIONS[0]} to {QUESTIONS[-1]}",
            )


def heading_points(page: Page, course: Course) -> Iterator[Finding]:
    """A heading that promises other points than its cells carry."""
    for lang, question in _questions(page):
        said = _POINTS.search(question.heading)
        # 20 points are said of the whole assignment, at its top: only a question's are compared
        stated = float(said[1].replace(",", ".")) if said else None
        unit = "points" if question.points > 1 else "point"
        if question.graded and stated is None:
            yield page.finding(
                question.cell or question.graded[0],
                f"the {lang} heading {question.heading!r} says no points, "
                f"its cells carry {question.points:g}",
                f'write "({question.points:g} {unit} · C…)" at its end',
                line=question.line,
            )
        elif stated is not None and stated != question.points:
            yield page.finding(
                question.cell,
                f"the {lang} heading says {said[0] if said else ''}, "
                f"its cells carry {question.points:g} ({_names(question)})",
                "make them agree",
                line=question.line,
            )


def competencies_missing(page: Page, course: Course) -> Iterator[Finding]:
    """A graded question that names no competency."""
    for lang, question in _questions(page):
        if question.graded and not _COMPETENCY.search(question.heading):
            yield page.finding(
                question.cell or question.graded[0],
                f"the {lang} heading {question.heading!r} of a graded question names no competency",
                "name one or more of course/syllabus.yml at its end, as in (2 points · C3)",
                line=question.line,
            )


def competencies_unknown(page: Page, course: Course) -> Iterator[Finding]:
    """A heading that names a competency that the certification has not."""
    for lang, question in _questions(page):
        for name in _COMPETENCY.findall(question.heading):
            if course.competencies and name not in course.competencies:
                yield page.finding(
                    question.cell,
                    f"the {lang} heading names {name}, which course/syllabus.yml does not know",
                    "correct it",
                    line=question.line,
                )


def unlocked_test(page: Page, course: Course) -> Iterator[Finding]:
    """A test that a student may change."""
    for cell in _of_assignment(page):
        if is_test(cell) and not cell.nbgrader.get("locked"):
            yield page.finding(
                cell, f"the test {cell.grade_id} is not locked", "write locked: true"
            )


def locked_solution(page: Page, course: Course) -> Iterator[Finding]:
    """An answer that a student may not write."""
    for cell in _of_assignment(page):
        if is_solution(cell) and cell.nbgrader.get("locked"):
            yield page.finding(
                cell, f"the solution {cell.grade_id} is locked", "write locked: false"
            )


def without_role(page: Page, course: Course) -> Iterator[Finding]:
    """Metadata that make a cell neither a test, nor a solution, nor read-only."""
    roles = ("grade", "solution", "locked", "task")
    for cell in _of_assignment(page):
        if cell.nbgrader and not any(cell.nbgrader.get(role) for role in roles):
            yield page.finding(
                cell,
                f"{cell.grade_id or 'a cell'} is neither graded, nor a solution, nor locked",
                "write locked: true, or remove nbgrader's metadata",
            )


def _of_assignment(page: Page) -> Iterator[Cell]:
    """The cells of an assignment that carry nbgrader's metadata."""
    if page.kind == "assignment":
        yield from (cell for cell in page.cells if "nbgrader" in cell.metadata)


def _questions(page: Page) -> Iterator[tuple[Lang, Question]]:
    """The questions of both languages; what stands before the first heading if it is graded."""
    if page.kind == "assignment":
        for lang in LANGS:
            for question in questions(page, lang):
                if question.graded or question.cell:
                    yield lang, question


def _names(question: Question) -> str:
    names = [f"{cell.grade_id} {points_of(cell):g}" for cell in question.graded]
    return ", ".join(names) or "none is graded"


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _refused(cell: Cell) -> str:
    """What nbgrader's validator says of a cell; empty when it accepts it."""
    given = cell.metadata["nbgrader"]
    if not isinstance(given, dict) or not given:
        return f"{given!r} is no list of settings"
    if given.get("schema_version") != 3:
        return f"schema_version is {given.get('schema_version')!r}, not 3"
    validate, refusal = _validator()
    node = nbformat.from_dict(
        {"cell_type": cell.kind, "source": cell.source, "metadata": {"nbgrader": given}}
    )
    try:
        validate(node)
    except refusal as error:
        return str(getattr(error, "message", error)).splitlines()[0]
    return ""


@cache
def _validator() -> tuple[Any, type[Exception]]:
    """nbgrader's validator: imported late, since it brings a database with it."""
    from nbgrader.nbgraderformat import MetadataValidator, ValidationError

    return MetadataValidator().validate_cell, ValidationError


RULES: dict[str, Rule] = {
    "nbgrader-lesson": of_a_lesson,
    "nbgrader-schema": against_schema,
    "nbgrader-keys": keys,
    "nbgrader-pair": pair_differs,
    "nbgrader-role": without_role,
    "grade-id-twice": twice,
    "grade-id-form": malformed,
    "points-place": misplaced_points,
    "points-total": total,
    "points-shares": shares,
    "points-heading": heading_points,
    "question-count": number_of_questions,
    "competency-missing": competencies_missing,
    "competency-unknown": competencies_unknown,
    "test-locked": unlocked_test,
    "solution-locked": locked_solution,
}
