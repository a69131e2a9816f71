"""The zygote and its children, as the engine sees them."""

import atexit
import contextlib
import functools
import itertools
import os
import secrets
import select
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import psutil

from autograder.examiner import wire
from autograder.examiner.sandbox import Confinement, Mode
from autograder.examiner.wire import WireError

START_SECONDS = 60
_WATCH_SECONDS = 0.25
# replies hold outputs and files, no data sets
_REPLY_LIMITS = wire.Limits(message_bytes=100 * 2**20, depth=40, items=500_000)
# users of their own for the processes of a grader who is root, examiners' never a candidate's;
# each grading process draws a block of them, so that two at once do not count, or kill, the
# other's
_FIRST_UIDS = {"candidate": 0, "examiner": 500}
_UIDS = 500
_LOWEST_UID, _BLOCKS, _BLOCK = 1_000_000, 2_000_000, 1_000

Role = Literal["candidate", "examiner"]


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
        wire.receive(ours, deadline=time.monotonic() + START_SECONDS)

    def fork(
        self,
        role: Role,
        mode: Mode,
        files: Path,
        bounds: dict[str, int],
        cells: dict[str, float] | None = None,
    ) -> "Child":
        """Fork a confined candidate or examiner.

        Args:
            files: folder whose regular files it gets a copy of.
            bounds: fields of `Confinement` by name.
            cells: a candidate's limits for each cell.
        """
        uid = _uid_for(role) if os.geteuid() == 0 else None
        scratch = "" if mode is Mode.namespaces else tempfile.mkdtemp(prefix="ecole-scratch-")
        place = {"mode": str(mode), "files": str(files), "uid": uid, "scratch": scratch}
        ours, theirs = socket.socketpair()
        with self.lock:
            request = {"do": role, "bounds": bounds, "cells": cells, **place}
            wire.send(self.control, wire.encode(request))
            socket.send_fds(self.control, [b"."], [theirs.fileno()])
            reply = wire.receive(self.control, deadline=time.monotonic() + START_SECONDS)
        theirs.close()
        memory = bounds.get("memory_bytes", Confinement.memory_bytes)
        return Child(self, int(wire.decode(reply)), ours, uid, scratch, memory)

    def preload(self, modules: list[str], cells: list[str], files: Path, seconds: float) -> bool:
        """Import more and run cells of the course, for the children to come.

        Returns:
            whether it can still fork: the cells left no thread and no open file, in time.
        """
        request = {"do": "preload", "modules": modules, "cells": cells, "files": str(files)}
        try:
            with self.lock:
                wire.send(self.control, wire.encode(request))
                reply = wire.receive(self.control, deadline=time.monotonic() + seconds)
            return bool(wire.decode(reply))
        except (TimeoutError, EOFError, WireError):
            return False

    def kill(self, pid: int, uid: int | None) -> None:
        """Kill a child that was forked here, and all processes of its uid if one is given."""
        with self.lock, contextlib.suppress(OSError, EOFError):  # else they died with the zygote
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
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def _uid_for(role: Role) -> int:
    return _first_uid(os.getpid()) + _FIRST_UIDS[role] + next(_uids) % _UIDS


@functools.cache
def _first_uid(grader: int) -> int:
    """The block of a grading process, another one in each fork of it."""
    return _LOWEST_UID + secrets.randbelow(_BLOCKS) * _BLOCK


def _anonymous_bytes(process: psutil.Process) -> int:
    try:
        memory = process.memory_info()
    except psutil.Error:
        return 0
    return int(memory.rss - memory.shared)


@dataclass
class Conversation:
    """A socket to a process that is asked and replies."""

    control: socket.socket

    def ask(self, message: Any, seconds: float, descriptor: int | None = None) -> Any:
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
        except (EOFError, ConnectionError) as error:
            raise BrokenConversation(str(error)) from error
        return self.hear(seconds)

    def hear(self, seconds: float) -> Any:
        """The next reply; raises as `ask` does."""
        deadline = time.monotonic() + seconds
        try:
            self._watch(deadline)
            data = wire.receive(self.control, _REPLY_LIMITS, deadline=deadline)
            reply = wire.decode(data, limits=_REPLY_LIMITS)
        except (EOFError, ConnectionError, WireError) as error:
            raise BrokenConversation(str(error)) from error
        if isinstance(reply, dict) and "broken" in reply:
            raise BrokenConversation(str(reply["broken"])[:1000])
        return reply

    def _watch(self, deadline: float) -> None:
        """Nothing to look at while waiting for a reply."""

    def close(self) -> None:
        """Hang up."""
        self.control.close()


class Child(Conversation):
    """A forked process and its control socket."""

    def __init__(
        self,
        zygote: ZygoteProcess,
        pid: int,
        control: socket.socket,
        uid: int | None,
        scratch: str,
        memory_bytes: int,
    ) -> None:
        super().__init__(control)
        self.zygote = zygote
        self.pid = pid
        self._uid = uid
        self._scratch = scratch
        self._memory_bytes = memory_bytes

    def _watch(self, deadline: float) -> None:
        """Wait for the reply; limits hold a process each, so their sum is looked at here.

        Raises:
            BrokenConversation: all processes of the submission hold too much together.
        """
        poll = select.poll()
        poll.register(self.control, select.POLLIN)
        while (left := deadline - time.monotonic()) > 0:
            if poll.poll(1000 * min(left, _WATCH_SECONDS)):
                return
            if self.zygote.anonymous_bytes_of(self.pid) > self._memory_bytes:
                self.zygote.kill(self.pid, None)
                raise BrokenConversation("too much memory")

    def close(self) -> None:
        """Kill it, and all that it started."""
        super().close()
        self.zygote.kill(self.pid, self._uid if self._scratch else None)
        if self._scratch:
            shutil.rmtree(self._scratch, ignore_errors=True)


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


def warm_zygote(
    zygote: ZygoteProcess,
    imports: Iterable[str],
    modules: list[str],
    cells: list[str],
    files: Path,
    seconds: float,
) -> None:
    """Preload a zygote; where the cells spoil it, a new one takes its place without them."""
    if zygote.preload(modules, cells, files, seconds):
        return
    with _zygotes_lock:
        fresh = _zygotes[tuple(imports)] = ZygoteProcess(imports)
    zygote.close()
    fresh.preload(modules, [], files, seconds)


def close_zygotes() -> None:
    """End every zygote of this process."""
    with _zygotes_lock:
        while _zygotes:
            _zygotes.popitem()[1].close()


atexit.register(close_zygotes)
