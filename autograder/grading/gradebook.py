"""nbgrader's gradebook, opened once for a batch, one transaction a submission."""

import json
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any, TypeVar
from unittest.mock import patch

import nbgrader.preprocessors  # noqa: F401  (its modules are patched below)
from jsonschema.exceptions import best_match
from jsonschema.validators import validator_for
from nbgrader.api import Assignment, Comment, Grade, Gradebook, MissingEntry
from nbgrader.nbgraderformat import common as nbgrader_schemas
from sqlalchemy import inspect
from sqlalchemy.exc import DBAPIError, OperationalError, SAWarning
from sqlalchemy.orm import Session, joinedload, scoped_session, sessionmaker

from autograder.errors import EcoleError
from autograder.grading.course import Course

T = TypeVar("T")


class _CheckedSchemas:
    """`jsonschema.validate` for nbgrader's cell metadata; a schema itself is checked once."""

    def __init__(self) -> None:
        self._validators: dict[str, Any] = {}

    def validate(self, instance: Any, schema: dict[str, Any]) -> None:
        key = json.dumps(schema, sort_keys=True)
        if key not in self._validators:
            kind = validator_for(schema)
            kind.check_schema(schema)
            self._validators[key] = kind(schema)
        error = best_match(self._validators[key].iter_errors(instance))
        if error is not None:
            raise error


# what the assignment's cells are does not change during a batch
_OF_ASSIGNMENT = ("find_source_cell", "find_graded_cell")
_OF_SUBMISSION = {"find_grade": Grade, "find_comment": Comment}


class _TransactionSession(Session):
    """A session whose commits wait: nbgrader commits each cell, a batch each submission."""

    in_preprocessor = False

    def commit(self) -> None:
        if not self.in_preprocessor:
            self.settle()

    def settle(self) -> None:
        """Send what changed to the database, and read again what is asked for."""
        self.flush()
        self.expire_all()

    def commit_for_good(self) -> None:
        super().commit()


class BatchGradebook(Gradebook):
    """The gradebook of one batch: nothing is written before a `transaction` ends well."""

    def __init__(self, course: Course) -> None:
        self._lock_seconds = course.cohort.lock_seconds
        self._schemas = _CheckedSchemas()
        self._cells: dict[tuple[str, ...], SimpleNamespace] = {}
        self._rows: dict[tuple[str, ...], dict[str, Any]] = {}
        self._patiently(lambda: self._open(course), rollback=lambda: None)
        self.db = scoped_session(
            sessionmaker(class_=_TransactionSession, bind=self.engine, autoflush=True)
        )

    def _open(self, course: Course) -> None:
        super().__init__(course.coursedir.db_url, course.coursedir.course_id)
        self.db.remove()

    def transaction(self, write: Callable[[], T]) -> T:
        """Run `write` and commit all it did, or nothing; wait while the gradebook is locked.

        Raises:
            EcoleError: still locked after `c.Cohort.lock_seconds`, or the disk is full.
        """

        def attempt() -> T:
            with warnings.catch_warnings():
                # nbgrader builds its rows in an order that SQLAlchemy's autoflush remarks upon
                warnings.simplefilter("ignore", SAWarning)
                result = write()
            self.db().commit_for_good()
            return result

        return self._patiently(attempt, rollback=self.db.rollback)

    def _patiently(self, action: Callable[[], T], rollback: Callable[[], Any]) -> T:
        deadline = time.monotonic() + self._lock_seconds
        while True:
            try:
                return action()
            except OperationalError as error:
                rollback()
                reason = str(error.orig)
                if "locked" not in reason:
                    raise EcoleError(_explain(reason)) from error
                if time.monotonic() > deadline:
                    raise EcoleError(
                        "the gradebook has been locked by another process for "
                        f"{self._lock_seconds:g} s (c.Cohort.lock_seconds): close what is writing "
                        "to it (formgrader, another nbgrader command), then run this again; "
                        "what was graded before is recorded"
                    ) from error
                time.sleep(0.1)
            except DBAPIError as error:
                rollback()
                raise EcoleError(_explain(str(error.orig))) from error
            except BaseException:
                rollback()
                raise

    @contextmanager
    def serving_nbgrader(self) -> Iterator[None]:
        """Let nbgrader's preprocessors use this gradebook instead of opening one each."""

        class Shared:
            def __init__(self, *args: Any, **kwargs: Any) -> None: ...
            def __enter__(shared) -> "BatchGradebook":
                return self

            def __exit__(self, *error: object) -> None: ...

            def __getattr__(shared, name: str) -> Any:
                if name in _OF_ASSIGNMENT:
                    return self._released_cell(name)
                return self._row(name) if name in _OF_SUBMISSION else getattr(self, name)

        modules = [
            module
            for name, module in list(sys.modules.items())
            if name.startswith("nbgrader.preprocessors.") and hasattr(module, "Gradebook")
        ]
        patches: list[Any] = [patch.object(module, "Gradebook", Shared) for module in modules]
        # jsonschema.validate examines the schema itself again for each cell
        patches.append(patch.object(nbgrader_schemas, "jsonschema", self._schemas))
        for each in patches:
            each.start()
        try:
            yield
        finally:
            for each in patches:
                each.stop()

    @contextmanager
    def preprocessor(self) -> Iterator[None]:
        """One preprocessor at work on one notebook: its cells are committed together."""
        session = self.db()
        self._rows.clear()
        session.in_preprocessor = True
        try:
            yield
            session.settle()
        finally:
            session.in_preprocessor = False

    def _row(self, find: str) -> Callable[..., Any]:
        """`find_grade` or `find_comment`, asking once for all cells of a notebook."""

        def found(cell: str, notebook: str, assignment: str, student: str) -> Any:
            key = find, notebook, assignment, student
            if key not in self._rows:
                submitted = self.find_submission_notebook(notebook, assignment, student)
                kind = _OF_SUBMISSION[find]
                rows = self.db.query(kind).options(joinedload(kind.cell))
                self._rows[key] = {
                    row.cell.name: row for row in rows.filter(kind.notebook_id == submitted.id)
                }
            row = self._rows[key].get(cell)
            return getattr(self, find)(cell, notebook, assignment, student) if row is None else row

        return found

    def _released_cell(self, find: str) -> Callable[..., Any]:
        """One of nbgrader's methods that find a cell of the assignment, asking once a batch."""

        def found(*where: str) -> SimpleNamespace:
            if (find, *where) not in self._cells:
                row = getattr(self, find)(*where)
                columns = {
                    name: getattr(row, name) for name, _ in inspect(row).mapper.column_attrs.items()
                }
                self._cells[find, *where] = SimpleNamespace(**columns)
            return self._cells[find, *where]

        return found

    def released(self, assignment: str) -> Assignment:
        """The assignment, which must have been released.

        Raises:
            EcoleError: the gradebook does not know it, or it has no notebook.
        """
        try:
            found = self.find_assignment(assignment)
        except MissingEntry:
            found = None
        if found is None or not found.notebooks:
            known = ", ".join(sorted(each.name for each in self.assignments if each.notebooks))
            raise EcoleError(
                f"assignment {assignment!r} has not been released here (released: "
                f"{known or 'none'}); run `ecole release {assignment}` first"
            )
        return found


def _explain(reason: str) -> str:
    if "full" in reason:
        return (
            "the disk is full: the gradebook could not be written; free some space and run this "
            "again; what was graded before is recorded"
        )
    return (
        f"the gradebook cannot be used: {reason}; if nbgrader was upgraded, back up the gradebook "
        "and run `nbgrader db upgrade` in the course directory"
    )
