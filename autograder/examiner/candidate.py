"""The candidate: the process that runs the student's cells, and answers the tests' questions.

It is confined before it runs anything, and everything it says is hostile to the others. At each
test it leaves a frozen copy of itself, which wakes when all cells have run and serves one test.
"""

import builtins
import io
import os
import signal
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.interactiveshell import InteractiveShell

from autograder.examiner import wire
from autograder.examiner.files import listing
from autograder.examiner.remote import Peer

_INLINE = "module://matplotlib_inline.backend_inline"
_TRACEBACK_CHARACTERS = 20_000
_FILES_BYTES = 50 * 2**20


class Outputs:
    """The outputs of the current cell, as nbformat has them, within a number of characters."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.cells: list[dict[str, Any]] = []
        self.kept = 0

    def stream(self, name: str, text: str) -> None:
        """Add text to a stream; what is over the limit is dropped."""
        text = text[: max(0, self.limit - self.kept)]
        self.kept += len(text)
        if not text:
            return
        last = self.cells[-1] if self.cells else {}
        if last.get("output_type") == "stream" and last.get("name") == name:
            last["text"].append(text)
        else:
            self.cells.append({"output_type": "stream", "name": name, "text": [text]})

    def rich(self, kind: str, data: dict[str, Any], metadata: dict[str, Any], **extra: Any) -> None:
        """Add a display or a result; too large, only its beginning as text is kept."""
        size = sum(len(value) if isinstance(value, str) else 1000 for value in data.values())
        if self.kept + size > self.limit:
            data = {"text/plain": str(data.get("text/plain", ""))[:1000]}
            metadata = {}
        self.kept += min(size, 1000) if len(data) == 1 else size
        self.cells.append({"output_type": kind, "data": data, "metadata": metadata, **extra})

    def error(self, name: str, value: str, traceback: list[str]) -> None:
        """Add an error; it is never dropped, its traceback keeps its end."""
        kept: list[str] = []
        room = _TRACEBACK_CHARACTERS
        for line in reversed(traceback):
            kept.insert(0, line[-room:] if room > 0 else "")
            room -= len(line)
            if room <= 0:
                break
        value = value[:_TRACEBACK_CHARACTERS]
        self.cells.append(
            {"output_type": "error", "ename": name, "evalue": value, "traceback": kept}
        )

    def take(self) -> list[dict[str, Any]]:
        """The outputs so far, streams joined; the next cell starts afresh."""
        taken, self.cells, self.kept = self.cells, [], 0
        for output in taken:
            if output["output_type"] == "stream":
                output["text"] = "".join(output["text"])
        return taken


class _Stream(io.TextIOBase):
    """Standard output or error of the student's cells, wherever the shell sends them now."""

    encoding = "utf-8"

    def __init__(self, shell: "Shell", name: str) -> None:
        self._shell = shell
        self.name = name

    def writable(self) -> bool:
        return True

    def isatty(self) -> bool:
        return False

    def write(self, text: str) -> int:
        self._shell.outputs.stream(self.name, str(text))
        return len(text)

    def fileno(self) -> int:
        raise io.UnsupportedOperation("fileno")


class _Publisher(DisplayPublisher):
    """Displays go to the outputs of the cell."""

    outputs: Outputs

    def publish(self, data: Any, metadata: Any = None, *args: Any, **kwargs: Any) -> None:
        self.outputs.rich("display_data", _textual(data), dict(metadata or {}))

    def clear_output(self, wait: bool = False) -> None:
        self.outputs.cells.clear()


class _DisplayHook(DisplayHook):
    """The value of a cell's last expression goes to the outputs of the cell."""

    outputs: Outputs

    def write_output_prompt(self) -> None: ...

    def write_format_data(self, format_dict: Any, md_dict: Any = None) -> None:
        count = self.shell.execution_count if self.shell else 0
        data = _textual(format_dict)
        self.outputs.rich("execute_result", data, dict(md_dict or {}), execution_count=count)

    def finish_displayhook(self) -> None: ...


class Shell(InteractiveShell):
    """An IPython shell whose outputs are those of a kernel."""

    outputs: Outputs
    publisher: _Publisher
    hook: _DisplayHook

    def init_display_pub(self) -> None:
        self.publisher = self.display_pub = _Publisher(parent=self, shell=self)

    def init_displayhook(self) -> None:
        self.hook = self.displayhook = _DisplayHook(
            parent=self, shell=self, cache_size=self.cache_size
        )
        from IPython.core.display_trap import DisplayTrap

        self.display_trap = DisplayTrap(hook=self.displayhook)

    def enable_gui(self, gui: Any = None) -> None: ...

    def ask_exit(self) -> None: ...

    def attach(self, outputs: Outputs) -> None:
        """Send everything that cells show to `outputs`."""
        self.outputs = outputs
        self.publisher.outputs = outputs
        self.hook.outputs = outputs

    def _showtraceback(self, etype: Any, evalue: Any, stb: Any) -> None:
        self.outputs.error(getattr(etype, "__name__", str(etype)), _text_of(evalue), list(stb))


def make_shell() -> Shell:
    """A new shell, without history file, profile or configuration of anyone."""
    from traitlets.config import Config

    config = Config()
    config.HistoryManager.enabled = False
    config.HistoryManager.hist_file = ":memory:"
    config.InteractiveShell.colors = "nocolor"
    config.InteractiveShell.cache_size = 0
    shell = Shell.instance(config=config)
    shell.attach(Outputs(1_000_000))
    return shell


