"""The demonstration: a class of 24, composed from the specimens, graded from end to end."""

import random
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from autograder.authoring.checks.specimens import submit
from autograder.authoring.cohort import cohort
from autograder.authoring.masters import Master, assignment
from autograder.authoring.specimens import Specimen, read_specimens
from autograder.authoring.translation import Lang
from autograder.errors import EcoleError
from autograder.grading import Batch, SubmissionResult, feedback, grade, open_course, release
from autograder.reporting import Record, write_record

ASSIGNMENT = "w02-laboratory-export"
STUDENTS = 24


@dataclass(frozen=True)
class Demonstration:
    """What the demonstration leaves behind."""

    course: Path
    batch: Batch
    feedback: Path
    record: Record


def run_demo(
    directory: Path | None,
    lang: Lang,
    *,
    workers: int | None = None,
    on_result: Callable[[SubmissionResult, int, int], None] | None = None,
) -> Demonstration:
    """Release, submit, grade, write feedback and record, in a course directory of its own.

    Args:
        directory: an empty or new folder; a temporary one that stays by default.

    Raises:
        EcoleError: the folder holds something.
    """
    if directory is not None and directory.exists() and any(directory.iterdir()):
        raise EcoleError(f"{directory} is not empty: give the demonstration a folder of its own")
    root = directory or Path(tempfile.mkdtemp(prefix="ecole-demo-"))
    course = make_class(root, lang)
    batch = grade(course, ASSIGNMENT, workers=workers, on_result=on_result)
    pages = feedback(course, ASSIGNMENT)
    return Demonstration(course, batch, pages[0], write_record(batch, course / "batches"))


def make_class(root: Path, lang: Lang) -> Path:
    """A cohort with 24 submissions: the same answers whenever and wherever it is made."""
    master = assignment(ASSIGNMENT)
    course = cohort(root, lang, [master])
    released = release(open_course(course), ASSIGNMENT)
    for specimen in compose_class(master):
        submit(specimen, master, released, course / "submitted" / specimen.name, lang)
    return course


def compose_class(master: Master, students: int = STUDENTS) -> list[Specimen]:
    """Made-up students: each answers each question well or as one of the specimens does.

    One handed in the empty notebook, one the trap, a few everything right; the others make
    between one and five mistakes.
    """
    specimens = read_specimens(master)
    empty = next(each for each in specimens if each.kind == "empty")
    trap = next(each for each in specimens if each.kind == "trap")
    mistakes = [
        (cell, source)
        for each in specimens
        if each.kind in ("wrong", "trap")
        for cell, source in sorted(each.cells.items())
    ]
    right = [each for each in specimens if each.kind in ("reference", "right")]
    draw = random.Random(2020)
    composed = []
    for number in range(1, students + 1):
        name = f"student-{number:02}"
        if number % 11 == 0:
            whole = empty if number % 2 else trap
            composed.append(whole.model_copy(update={"name": name}))
            continue
        cells = dict(draw.choice(right).cells)
        cells.update(draw.sample(mistakes, k=draw.choice((0, 1, 1, 2, 2, 3, 4, 5))))
        composed.append(
            Specimen(name=name, kind="right", why="composed for the class", cells=cells)
        )
    return composed
