"""What every part of our exchange shares: its layout, its limits, the names of submissions."""

import fcntl
import fnmatch
import os
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import cast

from nbgrader.exchange import default
from nbgrader.utils import check_directory, parse_utc
from traitlets import Integer

from autograder.authoring.translation import Lang
from autograder.grading.course import Cohort
from autograder.hub.folders import Limits, Refused
from autograder.learning.words import say

OWN_NAMES = frozenset(("timestamp.txt", "submission_secret.txt"))
"""What nbgrader puts beside the files of a submission."""

MOST_ENTRIES = 100_000
"""Files and folders of one inbox above which nothing more is counted or read."""

_LOCK_SECONDS = 30


@dataclass(frozen=True)
class Record:
    """One submission as its folder's name tells it; `timestamp` in UTC, `stamp` as written."""

    student: str
    assignment: str
    stamp: str
    timestamp: datetime
    filename: str


def read_name(filename: str) -> Record | None:
    """The record of `student+assignment+timestamp[+random]`; None for any other name."""
    parts = filename.split("+")
    if len(parts) not in (3, 4):
        return None
    try:
        timestamp = parse_utc(parts[2])
    except Exception:  # the parser's own failures are many: anybody can write such a name
        return None
    return Record(parts[0], parts[1], parts[2], timestamp, filename)


def names_in(inbox: int) -> list[str]:
    """What lies in an inbox (a descriptor) and is no unfinished copy.

    Raises:
        Refused: more entries than anybody hands in.
    """
    names = []
    with os.scandir(inbox) as entries:
        for count, entry in enumerate(entries):
            if count >= MOST_ENTRIES:
                raise Refused("too-many")
            if not entry.name.startswith("."):
                names.append(entry.name)
    return sorted(names)


class Inboxes(default.Exchange):
    """nbgrader's exchange where each student has an inbox below `inbound/`.

    Its folders are made beforehand (`prepare_exchange`), so that nobody needs to write in its
    root. Everything is said in the course's language, `c.Cohort.lang`.
    """

    max_files = Integer(1000, min=1, help="Files and folders that one submission may hold.").tag(
        config=True
    )
    max_inbox_size = Integer(
        300_000, min=1, help="Kilobytes that a student's inbox may hold, all submissions together."
    ).tag(config=True)
    min_free_size = Integer(
        500_000, min=0, help="Kilobytes of the exchange's disk that no submission may take."
    ).tag(config=True)

    timestamp: str

    @property
    def lang(self) -> Lang:
        return cast(Lang, Cohort(config=self.config).lang)

    @property
    def course(self) -> Path:
        """The folder of the course in the exchange."""
        if not self.coursedir.course_id:
            self.fail(
                say(
                    self.lang,
                    fr="Le cours n'est pas indiqué : ajoutez --course et son nom.",
                    en="No course is given: add --course and its name.",
                )
            )
        return Path(self.root, self.coursedir.course_id)

    @property
    def limits(self) -> Limits:
        """The limits of one submission, nbgrader's own where it has them."""
        return Limits(
            all_bytes=1000 * self.coursedir.max_dir_size,
            file_bytes=1000 * self.coursedir.max_file_size,
            entries=self.max_files,
        )

    @property
    def numbers(self) -> dict[str, int]:
        """The limits as sentences say them."""
        return {
            "all_mb": self.coursedir.max_dir_size // 1000,
            "file_mb": self.coursedir.max_file_size // 1000,
            "entries": self.max_files,
        }

    def ignored(self, name: str, is_folder: bool) -> bool:
        """What nbgrader's `CourseDirectory.ignore` and `.include` leave out."""
        if any(fnmatch.fnmatch(name, pattern) for pattern in self.coursedir.ignore):
            return True
        included = (fnmatch.fnmatch(name, pattern) for pattern in self.coursedir.include)
        return not is_folder and not any(included)

    def ensure_root(self) -> None:
        if not check_directory(self.root, execute=True):
            self.fail(self._not_prepared(Path(self.root)))

    def ensure_directory(self, path: str, mode: int) -> None:
        if not check_directory(path, write=True, execute=True):
            self.fail(self._not_prepared(Path(path)))

    def _not_prepared(self, path: Path) -> str:
        return say(
            self.lang,
            fr=f"Espace d'échange : « {path} » n'existe pas ou n'est pas accessible à ce compte. "
            "Prévenez l'équipe enseignante ; `ecole doctor` dit ce qu'il faut corriger.",
            en=f"The exchange: “{path}” does not exist or is closed to this account. "
            "Tell your instructor; `ecole doctor` says what to mend.",
        )

    def _assignment_not_found(self, src_path: str, other_path: str) -> None:
        self.fail(
            say(
                self.lang,
                fr=f"Le devoir « {Path(src_path).name} » est introuvable dans "
                f"« {Path(src_path).parent} ». Vérifiez son nom.",
                en=f"The assignment “{Path(src_path).name}” is not to be found in "
                f"“{Path(src_path).parent}”. Check its name.",
            )
        )


@contextmanager
def locked(path: Path) -> Iterator[bool]:
    """Hold a lock file; False when somebody else has held it all the time one can wait."""
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    descriptor = os.open(path, flags, 0o600)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            yield False
            return
        deadline = time.monotonic() + _LOCK_SECONDS
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    yield False
                    return
                time.sleep(0.02)
        yield True
    finally:
        os.close(descriptor)
