"""The examiner: the process that runs locked cells and tests; it never runs the student's code.

In a test, a name that is an answer means the candidate's object (by value or by proxy); every
other name, builtins and modules included, is the examiner's own.
"""

import ast
import asyncio
import builtins
import contextlib
import gc
import inspect
import os
import shutil
import signal
import socket
import sys
import time
import traceback
from collections.abc import Callable, Iterable
from io import StringIO
from pathlib import Path
from types import CodeType
from typing import Any

from IPython.core.inputtransformer2 import TransformerManager

from autograder.examiner import remote, wire
from autograder.examiner.answers import import_lines, names_bound, names_loaded
from autograder.examiner.files import listing
from autograder.examiner.remote import Peer

_HIDDEN = ("### BEGIN HIDDEN TESTS", "### END HIDDEN TESTS")
_FRAMES = 10
_MESSAGE_CHARACTERS = 5000
_GRACE_SECONDS = 2


class _Builtins(dict[str, Any]):
    """The builtins of the tests; what they do not hold is looked up among the answers."""

    def __init__(self, examination: "Examination") -> None:
        super().__init__(vars(builtins))
        self._examination = examination

    def __missing__(self, name: str) -> Any:
        return self._examination.answer(name)


class Examination:
    """The examiner's namespace, and the conversation of the test that is running."""

    def __init__(self) -> None:
        self.namespace: dict[str, Any] = {"__name__": "__main__"}
        self.namespace["__builtins__"] = _Builtins(self)
        self.answers: set[str] | None = set()
        self.classes: set[str] = set()
        self.peer: Peer | None = None
        self._bound: dict[str, Any] = {}

    def is_answer(self, name: str) -> bool:
        """Does the name mean the candidate's object? Without a list: whatever is not ours."""
        if self.answers is not None:
            return name in self.answers
        return not (name.startswith("__") or hasattr(builtins, name) or name in self.namespace)

    def answer(self, name: str) -> Any:
        """The candidate's object of that name.

        Raises:
            KeyError: it is no answer, or the candidate has none (a NameError in the test).
        """
        if self.peer is None or not self.is_answer(name):
            raise KeyError(name)
        value = self.peer.request("lookup", name)
        if name in self.classes:
            value = remote.believe_instances(value)
        if remote.isinstance_of_proxy(value):
            value = remote.answer_exception(self.peer, value)
        return value

    def begin(self, peer: Peer, names: Iterable[str]) -> None:
        """Bind the answers that a test names, and send the candidate what the test changes."""
        self.peer = peer
        for name in names:
            if self.is_answer(name):
                try:
                    self.namespace[name] = self._bound[name] = self.answer(name)
                except KeyError:
                    self.namespace.pop(name, None)
        peer.before_request = self._send_changes

    def end(self) -> None:
        """Forget the conversation."""
        self.peer = None
        self._bound = {}

    def _send_changes(self) -> None:
        """Answers that the test set or deleted are set or deleted in the candidate too."""
        peer = self.peer
        assert peer is not None
        changes = {
            name: self.namespace.get(name, _GONE)
            for name, value in self._bound.items()
            if self.namespace.get(name, _GONE) is not value
        }
        if not changes:
            return
        self._bound.update(changes)
        peer.before_request = lambda: None
        try:
            for name, value in changes.items():
                if value is _GONE:
                    peer.request("unbind", name)
                else:
                    peer.request("bind", name, value)
        finally:
            peer.before_request = self._send_changes


_GONE = object()


class Result:
    """What became of a test cell."""

    def __init__(self) -> None:
        self.state = "ok"
        self.outputs: list[dict[str, Any]] = []
        self.modules: list[str] = []
        self.lines: list[int] = []

    def as_message(self, seconds: float) -> dict[str, Any]:
        """The report to the engine.

        `modules` are those that the candidate has imported, `lines` those of the test's own
        frames when it failed, the outermost first.
        """
        told = {"state": self.state, "seconds": seconds, "outputs": self.outputs}
        return told | {"modules": self.modules, "lines": self.lines}


