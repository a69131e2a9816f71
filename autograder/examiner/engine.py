"""The papermill engine `examiner`: warm interpreters, a sandbox, tests out of the student's reach.

It knows nbgrader's cell metadata and no more of nbgrader. Alone:
`papermill --engine examiner in.ipynb out.ipynb`.
"""

import atexit
import itertools
import os
import select
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
import psutil
from nbformat import NotebookNode
from papermill.engines import Engine, NotebookExecutionManager

from autograder.examiner import answers, wire
from autograder.examiner.sandbox import Mode, best_mode
from autograder.examiner.wire import WireError

_GRACE_SECONDS = 3
_START_SECONDS = 60
_WATCH_SECONDS = 0.25
_MEMORY_BYTES = 2 * 2**30
_FIRST_UID = 210_000
# replies hold outputs and files, no data sets
_REPLY_LIMITS = wire.Limits(message_bytes=100 * 2**20, depth=40, items=500_000)
_UIDS = 1_000


class BrokenConversation(Exception):
    """A process of the submission died or said something malformed."""


class ZygoteProcess:
    """A running zygote, shared by the threads of this process."""

    def __init__(self, imports: Iterable[str]) -> None:
        ours, theirs = socket.socketpair()
        environment = {
            name: value
            for name, value in os.environ.items()
            if name in ("PATH", "LANG", "LC_ALL", "TZ", "ECOLE_SANDBOX", "VIRTUAL_ENV", "HOME")
            or name.startswith("PYTHON")
        }
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-m", "autograder.examiner.zygote", str(theirs.fileno())],
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            env=environment,
            start_new_session=True,
        )
        theirs.close()
        self.control = ours
        self.lock = threading.Lock()
        wire.send(ours, wire.encode(list(imports)))
        wire.receive(ours, deadline=time.monotonic() + _START_SECONDS)

    def fork(self, request: dict[str, Any]) -> "Child":
        """Fork a candidate or an examiner as the request says."""
        ours, theirs = socket.socketpair()
        with self.lock:
            wire.send(self.control, wire.encode(request))
            socket.send_fds(self.control, [b"."], [theirs.fileno()])
            reply = wire.receive(self.control, deadline=time.monotonic() + _START_SECONDS)
        theirs.close()
        return Child(self, int(wire.decode(reply)), ours)

    def kill(self, pid: int, uid: int | None) -> None:
        """Kill a child that was forked here, and all processes of its uid if one is given."""
        with self.lock:
            wire.send(self.control, wire.encode({"do": "kill", "pid": pid, "uid": uid}))

    def anonymous_bytes_of(self, pid: int) -> int:
        """Memory that a child and its descendants hold beyond what each shares with the zygote."""
        try:
            shared = _anonymous_bytes(psutil.Process(self.process.pid))
            family = psutil.Process(pid).children(recursive=True)
        except psutil.Error:
            return 0
        return sum(max(0, _anonymous_bytes(each) - shared) for each in family)

    def close(self) -> None:
        """End the zygote and all its children."""
        self.control.close()
        self.process.wait(10)


def _anonymous_bytes(process: psutil.Process) -> int:
    try:
        memory = process.memory_info()
    except psutil.Error:
        return 0
    return int(memory.rss - memory.shared)


