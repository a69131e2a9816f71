"""Make a cohort (an ordinary nbgrader course directory) and release its assignments."""

import logging
import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbgrader.converters import GenerateAssignment
from nbgrader.converters.base import NbGraderException

from autograder.errors import EcoleError
from autograder.grading.course import Course, open_course
from autograder.notebooks import cells_digest

_CONFIG = '''\
"""Configuration of this cohort: nbgrader's, and École's own under c.Cohort."""

c = get_config()  # noqa: F821

c.CourseDirectory.course_id = {course_id!r}
c.Cohort.lang = {lang!r}

# what replaces the solutions in the students' notebooks
c.ClearSolutions.code_stub = {{"python": {code_stub!r}}}
c.ClearSolutions.text_stub = {text_stub!r}

# formgrader's buttons and `nbgrader autograde` grade as `ecole grade` does, their feedback is ours
c.Autograde.exporter_class = "autograder.grading.formgrader.GradedNotebook"
c.GenerateFeedback.exporter_class = "autograder.grading.formgrader.FeedbackPage"
# what a student wrote runs no script in formgrader's pages
c.HTMLExporter.sanitize_html = True

# seconds for one cell; for one submission: c.Cohort.submission_seconds
c.Execute.timeout = 30
'''

_STUBS = {
    "fr": ("# VOTRE CODE ICI\nraise NotImplementedError()", "VOTRE RÉPONSE ICI"),
    "en": ("# YOUR CODE HERE\nraise NotImplementedError()", "YOUR ANSWER HERE"),
}


def create_cohort(directory: Path | str, lang: str, notebooks: Mapping[str, NotebookNode]) -> Path:
    """Make or refresh a course directory: configuration, exam secret and source notebooks.

    What exists is kept: the secret, the configuration, and any source notebook that was
    edited here since it was built.

    Args:
        directory: the course directory, made if need be.
        lang: language of the cohort, `fr` or `en`.
        notebooks: built notebooks of that language, by assignment name.

    Raises:
        EcoleError: the directory is a cohort of the other language, holds something that is
            no course, or a source notebook was edited.
    """
    root = Path(directory).resolve()
    config = root / "nbgrader_config.py"
    if config.exists():
        _refuse_other_language(open_course(root), lang)
    elif root.exists() and any(root.iterdir()):
        raise EcoleError(
            f"{root} holds files but no nbgrader_config.py: choose an empty or new folder"
        )
    root.mkdir(parents=True, exist_ok=True)
    if not config.exists():
        code_stub, text_stub = _STUBS[lang]
        text = _CONFIG.format(
            course_id=root.name.strip(), lang=lang, code_stub=code_stub, text_stub=text_stub
        )
        config.write_text(text, encoding="utf-8")
    _write_secret(root / "exam-secret")
    edited = [
        str(path)
        for name, notebook in notebooks.items()
        if not _write_source(path := root / "source" / name / f"{name}.ipynb", notebook)
    ]
    if edited:
        raise EcoleError(
            "edited here since they were built, so not replaced (the others are up to date): "
            + ", ".join(edited)
            + "; to take the new version, move the edited file away and run this again"
        )
    return root


def release(course: Course, assignment: str) -> Path:
    """Make the students' version of an assignment below `release/`, by nbgrader.

    Returns:
        the folder to hand out (solutions and hidden tests cleared).

    Raises:
        EcoleError: no such source, a notebook in another language than the cohort's, or
            nbgrader refused (its reason is in the message).
    """
    source = course.source(assignment)
    paths = sorted(source.glob("*.ipynb"))
    if not paths:
        known = sorted(path.name for path in source.parent.glob("*") if path.is_dir())
        raise EcoleError(
            f"no notebook below {source}; this course has: {', '.join(known) or 'no assignment'}"
        )
    for path in paths:
        _refuse_foreign_notebook(path, course.cohort.lang)
    with course.lock(), nbgrader_log() as lines:
        course.coursedir.assignment_id = assignment
        converter = GenerateAssignment(coursedir=course.coursedir, config=course.config)
        converter.force = True
        converter.create_assignment = True
        try:
            converter.start()
        except (NbGraderException, SystemExit) as error:
            raise EcoleError(
                f"nbgrader could not release {assignment}: {nbgrader_reason(lines, error)}"
            ) from error
    folder = course.step("release", ".", assignment)
    return Path(os.path.normpath(folder))


@contextmanager
def nbgrader_log() -> Iterator[list[str]]:
    """Keep what nbgrader logs off the screen; its warnings and errors come as a list of lines."""
    lines: list[str] = []

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if record.levelno >= logging.WARNING:
                lines.append(record.getMessage())

    loggers = [logging.getLogger("traitlets"), logging.getLogger("alembic")]
    handler = Keep()
    before = [(logger, logger.propagate, logger.handlers[:]) for logger in loggers]
    for logger in loggers:
        logger.handlers = [handler]
        logger.propagate = False
    try:
        yield lines
    finally:
        for logger, propagate, handlers in before:
            logger.propagate = propagate
            logger.handlers = handlers


def nbgrader_reason(lines: list[str], error: BaseException) -> str:
    """The sentence that matters among what nbgrader logged: the end of its first traceback."""
    for line in lines:
        if "Traceback" in line:
            return line.strip().splitlines()[-1]
    return lines[0] if lines else str(error)


def _refuse_other_language(course: Course, lang: str) -> None:
    if course.cohort.lang != lang:
        raise EcoleError(
            f"{course.root} is a cohort in {course.cohort.lang!r}: one cohort, one language, one "
            f"gradebook; make another one for {lang!r} with `ecole cohort DIR --lang {lang}`"
        )


def _refuse_foreign_notebook(path: Path, lang: str) -> None:
    try:
        notebook = nbformat.read(path, as_version=4)
    except Exception as error:
        raise EcoleError(f"{path}: not a notebook: {error}") from error
    found = notebook.metadata.get("ecole", {}).get("lang", lang)
    if found != lang:
        raise EcoleError(
            f"{path} is in {found!r}, this cohort in {lang!r}: one cohort, one language; "
            f"release it in a cohort made with `ecole cohort DIR --lang {found}`"
        )


def _write_secret(path: Path) -> None:
    if path.exists():
        return
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(secrets.token_hex(32) + "\n")


def _write_source(path: Path, notebook: NotebookNode) -> bool:
    """Write one source notebook; False when an edited one stands in its place."""
    if path.exists():
        try:
            present = nbformat.read(path, as_version=4)
            edited = present.metadata["ecole"]["digest"] != cells_digest(present)
        except Exception:  # whatever it is, it was not built here
            return False
        if edited:
            return False
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, path)
    return True
