"""The papermill engine `examiner`: warm interpreters, a sandbox, tests out of the student's reach.

It knows nbgrader's cell metadata and no more of nbgrader. Alone:
`papermill --engine examiner in.ipynb out.ipynb`.
"""

import itertools
import socket
import tempfile
import time
from collections.abc import Collection
from contextlib import closing
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from nbformat import NotebookNode
from papermill.engines import Engine, NotebookExecutionManager

from autograder.examiner import answers
from autograder.examiner.outputs import checked_files, checked_lines, checked_reply, error_output
from autograder.examiner.processes import (
    START_SECONDS,
    BrokenConversation,
    Conversation,
    warm_zygote,
    zygote_for,
)
from autograder.examiner.sandbox import BOUNDS, Confinement, best_mode, regular_files
from autograder.examiner.shared import Given, Sittings, close_unused, examiner_for, parts_of

_GRACE_SECONDS = 3


@dataclass(frozen=True)
class Settings:
    """What can be told to the engine, as keyword arguments of papermill's.

    Attributes:
        cell_seconds: after these a cell is interrupted and the next one runs.
        submission_seconds: after these no further cell runs.
        output_bytes: of each cell's outputs, what is kept; errors are kept beyond it.
        memory_bytes: of each process beyond the warm interpreter, and of all together.
        processes: processes and threads of a submission.
        file_bytes: size of any one file.
        disk_bytes: all files together (not bounded outside namespaces).
        open_files: open descriptors of each process.
        exam_secret: content of the cohort's secret; the examiner alone receives it.
        given_files: files of the working directory that came with the assignment; locked
            cells find these in the examiner too, tests find them all. None: all.
        rehearsal: the notebook is the course's own; what it imports on its way, the next
            notebooks find imported.
    """

    cell_seconds: float = 30
    submission_seconds: float = 600
    output_bytes: int = 5_000_000
    memory_bytes: int = Confinement.memory_bytes
    processes: int = Confinement.processes
    file_bytes: int = Confinement.file_bytes
    disk_bytes: int = Confinement.disk_bytes
    open_files: int = Confinement.open_files
    exam_secret: bytes | None = None
    given_files: Collection[str] | None = None
    rehearsal: bool = False

    def bounds(self) -> dict[str, int]:
        """Those that the sandbox holds."""
        return {name: int(getattr(self, name)) for name in BOUNDS}


class ExaminerEngine(Engine):
    """`papermill --engine examiner`; each code cell gets `metadata.ecole.execution`."""

    @classmethod
    def execute_managed_notebook(
        cls, nb_man: NotebookExecutionManager, kernel_name: str, **kwargs: Any
    ) -> NotebookNode:
        """Execute every code cell of `nb_man.nb` in place.

        The notebook's `metadata.ecole` may hold `answers` and `imports` (see `answers.py`) and
        `unsealed`, grade_ids of tests that run in a fork of the candidate.

        Args:
            kwargs: `cwd`, whose files the notebook finds, and the fields of `Settings`.
        """
        known = {each.name for each in fields(Settings)}
        settings = Settings(**{name: kwargs[name] for name in known & set(kwargs)})
        with tempfile.TemporaryDirectory(prefix="ecole-empty-") as empty:
            session = Session(nb_man, Path(kwargs.get("cwd") or empty), settings)
            try:
                session.run()
            finally:
                session.close()
        return nb_man.nb


@dataclass
class Frozen:
    """A test that waits: its cell, its end of the conversation, the files and answers then."""

    index: int
    cell: NotebookNode
    conversation: socket.socket
    files: dict[str, bytes]
    answers: list[str] | None
    classes: list[str] = field(default_factory=list)


