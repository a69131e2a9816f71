"""Faults in nbgrader's metadata, in points, in what questions say of themselves."""

import json
from functools import partial

from planted import Planted, code, pair

GRADED: dict[str, object] = {
    "schema_version": 3,
    "grade": False,
    "grade_id": "cell",
    "locked": False,
    "solution": False,
    "task": False,
}

OfAssignment = partial(Planted, kind="assignment")


def graded(source: str, grade_id: str = "cell", **settings: object) -> str:
    """A code cell with nbgrader's metadata; None as a setting leaves the key out."""
    metadata = GRADED | {"grade_id": grade_id} | settings
    kept = {key: value for key, value in metadata.items() if value is not None}
    return code(source, f"---\nnbgrader: {json.dumps(kept)}\n---")


def given(source: str, grade_id: str = "given", **settings: object) -> str:
    """A locked cell that is no test."""
    return graded(source, grade_id, **{"locked": True} | settings)


def solution(source: str, grade_id: str = "solution", **settings: object) -> str:
    """A solution cell."""
    return graded(source, grade_id, **{"solution": True} | settings)


def a_test(source: str, grade_id: str = "test", points: object = 2, **settings: object) -> str:
    """A test cell."""
    return graded(source, grade_id, **{"grade": True, "locked": True, "points": points} | settings)


def written(points: object = 2, mark: str = "", english: dict[str, object] | None = None) -> str:
    """A written answer in both languages; `english` changes the metadata of the second."""
    metadata = GRADED | {"grade_id": "written", "grade": True, "solution": True, "points": points}
    both = ({"nbgrader": metadata}, {"nbgrader": metadata | (english or {})})
    cells = (
        f"+++ {json.dumps({'lang': lang} | each)}\n\n{text}\n\n"
        for lang, text, each in zip(("fr", "en"), ("Bonjour.", f"Hello. {mark}"), both, strict=True)
    )
    return "".join(cells)


def question(said: str = "(2 points · C3)", cells: str | None = None, mark: str = "") -> str:
    """A question: its heading in both languages, then its cells (a test of 2 points)."""
    heading = pair(f"## 1. Lire {said}{mark}", f"## 1. Read {said}")
    return heading + (a_test("pass") if cells is None else cells)


def whole(tests: float = 18, hand: float = 2, number: int = 4) -> str:
    """As many questions by tests, equal, then a written answer."""
    each = tests / number
    return "".join(
        question(cells=a_test("pass", f"test_{place}", each)) for place in range(number)
    ) + question(cells=written(hand))


