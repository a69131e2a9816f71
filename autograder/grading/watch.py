"""`ecole grade --watch`: each submission is graded as soon as it arrives; none is released."""

import hashlib
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from itertools import islice
from pathlib import Path
from typing import Any

import psutil

from autograder.errors import EcoleError
from autograder.examiner.processes import close_zygotes
from autograder.examiner.shared import close_unused
from autograder.grading.batch import grade, usable_processors
from autograder.grading.collecting import collect, released
from autograder.grading.course import open_course
from autograder.grading.execution import kill_tree
from autograder.grading.results import SubmissionResult
from autograder.grading.steps import raise_if_disk_full

_QUICK_SECONDS = 2.0
_MOST_AT_ONCE = 64
_LET_IN_SECONDS = 0.2
_FILES_LOOKED_AT = 1000
_ENDING_SECONDS = 0.2
_WARM_SECONDS = 600.0

OnResult = Callable[[str, SubmissionResult], None]


class Stopped(BaseException):
    """The watch is over: what was being executed is left for the next one."""


class Watch:
    """Collects from the exchange, through nbgrader's own classes, and grades what is new.

    What was graded is known by its fingerprint, in the gradebook's folder: whenever a watch
    begins, it catches up with all that is not recorded.
    """

    def __init__(
        self,
        course: Path | str,
        assignments: list[str] | None = None,
        *,
        engine: str | None = None,
        workers: int | None = None,
        on_result: OnResult,
        on_remark: Callable[[str], None],
    ) -> None:
        """Prepare to watch; `run` does it.

        Args:
            course: an nbgrader course directory.
            assignments: their names; by default all that are released to the exchange.
            engine: as for `grade`.
            workers: submissions at once; the number of usable processors.
            on_result: called with the assignment and the result of each submission graded.
            on_remark: called with a sentence of the cohort's language: what keeps the watch
                from working, once, and that it works again.

        Raises:
            EcoleError: there is no course.
        """
        self.course = open_course(course)
        self._assignments = assignments or []
        self._engine = engine
        self._workers = workers or usable_processors()
        self._on_result = on_result
        self._on_remark = on_remark
        self._stop = threading.Event()
        self._seen: dict[tuple[str, str], str] = {}
        self._troubles: set[str] = set()
        self._met: set[str] = set()
        self._warm, self._last = False, 0.0

    def stop(self) -> None:
        """End `run` soon; may be called by a signal handler or another thread."""
        self._stop.set()

    def run(self) -> None:
        """Watch until `stop` is called. Whatever happens is said, and tried again."""
        ended = threading.Event()
        threading.Thread(target=self._cut_short, args=[ended], daemon=True).start()
        try:
            with _Leaving(self._workers, self._stop) as pool:
                while not self._stop.is_set():
                    with suppress(Stopped):
                        self._look(pool)
                    self._stop.wait(self.course.cohort.watch_seconds)
        finally:
            self._stop.set()
            ended.set()

    def _cut_short(self, ended: threading.Event) -> None:
        """When the watch is to end, nothing that its processes execute is of use any more."""
        self._stop.wait()
        while not ended.is_set():
            for process in psutil.Process().children():
                if _executes(process):
                    kill_tree(process.pid)
            ended.wait(_ENDING_SECONDS)

    def _look(self, pool: "_Leaving") -> None:
        """One round: collect and grade each assignment."""
        self._met = set()
        names: list[str] = []
        with self._going_on():
            # its configuration may have changed
            self.course = open_course(self.course.root)
            names = sorted(self._assignments or released(self.course))
        for name in names:
            with self._going_on(), self.course.lock():
                collect(self.course, name)
            with self._going_on():
                self._grade(name, pool)
        if self._troubles and not self._met:
            self._remark(fr="tout fonctionne de nouveau", en="everything works again")
        self._troubles = self._met
        if self._warm and time.monotonic() - self._last > _WARM_SECONDS:
            close_unused()
            close_zygotes()
            self._warm = False

    def _grade(self, name: str, pool: "_Leaving") -> None:
        """Grade what has changed since it was last seen, a few at a time."""
        due = deque(self._due(name))
        some = least = 2 * self._workers
        while due:
            chosen = [due.popleft() for _ in range(min(some, len(due)))]
            started = time.monotonic()
            try:
                self._grade_some(name, chosen, pool)
            except EcoleError:
                raise
            except Exception as error:
                if len(chosen) == 1:
                    self._trouble(error, f"{chosen[0][0]}, {name}")
                    continue
                # one by one: what cannot be graded does not keep the others waiting
                due.extendleft(reversed(chosen))
                least = 1
            quick = time.monotonic() - started < _QUICK_SECONDS
            some = min(2 * some, _MOST_AT_ONCE) if quick and least > 1 else least
            # formgrader and other commands wait for the course
            self._stop.wait(_LET_IN_SECONDS if due else 0)

    def _grade_some(self, name: str, due: list[tuple[str, str]], pool: "_Leaving") -> None:
        looks = dict(due)

        def on_result(result: SubmissionResult, done: int, total: int) -> None:
            self._seen[name, result.student] = looks[result.student]
            self._warm, self._last = True, time.monotonic()
            if not result.unchanged:
                self._on_result(name, result)

        grade(
            self.course,
            name,
            engine=self._engine,
            executor=pool,
            workers=self._workers,
            students=list(looks),
            on_result=on_result,
        )

    def _due(self, name: str) -> Iterator[tuple[str, str]]:
        """Students whose submission is not the one last seen, and how it looks."""
        for student in self.course.submitted_students(name):
            look = _look_of(self.course.step("submitted", student, name))
            if self._seen.get((name, student)) != look:
                yield student, look

    # what goes wrong

    @contextmanager
    def _going_on(self) -> Iterator[None]:
        """Say what went wrong, once as long as it lasts, and go on."""
        try:
            yield
        except Exception as error:
            if self._stop.is_set():
                raise Stopped from error
            self._trouble(error)

    def _trouble(self, error: Exception, about: str = "") -> None:
        sentence = _sentence(error)
        sentence = f"{about}: {sentence}" if about else sentence
        if sentence not in self._troubles | self._met:
            self._remark(
                fr=f"{sentence} ; nouvel essai toutes les {self.course.cohort.watch_seconds:g} s",
                en=f"{sentence}; trying again every {self.course.cohort.watch_seconds:g} s",
            )
        self._met.add(sentence)

    def _remark(self, *, fr: str, en: str) -> None:
        self._on_remark(fr if self.course.cohort.lang == "fr" else en)


