"""One examiner for all submissions of an assignment: its locked cells run once.

It never hears a candidate. The tests of a submission run in a fork of it that ends with them,
or earlier when the candidate could change something there: nothing passes from one submission
to the next.
"""

import atexit
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
    """A running examiner and its seats, one for each `Part`, from which sittings are forked."""

    def __init__(self, zygote: ZygoteProcess, mode: Mode, given: Given) -> None:
        self.alive = True
        self.users = 0
        self._lock = threading.Lock()
        self._seats: list[socket.socket] = []
        self._child = self._fork(zygote, mode, given)
        try:
            # after its fork: the zygote, whose memory candidates inherit, never sees the secret
            self._child.ask(["secret", given.secret], START_SECONDS)
            for part in given.parts:
                for source in part.locked:
                    self._child.ask(["locked", source], given.cell_seconds + START_SECONDS)
                self._seats.append(self._seat(part.tests))
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

    def open(self, seat: int) -> Conversation:
        """Fork a seat, for the tests of one submission there.

        Raises:
            BrokenConversation: the examiner is gone; the next submission gets a new one.
        """
        ours, theirs = socket.socketpair()
        try:
            with self._lock:
                socket.send_fds(self._seats[seat], [b"."], [theirs.fileno()])
        except OSError as error:
            ours.close()
            self.alive = False
            raise BrokenConversation(f"the examiner is gone: {error}") from error
        finally:
            theirs.close()
        return Conversation(ours)

    def close(self) -> None:
        """End it."""
        self.alive = False
        for seat in self._seats:
            seat.close()
        self._child.close()


class Sittings:
    """The tests of one submission: a fork of a seat, and another one when that is spent."""

    def __init__(self, examiner: SharedExaminer, parts: list[Part]) -> None:
        self._examiner = examiner
        self._places = [
            (seat, place) for seat, part in enumerate(parts) for place in range(len(part.tests))
        ]
        self._open: Conversation | None = None
        self._seat = -1
        self._files: dict[str, bytes] | None = None

    def test(
        self,
        number: int,
        candidate: socket.socket,
        files: dict[str, bytes],
        request: dict[str, Any],
        seconds: float,
    ) -> Any:
        """Run a test and return its report.

        Args:
            number: its place among all tests.
            candidate: the conversation with the frozen copy of the candidate.
            files: what lies in its working directory beside what was given.
            request: `seconds`, `answers` and `classes` of the test; `rehearsal` asks for the
                names of all imported modules.
            seconds: after these there is no report any more.

        Raises:
            TimeoutError: no report.
            BrokenConversation: the fork, or the whole examiner, is gone.
        """
        seat, place = self._places[number]
        if self._open is None or seat != self._seat:
            self.close()
            self._open, self._seat = self._examiner.open(seat), seat
        told = {"test": place, "files": None if files == self._files else files}
        self._files = files
        try:
            report = self._open.ask(request | told, seconds, candidate.fileno())
        except BaseException:
            self.close()
            raise
        if not isinstance(report, dict) or report.get("spent"):
            self.close()
        return report

    def close(self) -> None:
        """End the fork."""
        if self._open is not None:
            self._open.close()
        self._open, self._files = None, None


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


def close_unused() -> None:
    """End the examiners that no submission uses now."""
    with _examiners_lock:
        _close_unused(0)


# before the zygotes, which were registered earlier
atexit.register(close_unused)


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
