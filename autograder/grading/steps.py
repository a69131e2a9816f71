"""What happens to one submission of a batch, before and after its execution."""

import errno
import hashlib
import json
import os
import shutil
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel
from nbformat import NotebookNode
from nbgrader.api import MissingEntry, Notebook
from nbgrader.converters import Autograde
from nbgrader.preprocessors import (
    CheckCellMetadata,
    ClearHiddenTests,
    ClearMarkScheme,
    Execute,
)
from nbgrader.utils import find_all_files
from traitlets import import_item

from autograder.errors import EcoleError
from autograder.examiner import sandbox
from autograder.grading.course import Course
from autograder.grading.execution import Executed, Job
from autograder.grading.gradebook import BatchGradebook
from autograder.grading.marking import all_executed, cell_results, settle_outputs
from autograder.grading.results import MARKED, CellResult, Note, State, SubmissionResult
from autograder.grading.sealing import sealing_of
from autograder.grading.submission import (
    GradedCell,
    Unreadable,
    erase_foreign_metadata,
    read_files,
    read_notebook,
    restore_cells,
)
from autograder.notebooks import from_json, kernel_name, to_json

_FINGERPRINT_VERSION = "1"
_PLACES = 5


@dataclass(frozen=True)
class Released:
    """One notebook of the assignment as the gradebook keeps it."""

    name: str
    cells: list[GradedCell]
    max_score: float
    sealing: dict[str, Any] = field(default_factory=dict)


@dataclass
class Prepared:
    """A submission ready to execute, and what is already known of it."""

    student: str
    job: Job
    fingerprint: str
    files: dict[str, bytes]
    absent: list[str]
    altered: bool
    notes: list[Note] = field(default_factory=list)