class Cell:
    """A locked cell or a test, compiled once.

    Attributes:
        problem: the SyntaxError of a cell that cannot be compiled.
        names: global names that it reads or binds.
    """

    def __init__(self, source: str, *, test: bool) -> None:
        self.source = source
        self.test = test
        self.codes: list[CodeType] = []
        self.problem: SyntaxError | None = None
        self.names = names_loaded(source) | names_bound(source) if test else frozenset()
        try:
            self.codes = _compile(TransformerManager().transform_cell(source))
        except SyntaxError as error:
            self.problem = error

    def execute(self, namespace: dict[str, Any]) -> Any:
        """Run it; the value of its last expression, or None."""
        if self.problem:
            raise self.problem
        values = [_run(code, namespace) for code in self.codes]
        return values[1] if len(values) > 1 else None


def _compile(source: str) -> list[CodeType]:
    """The cell's statements, and its last expression where it ends in one that is shown."""
    tree = ast.parse(source, "<test>")
    last = tree.body[-1] if tree.body else None
    flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
    if not isinstance(last, ast.Expr) or source.rstrip().endswith(";"):
        return [compile(tree, "<test>", "exec", flags)]
    tree.body.pop()
    expression = ast.Expression(last.value)
    return [
        compile(tree, "<test>", "exec", flags),
        compile(expression, "<test>", "eval", flags),
    ]


def run_cell(examination: Examination, cell: Cell) -> Result:
    """Run a locked cell or a test; a test's value and failure become outputs."""
    source, test = cell.source, cell.test
    result = Result()
    shown = StringIO()
    stdout, sys.stdout = sys.stdout, shown
    stderr, sys.stderr = sys.stderr, shown
    try:
        value = cell.execute(examination.namespace)
    except BaseException as error:
        result.state = "timeout" if _is_deadline(error) else "error"
        result.lines = _failing_lines(error)
        result.outputs.append(_failure(error, source, late=result.state == "timeout"))
    else:
        if test and remote.isinstance_of_proxy(value):
            refusal = TypeError("an object of the answer cannot be the value of a test")
            result.state = "error"
            result.outputs.append(_failure(refusal, source, late=False))
        elif test and value is not None:
            data = {"text/plain": _safe_repr(value)}
            kind = "execute_result"
            result.outputs.append({"output_type": kind, "data": data, "metadata": {}})
    finally:
        sys.stdout, sys.stderr = stdout, stderr
    text = shown.getvalue()
    if text and _HIDDEN[0] not in source:
        result.outputs.insert(0, {"output_type": "stream", "name": "stdout", "text": text[:20_000]})
    return result


def _run(code: CodeType, namespace: dict[str, Any]) -> Any:
    value = eval(code, namespace)
    if code.co_flags & inspect.CO_COROUTINE:
        return asyncio.run(value)
    return value


def _is_deadline(error: BaseException) -> bool:
    return isinstance(error, TimeoutError) and not error.__dict__.get("_ecole_remote")


def _safe_repr(value: Any) -> str:
    try:
        return repr(value)[:_MESSAGE_CHARACTERS]
    except BaseException as error:
        return f"({type(error).__name__} while showing the value)"


def _failure(error: BaseException, source: str, *, late: bool) -> dict[str, Any]:
    """An error output; of a hidden check the student sees the message only."""
    line = next(iter(_failing_lines(error)), None)
    lines = source.splitlines()
    hidden = line is None or _is_hidden(lines, line)
    name, value = _named(error, late=late, hidden=hidden)
    if line is None or hidden:
        shown = [f"{name}: {value}"]
    else:
        start = max(0, line - 3)
        excerpt = [
            f"{'----> ' if number == line else '      '}{number} {text}"
            for number, text in enumerate(lines[start : line + 2], start=start + 1)
            if not _is_hidden(lines, number)
        ]
        shown = [*excerpt, "", f"{name}: {value}"]
    return {"output_type": "error", "ename": name, "evalue": value, "traceback": shown}


