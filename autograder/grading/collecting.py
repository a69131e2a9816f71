"""What has been handed in through nbgrader's exchange, whichever the course is configured with."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from nbgrader.auth import Authenticator
from nbgrader.coursedir import CourseDirectory
from nbgrader.exchange import ExchangeError, ExchangeFactory
from nbgrader.utils import parse_utc

from autograder.errors import EcoleError
from autograder.grading.cohort import nbgrader_log, nbgrader_reason
from autograder.grading.course import Course

_DATE = "timestamp.txt"
_DATE_CHARACTERS = 200
_CLOCK_SECONDS = 2  # of a file system


def released(course: Course) -> set[str]:
    """Names of the assignments that are in the exchange.

    Raises:
        EcoleError: the exchange cannot be read.
    """
    with _reasons():
        found = _part(course, "List").start()
    return {str(each["assignment_id"]) for each in found}


def collect(course: Course, assignment: str) -> None:
    """Take the latest submission of each student into `submitted/`.

    nbgrader replaces a submission file by file. A mark in the course directory stands as long
    as that goes on: what a collection that did not end has touched is taken again.

    Raises:
        EcoleError: the exchange cannot be read. What was collected before stays.
    """
    mark = course.root / f".ecole-collecting-{assignment}"
    kept = _undated(mark, course, assignment)
    if not mark.exists():
        mark.touch()
    try:
        _collect(course, assignment)
    except Exception:
        # what a student wrote there stops nbgrader's collection for all
        if not _mend_dates(course, assignment):
            raise
        _collect(course, assignment)
    for path, date in kept.items():
        if path.parent.is_dir() and not path.exists():  # it did not come from the exchange
            path.write_bytes(date)
    mark.unlink()


def _collect(course: Course, assignment: str) -> None:
    with _reasons():
        collector = _part(course, "Collect", assignment)
        collector.update = True
        collector.start()


def _part(course: Course, name: str, assignment: str = "") -> Any:
    """One of the classes that the course's configuration says for its exchange, ready to start."""
    coursedir = CourseDirectory(config=course.config)
    coursedir.assignment_id = assignment
    factory = ExchangeFactory(config=course.config)
    authenticator = Authenticator(config=course.config)
    return getattr(factory, name)(coursedir=coursedir, authenticator=authenticator)


@contextmanager
def _reasons() -> Iterator[None]:
    """Turn nbgrader's ways of giving up into its own sentence."""
    with nbgrader_log() as lines:
        try:
            yield
        except (ExchangeError, SystemExit) as error:
            raise EcoleError(f"exchange: {nbgrader_reason(lines, error)}") from error


def _undated(mark: Path, course: Course, assignment: str) -> dict[Path, bytes]:
    """Take their dates from what changed since the mark, so that anything is newer."""
    if not mark.exists():
        return {}
    since = mark.stat().st_mtime - _CLOCK_SECONDS
    kept = {}
    for student in course.submitted_students(assignment):
        path = course.step("submitted", student, assignment) / _DATE
        if path.parent.stat().st_ctime >= since and path.is_file():
            kept[path] = path.read_bytes()
            path.unlink()
    return kept


def _mend_dates(course: Course, assignment: str) -> bool:
    """Write the time that it is where a date cannot be read; False when all can."""
    mended = False
    for student in course.submitted_students(assignment):
        path = course.step("submitted", student, assignment) / _DATE
        try:
            with path.open(encoding="utf-8") as file:
                parse_utc(file.read(_DATE_CHARACTERS).strip())
        except FileNotFoundError:
            continue
        except (ValueError, OverflowError):
            path.unlink()
            path.write_text(f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S.%f} UTC", encoding="utf-8")
            mended = True
    return mended
