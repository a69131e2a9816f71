"""nbgrader's own commands and formgrader's buttons give what `ecole grade` and `feedback` give.

nbgrader's converters cannot be replaced by configuration, but what they read and write with can:
their exporter. Lines of `nbgrader_config.py`, which `ecole cohort` writes into a new cohort's:

    c.Autograde.exporter_class = "autograder.grading.formgrader.GradedNotebook"
    c.GenerateFeedback.exporter_class = "autograder.grading.formgrader.FeedbackPage"
    c.HTMLExporter.sanitize_html = True

The last one is for formgrader's own pages: without it a script in a submission runs there, in
the instructor's session.
"""

from copy import deepcopy
from pathlib import Path
from typing import Any

from nbconvert.exporters import NotebookExporter
from nbgrader.api import Gradebook
from traitlets.config import Config

from autograder.errors import EcoleError
from autograder.grading.batch import grade
from autograder.grading.course import Course, open_course
from autograder.grading.feedback_html import FeedbackExporter
from autograder.grading.feedback_pages import CleanOutputs, HideHiddenTests, page_options
from autograder.grading.feedback_summary import Summarise


class GradedNotebook(NotebookExporter):
    """The exporter of `nbgrader autograde`: a submission graded by `ecole grade`, then its files.

    nbgrader asks twice for each notebook, to sanitise and to execute it. When a submission's
    first one is asked for, the whole submission is graded, as by `ecole grade --force --student`:
    marks, state and folder are the same. What was autograded is then what nbgrader writes.
    A submission that was killed or ran out of time has no mark and waits for a person; the
    log, which formgrader shows, says why.
    """

    def __init__(self, **kw: Any) -> None:
        super().__init__(**kw)
        self._submission: tuple[str, str] | None = None

    def from_filename(
        self, filename: str, resources: dict[str, Any] | None = None, **kw: Any
    ) -> tuple[Any, dict[str, Any]]:
        """The autograded notebook, whatever nbgrader would have had done to it.

        Raises:
            EcoleError: the submission could not be graded, or has no notebook to show.
        """
        about = (resources or {})["nbgrader"]
        course = _course_of(self.parent)
        submission = str(about["student"]), str(about["assignment"])
        path = course.step("autograded", *submission) / f"{about['notebook']}.ipynb"
        if submission != self._submission:
            self._submission = submission
            self._grade(course, *submission, path)
        self._preprocessors = []
        return super().from_filename(str(path), resources, **kw)

    def _grade(self, course: Course, student: str, assignment: str, path: Path) -> None:
        (result,) = grade(course, assignment, students=[student], force=True).submissions
        line = result.line(course.cohort.lang)
        if not path.exists():
            raise EcoleError(line)
        (self.log.info if result.state == "graded" else self.log.warning)(line)
        for written in path.parent.glob("*.ipynb"):
            written.chmod(0o644)  # nbgrader writes it again, then takes the permission back


class FeedbackPage(FeedbackExporter):
    """The exporter of `nbgrader generate_feedback`: the page that `ecole feedback` writes."""

    def __init__(self, config: Config | None = None, **kw: Any) -> None:
        self._course = _course_of(kw["parent"])
        options = deepcopy(config or Config())
        options.merge(Config({"FeedbackPage": page_options(self._course.cohort.lang)}))
        super().__init__(config=options, **kw)
        # before nbgrader's own
        for each in (HideHiddenTests, CleanOutputs):
            self.register_preprocessor(each, enabled=True)

    def from_filename(
        self, filename: str, resources: dict[str, Any] | None = None, **kw: Any
    ) -> tuple[Any, dict[str, Any]]:
        """The page of one autograded notebook."""
        coursedir = self._course.coursedir
        with Gradebook(coursedir.db_url, coursedir.course_id) as gradebook:
            last = Summarise(lang=self._course.cohort.lang, gradebook=gradebook)
            self._preprocessors.append(last)
            try:
                page = super().from_filename(filename, resources, **kw)
            finally:
                self._preprocessors.remove(last)
        return page


def _course_of(converter: Any) -> Course:
    """The course, opened as `ecole grade` opens it: one configuration, one mark."""
    return open_course(converter.coursedir.root)
