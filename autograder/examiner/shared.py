"""One examiner for all submissions of an assignment: its locked cells run once.

It never hears a candidate. Each test runs in a fork of it that ends with the test, so that
nothing passes from one submission to the next.
"""

import hashlib
import shutil
import socket
import tempfile
import threading
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autograder.examiner.processes import (
    START_SECONDS,
    BrokenConversation,
    Child,
    Conversation,
    ZygoteProcess,
)
from autograder.examiner.sandbox import Mode

_KEPT = 2
# it runs the course's code alone: only the sum of what candidates send it matters
_BOUNDS = {"processes": 4096, "open_files": 1024, "disk_bytes": 2 * 2**30}


@dataclass(frozen=True)
class Part:
    """Sources of locked cells, and of the tests that follow them without another locked cell."""

    locked: list[str]
    tests: list[str]


@dataclass(frozen=True)
class Given:
    """What an examiner has of an assignment.

    Attributes:
        parts: locked cells and the tests that come next, then further locked cells and the
            tests that come next, and so on.
        folder: where the files lie.
        files: the files given with the assignment, relative to `folder`.
        secret: content of the cohort's secret, or None.
        cell_seconds: for each locked cell.
    """

    parts: list["Part"]
    folder: Path
    files: tuple[str, ...]
    secret: bytes | None
    cell_seconds: float

    def digest(self) -> str:
        """The same for all submissions that one examiner can serve."""
        sha = hashlib.sha256(repr([self.parts, self.secret, self.cell_seconds]).encode())
        for name in sorted(self.files):
            sha.update(name.encode() + b"\0" + (self.folder / name).read_bytes())
        return sha.hexdigest()


class SharedExaminer:
    """A running examiner and its seats, the places from which tests are forked."""

    def __init__(self, zygote: ZygoteProcess, mode: Mode, given: Given) -> None:
        self.alive = True
        self.users = 0
        self._lock = threading.Lock()
        self._seats: list[tuple[socket.socket, int]] = []
        self._child = self._fork(zygote, mode, given)
        try:
            # after its fork: the zygote, whose memory candidates inherit, never sees the secret
            self._child.ask(["secret", given.secret], START_SECONDS)
            for part in given.parts:
                for source in part.locked:
                    self._child.ask(["locked", source], given.cell_seconds + START_SECONDS)
                if part.tests:
                    self._seats += [(self._seat(part.tests), i) for i in range(len(part.tests))]
        except BaseException:
            self.close()
            raise

    def _fork(self, zygote: ZygoteProcess, mode: Mode, given: Given) -> Child:
        with tempfile.TemporaryDirectory(prefix="ecole-given-") as folder:
            for name in given.files:
                path = Path(folder, name)
                path.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(given.folder / name, path)
            child = zygote.fork("examiner", mode, Path(folder), _BOUNDS)
            child.hear(START_SECONDS)
        return child

    def _seat(self, tests: list[str]) -> socket.socket:
        ours, theirs = socket.socketpair()
        try:
            self._child.ask(["seat", tests], START_SECONDS, theirs.fileno())
        finally:
            theirs.close()
        return ours

    def test(
        self, test: int, candidate: socket.socket, request: dict[str, Any], seconds: float
    ) -> Any:
        """Run a test in a fork of its seat and return its report.

        Args:
            test: its place among all tests.
            candidate: the conversation with the frozen copy of the candidate.
            request: `seconds`, `files`, `answers` and `classes` of the test; `rehearsal` asks
                for the names of all imported modules.
            seconds: after these there is no report any more.

        Raises:
            TimeoutError: no report.
            BrokenConversation: the fork, or the whole examiner, is gone.
        """
        seat, place = self._seats[test]
        ours, theirs = socket.socketpair()
        report = Conversation(ours)
        try:
            with self._lock:
                descriptors = [candidate.fileno(), theirs.fileno()]
                socket.send_fds(seat, [b"."], descriptors)
            theirs.close()
            return report.ask(request | {"test": place}, seconds)
        except OSError as error:
            if isinstance(error, TimeoutError):
                raise
            self.alive = False
            raise BrokenConversation(f"the examiner is gone: {error}") from error
        finally:
            theirs.close()
            report.close()

    def close(self) -> None:
        """End it."""
        self.alive = False
        for seat, _ in self._seats:
            seat.close()
        self._child.close()


_Key = tuple[int, str, str]
_examiners: OrderedDict[_Key, SharedExaminer] = OrderedDict()
_examiners_lock = threading.Lock()


@contextmanager
def examiner_for(zygote: ZygoteProcess, mode: Mode, given: Given) -> Iterator[SharedExaminer]:
    """The examiner of this process for what is given, started if need be; a few are kept."""
    key = (zygote.process.pid, str(mode), given.digest())
    with _examiners_lock:
        examiner = _examiners.pop(key, None)
        if examiner is None or not examiner.alive:
            examiner = SharedExaminer(zygote, mode, given)
        _examiners[key] = examiner
        examiner.users += 1
        _close_unused(_KEPT)
    try:
        yield examiner
    finally:
        with _examiners_lock:
            examiner.users -= 1


def _close_unused(kept: int) -> None:
    unused = [key for key, examiner in _examiners.items() if not examiner.users]
    for key in unused[: max(0, len(unused) - kept)]:
        _examiners.pop(key).close()


def parts_of(cells: Iterable[tuple[str, str]]) -> list[Part]:
    """Group "locked" and "test" cells (kind and source), in the notebook's order."""
    parts: list[Part] = []
    for kind, source in cells:
        if not parts or (kind == "locked" and parts[-1].tests):
            parts.append(Part([], []))
        (parts[-1].locked if kind == "locked" else parts[-1].tests).append(source)
    return parts