def _named(error: BaseException, *, late: bool, hidden: bool) -> tuple[str, str]:
    """Name and text of an error; a hidden check shows its own message and no other text.

    What the student's code raises on hidden data could carry that data, even in its name.
    """
    if late:
        return "CellTimeoutError", "this test took too long and was interrupted"
    if hidden and not _is_own_assertion(error):
        kind = next(each for each in type(error).__mro__ if each.__module__ == "builtins")
        return kind.__name__, "[…]"
    try:
        return type(error).__name__, str(error)[:_MESSAGE_CHARACTERS]
    except BaseException:
        return type(error).__name__, ""


def _is_own_assertion(error: BaseException) -> bool:
    """Did the test itself assert, with its own message? A library's would quote the values."""
    if not isinstance(error, AssertionError) or error.__dict__.get("_ecole_remote"):
        return False
    frames = traceback.extract_tb(error.__traceback__)
    return bool(frames) and frames[-1].filename == "<test>"


def _failing_lines(error: BaseException) -> list[int]:
    """The lines of the test cell at which it failed: where it stood, then in its functions."""
    if isinstance(error, SyntaxError) and error.filename == "<test>":
        return [error.lineno or 1]
    frames = traceback.extract_tb(error.__traceback__)
    return [frame.lineno or 1 for frame in frames if frame.filename == "<test>"][:_FRAMES]


def _is_hidden(lines: list[str], number: int) -> bool:
    """Is this line (from 1) between the markers of hidden tests?"""
    hidden = False
    for place, line in enumerate(lines, start=1):
        if line.strip().startswith(_HIDDEN[0]):
            hidden = True
        if place == number:
            return hidden
        if line.strip().startswith(_HIDDEN[1]):
            hidden = False
    return hidden


class Examiner:
    """The examiner's session, driven by messages on its control socket."""

    def __init__(self, control: socket.socket) -> None:
        self.control = control
        self.examination = Examination()
        self.work = Path.cwd()

    def run(self) -> None:
        """Serve until the control socket closes."""
        wire.send(self.control, wire.encode("ready"))
        operations: dict[Any, Callable[..., Any]] = {
            "secret": self.secret,
            "locked": self.locked,
            "seat": self.seat,
        }
        while True:
            try:
                operation, *arguments = wire.decode(wire.receive(self.control))
            except EOFError:
                return
            wire.send(self.control, wire.encode(operations[operation](*arguments)))

    def secret(self, content: bytes | None) -> None:
        """Receive the cohort's secret; tests find it as `exam_seed` looks for it."""
        if content is not None:
            path = self.work / ".exam-secret"
            path.write_bytes(content)
            path.chmod(0o600)
            os.environ["ECOLE_EXAM_SECRET_FILE"] = str(path)

    def locked(self, source: str) -> str:
        """Run a locked cell in the examiner's own namespace."""
        return run_cell(self.examination, Cell(source, test=False)).state

    def seat(self, tests: list[str]) -> None:
        """Leave a copy of this process from which the tests at this place are forked."""
        _, descriptors, _, _ = socket.recv_fds(self.control, 1, 1)
        if os.fork() == 0:
            self.control.close()
            sock = socket.socket(fileno=descriptors[0])
            _Seat(sock, self.examination, self.work, tests).serve()
        os.close(descriptors[0])


class _Seat:
    """Forks a process for each submission: a descriptor comes in, the fork does the rest."""

    def __init__(
        self, sock: socket.socket, examination: Examination, work: Path, tests: list[str]
    ) -> None:
        self.sock = sock
        self.examination = examination
        self.work = work
        self.tests = [Cell(source, test=True) for source in tests]
        self.running: set[int] = set()

    def serve(self) -> None:
        """Until the engine hangs up; never returns."""
        try:
            _patch_inspect()
            self._import()
            gc.freeze()
            while True:
                _, descriptors, _, _ = socket.recv_fds(self.sock, 1, 1)
                if not descriptors:
                    break
                self._tidy()
                child = os.fork()
                if child == 0:
                    self.sock.close()
                    control = socket.socket(fileno=descriptors[0])
                    place = self._place(os.getpid())
                    _Sitting(control, self.examination, self.tests, self.work, place).serve()
                self.running.add(child)
                os.close(descriptors[0])
        finally:
            os._exit(0)

    def _import(self) -> None:
        """Import once what the tests import; what fails will fail again in its test."""
        for test in self.tests:
            for line in import_lines(test.source):
                with contextlib.suppress(Exception):
                    exec(line, {})

    def _tidy(self) -> None:
        """Remove what the sittings that have ended left behind."""
        for child in list(self.running):
            if os.waitpid(child, os.WNOHANG)[0]:
                self.running.discard(child)
                shutil.rmtree(self._place(child), ignore_errors=True)

    def _place(self, child: int) -> Path:
        return self.work.parent / "tmp" / f"sitting-{child}"


