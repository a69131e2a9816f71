"""A class on a real exchange: folders, accounts, and nbgrader's own parts run as those accounts."""

import ctypes
import os
import pickle
import shutil
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nbgrader.auth import Authenticator
from nbgrader.coursedir import CourseDirectory
from nbgrader.exchange import ExchangeError, ExchangeFactory
from traitlets.config import Config

from autograder.hub.exchange import exchange_traits
from autograder.hub.exchange_layout import Account, prepare_exchange

ROOT = os.geteuid() == 0
_CLONE_NEWNS = 0x00020000
_MS_REC_PRIVATE = 0x4000 | 0x40000


@dataclass
class Hub:
    """One course (`small`), its account, its students with their homes, and the exchange.

    As root everybody has a uid of their own; otherwise all have this process's.
    """

    top: Path
    names: list[str]
    lang: str = "en"
    extra: Config = field(default_factory=Config)

    @property
    def exchange(self) -> Path:
        return self.top / "exchange"

    @property
    def course(self) -> Path:
        return self.top / "course"

    @property
    def account(self) -> Account:
        return Account(61000, 61000) if ROOT else Account(os.getuid(), os.getgid())

    @property
    def class_gid(self) -> int:
        return 61500 if ROOT else os.getgid()

    @property
    def students(self) -> dict[str, int]:
        return {
            name: 61001 + place if ROOT else os.getuid() for place, name in enumerate(self.names)
        }

    def home(self, student: str) -> Path:
        return self.top / "homes" / student

    def work(self, student: str) -> Path:
        return self.home(student) / "small"

    def inbox(self, student: str) -> Path:
        return self.exchange / "small" / "inbound" / student

    def collected(self, student: str) -> Path:
        return self.course / "submitted" / student / "small"

    def prepare(self) -> None:
        prepare_exchange(self.exchange, "small", self.account, self.class_gid, self.students)

    def make(self, released: Path) -> None:
        """Everything that the hub has before the first submission."""
        self.top.chmod(0o755)
        shutil.copytree(released, self.course)
        own(self.course, self.account.uid, self.account.gid, 0o700)
        self.prepare()
        for student, uid in self.students.items():
            self.home(student).mkdir(parents=True)
            own(self.home(student), uid, uid if ROOT else os.getgid(), 0o700)
        assert self.as_account(lambda: self.run("ReleaseAssignment", self.staff())) is None

    def staff(self, **traits: object) -> Config:
        """The configuration of the course's account; traits of `Collect`."""
        config = self._config()
        config.CourseDirectory.root = str(self.course)
        config.Collect.merge(Config(traits))
        return config

    def pupil(self, student: str, **traits: object) -> Config:
        """The configuration of a student's server; traits of `Submit`."""
        config = self._config()
        config.CourseDirectory.student_id = student
        config.Exchange.assignment_dir = str(self.home(student))
        config.Exchange.cache = str(self.home(student) / "cache")
        config.Submit.merge(Config(traits))
        return config

    def _config(self) -> Config:
        config = Config(exchange_traits(self.exchange))
        config.CourseDirectory.course_id = "small"
        config.CourseDirectory.assignment_id = "small"
        config.Cohort.lang = self.lang
        config.merge(self.extra)
        return config

    def run(self, part: str, config: Config) -> Any:
        """What nbgrader does for a button or a command; a failure's sentence comes back."""
        started = getattr(ExchangeFactory(config=config), part)(
            coursedir=CourseDirectory(config=config),
            authenticator=Authenticator(config=config),
            config=config,
        )
        try:
            answer = started.start()
        except ExchangeError as error:
            return str(error)
        return started.refused if part == "Collect" else answer

    def as_account(self, body: Callable[[], Any]) -> Any:
        return as_user(self.account.uid, [self.account.gid], body)

    def as_student(self, student: str, body: Callable[[], Any]) -> Any:
        uid = self.students[student]
        return as_user(uid, [uid if ROOT else os.getgid(), self.class_gid], body)

    def fetch(self, student: str) -> None:
        body = lambda: self.run("FetchAssignment", self.pupil(student))  # noqa: E731
        assert self.as_student(student, body) is None

    def submit(self, student: str, **traits: object) -> Any:
        """None when it went well, the sentence otherwise."""
        if not self.work(student).exists():
            self.fetch(student)
        body = lambda: self.run("Submit", self.pupil(student, **traits))  # noqa: E731
        return self.as_student(student, body)

    def collect(self, **traits: object) -> Any:
        """The submissions that were refused, as sentences; the sentence of a failure."""
        return self.as_account(lambda: self.run("Collect", self.staff(update=True, **traits)))


def own(folder: Path, uid: int, gid: int, mode: int) -> None:
    if ROOT:
        os.chown(folder, uid, gid)
        for directory, names, files in os.walk(folder):
            for name in names + files:
                os.chown(Path(directory, name), uid, gid)
    folder.chmod(mode)


def as_user(uid: int, groups: list[int], body: Callable[[], Any]) -> Any:
    """What `body` returns in a process of another account, or here where there is only one."""

    def changed() -> Any:
        os.umask(0o077)
        if ROOT:
            os.setgroups(groups)
            os.setresgid(groups[0], groups[0], groups[0])
            os.setresuid(uid, uid, uid)
            os.chdir("/")
        return body()

    return in_child(changed)()


def in_child(body: Callable[[], Any]) -> Callable[[], Any]:
    """Start `body` in a forked process; the function to call for its answer."""
    ours, theirs = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(ours)
        try:
            answer = (True, body())
        except BaseException:
            answer = (False, traceback.format_exc())
        with os.fdopen(theirs, "wb") as file:
            pickle.dump(answer, file)
        os._exit(0)
    os.close(theirs)

    def wait() -> Any:
        with os.fdopen(ours, "rb") as file:
            well, answer = pickle.load(file)
        os.waitpid(child, 0)
        assert well, answer
        return answer

    return wait


def mount_small_disk(place: Path, size: str) -> None:
    """In a mount namespace of this process alone, an empty disk of `size` at `place`."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(_CLONE_NEWNS) or libc.mount(b"none", b"/", None, _MS_REC_PRIVATE, None):
        raise OSError(ctypes.get_errno(), "unshare")
    options = f"size={size},mode=755".encode()
    if libc.mount(b"tmpfs", os.fsencode(place), b"tmpfs", 0, options):
        raise OSError(ctypes.get_errno(), "mount")