PLANTED = {
    "nbgrader-lesson": [
        Planted(
            fault=given("x = 1 ⟵"),
            near_miss=code("x = 1", ":tags: [figure]"),
            says=("nbgrader's metadata (given) in a lesson",),
        ),
    ],
    "nbgrader-schema": [
        OfAssignment(
            fault=a_test("assert x ⟵", points=-1),
            near_miss=a_test("assert x", points=0.5),
            says=("nbgrader refuses the metadata of test", "-1"),
        ),
        OfAssignment(
            fault=solution("x = 1 ⟵", schema_version=2),
            near_miss=solution("x = 1"),
            says=("schema_version is 2, not 3",),
        ),
        OfAssignment(
            fault=solution("x = 1 ⟵", locked=None),
            near_miss=written(),
            says=("'locked' is a required property",),
        ),
        OfAssignment(
            fault='+++ {"lang": "fr", "nbgrader": {"schema_version": 3, "grade": true, "points": 1,'
            ' "grade_id": "w", "locked": false, "solution": false, "task": false}}\n\nBonjour. ⟵\n',
            near_miss=given("x = 1"),
            says=("not marked as a solution cell",),
        ),
        OfAssignment(
            fault=code("x = 1 ⟵", "---\nnbgrader: true\n---"),
            near_miss=code("x = 1"),
            says=("True is no list of settings",),
        ),
    ],
    "nbgrader-keys": [
        OfAssignment(
            fault=solution("x = 1 ⟵", task=None),
            near_miss=solution("x = 1"),
            says=("lack task",),
        ),
        OfAssignment(
            fault=solution("x = 1 ⟵", checksum="0" * 32),
            near_miss=a_test("assert x"),
            says=("hold checksum", "remove it"),
        ),
    ],
    "nbgrader-pair": [
        OfAssignment(
            fault=written(mark="⟵", english={"points": 3}),
            near_miss=written(),
            says=("points: 2 / 3", "write the same in both"),
        ),
        OfAssignment(
            fault=written().replace('"nbgrader"', '"nb"', 1).replace("Hello.", "Hello. ⟵"),
            near_miss=pair("Bonjour.", "Hello."),
            says=("not those of the French cell", "grade_id: None / written"),
        ),
    ],
    "nbgrader-role": [
        OfAssignment(
            fault=graded("x = 1 ⟵", "data"),
            near_miss=given("x = 1", "data") + code("y = 2"),
            says=("data is neither graded, nor a solution, nor locked",),
        ),
        OfAssignment(
            fault=graded("x = 1 ⟵", "data", points=2),
            near_miss=graded("x = 1", "a", grade=True)
            + graded("x = 1", "b", solution=True)
            + graded("x = 1", "c", task=True),
            says=("data is neither",),
        ),
    ],
    "grade-id-twice": [
        OfAssignment(
            fault=solution("x = 1", "x") + a_test("assert x ⟵", "x"),
            near_miss=solution("x = 1", "x") + written(),
            says=("'x' is also that of cell 1", "rename one"),
        ),
        OfAssignment(
            fault=written() + a_test("assert True ⟵", "written"),
            near_miss=written(),
            says=("'written' is also that of cell 1",),
        ),
    ],
    "grade-id-form": [
        OfAssignment(
            fault=solution("x = 1 ⟵", "Read-Export"),
            near_miss=solution("x = 1", "read_export_2"),
            says=("'Read-Export'", "Python name"),
        ),
        OfAssignment(
            fault=solution("x = 1 ⟵", "2_read"),
            near_miss=solution("x = 1", "r"),
            says=("'2_read'",),
        ),
    ],
    "points-place": [
        OfAssignment(
            fault=solution("x = 1 ⟵", points=2),
            near_miss=solution("x = 1") + a_test("assert x", points=0.5),
            says=("solution states 2 points, but is not graded",),
        ),
        OfAssignment(
            fault=a_test("assert x ⟵", points=0),
            near_miss=written(),
            says=("test is graded, with points: 0",),
        ),
    ],
    "points-total": [
        OfAssignment(
            fault=whole(17, 2), near_miss=whole(18, 2), says=("add up to 19", "make them 20")
        ),
    ],
    "points-shares": [
        OfAssignment(
            fault=whole(15, 5),
            near_miss=whole(17, 3),
            says=("5 points are marked by hand", "2 to 3"),
        ),
        OfAssignment(
            fault=whole(19, 1), near_miss=whole(18, 2), says=("19 points are marked by tests",)
        ),
    ],
    "points-heading": [
        OfAssignment(
            fault=question("(3 points · C3)", mark="⟵"),
            near_miss=question("(2,5 points · C3)", a_test("pass", points=2.5))
            + question("(3 points · C1)", a_test("pass", "a", 2) + a_test("pass", "b", 1)),
            says=("says 3 points, its cells carry 2 (test 2)",),
        ),
        OfAssignment(
            fault=question("(C3)", mark="⟵"),
            near_miss=question("(2 points · C3)\n\n### Exemple\n\n```python\n# (9 points)\n```"),
            says=("says no points, its cells carry 2", "(2 points · C…)"),
        ),
        OfAssignment(
            fault=pair("## 2. Voir (1 point · C3) ⟵", "## 2. See (2 points · C3)") + a_test("pass"),
            near_miss=pair("# Semaine 2\n\n**20 points**", "# Week 2\n\n**20 points**")
            + question()
            + pair("## Voir", "## See")
            + code("x"),
            says=("the fr heading says 1 point,",),
        ),
        OfAssignment(
            fault=question("(2 points · C3)", written(1), mark="⟵"),
            near_miss=question("(1 point · C3)", written(1))
            + question("(2 points · C3)", a_test("# (9 points)\npass")),
            says=("its cells carry 1 (written 1)",),
        ),
    ],
    "question-count": [
        OfAssignment(
            fault=whole(number=3), near_miss=whole(number=4), says=("4 graded questions", "5 to 8")
        ),
        OfAssignment(
            fault=whole(number=8),
            near_miss=whole(number=7) + pair("## Voir", "## See") + code("x"),
            says=("9 graded questions",),
        ),
    ],
    "competency-missing": [
        OfAssignment(
            fault=question("(2 points)", mark="⟵"),
            near_miss=question("(2 points · C3)") + pair("## Voir", "## See"),
            says=("names no competency", "(2 points · C3)"),
        ),
    ],
    "competency-unknown": [
        OfAssignment(
            fault=question("(2 points · C1, C22)", mark="⟵"),
            near_miss=question("(2 points · C1, C21)"),
            says=("names C22",),
        ),
    ],
    "test-locked": [
        OfAssignment(
            fault=a_test("assert x ⟵", locked=False),
            near_miss=a_test("assert x") + written(),
            says=("the test test is not locked",),
        ),
    ],
    "solution-locked": [
        OfAssignment(
            fault=solution("x = 1 ⟵", locked=True),
            near_miss=solution("x = 1") + given("y = 1"),
            says=("the solution solution is locked",),
        ),
    ],
}
