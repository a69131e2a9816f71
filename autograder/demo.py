"""The demonstration: a class of 24, composed from the specimens, graded from end to end."""

import random
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from autograder.authoring.check import submit
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
    kinds = {kind: [each for each in specimens if each.kind == kind] for kind in ("trap", "empty")}
    wrong = [each for each in specimens if each.kind in ("wrong", "trap") and each.cells]
    right = [each for each in specimens if each.kind == "right"]
    draw = random.Random(2020)
    composed = []
    for number in range(1, students + 1):
        name = f"student-{number:02}"
        if number % 11 == 0:
            kind = "empty" if number % 2 else "trap"
            composed.append(kinds[kind][0].model_copy(update={"name": name}))
            continue
        cells = dict(draw.choice(right).cells) if right else {}
        for each in draw.sample(wrong, k=min(len(wrong), draw.choice((0, 0, 1, 1, 2, 3, 4, 5)))):
            cells.update(each.cells)
        composed.append(
            Specimen(name=name, kind="right", why="composed for the class", cells=cells)
        )
    return composed
