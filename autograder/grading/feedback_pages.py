"""Make nbgrader's feedback for what has been graded."""

from pathlib import Path

from nbgrader.converters import GenerateFeedback
from nbgrader.converters.base import NbGraderException

from autograder.errors import EcoleError
from autograder.grading.cohort import nbgrader_log, nbgrader_reason
from autograder.grading.course import Course, open_course


def feedback(course: Course | Path | str, assignment: str) -> list[Path]:
    """Write `feedback/<student>/<assignment>/*.html` for every graded submission.

    Returns:
        the HTML pages, sorted.

    Raises:
        EcoleError: nothing has been graded, or nbgrader could not write a page.
    """
    course = course if isinstance(course, Course) else open_course(course)
    graded = course.step("autograded", "*", assignment)
    if not any(course.root.glob(str(graded.relative_to(course.root)))):
        raise EcoleError(
            f"nothing graded for {assignment!r} in {course.root}; run `ecole grade {assignment}`"
        )
    with course.lock(), nbgrader_log() as lines:
        course.coursedir.assignment_id = assignment
        converter = GenerateFeedback(coursedir=course.coursedir, config=course.config)
        converter.force = True
        try:
            converter.start()
        except (NbGraderException, SystemExit) as error:
            reason = nbgrader_reason(lines, error)
            raise EcoleError(f"nbgrader could not write the feedback: {reason}") from error
    pages = course.step("feedback", "*", assignment) / "*.html"
    return sorted(course.root.glob(str(pages.relative_to(course.root))))
