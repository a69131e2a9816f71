"""Make nbgrader's feedback for what has been graded, without what must not be shown."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from nbformat import NotebookNode
from nbgrader.converters import GenerateFeedback
from nbgrader.converters.base import NbGraderException
from nbgrader.preprocessors import ClearHiddenTests, NbGraderPreprocessor
from traitlets.config import Config

from autograder.errors import EcoleError
from autograder.grading.cohort import nbgrader_log, nbgrader_reason
from autograder.grading.course import Course, open_course
from autograder.grading.feedback_html import TEMPLATE, TEMPLATES, FeedbackExporter, clean_html
from autograder.grading.feedback_summary import Summarise
from autograder.grading.gradebook import BatchGradebook

_ANSI = re.compile(r"\x1b\[[0-9;]*m")
_SHOWN = ("text/plain", "text/html", "image/png", "image/jpeg")


class HideHiddenTests(NbGraderPreprocessor):
    """Take hidden tests out of a page: their source, and tracebacks that quote it."""

    def preprocess_cell(
        self, cell: NotebookNode, resources: dict[str, Any], index: int
    ) -> tuple[NotebookNode, dict[str, Any]]:
        whole = cell.source.splitlines()
        cleaner = ClearHiddenTests(parent=self)
        if not cleaner._remove_hidden_test_region(cell):
            return cell, resources
        shown = set(map(str.strip, cell.source.splitlines()))
        hidden = [line.strip() for line in whole if line.strip() and line.strip() not in shown]
        for output in cell.get("outputs", []):
            if output.output_type == "error" and _quotes(output.traceback, hidden):
                output.traceback = [f"{output.ename}: {output.evalue}"]
        cell["outputs"] = [
            output
            for output in cell.get("outputs", [])
            if output.output_type in ("error", "execute_result")
        ]
        return cell, resources


class CleanOutputs(NbGraderPreprocessor):
    """Keep of rich outputs what cannot run: figures, text, HTML of harmless tags."""

    def preprocess_cell(
        self, cell: NotebookNode, resources: dict[str, Any], index: int
    ) -> tuple[NotebookNode, dict[str, Any]]:
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            for kind in [kind for kind in data if kind not in _SHOWN]:
                del data[kind]
            if "text/html" in data:
                data["text/html"] = clean_html(
                    "".join(data["text/html"]), resources.get("language_code", "en")
                )
        return cell, resources


def _quotes(traceback: list[str], hidden: list[str]) -> bool:
    text = _ANSI.sub("", "\n".join(traceback))
    return any(line in text for line in hidden)


def feedback(course: Course | Path | str, assignment: str) -> list[Path]:
    """Write `feedback/<student>/<assignment>/*.html` for every graded submission.

    The pages show neither hidden tests nor their inputs, run no script and fetch nothing.

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
    with course.lock(), nbgrader_log() as lines, _converter(course, assignment) as converter:
        try:
            converter.start()
        except (NbGraderException, SystemExit) as error:
            reason = nbgrader_reason(lines, error)
            raise EcoleError(f"nbgrader could not write the feedback: {reason}") from error
        return _pages(course, converter)


def _pages(course: Course, converter: GenerateFeedback) -> list[Path]:
    """The pages of the notebooks; other HTML in these folders may be what students handed in."""
    pages = []
    for notebook in (path for paths in converter.assignments.values() for path in paths):
        about = converter.init_single_notebook_resources(notebook)["nbgrader"]
        folder = course.step("feedback", about["student"], about["assignment"])
        pages.append(folder / f"{about['notebook']}.html")
    return sorted(pages)


def page_options(lang: str) -> dict[str, Any]:
    """The configuration of a `FeedbackExporter`: our template, in one language."""
    return {
        "template_name": TEMPLATE,
        "extra_template_basedirs": [str(TEMPLATES)],
        "language_code": lang,
    }


@contextmanager
def _converter(course: Course, assignment: str) -> Iterator[GenerateFeedback]:
    """nbgrader's converter with our page: template, language, one open gradebook."""
    lang = course.cohort.lang
    course.coursedir.assignment_id = assignment
    converter = GenerateFeedback(coursedir=course.coursedir, config=course.config)
    converter.exporter_class = FeedbackExporter
    converter.update_config(Config({"FeedbackExporter": page_options(lang)}))
    converter.force = True
    gradebook = BatchGradebook(course)
    try:
        with gradebook.serving_nbgrader():
            summarise = Summarise(lang=lang, gradebook=gradebook)
            own = [HideHiddenTests, CleanOutputs]
            converter.preprocessors = [*own, *converter.preprocessors, summarise]
            yield converter
    finally:
        gradebook.close()