class Steps:
    """The steps of one batch, over one open gradebook."""

    def __init__(self, course: Course, assignment: str, engine: str) -> None:
        self.course = course
        self.assignment = assignment
        self.engine = engine
        if engine == "examiner":
            _require_sandbox()
        self.gradebook = BatchGradebook(course)
        self._preprocessors: dict[type, Any] = {}
        self.autograde = Autograde(coursedir=course.coursedir, config=course.config)
        self.limits = course.limits(engine)
        secret = course.secret_file
        self.secret = secret.read_bytes() if secret else None
        self.secret_digest = hashlib.sha256((self.secret or b"").strip()).hexdigest()
        row = self.gradebook.released(assignment)
        self.source_files = self._source_files()
        self.released = [self._released(notebook) for notebook in row.notebooks]
        self.max_score = sum(notebook.max_score for notebook in self.released)
        self.base = self._base_fingerprint()
        self.scratch = Path(course.step("autograded", ".", ".")).resolve() / ".ecole-tmp"

    def __enter__(self) -> "Steps":
        shutil.rmtree(self.scratch, ignore_errors=True)
        return self

    def __exit__(self, *error: object) -> None:
        shutil.rmtree(self.scratch, ignore_errors=True)
        self.gradebook.close()

    # before execution

    def prepare(self, student: str, force: bool) -> Prepared | SubmissionResult:
        """Read and sanitise a submission, or say at once what became of it."""
        folder = self.course.step("submitted", student, self.assignment)
        if not folder.is_dir() or folder.is_symlink():
            return self._nothing(student, folder)
        if not self.autograde.create_student and not self._enrolled(student):
            return self._without_mark(student, "unreadable", [Note(code="student-unknown")])
        expected = {notebook.name: folder / f"{notebook.name}.ipynb" for notebook in self.released}
        present = {name: path for name, path in expected.items() if os.path.lexists(path)}
        extra = sorted(path.name for path in folder.glob("*.ipynb") if path.stem not in expected)
        if not present:
            return self._not_found(student, folder, list(expected), extra)
        notes = [Note(code="notebook-extra", details={"file": name}) for name in extra]
        notebooks: dict[str, NotebookNode] = {}
        for name, path in present.items():
            try:
                notebooks[name] = read_notebook(path, self.course.cohort.submission_bytes)
            except Unreadable as error:
                notes.append(error.note)
        if len(notebooks) < len(present):
            self._record_without_mark(student, {}, "unreadable", "")
            return self._without_mark(student, "unreadable", notes)
        files = read_files(
            folder, self.course.coursedir.ignore, self.course.cohort.submission_bytes
        )
        fingerprint = self._fingerprint(notebooks, files.kept)
        unchanged = None if force else self._unchanged(student, list(notebooks), fingerprint)
        if unchanged:
            return unchanged
        absent = [name for name in expected if name not in notebooks]
        for name in absent:
            notes.append(Note(code="notebook-missing", details={"file": f"{name}.ipynb"}))
        prepared = Prepared(
            student=student,
            job=self._job(student, {}, {}),
            fingerprint=fingerprint,
            files={**files.kept, **self.source_files},
            absent=absent,
            altered=bool(absent),
            notes=notes + files.notes,
        )
        self._sanitise(prepared, notebooks)
        return prepared

    def _sanitise(self, prepared: Prepared, notebooks: dict[str, NotebookNode]) -> None:
        """Restore the assignment's cells, then nbgrader's own sanitising."""
        texts = {}
        for released in self.released:
            if released.name not in notebooks:
                continue
            notebook = notebooks[released.name]
            erase_foreign_metadata(notebook)
            notes, altered = restore_cells(notebook, released.cells)
            prepared.notes += notes
            prepared.altered = prepared.altered or altered
            sanitisers = self.autograde.sanitize_preprocessors
            notebook = self._preprocess(sanitisers, notebook, released.name, prepared.student)
            notebook.metadata["ecole"] = released.sealing
            texts[released.name] = to_json(notebook)
        prepared.job = self._job(prepared.student, texts, prepared.files)

    def _job(self, student: str, notebooks: dict[str, str], files: dict[str, bytes]) -> Job:
        given = tuple(self.source_files)
        return Job(student, notebooks, files, self.engine, self.limits, self.secret, given)

    def _preprocess(
        self, preprocessors: list[Any], notebook: NotebookNode, name: str, student: str
    ) -> NotebookNode:
        resources = {
            "unique_key": name,
            "nbgrader": {
                "student": student,
                "assignment": self.assignment,
                "notebook": name,
                "db_url": self.course.coursedir.db_url,
            },
        }
        with self.gradebook.serving_nbgrader():
            for each in preprocessors:
                with self.gradebook.preprocessor():
                    notebook, resources = self._preprocessor(_class(each))(notebook, resources)
        return notebook

    def _preprocessor(self, kind: type) -> Any:
        """A preprocessor; nbgrader's own keep nothing from one notebook to the next."""
        if kind.__module__.partition(".")[0] not in ("nbgrader", "nbconvert"):
            return kind(config=self.course.config)
        if kind not in self._preprocessors:
            self._preprocessors[kind] = kind(config=self.course.config)
        return self._preprocessors[kind]

    # after execution

    def record(self, prepared: Prepared, executed: Executed) -> SubmissionResult:
        """Record the marks of an executed submission, or why there are none."""
        notebooks = {name: from_json(text) for name, text in executed.notebooks.items()}
        results: list[CellResult] = []
        for name in prepared.job.notebooks:
            notebook = notebooks.get(name) or from_json(prepared.job.notebooks[name])
            settle_outputs(notebook)
            results += cell_results(name, notebook)
        state, notes = self._judge(prepared, executed, notebooks, results)
        result = SubmissionResult(
            student=prepared.student,
            state=state,
            score=sum(each.points or 0.0 for each in results) if state in MARKED else None,
            max_score=self.max_score,
            seconds=round(executed.seconds, 3),
            notes=prepared.notes + notes,
            cells=results,
            sandbox=_sandbox(notebooks),
        )
        for notebook in notebooks.values():
            self._sign(notebook, prepared, result)
        if state in MARKED:
            self._record_marks(prepared, notebooks)
        else:
            self._record_without_mark(prepared.student, notebooks, state, prepared.fingerprint)
        return result

    def _judge(
        self,
        prepared: Prepared,
        executed: Executed,
        notebooks: dict[str, NotebookNode],
        results: list[CellResult],
    ) -> tuple[State, list[Note]]:
        """The state of an executed submission, and notes that explain it."""
        seconds = self.limits["submission_seconds"]
        stopped = Note(code="submission-timeout", details={"seconds": seconds})
        if executed.overran:
            return "timeout", [stopped]
        if executed.failure or len(notebooks) < len(prepared.job.notebooks):
            raise_if_disk_full(executed.failure)
            reason = executed.failure or "no result"
            return "killed", [Note(code="failed", details={"reason": reason})]
        late = []
        for notebook in notebooks.values():
            for number, cell in enumerate(notebook.cells, start=1):
                fate = cell.metadata.get("ecole", {}).get("execution", {}).get("state")
                label = cell.metadata.get("nbgrader", {}).get("grade_id") or f"n° {number}"
                if fate == "killed":
                    return "killed", [Note(code="killed", details={"cell": label})]
                if fate == "timeout":
                    limit = self.limits["cell_seconds"]
                    details: dict[str, str | float] = {"cell": label, "seconds": limit}
                    late.append(Note(code="cell-timeout", details=details))
        if not all_executed(results):
            details = late[-1].details if late else {}
            return "timeout", [Note(code="cell-unstoppable", details=details) if late else stopped]
        if late:
            return "partial", late
        return ("altered" if prepared.altered else "graded"), []

    def _sign(self, notebook: NotebookNode, prepared: Prepared, result: SubmissionResult) -> None:
        """Leave in the autograded notebook what the next batch needs to skip it."""
        for cell in notebook.cells:
            cell.metadata.pop("papermill", None)
        notebook.metadata["ecole"] = {
            "submission": {
                "fingerprint": prepared.fingerprint if result.state in MARKED else "",
                "state": result.state,
                "seconds": result.seconds,
                "sandbox": result.sandbox,
                "notes": [note.model_dump() for note in result.notes],
            }
        }

    def _record_marks(self, prepared: Prepared, notebooks: dict[str, NotebookNode]) -> None:
        # nothing has touched nbgrader's metadata since it was checked
        checked = {CheckCellMetadata} & {
            _class(each) for each in self.autograde.sanitize_preprocessors
        }
        recorders = [
            each
            for each in self.autograde.autograde_preprocessors
            if not issubclass(_class(each), (Execute, *checked))
        ]
        stage = self._stage()

        def write() -> None:
            self._enter_submission(prepared.student)
            for name in prepared.absent:
                self._zero(name, prepared.student)
            for name, notebook in notebooks.items():
                recorded = self._preprocess(recorders, notebook, name, prepared.student)
                _write_staged(stage, f"{name}.ipynb", nbformat.writes(recorded).encode())

        try:
            self._write_files(stage, prepared.files)
            self.gradebook.transaction(write)
            self._publish(stage, prepared.student)
        except OSError as error:
            raise_if_disk_full(error)
            raise

    def _record_without_mark(
        self, student: str, notebooks: dict[str, NotebookNode], state: State, fingerprint: str
    ) -> None:
        """No mark of an earlier submission may stand for this one: a person has to look."""

        def write() -> None:
            submission = self._enter_submission(student)
            for notebook in submission.notebooks:
                for grade in notebook.grades:
                    grade.auto_score = None
                    grade.needs_manual_grade = True

        stage = self._stage()
        try:
            for name, notebook in notebooks.items():
                _write_staged(stage, f"{name}.ipynb", nbformat.writes(notebook).encode())
            self.gradebook.transaction(write)
            self._publish(stage, student)
        except OSError as error:
            raise_if_disk_full(error)
            raise

    def _enter_submission(self, student: str) -> Any:
        if not self._enrolled(student):
            self.gradebook.update_or_create_student(student)
        details = {}
        timestamp, _ = self._timestamp(student)
        if timestamp is not None:
            details["timestamp"] = timestamp
        return self.gradebook.update_or_create_submission(self.assignment, student, **details)

    def _timestamp(self, student: str) -> tuple[Any, Note | None]:
        folder = self.course.step("submitted", student, self.assignment)
        try:
            return self.course.coursedir.get_existing_timestamp(str(folder)), None
        except Exception:  # nbgrader's own handling of an invalid date fails
            return None, Note(code="timestamp", details={"value": "timestamp.txt"})

    def _zero(self, name: str, student: str) -> None:
        """Zero for a notebook that was not submitted, as nbgrader does."""
        row = self.gradebook.find_submission_notebook(name, self.assignment, student)
        for grade in row.grades:
            grade.auto_score = 0
            grade.needs_manual_grade = False

    # folders

    def _stage(self) -> Path:
        stage = self.scratch / uuid.uuid4().hex
        stage.mkdir(parents=True)
        return stage

    def _write_files(self, stage: Path, files: dict[str, bytes]) -> None:
        for relative, data in files.items():
            _write_staged(stage, relative, data)

    def _publish(self, stage: Path, student: str) -> None:
        """Put a finished folder in the place of the student's autograded folder."""
        permissions = int(str(self.autograde.permissions), 8)
        for directory, _, names in os.walk(stage):
            for name in names:
                os.chmod(Path(directory, name), permissions)
        place = self.course.step("autograded", student, self.assignment)
        place.parent.mkdir(parents=True, exist_ok=True)
        for _ in range(_PLACES):
            if os.path.lexists(place):
                os.replace(place, self.scratch / f"old-{uuid.uuid4().hex}")
            if not any(stage.iterdir()):
                return
            try:
                os.replace(stage, place)
                return
            except OSError as error:  # nbgrader's own command made it anew meanwhile
                if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                    raise
        raise EcoleError(
            f"another command keeps writing {place}; wait for it to end, then run this again"
        )

    # what a submission is compared with

    def _released(self, notebook: Notebook) -> Released:
        grades = {cell.name: cell for cell in notebook.grade_cells}
        tasks = {cell.name: cell for cell in notebook.task_cells}
        solutions = {cell.name for cell in notebook.solution_cells}
        cells = []
        for source in notebook.source_cells:
            metadata = {
                "schema_version": 3,
                "grade_id": source.name,
                "cell_type": source.cell_type,
                "checksum": source.checksum,
                "grade": source.name in grades,
                "solution": source.name in solutions,
                "task": source.name in tasks,
                "locked": bool(source.locked),
            }
            worth = grades.get(source.name) or tasks.get(source.name)
            if worth is not None:
                metadata["points"] = worth.max_score
            cells.append(
                GradedCell(
                    source.name,
                    source.cell_type,
                    source.source,
                    self._handed_out(source.source, source.cell_type, metadata),
                    metadata,
                )
            )
        order = self._source_order(notebook.name)
        cells.sort(key=lambda cell: order.get(cell.grade_id, len(order)))
        if self._require_kernel(notebook) != "python3" and self.engine == "examiner":
            self.engine = "jupyter"  # another kernel: unsealed, and the batch says so
            self.limits = self.course.limits(self.engine)
        max_score = sum(grade.max_score for grade in grades.values() if grade.name not in solutions)
        return Released(notebook.name, cells, float(max_score), self._sealing(notebook.name))

    def _handed_out(self, source: str, cell_type: str, metadata: dict[str, Any]) -> str:
        """A cell's source as nbgrader released it."""
        cell = NotebookNode(
            cell_type=cell_type, source=source, metadata=NotebookNode(nbgrader=dict(metadata))
        )
        for cleaner in (ClearHiddenTests, ClearMarkScheme):
            cell, _ = cleaner(config=self.course.config).preprocess_cell(cell, {}, 0)
        return str(cell.source)

    def _source_order(self, name: str) -> dict[str, int]:
        """Places of the graded cells in the source notebook (the gradebook keeps no order)."""
        source = self._source(name)
        ids = [cell.metadata.get("nbgrader", {}).get("grade_id") for cell in source.cells]
        return {grade_id: place for place, grade_id in enumerate(ids) if grade_id}

    def _sealing(self, name: str) -> dict[str, Any]:
        if self.engine != "examiner":
            return {}
        return sealing_of(self._source(name), self._job("", {}, self.source_files))

    def _source(self, name: str) -> NotebookNode:
        """The course's source notebook, empty where it is not there any more."""
        path = self.course.source(self.assignment) / f"{name}.ipynb"
        try:
            return nbformat.read(path, as_version=4)
        except Exception:
            return nbformat.v4.new_notebook()

    def _require_kernel(self, notebook: Notebook) -> str:
        name = kernel_name(json.loads(notebook.kernelspec or "{}") or {})
        try:
            KernelSpecManager().get_kernel_spec(name)
        except NoSuchKernel as error:
            raise EcoleError(
                f"notebook {notebook.name!r} needs the Jupyter kernel {name!r}, which is not "
                "installed here (see `jupyter kernelspec list`)"
            ) from error
        return name

    def _source_files(self) -> dict[str, bytes]:
        """Files released beside the notebooks: they replace the student's copies."""
        source = self.course.source(self.assignment)
        kept = self.autograde.exclude_overwriting.get(self.assignment, [])
        files = {}
        for path in find_all_files(str(source), [*self.course.coursedir.ignore, "*.ipynb"]):
            relative = Path(path).relative_to(source).as_posix()
            if relative not in kept:
                files[relative] = Path(path).read_bytes()
        return files

    def _base_fingerprint(self) -> str:
        parts = [_FINGERPRINT_VERSION, self.engine, self.secret_digest, json.dumps(self.limits)]
        for notebook in self.released:
            parts.append(notebook.name)
            parts += [json.dumps(cell.metadata, sort_keys=True) for cell in notebook.cells]
        sha = hashlib.sha256(json.dumps(parts).encode())
        for name, data in sorted(self.source_files.items()):
            sha.update(name.encode() + b"\0" + hashlib.sha256(data).digest())
        return sha.hexdigest()

    def _fingerprint(self, notebooks: dict[str, NotebookNode], files: dict[str, bytes]) -> str:
        sha = hashlib.sha256(self.base.encode())
        for name, notebook in sorted(notebooks.items()):
            cells = [(cell.cell_type, cell.source, cell.metadata) for cell in notebook.cells]
            sha.update(json.dumps([name, cells]).encode())
        for name, data in sorted(files.items()):
            sha.update(name.encode() + b"\0" + hashlib.sha256(data).digest())
        return sha.hexdigest()

    def _unchanged(
        self, student: str, names: list[str], fingerprint: str
    ) -> SubmissionResult | None:
        """The result of an earlier batch, when this very submission was graded and recorded."""
        folder = self.course.step("autograded", student, self.assignment)
        results: list[CellResult] = []
        for name in names:
            try:
                notebook = nbformat.read(folder / f"{name}.ipynb", as_version=4)
                signed = notebook.metadata["ecole"]["submission"]
            except Exception:
                return None
            if signed.get("fingerprint") != fingerprint:
                return None
            results += cell_results(name, notebook)
        if not all_executed(results) or not self._in_gradebook(student, results):
            return None
        return SubmissionResult(
            student=student,
            state=signed["state"],
            score=sum(each.points or 0.0 for each in results),
            max_score=self.max_score,
            seconds=signed["seconds"],
            notes=[Note.model_validate(note) for note in signed["notes"]],
            cells=results,
            sandbox=signed.get("sandbox", ""),
            unchanged=True,
        )

    def _in_gradebook(self, student: str, results: list[CellResult]) -> bool:
        for each in results:
            if each.manual:
                continue
            try:
                grade = self.gradebook.find_grade(
                    each.grade_id, each.notebook, self.assignment, student
                )
            except MissingEntry:
                return False
            if grade.auto_score != each.points:
                return False
        return True

    # submissions without marks

    def _enrolled(self, student: str) -> bool:
        try:
            self.gradebook.find_student(student)
        except MissingEntry:
            return False
        return True

    def _nothing(self, student: str, folder: Path) -> SubmissionResult:
        if not os.path.lexists(folder):
            return self._without_mark(student, "missing", [Note(code="nothing-submitted")])
        reason = "link" if folder.is_symlink() else "not-regular"
        details: dict[str, str | float] = {"file": folder.name, "reason": reason, "detail": ""}
        note = Note(code="file-unreadable", details=details)
        return self._without_mark(student, "unreadable", [note])

    def _not_found(
        self, student: str, folder: Path, expected: list[str], extra: list[str]
    ) -> SubmissionResult:
        found = extra or sorted(path.name for path in folder.iterdir())[:5]
        details: dict[str, str | float] = {
            "expected": ", ".join(f"{name}.ipynb" for name in expected),
            "found": ", ".join(found) or "∅",
        }
        note = Note(code="notebook-not-found", details=details)
        return self._without_mark(student, "missing", [note])

    def _without_mark(self, student: str, state: State, notes: list[Note]) -> SubmissionResult:
        return SubmissionResult(student=student, state=state, max_score=self.max_score, notes=notes)