class _Leaving(ThreadPoolExecutor):
    """Threads that execute submissions; what ends after the watch was stopped has no result."""

    def __init__(self, workers: int, stop: threading.Event) -> None:
        super().__init__(workers, "ecole-watch")
        self._over = stop

    def submit(self, function: Callable[..., Any], /, *args: Any, **kw: Any) -> Future[Any]:
        """As any executor; the future may raise `Stopped`."""

        def run() -> Any:
            try:
                return None if self._over.is_set() else function(*args, **kw)
            finally:
                if self._over.is_set():
                    raise Stopped

        return super().submit(run)


def _executes(process: psutil.Process) -> bool:
    """Is it one of ours: a warm interpreter, an examiner, the engine jupyter's child?"""
    with suppress(psutil.Error):
        return any(word.startswith("autograder.") for word in process.cmdline())
    return False


def _look_of(folder: Path) -> str:
    """Names, sizes and dates of the first files of a submission, as one short text."""
    sha = hashlib.sha256()
    for path in islice(_files(folder), _FILES_LOOKED_AT):
        with suppress(OSError):
            status = path.lstat()
            sha.update(repr((str(path), status.st_size, status.st_mtime_ns)).encode())
    return sha.hexdigest()


def _files(folder: Path) -> Iterator[Path]:
    for directory, below, names in os.walk(folder):
        below.sort()
        yield from (Path(directory, name) for name in sorted(names))


def _sentence(error: Exception) -> str:
    """What went wrong, without what changes from one time to the next."""
    try:
        if isinstance(error, OSError):
            raise_if_disk_full(error if error.errno else str(error))
    except EcoleError as full:
        error = full
    if isinstance(error, EcoleError):
        return str(error)
    if isinstance(error, OSError) and error.strerror:
        return f"{error.strerror} ({type(error).__name__})"
    return f"{type(error).__name__}: {str(error)[:200]}"
