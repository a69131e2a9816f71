"""Cohorts, and batches: nbgrader sanitises and records, papermill executes.

Names are imported when first used: the process of each submission needs the engine alone.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from autograder.grading.batch import grade
    from autograder.grading.cohort import create_cohort, release
    from autograder.grading.course import Course, open_course
    from autograder.grading.feedback_pages import feedback
    from autograder.grading.results import Batch, CellResult, Note, State, SubmissionResult

_HOMES = {
    "grade": "batch",
    "create_cohort": "cohort",
    "release": "cohort",
    "Course": "course",
    "open_course": "course",
    "feedback": "feedback_pages",
    "Batch": "results",
    "CellResult": "results",
    "Note": "results",
    "State": "results",
    "SubmissionResult": "results",
}

__all__ = [
    "Batch",
    "CellResult",
    "Course",
    "Note",
    "State",
    "SubmissionResult",
    "create_cohort",
    "feedback",
    "grade",
    "open_course",
    "release",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