def _class(preprocessor: Any) -> type:
    """nbgrader's lists of preprocessors hold classes, or their dotted names."""
    found: type = import_item(preprocessor) if isinstance(preprocessor, str) else preprocessor
    return found


def _require_sandbox() -> None:
    """Refuse to begin where no submission could be confined as this machine promises."""
    try:
        problem = sandbox.why_not(sandbox.best_mode())
    except sandbox.SandboxError as error:
        problem = str(error)
    if problem:
        raise EcoleError(
            f"students' code cannot be confined here ({problem}); `ecole doctor` says what this "
            "machine can do; grade as an ordinary user, or unsealed with `--engine jupyter`"
        )


def _sandbox(notebooks: dict[str, NotebookNode]) -> str:
    """How the submission was confined: the examiner's sandbox mode, or nothing said."""
    for notebook in notebooks.values():
        return str(notebook.metadata.get("ecole", {}).get("sandbox", ""))
    return ""


def _write_staged(stage: Path, relative: str, data: bytes) -> None:
    path = stage / relative
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    path.write_bytes(data)


def raise_if_disk_full(error: OSError | str) -> None:
    """Turn "no space left" into a sentence; the batch stops, what was recorded stays.

    Raises:
        EcoleError: `error` says that the disk or the quota is full.
    """
    full = (
        "[Errno 28]" in error or "[Errno 122]" in error
        if isinstance(error, str)
        else error.errno in (errno.ENOSPC, errno.EDQUOT)
    )
    if full:
        raise EcoleError(
            "the disk is full: free some space, then run this again; what was graded before "
            "is recorded, nothing is half written"
        )