def _textual(data: Any) -> dict[str, Any]:
    """A mime bundle with base64 text in the place of bytes."""
    import base64

    bundle = {}
    for kind, value in dict(data).items():
        if isinstance(value, bytes):
            value = base64.b64encode(value).decode()
        if isinstance(value, (str, dict, list)):
            bundle[str(kind)] = value
    return bundle


def _text_of(value: Any) -> str:
    try:
        return str(value)
    except BaseException:
        return "(no text)"


class Candidate:
    """One student's session, driven by messages on its control socket."""

    def __init__(self, control: socket.socket, shell: Shell, work: Path, limits: dict[str, Any]):
        self.control = control
        self.shell = shell
        self.work = work
        self.limits = limits
        shell.attach(Outputs(int(limits["output_bytes"])))
        self._files = listing(self.work)

    def run(self) -> None:
        """Serve until the control socket closes."""
        operations: dict[Any, Callable[..., Any]] = {
            "cell": self.cell,
            "freeze": self.freeze,
            "modules": lambda: sorted(sys.modules),
        }
        while True:
            try:
                operation, *arguments = wire.decode(wire.receive(self.control))
            except EOFError:
                return
            reply = operations[operation](*arguments)
            wire.send(self.control, wire.encode(reply))

    def cell(self, source: str) -> dict[str, Any]:
        """Run one cell as a kernel does: its outputs and whether it ended well."""
        started = time.perf_counter()
        late = _interrupt_after(float(self.limits["cell_seconds"]))
        try:
            result = self.shell.run_cell(source, store_history=True)
            failed = not result.success
        except BaseException as error:  # raised while IPython itself was at work
            self.shell.outputs.error(type(error).__name__, _text_of(error), [])
            failed = True
        finally:
            timed_out = late()
        state = "timeout" if timed_out else "error" if failed else "ok"
        return {
            "state": state,
            "seconds": time.perf_counter() - started,
            "outputs": self.shell.outputs.take(),
            "count": self.shell.execution_count - 1,
        }

    def freeze(self, last: bool) -> dict[str, Any]:
        """Leave a copy of this process that waits to serve a test; the files gained so far.

        When nothing comes after the test, this very process serves it.
        """
        _, descriptors, _, _ = socket.recv_fds(self.control, 1, 1)
        gained = {"files": self._gained()}
        if last:
            wire.send(self.control, wire.encode(gained))
        if last or os.fork() == 0:
            self.control.close()
            _serve_test(socket.socket(fileno=descriptors[0]), self.shell)
        os.close(descriptors[0])
        return gained

    def _gained(self) -> dict[str, bytes]:
        gained: dict[str, bytes] = {}
        total = 0
        for relative, status in sorted(listing(self.work).items()):
            total += status[1]
            if self._files.get(relative) != status and total <= _FILES_BYTES:
                gained[relative] = (self.work / relative).read_bytes()
        return gained


def _interrupt_after(seconds: float) -> Callable[[], bool]:
    """Interrupt this process after `seconds`, again and again; the result stops it and tells."""
    rang = [False]

    def ring(number: int, frame: FrameType | None) -> None:
        rang[0] = True
        raise KeyboardInterrupt

    signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds, 0.25)

    def stop() -> bool:
        for _ in range(100):
            try:
                signal.setitimer(signal.ITIMER_REAL, 0)
                signal.signal(signal.SIGALRM, signal.SIG_IGN)
                break
            except KeyboardInterrupt:
                continue
        return rang[0]

    return stop


def _serve_test(sock: socket.socket, shell: Shell) -> None:
    """The frozen copy: wait for one test's questions, answer them, end."""
    try:
        outputs = Outputs(0)
        shell.attach(outputs)
        peer = Peer(sock, trusted=True)
        peer.namespace = shell.user_ns
        kind, *rest = wire.decode(wire.receive(sock))
        if kind == "unsealed":
            _run_unsealed(sock, shell, str(rest[0]), float(rest[1]), int(rest[2]))
        else:
            peer.serve_forever()
    finally:
        os._exit(0)


def _run_unsealed(
    sock: socket.socket, shell: Shell, source: str, seconds: float, output_bytes: int
) -> None:
    """Run a test cell here, as nbgrader would; the record says so."""
    candidate = Candidate(
        sock, shell, Path.cwd(), {"cell_seconds": seconds, "output_bytes": output_bytes}
    )
    wire.send(sock, wire.encode(candidate.cell(source)))


def _show_figures() -> None:
    """Show the figures that a cell left open, as a kernel does."""
    if "matplotlib.pyplot" not in sys.modules:
        return
    from matplotlib_inline.backend_inline import configure_inline_support, flush_figures

    configure_inline_support(Shell.instance(), _INLINE)
    flush_figures()


def _no_input(*args: Any, **kwargs: Any) -> str:
    raise RuntimeError("input() cannot be answered while a notebook is graded")


def main(control: socket.socket, shell: Shell, work: Path, limits: dict[str, Any]) -> None:
    """Run as the candidate, already confined; never returns."""
    try:
        outputs = Outputs(int(limits["output_bytes"]))
        shell.attach(outputs)
        sys.stdout = sys.__stdout__ = _Stream(shell, "stdout")  # type: ignore
        sys.stderr = sys.__stderr__ = _Stream(shell, "stderr")  # type: ignore
        builtins.input = _no_input
        sys.path[:0] = [""]
        shell.events.register("post_execute", _show_figures)
        Candidate(control, shell, work, limits).run()
    finally:
        os._exit(0)