class Session:
    """One notebook: its candidate, its tests."""

    def __init__(self, nb_man: NotebookExecutionManager, files: Path, settings: Settings) -> None:
        self.nb_man = nb_man
        self.cells = nb_man.nb.cells
        self.ecole = nb_man.nb.metadata.get("ecole", {})
        self.files = files
        self.settings = settings
        self.ends = time.monotonic() + settings.submission_seconds
        self.mode = best_mode()
        told = self.ecole.get("imports")
        self.imports = answers.imports_of(nb_man.nb) if told is None else told
        self.zygote = zygote_for(self.imports)
        self.whole_unsealed = bool(answers.tests_define_what_others_need(self.cells))
        self.frozen: list[Frozen] = []
        self.imported: set[str] = set()
        limits = {
            "cell_seconds": settings.cell_seconds,
            "output_bytes": int(settings.output_bytes),
        }
        bounds = settings.bounds()
        self.candidate = self.zygote.fork("candidate", self.mode, files, bounds, limits)

    def run(self) -> None:
        """The student's cells first; then, when nothing can be shown any more, the tests."""
        stopped = self._run_candidate()
        if not stopped:
            self._run_examiner()
        for cell in self.cells:
            if cell.cell_type == "code" and "execution" not in cell.metadata.get("ecole", {}):
                _record(cell, "not-run", 0.0, sealed=False)
        self.nb_man.nb.metadata.setdefault("ecole", {})["sandbox"] = str(self.mode)

    def close(self) -> None:
        """End the candidate and all that it started."""
        for each in self.frozen:
            each.conversation.close()
        self.candidate.close()
        if self.settings.rehearsal:
            self._warm_zygote()

    def _warm_zygote(self) -> None:
        """What every submission will import and begin with is done once."""
        close_unused()  # those to come are forked from the warmed zygote
        begins = itertools.takewhile(
            answers.is_given, (cell for cell in self.cells if cell.cell_type == "code")
        )
        cells = [answers.plain(cell.source) for cell in begins]
        seconds = self.settings.submission_seconds + START_SECONDS
        warm_zygote(self.zygote, self.imports, sorted(self.imported), cells, self.files, seconds)

    # the candidate's pass

    def _run_candidate(self) -> bool:
        """Run all but the tests; True when the notebook could not be run to its end."""
        known: dict[str, list[str]] = {"names": [], "classes": []}
        for index, cell in enumerate(self.cells):
            if cell.cell_type != "code":
                continue
            if answers.is_solution(cell):
                self._learn_answers(cell, known)
            if answers.is_test(cell) and not self.whole_unsealed:
                if not self._freeze(index, cell, known):
                    return True
                continue
            self.nb_man.cell_start(cell, index)
            state = self._candidate_cell(cell)
            self.nb_man.cell_complete(cell, cell_index=index)
            if state in ("killed", "stopped"):
                return True
        if self.settings.rehearsal and not self._serves_last_test():
            self.imported.update(self.candidate.ask(["modules"], START_SECONDS))
        return False

    def _serves_last_test(self) -> bool:
        """The candidate itself serves a test after which no cell comes."""
        return bool(self.frozen) and self._is_last(self.frozen[-1].index)

    def _is_last(self, index: int) -> bool:
        return all(each.cell_type != "code" for each in self.cells[index + 1 :])

    def _learn_answers(self, cell: NotebookNode, known: dict[str, list[str]]) -> None:
        told = (self.ecole.get("answers") or {}).get(cell.metadata["nbgrader"]["grade_id"], {})
        for kind in known:
            known[kind] += [name for name in told.get(kind, []) if name not in known[kind]]

    def _candidate_cell(self, cell: NotebookNode) -> str:
        seconds = self._seconds_left()
        started = time.perf_counter()
        state, stopped = "timeout", ""
        outputs: list[NotebookNode] = []
        count: int | None = None
        try:
            reply = self.candidate.ask(["cell", cell.source], seconds + _GRACE_SECONDS)
            state, outputs, count = checked_reply(reply, int(self.settings.output_bytes))
        except TimeoutError:
            stopped = "stopped"
        except BrokenConversation:
            state, stopped = "killed", "killed"
            outputs = [error_output("DeadKernelError", "the process died in this cell")]
        if state == "timeout":
            # the interruption itself is ours, its traceback teaches nothing
            outputs = [each for each in outputs if each.get("ename") != "KeyboardInterrupt"]
            outputs.append(error_output("CellTimeoutError", "this cell took too long"))
        cell.outputs, cell.execution_count = outputs, count
        _record(cell, state, time.perf_counter() - started, sealed=False)
        return stopped or state

    def _freeze(self, index: int, cell: NotebookNode, known: dict[str, list[str]]) -> bool:
        """Leave a copy of the candidate for this test; False when the candidate is gone."""
        ours, theirs = socket.socketpair()
        try:
            request = ["freeze", self._is_last(index)]
            reply = self.candidate.ask(request, START_SECONDS, theirs.fileno())
            files = checked_files(reply)
        except (TimeoutError, BrokenConversation):
            ours.close()
            return False
        finally:
            theirs.close()
        told = self.ecole.get("answers")
        names = None if told is None else list(known["names"])
        self.frozen.append(Frozen(index, cell, ours, files, names, list(known["classes"])))
        return True

    def _seconds_left(self) -> float:
        return max(0.1, min(self.settings.cell_seconds, self.ends - time.monotonic()))

    # the examiner's pass

    def _run_examiner(self) -> None:
        """Run the tests, each against the copy of the candidate that was frozen at its place."""
        if not self.frozen:
            return
        ordered = [
            ("test" if answers.is_test(cell) else "locked", cell.source)
            for cell in self.cells
            if answers.is_test(cell) or answers.is_given(cell)
        ]
        extras, given = self._files_by_origin()
        secret, seconds = self.settings.exam_secret, self.settings.cell_seconds
        parts = parts_of(ordered)
        assignment = Given(parts, self.files, given, secret, seconds)
        with (
            examiner_for(self.zygote, self.mode, assignment) as examiner,
            closing(Sittings(examiner, parts)) as sittings,
        ):
            for number, frozen in enumerate(self.frozen):
                self.nb_man.cell_start(frozen.cell, frozen.index)
                if frozen.cell.metadata["nbgrader"].get("grade_id") in self._unsealed():
                    self._unsealed_test(frozen)
                else:
                    self._sealed_test(frozen, sittings, number, extras)
                self.nb_man.cell_complete(frozen.cell, cell_index=frozen.index)

    def _unsealed(self) -> list[str]:
        return self.ecole.get("unsealed") or []

    def _files_by_origin(self) -> tuple[dict[str, bytes], tuple[str, ...]]:
        """What the student submitted beside the notebook, and the names of what was given."""
        found = {place.as_posix(): path for path, place in regular_files(self.files)}
        told = self.settings.given_files
        given = set(found) if told is None else set(told) & set(found)
        extras = {name: path.read_bytes() for name, path in found.items() if name not in given}
        return extras, tuple(sorted(given))

    def _sealed_test(
        self, frozen: Frozen, sittings: Sittings, number: int, extras: dict[str, bytes]
    ) -> None:
        seconds = self._seconds_left()
        request = {
            "seconds": seconds,
            "answers": frozen.answers,
            "classes": frozen.classes,
            "rehearsal": self.settings.rehearsal,
        }
        started = time.monotonic()
        try:
            limit = seconds + 2 * _GRACE_SECONDS
            files = extras | frozen.files
            reply = sittings.test(number, frozen.conversation, files, request, limit)
        except (TimeoutError, BrokenConversation):
            if time.monotonic() - started < seconds:
                raise
            reply = {"state": "timeout", "seconds": seconds, "outputs": []}
        if self.settings.rehearsal:
            self.imported.update(reply.get("modules", []))
        self._finish(frozen, reply, sealed=True)

    def _unsealed_test(self, frozen: Frozen) -> None:
        seconds = self._seconds_left()
        message = ["unsealed", frozen.cell.source, seconds, int(self.settings.output_bytes)]
        try:
            reply = Conversation(frozen.conversation).ask(message, seconds + _GRACE_SECONDS)
        except TimeoutError:
            reply = {"state": "timeout", "seconds": seconds, "outputs": []}
        except BrokenConversation:
            failure = error_output("DeadKernelError", "the process died in this test")
            reply = {"state": "error", "seconds": seconds, "outputs": [dict(failure)]}
        self._finish(frozen, reply, sealed=False)

    def _finish(self, frozen: Frozen, reply: Any, *, sealed: bool) -> None:
        state, outputs, count = checked_reply(reply, int(self.settings.output_bytes))
        if state == "timeout" and not any(each.output_type == "error" for each in outputs):
            outputs.append(error_output("CellTimeoutError", "this test took too long"))
        frozen.cell.outputs, frozen.cell.execution_count = outputs, count
        frozen.conversation.close()
        seconds = reply.get("seconds", 0.0) if isinstance(reply, dict) else 0.0
        _record(frozen.cell, state, float(seconds), sealed=sealed)
        if sealed and isinstance(reply, dict):
            # where it failed, for those who wrote it: students see messages
            frozen.cell.metadata["ecole"]["execution"]["lines"] = checked_lines(reply)


def _record(cell: NotebookNode, state: str, seconds: float, *, sealed: bool) -> None:
    cell.metadata["ecole"] = {
        "execution": {"state": state, "seconds": round(seconds, 4), "sealed": sealed}
    }