@dataclass
class Child:
    """A forked process and its control socket."""

    zygote: ZygoteProcess
    pid: int
    control: socket.socket
    uid: int | None = None
    scratch: str = ""

    def ask(self, message: list[Any], seconds: float, descriptor: int | None = None) -> Any:
        """Send a message (and a descriptor), return the reply.

        Raises:
            TimeoutError: no reply within `seconds`.
            BrokenConversation: the process is gone, or its reply is malformed.
        """
        try:
            self.control.settimeout(seconds)
            wire.send(self.control, wire.encode(message))
            if descriptor is not None:
                socket.send_fds(self.control, [b"."], [descriptor])
            self.control.settimeout(None)
            deadline = time.monotonic() + seconds
            self._watch(deadline)
            data = wire.receive(self.control, _REPLY_LIMITS, deadline=deadline)
            reply = wire.decode(data, limits=_REPLY_LIMITS)
        except (EOFError, ConnectionError, WireError) as error:
            raise BrokenConversation(str(error)) from error
        if isinstance(reply, dict) and "broken" in reply:
            raise BrokenConversation(str(reply["broken"])[:1000])
        return reply

    def _watch(self, deadline: float) -> None:
        """Wait for the reply; limits hold a process each, so their sum is looked at here.

        Raises:
            BrokenConversation: all processes of the submission hold too much together.
        """
        while (left := deadline - time.monotonic()) > 0:
            if select.select([self.control], [], [], min(left, _WATCH_SECONDS))[0]:
                return
            if self.pid > 0 and self.zygote.anonymous_bytes_of(self.pid) > _MEMORY_BYTES:
                self.zygote.kill(self.pid, None)
                raise BrokenConversation("too much memory")

    def end(self) -> None:
        """Kill it."""
        self.control.close()
        self.zygote.kill(self.pid, self.uid if self.scratch else None)
        if self.scratch:
            shutil.rmtree(self.scratch, ignore_errors=True)


_zygotes: dict[tuple[str, ...], ZygoteProcess] = {}
_zygotes_lock = threading.Lock()
_uids = itertools.count()


def zygote_for(imports: Iterable[str]) -> ZygoteProcess:
    """The zygote of this process that has these imports, started if need be."""
    key = tuple(imports)
    with _zygotes_lock:
        known = _zygotes.get(key)
        if known is None or known.process.poll() is not None:
            known = _zygotes[key] = ZygoteProcess(key)
        return known


def close_zygotes() -> None:
    """End every zygote of this process."""
    with _zygotes_lock:
        while _zygotes:
            _zygotes.popitem()[1].close()


atexit.register(close_zygotes)


