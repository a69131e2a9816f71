"""The papermill engine `jupyter`: an ordinary kernel, every cell's fate written down.

Unlike papermill's own engine it goes on after an error, interrupts a cell that takes too
long, keeps what ran before a kernel died, and bounds what it keeps of the outputs.
"""

import asyncio
import subprocess
import tempfile
import time
from pathlib import Path
from queue import Empty
from typing import Any

import zmq
from jupyter_client.manager import AsyncKernelManager
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbclient.util import ensure_async, run_sync
from nbformat import NotebookNode
from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import Engine, NotebookExecutionManager
from traitlets import Float, Integer

_GRACE_SECONDS = 5
_TRACEBACK_BYTES = 20_000
_RESULT_BYTES = 100_000
_TIMEOUT: dict[str, Any] = {
    "ename": "CellTimeoutError",
    "evalue": "",
    "traceback": ["CellTimeoutError: this cell took too long and was interrupted"],
}


class JupyterEngine(Engine):
    """`papermill --engine jupyter`; each code cell gets `metadata.ecole.execution`."""

    @classmethod
    def execute_managed_notebook(
        cls,
        nb_man: NotebookExecutionManager,
        kernel_name: str,
        *,
        cell_seconds: float = 30,
        submission_seconds: float = 600,
        output_bytes: int = 5_000_000,
        start_timeout: float = 60,
        **kwargs: Any,
    ) -> NotebookNode:
        """Execute every code cell of `nb_man.nb` in place.

        Args:
            cell_seconds: after these the cell is interrupted and the next one runs.
            submission_seconds: after these no further cell runs.
            output_bytes: of each cell's outputs, what is kept; errors are kept beyond it.
            start_timeout: seconds for the kernel to start.
        """
        resources = {"metadata": {"path": kwargs.get("cwd")}} if kwargs.get("cwd") else {}
        with tempfile.TemporaryDirectory(prefix="ecole-kernel-") as folder:
            # sockets in a private folder: no port to race for, nothing to connect to from outside
            manager = AsyncKernelManager(
                kernel_name=kernel_name,
                transport="ipc",
                ip=str(Path(folder, "k")),
                connection_file=str(Path(folder, "k.json")),
            )
            client = _Client(
                nb_man,
                km=manager,
                kernel_name=kernel_name,
                resources=resources,
                startup_timeout=int(start_timeout),
                allow_errors=True,
                interrupt_on_timeout=True,
                error_on_timeout=_TIMEOUT,
                skip_cells_with_tag="",
                shutdown_kernel="immediate",
                cell_seconds=cell_seconds,
                submission_seconds=submission_seconds,
                output_bytes=output_bytes,
            )
            # what is written to the process's own stdout or stderr is nobody's output
            return client.execute(stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


class _Client(PapermillNotebookClient):
    cell_seconds = Float(30)
    submission_seconds = Float(600)
    output_bytes = Integer(5_000_000)

    def execute(self, **kwargs: Any) -> NotebookNode:
        self.reset_execution_trackers()
        self._ends = time.monotonic() + self.submission_seconds
        self.timeout_func = self._seconds_left
        self.on_cell_executed = self._keep_reply
        # nbclient leaves alive, until this process ends, a kernel whose manager it was given
        with self.setup_kernel(cleanup_kc=True, **kwargs):
            self.papermill_execute_cells()
        return self.nb

    def papermill_execute_cells(self) -> None:
        for channel in (self.kc.shell_channel, self.kc.control_channel):
            # a kernel that broke its sockets must not hold a send for ever
            channel.socket.setsockopt(zmq.SNDTIMEO, 1000 * _GRACE_SECONDS)
            channel.socket.setsockopt(zmq.LINGER, 0)
        stopped = False
        for index, cell in enumerate(self.nb.cells):
            if cell.cell_type != "code":
                continue
            if stopped:
                _record(cell, "not-run", 0.0)
                continue
            self.nb_man.cell_start(cell, index)
            started = time.perf_counter()
            state = self._execute(cell, index)
            _record(cell, state, time.perf_counter() - started)
            if state != "ok":
                self.nb_man.cell_exception(cell, cell_index=index)
            self.nb_man.cell_complete(cell, cell_index=index)
            stopped = state == "killed" or (state == "timeout" and not self._goes_on())

    def _execute(self, cell: NotebookNode, index: int) -> str:
        """Execute one cell, return its state; an error is always left among its outputs."""
        self._reply: dict[str, Any] = {"status": "ok"}
        self._kept = 0
        try:
            run_sync(self._execute_in_time)(cell, index)
        except (DeadKernelError, zmq.ZMQError):
            cell.outputs.append(_error("DeadKernelError", "", ["The process died in this cell."]))
            return "killed"
        except (TimeoutError, CellTimeoutError):
            cell.outputs.append(_error(**_TIMEOUT))
            return "timeout"
        if self._reply["status"] == "ok":
            return "ok"
        if self._reply["status"] != "error":
            return "not-run"
        late = self._reply.get("ename") == _TIMEOUT["ename"]
        if late or not any(output.output_type == "error" for output in cell.outputs):
            fields = (self._reply.get(name) for name in ("ename", "evalue", "traceback"))
            cell.outputs.append(_error(*fields))
        return "timeout" if late else "error"

    async def _execute_in_time(self, cell: NotebookNode, index: int) -> None:
        # nbclient's own limits do not hold once a kernel's sockets are broken
        limit = self._seconds_left() + 2 * _GRACE_SECONDS
        await asyncio.wait_for(self.async_execute_cell(cell, index), limit)

    def _goes_on(self) -> bool:
        """After an interrupt: is there time left, and does the kernel answer?"""
        return self._ends > time.monotonic() and bool(run_sync(self._answers)())

    async def _answers(self) -> bool:
        deadline = time.monotonic() + _GRACE_SECONDS
        try:
            request = self.kc.kernel_info()
        except zmq.ZMQError:
            return False
        while (left := deadline - time.monotonic()) > 0:
            try:
                reply = await ensure_async(self.kc.shell_channel.get_msg(timeout=left))
            except Empty:
                return False
            if reply["parent_header"].get("msg_id") == request:
                return True
        return False

    def _seconds_left(self, cell: NotebookNode | None = None) -> float:
        # nbclient takes 0 for "no limit"
        return max(0.1, min(self.cell_seconds, self._ends - time.monotonic()))

    def _keep_reply(self, execute_reply: dict[str, Any], **kwargs: Any) -> None:
        self._reply = execute_reply["content"]

    def output(
        self, outs: list[NotebookNode], msg: dict[str, Any], display_id: str | None, cell_index: int
    ) -> NotebookNode | None:
        """Keep an output within the limit; errors and results are always kept, shortened."""
        content = msg["content"]
        kind = msg["msg_type"]
        if kind == "error":
            content["traceback"] = _shortened(content.get("traceback", []), _TRACEBACK_BYTES)
            content["evalue"] = str(content.get("evalue", ""))[:_TRACEBACK_BYTES]
        elif kind == "execute_result":
            text = str(content.get("data", {}).get("text/plain", ""))
            if _size(content) > min(_RESULT_BYTES, self.output_bytes - self._kept):
                content["data"] = {"text/plain": text[:1000]}
                content["metadata"] = {}
        else:
            room = self.output_bytes - self._kept
            if room <= 0:
                return None
            if kind == "stream":
                content["text"] = content["text"][:room]
            elif _size(content) > room:
                return None
            self._kept += _size(content)
        return super().output(outs, msg, display_id, cell_index)


def _record(cell: NotebookNode, state: str, seconds: float) -> None:
    cell.metadata["ecole"] = {
        "execution": {"state": state, "seconds": round(seconds, 4), "sealed": False}
    }


def _error(ename: Any, evalue: Any, traceback: Any) -> NotebookNode:
    return NotebookNode(
        output_type="error",
        ename=str(ename or "Error"),
        evalue=str(evalue or "")[:_TRACEBACK_BYTES],
        traceback=_shortened(traceback or [f"{ename}: {evalue}"], _TRACEBACK_BYTES),
    )


def _size(content: dict[str, Any]) -> int:
    return len(str(content.get("text", ""))) + sum(
        len(str(value)) for value in (content.get("data") or {}).values()
    )


def _shortened(lines: Any, limit: int) -> list[str]:
    """The end of a traceback, where the message is, within `limit` characters."""
    kept: list[str] = []
    for line in reversed(lines if isinstance(lines, list) else [str(lines)]):
        kept.insert(0, str(line)[-limit:])
        limit -= len(kept[0])
        if limit <= 0:
            break
    return kept