class _Sitting:
    """The tests of one submission, one after the other, each on the namespace as it was given.

    A test after which something of the submission could remain here says that the sitting is
    `spent`; the engine then takes another one.
    """

    def __init__(
        self,
        control: socket.socket,
        examination: Examination,
        tests: list[Cell],
        given: Path,
        place: Path,
    ) -> None:
        self.control = control
        self.examination = examination
        self.tests = tests
        self.given = given
        self.place = place
        self.listing: dict[str, tuple[int, int]] = {}

    def serve(self) -> None:
        """Until the engine hangs up; never returns."""
        try:
            while True:
                request = wire.decode(wire.receive(self.control))
                _, descriptors, _, _ = socket.recv_fds(self.control, 1, 1)
                started = time.perf_counter()
                _end_after(request["seconds"] + _GRACE_SECONDS)
                if request["files"] is not None:
                    self._lay(request["files"])
                result, spent = self._examine(socket.socket(fileno=descriptors[0]), request)
                _end_after(0)
                report = result.as_message(time.perf_counter() - started)
                spent = spent or listing(self.place) != self.listing
                wire.send(self.control, wire.encode(report | {"spent": spent}))
        finally:
            os._exit(0)

    def _lay(self, files: dict[str, bytes]) -> None:
        """Make the working directory anew: what was given, and these files."""
        if self.place.exists():
            os.chdir("/")
            shutil.rmtree(self.place)
        shutil.copytree(self.given, self.place)
        os.chdir(self.place)
        _lay_files(self.place, files)
        self.listing = listing(self.place)

    def _examine(self, conversation: socket.socket, request: dict[str, Any]) -> tuple[Result, bool]:
        """Run a test against a frozen copy of the candidate; could it leave something here?"""
        test, examination = self.tests[request["test"]], self.examination
        deadline = time.monotonic() + request["seconds"]
        examination.answers = request["answers"]
        examination.classes = set(request["classes"])
        peer = Peer(conversation, trusted=False, deadline=deadline)
        as_given = dict(examination.namespace)
        try:
            wire.send(conversation, wire.encode(["sealed"]))
            examination.begin(peer, test.names)
            result = run_cell(examination, test)
            if request["rehearsal"]:
                result.modules = list(peer.request("modules"))
        except BaseException as error:
            result = Result()
            result.state = "timeout" if _is_deadline(error) else "error"
            result.outputs = [_failure(error, test.source, late=result.state == "timeout")]
        finally:
            examination.end()
            examination.namespace.clear()
            examination.namespace.update(as_given)
            conversation.close()
        return result, peer.let_in or result.state == "timeout"


def _end_after(seconds: float) -> None:
    """Let the kernel end this process then, whatever it is doing; 0: never."""
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, seconds)


def _lay_files(work: Path, files: dict[str, bytes]) -> None:
    """Put the files that the candidate made into the examiner's working directory."""
    for relative, data in files.items():
        path = (work / relative).resolve()
        if path.is_relative_to(work.resolve()):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)


def _patch_inspect() -> None:
    """Let a test ask for the signature and the source of a function of the answer."""
    for name, operation in (("getsource", "source"), ("signature", "signature")):
        original = getattr(inspect, name)
        setattr(inspect, name, _asking(original, operation))


def _asking(original: Any, operation: str) -> Any:
    def asked(value: Any, *args: Any, **kwargs: Any) -> Any:
        if not remote.isinstance_of_proxy(value):
            return original(value, *args, **kwargs)
        return remote.ask_about(value, operation)

    return asked


def main(control: socket.socket) -> None:
    """Run as the examiner; never returns."""
    try:
        Examiner(control).run()
    finally:
        os._exit(0)