class ExaminerEngine(Engine):
    """`papermill --engine examiner`; each code cell gets `metadata.ecole.execution`."""

    @classmethod
    def execute_managed_notebook(
        cls,
        nb_man: NotebookExecutionManager,
        kernel_name: str,
        *,
        cell_seconds: float = 30,
        submission_seconds: float = 600,
        output_bytes: int = 5_000_000,
        exam_secret: bytes | None = None,
        **kwargs: Any,
    ) -> NotebookNode:
        """Execute every code cell of `nb_man.nb` in place.

        The notebook's `metadata.ecole` may hold `answers` and `imports` (see `answers.py`) and
        `unsealed`, grade_ids of tests that run in a fork of the candidate.

        Args:
            cell_seconds: after these a cell is interrupted and the next one runs.
            submission_seconds: after these no further cell runs.
            output_bytes: of each cell's outputs, what is kept; errors are kept beyond it.
            exam_secret: content of the cohort's secret; the examiner alone receives it.
        """
        limits = {"cell_seconds": cell_seconds, "output_bytes": output_bytes}
        with tempfile.TemporaryDirectory(prefix="ecole-empty-") as empty:
            files = Path(kwargs.get("cwd") or empty)
            session = Session(nb_man, files, limits, submission_seconds, exam_secret)
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
    """One notebook: its candidate, its examiner, its tests."""

    def __init__(
        self,
        nb_man: NotebookExecutionManager,
        files: Path,
        limits: dict[str, Any],
        submission_seconds: float,
        exam_secret: bytes | None,
    ) -> None:
        self.nb_man = nb_man
        self.cells = nb_man.nb.cells
        self.ecole = nb_man.nb.metadata.get("ecole", {})
        self.limits = limits
        self.ends = time.monotonic() + submission_seconds
        self.mode = best_mode()
        imports = self.ecole.get("imports")
        self.zygote = zygote_for(answers.imports_of(nb_man.nb) if imports is None else imports)
        self.whole_unsealed = answers.tests_define_what_others_need(self.cells)
        self.children: list[Child] = []
        self.frozen: list[Frozen] = []
        self.candidate = self._fork("candidate", files, {"cells": limits})
        self.examiner: Child | None = None
        if any(map(answers.is_test, self.cells)) and not self.whole_unsealed:
            self.examiner = self._fork("examiner", files, {})
            # after its fork: the zygote, whose memory candidates inherit, never sees the secret
            self.examiner.ask(["secret", exam_secret], _START_SECONDS)

    def _fork(self, role: str, files: Path, more: dict[str, Any]) -> Child:
        uid = _FIRST_UID + next(_uids) % _UIDS if os.geteuid() == 0 else None
        scratch = ""
        if self.mode is not Mode.namespaces:
            scratch = tempfile.mkdtemp(prefix="ecole-scratch-")
        request = {"do": role, "mode": str(self.mode), "files": str(files), "uid": uid}
        child = self.zygote.fork(request | {"scratch": scratch} | more)
        child.uid, child.scratch = uid, scratch
        self.children.append(child)
        return child

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
        """End both processes and all that they started."""
        for each in self.frozen:
            each.conversation.close()
        for child in self.children:
            child.end()

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
        return False

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
            state, outputs, count = _checked_reply(reply, int(self.limits["output_bytes"]))
        except TimeoutError:
            stopped = "stopped"
        except BrokenConversation:
            state, stopped = "killed", "killed"
            outputs = [_error("DeadKernelError", "the process died in this cell")]
        if state == "timeout":
            # the interruption itself is ours, its traceback teaches nothing
            outputs = [each for each in outputs if each.get("ename") != "KeyboardInterrupt"]
            outputs.append(_error("CellTimeoutError", "this cell took too long"))
        cell.outputs, cell.execution_count = outputs, count
        _record(cell, state, time.perf_counter() - started, sealed=False)
        return stopped or state

    def _freeze(self, index: int, cell: NotebookNode, known: dict[str, list[str]]) -> bool:
        """Leave a copy of the candidate for this test; False when the candidate is gone."""
        ours, theirs = socket.socketpair()
        try:
            reply = self.candidate.ask(["freeze"], _START_SECONDS, theirs.fileno())
            files = _checked_files(reply)
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
        return max(0.1, min(float(self.limits["cell_seconds"]), self.ends - time.monotonic()))

    # the examiner's pass

    def _run_examiner(self) -> None:
        tests = {frozen.index: frozen for frozen in self.frozen}
        unsealed = self.ecole.get("unsealed") or []
        for index, cell in enumerate(self.cells):
            frozen = tests.get(index)
            if frozen is not None:
                self.nb_man.cell_start(cell, index)
                if cell.metadata["nbgrader"].get("grade_id") in unsealed:
                    self._unsealed_test(frozen)
                else:
                    self._sealed_test(frozen)
                self.nb_man.cell_complete(cell, cell_index=index)
            elif answers.is_given(cell) and self.examiner is not None:
                self.examiner.ask(["locked", cell.source], self._seconds_left() + _START_SECONDS)

    def _sealed_test(self, frozen: Frozen) -> None:
        assert self.examiner is not None
        seconds = self._seconds_left()
        request = {
            "source": frozen.cell.source,
            "seconds": seconds,
            "files": frozen.files,
            "answers": frozen.answers,
            "classes": frozen.classes,
        }
        descriptor = frozen.conversation.fileno()
        limit = seconds + 2 * _GRACE_SECONDS
        reply = self.examiner.ask(["test", request], limit, descriptor)
        self._finish(frozen, reply, sealed=True)

    def _unsealed_test(self, frozen: Frozen) -> None:
        seconds = self._seconds_left()
        message = ["unsealed", frozen.cell.source, seconds, int(self.limits["output_bytes"])]
        copy = Child(self.zygote, -1, frozen.conversation)
        try:
            reply = copy.ask(message, seconds + _GRACE_SECONDS)
        except TimeoutError:
            reply = {"state": "timeout", "seconds": seconds, "outputs": []}
        except BrokenConversation:
            failure = _error("DeadKernelError", "the process died in this test")
            reply = {"state": "error", "seconds": seconds, "outputs": [dict(failure)]}
        self._finish(frozen, reply, sealed=False)

    def _finish(self, frozen: Frozen, reply: Any, *, sealed: bool) -> None:
        state, outputs, count = _checked_reply(reply, int(self.limits["output_bytes"]))
        if state == "timeout" and not any(each.output_type == "error" for each in outputs):
            outputs.append(_error("CellTimeoutError", "this test took too long"))
        frozen.cell.outputs, frozen.cell.execution_count = outputs, count
        frozen.conversation.close()
        seconds = reply.get("seconds", 0.0) if isinstance(reply, dict) else 0.0
        _record(frozen.cell, state, float(seconds), sealed=sealed)


