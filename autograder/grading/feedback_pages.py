"""Make nbgrader's feedback for what has been graded, without what must not be shown."""

import re
from pathlib import Path
from typing import Any

import bleach
from jinja2 import pass_context
from nbconvert.exporters import HTMLExporter
from nbformat import NotebookNode
from nbgrader.converters import GenerateFeedback
from nbgrader.converters.base import NbGraderException
from nbgrader.preprocessors import ClearHiddenTests, NbGraderPreprocessor

from autograder.errors import EcoleError
from autograder.grading.cohort import nbgrader_log, nbgrader_reason
from autograder.grading.course import Course, open_course

_ANSI = re.compile(r"\x1b\[[0-9;]*m")
_SHOWN = ("text/plain", "text/html", "image/png", "image/jpeg")
_HARMLESS = """
a b blockquote br caption code col colgroup dd del div dl dt em h1 h2 h3 h4 h5 h6 hr i img li ol p
pre s small span strong sub sup table tbody td tfoot th thead tr u ul
"""
_TAGS = frozenset(_HARMLESS.split())
_ATTRIBUTES = {"*": ["class", "id", "title", "align"], "a": ["href"], "img": ["src", "alt"]}
# no script of a student's page runs, nothing is fetched when it is opened
_POLICY = (
    '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; '
    "img-src data:; style-src 'unsafe-inline'; font-src data:\">"
)


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
                data["text/html"] = clean_html("".join(data["text/html"]))
        return cell, resources


class FeedbackExporter(HTMLExporter):
    """nbconvert's exporter, whose Markdown renders to harmless tags only."""

    @pass_context
    def markdown2html(self, context: Any, source: str) -> str:
        """Render Markdown, then clean it (nbgrader's template does not)."""
        return clean_html(super().markdown2html(context, source))


def clean_html(html: str) -> str:
    """HTML with the tags of a text, its tables and its embedded images; the rest is escaped."""
    return str(
        bleach.clean(html, tags=_TAGS, attributes=_ATTRIBUTES, protocols=("https", "http", "data"))
    )


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
    with course.lock(), nbgrader_log() as lines:
        course.coursedir.assignment_id = assignment
        converter = GenerateFeedback(coursedir=course.coursedir, config=course.config)
        converter.exporter_class = FeedbackExporter
        converter.preprocessors = [HideHiddenTests, CleanOutputs, *converter.preprocessors]
        converter.force = True
        try:
            converter.start()
        except (NbGraderException, SystemExit) as error:
            reason = nbgrader_reason(lines, error)
            raise EcoleError(f"nbgrader could not write the feedback: {reason}") from error
    pattern = course.step("feedback", "*", assignment) / "*.html"
    pages = sorted(course.root.glob(str(pattern.relative_to(course.root))))
    for page in pages:
        text = page.read_text(encoding="utf-8")
        page.write_text(text.replace("<head>", f"<head>{_POLICY}", 1), encoding="utf-8")
    return pages
