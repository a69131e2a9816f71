"""The classes that are graded: real course directories, each student's work unlike the others'."""

import shutil
import sqlite3
from pathlib import Path

import nbformat

from autograder.authoring.checks.specimens import submit
from autograder.authoring.cohort import cohort
from autograder.authoring.masters import Master, assignment
from autograder.authoring.specimens import Specimen
from autograder.authoring.translation import Lang
from autograder.demo import compose_class
from autograder.grading import open_course, release

HERE = Path(__file__).resolve().parent
LANG: Lang = "en"

Marks = dict[tuple[str, str], float | None]

# what some students answer instead of the reference, by assignment; the others answer well
_MISTAKES: dict[str, list[dict[str, str]]] = {
    "light": [
        {"long_stays": 'def long_stays(stays, days):\n    return stays[stays["days"] >= days]'},
        {"mean_days": "def mean_days(stays):\n    return {}", "oldest": "oldest = 18"},
        {"share": 'def share(stays):\n    return 100 * stays["back"].mean()'},
        {
            "readmission": "def readmission(stays):\n"
            '    return LogisticRegression().fit(-stays[["age"]], stays["back"])'
        },
        {"oldest": 'oldest = stay["age"].max()', "share": "def share(stays):\n    return 0.5"},
    ],
    "heavy": [
        {
            "forest": "forest = RandomForestClassifier(n_estimators=150, random_state=0)\n"
            'forest.fit(stays[columns], stays["worse"])\nrisks = np.zeros(len(stays))'
        },
        {
            "validate": "def validate(stays, columns, folds=3):\n"
            "    model = RandomForestClassifier(n_estimators=60, random_state=0)\n"
            '    return cross_val_score(model, stays[columns], stays["worse"], cv=folds).mean()\n'
            "\n\nscores = validate(stays, columns)"
        },
    ],
}


def master_of(name: str) -> Master:
    """The master of a benchmark's own assignment, or of one of the course's."""
    path = HERE / name / f"{name}.md"
    return Master(path, "assignment") if path.exists() else assignment(name)


def make_class(root: Path, name: str, students: int) -> Path:
    """A released course directory with that many submissions, none graded yet."""
    master = master_of(name)
    course = cohort(root, LANG, [master])
    released = release(open_course(course), name)
    for specimen in _compose(master, students):
        folder = course / "submitted" / specimen.name
        submit(specimen, master, released, folder, LANG)
        _sign(folder / name / f"{name}.ipynb", specimen.name)
    return course


def first_students(course: Path, students: int) -> list[str]:
    """The first students of a class, in the order in which it was composed."""
    names = [path.name for path in (course / "submitted").iterdir()]
    return sorted(names, key=lambda name: int(name.rpartition("-")[2]))[:students]


def copy_class(course: Path, place: Path, students: int) -> Path:
    """The same course directory with its first students only, at `place`."""
    shutil.copytree(course, place, ignore=shutil.ignore_patterns("submitted"))
    for name in first_students(course, students):
        shutil.copytree(course / "submitted" / name, place / "submitted" / name)
    return place


def marks_of(course: Path) -> Marks:
    """Automatic points by student and grade_id, as the gradebook keeps them."""
    with sqlite3.connect(course / "gradebook.db") as database:
        rows = database.execute(
            """select sa.student_id, base_cell.name, grade.auto_score
               from grade join base_cell on grade.cell_id = base_cell.id
               join submitted_notebook sn on grade.notebook_id = sn.id
               join submitted_assignment sa on sn.assignment_id = sa.id"""
        ).fetchall()
    database.close()
    return {(student, cell): score for student, cell, score in rows}


def _compose(master: Master, students: int) -> list[Specimen]:
    if master.name not in _MISTAKES:
        return compose_class(master, students)
    answers: list[dict[str, str]] = [{}, *_MISTAKES[master.name]]
    return [
        Specimen(
            name=f"student-{number:02}",
            kind="right",
            why="composed for the benchmark",
            cells=answers[number % len(answers)],
        )
        for number in range(1, students + 1)
    ]


def _sign(path: Path, student: str) -> None:
    """A comment of the student's own in each answer: nothing can be kept by its content."""
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        graded = cell.metadata.get("nbgrader", {})
        if cell.cell_type == "code" and graded.get("solution"):
            cell.source += f"\n# {student}"
    nbformat.write(notebook, path)