def _record(cell: NotebookNode, state: str, seconds: float, *, sealed: bool) -> None:
    cell.metadata["ecole"] = {
        "execution": {"state": state, "seconds": round(seconds, 4), "sealed": sealed}
    }


def _error(name: str, value: str) -> NotebookNode:
    return nbformat.v4.new_output("error", ename=name, evalue=value, traceback=[f"{name}: {value}"])


# what a process of the submission says is checked before it is kept


def _checked_reply(reply: Any, limit: int) -> tuple[str, list[NotebookNode], int | None]:
    if not isinstance(reply, dict) or reply.get("state") not in ("ok", "error", "timeout"):
        raise BrokenConversation("a malformed reply")
    outputs = []
    told = reply.get("outputs")
    for each in told if isinstance(told, list) else []:
        output = _checked_output(each)
        if output is not None:
            outputs.append(output)
        limit -= len(str(each))
        if limit < -1_000_000:
            break
    count = reply.get("count") if isinstance(reply.get("count"), int) else None
    for output in outputs:
        if output.output_type == "execute_result":
            output["execution_count"] = count
    state = str(reply["state"])
    if state == "error" and not any(each.output_type == "error" for each in outputs):
        outputs.append(_error("Error", "this cell failed"))
    return state, outputs, count


def _checked_output(told: Any) -> NotebookNode | None:
    """An nbformat output from what was told, or None when it is no output."""
    if not isinstance(told, dict):
        return None
    kind = told.get("output_type")
    if kind == "stream":
        name = "stderr" if told.get("name") == "stderr" else "stdout"
        return nbformat.v4.new_output("stream", name=name, text=_text(told.get("text")))
    if kind == "error":
        lines = told.get("traceback")
        return nbformat.v4.new_output(
            "error",
            ename=_text(told.get("ename"))[:200],
            evalue=_text(told.get("evalue")),
            traceback=[_text(line) for line in lines] if isinstance(lines, list) else [],
        )
    if kind in ("display_data", "execute_result") and isinstance(told.get("data"), dict):
        data = {_text(key): _json(value) for key, value in told["data"].items()}
        output = nbformat.v4.new_output(kind, data=data)
        return output
    return None


def _text(value: Any) -> str:
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else ""


def _json(value: Any, depth: int = 0) -> Any:
    if depth > 20:
        return None
    if isinstance(value, dict):
        return {_text(key): _json(item, depth + 1) for key, item in value.items()}
    if isinstance(value, list):
        return [_json(item, depth + 1) for item in value]
    if isinstance(value, str):
        return _text(value)
    return value if isinstance(value, (int, float, bool)) or value is None else None


def _checked_files(reply: Any) -> dict[str, bytes]:
    files = reply.get("files") if isinstance(reply, dict) else None
    if not isinstance(files, dict):
        raise BrokenConversation("a malformed list of files")
    kept = {}
    for name, data in files.items():
        parts = name.split("/") if isinstance(name, str) else [".."]
        if isinstance(data, bytes) and ".." not in parts and not name.startswith("/"):
            kept[name] = data
    return kept
