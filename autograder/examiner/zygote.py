"""The zygote: a process that has imported what an assignment imports, and forks.

It runs imports of the course, and the locked cells that every student's notebook begins with;
never a line of a student's, of a solution or of a test, and it holds no secret: its memory is
also the candidate's. Single-threaded, so that its forks are sound.
"""

import os

# before anything that could start threads
for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS"):
    os.environ[_name] = "1"
os.environ["JOBLIB_MULTIPROCESSING"] = "0"
os.environ["JE_ARROW_MALLOC_CONF"] = "background_thread:false"
os.environ["MPLBACKEND"] = "module://matplotlib_inline.backend_inline"

import contextlib
import ctypes
import gc
import io
import select
import shutil
import signal
import socket
import sys
import tempfile
import time
import warnings
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from autograder.examiner import candidate, examiner, memory, sandbox, wire
from autograder.examiner.remote import Peer
from autograder.examiner.sandbox import Confinement, Mode, confine
from autograder.examiner.warmup import warm_up

_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE = 1, 4
_LOWEST_UID = 100_000


class Zygote:
    """Serves fork requests on its control socket until that closes."""

    def __init__(self, control: socket.socket) -> None:
        self.control = control
        self.children: set[int] = set()

    def prepare(self, imports: list[str]) -> None:
        """Import what the assignment imports; what fails will fail again in its cell."""
        gc.disable()  # what is imported stays
        _import(imports)
        warm_up()
        with contextlib.suppress(Exception):
            _warm_wire()
            _warm_conversation()
        self.shell = candidate.make_shell()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            self.shell.run_cell("None", store_history=False)
            self.shell.run_cell("1 / 0", store_history=False)
        self.shell.outputs.take()
        self.shell.execution_count = 1
        sandbox.readable()
        memory.settle()
        gc.enable()

    def run(self) -> None:
        """Serve: fork a candidate or an examiner, kill a child."""
        wire.send(self.control, wire.encode("ready"))
        while True:
            ready, _, _ = select.select([self.control], [], [], 0.5)
            self._reap()
            if not ready:
                continue
            try:
                request = wire.decode(wire.receive(self.control))
            except EOFError:
                self._end()
            if request["do"] == "kill":
                self._kill(request["pid"])
                self._sweep(request["uid"])
            elif request["do"] == "preload":
                self._preload(request)
            else:
                self._fork(request)

    def _preload(self, request: dict[str, Any]) -> None:
        """Do once what all submissions begin with; say whether this process can still fork."""
        modules = request["modules"]
        _import(f"import {name}" for name in modules if name not in sys.modules)
        descriptors = _descriptors()
        _rehearse(request["cells"], Path(request["files"]))
        sound = len(os.listdir("/proc/self/task")) == 1 and _descriptors() == descriptors
        memory.settle()
        wire.send(self.control, wire.encode(sound))

    def _fork(self, request: dict[str, Any]) -> None:
        _, descriptors, _, _ = socket.recv_fds(self.control, 1, 1)
        sock = socket.socket(fileno=descriptors[0])
        child = os.fork()
        if child == 0:
            self._child(request, sock)
        sock.close()
        self.children.add(child)
        wire.send(self.control, wire.encode(child))

    def _child(self, request: dict[str, Any], sock: socket.socket) -> None:
        try:
            ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
            self.control.close()
            confinement = Confinement(
                mode=Mode(request["mode"]),
                files=Path(request["files"]),
                uid=request["uid"],
                scratch=Path(request["scratch"]) if request["scratch"] else None,
                **request["bounds"],
            )
            confine(confinement, [sock.fileno()])
            work = Path.cwd()
            if request["do"] == "candidate":
                candidate.main(sock, self.shell, work, request["cells"])
            else:
                sys.path.insert(0, "")
                examiner.main(sock)
        except BaseException as error:
            with contextlib.suppress(Exception):
                wire.send(sock, wire.encode({"broken": f"{type(error).__name__}: {error}"[:1000]}))
        finally:
            os._exit(1)

    def _kill(self, pid: int) -> None:
        if pid in self.children:
            for kill in (os.killpg, os.kill):
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    kill(pid, signal.SIGKILL)

    def _sweep(self, uid: int | None) -> None:
        """Outside namespaces a daemon outlives its candidate: kill all that has its uid."""
        if uid is None or uid < _LOWEST_UID or os.fork():
            return
        with contextlib.suppress(OSError):
            os.setresuid(uid, uid, uid)
            os.kill(-1, signal.SIGKILL)
        os._exit(0)

    def _reap(self) -> None:
        with contextlib.suppress(ChildProcessError):
            while (done := os.waitpid(-1, os.WNOHANG)[0]) != 0:
                self.children.discard(done)

    def _end(self) -> None:
        for pid in self.children:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        os._exit(0)


def _import(lines: Iterable[str]) -> None:
    with _quiet():
        for line in lines:
            with contextlib.suppress(Exception):
                exec(line, {})


def _descriptors() -> list[str]:
    return sorted(os.listdir("/proc/self/fd"))


def _rehearse(cells: list[str], files: Path) -> None:
    """Run cells in a namespace and a folder that nobody sees: what libraries keep stays warm."""
    before, environment = os.getcwd(), dict(os.environ)
    namespace: dict[str, Any] = {"__name__": "__main__"}
    with tempfile.TemporaryDirectory(prefix="ecole-zygote-") as folder, _quiet():
        work = Path(folder, "work")
        shutil.copytree(files, work)
        os.chdir(work)
        try:
            for source in cells:
                # what fails will fail again where it is told
                with contextlib.suppress(Exception):
                    exec(compile(source, "<given>", "exec"), namespace)
        finally:
            os.chdir(before)
            os.environ.clear()
            os.environ.update(environment)


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        with contextlib.redirect_stderr(io.StringIO()):
            yield


def _warm_wire() -> None:
    """Send and read back what answers mostly are."""
    values: list[Any] = [{"a": [1, 2.5, None, "text"]}]
    if "pandas" in sys.modules:
        import pandas

        table = pandas.DataFrame({"a": [1.0], "b": ["text"]})
        values += [table, table["b"], table["a"].to_numpy(), table["a"].iloc[0]]
    for _ in range(10):
        wire.decode(wire.encode(values))


def _warm_conversation() -> None:
    """Be asked by another process and ask it, as in a test."""
    for here, there in ((_answer, _ask), (_ask, _answer)):
        ours, theirs = socket.socketpair()
        if os.fork() == 0:
            try:
                ours.close()
                there(theirs)
            finally:
                os._exit(0)
        theirs.close()
        here(ours)
        ours.close()
        os.wait()


def _answer(sock: socket.socket) -> None:
    peer = Peer(sock, trusted=True)
    peer.namespace = {"function": lambda value: [value, 1.5]}
    peer.serve_forever()


def _ask(sock: socket.socket) -> None:
    peer = Peer(sock, trusted=False, deadline=time.monotonic() + 10)
    for number in range(20):
        peer.request("lookup", "function")(str(number))


def main() -> None:
    """`python -m autograder.examiner.zygote DESCRIPTOR`."""
    libc = ctypes.CDLL(None)
    libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    libc.prctl(_PR_SET_DUMPABLE, 0)
    control = socket.socket(fileno=int(sys.argv[1]))
    zygote = Zygote(control)
    zygote.prepare(wire.decode(wire.receive(control)))
    zygote.run()


if __name__ == "__main__":
    main()
