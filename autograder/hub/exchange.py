"""nbgrader's exchange made safe: an inbox a student, whole submissions, hostile ones refused.

nbgrader runs these in place of its own through `c.ExchangeFactory`: see `exchange_traits`.
"""

import os
import secrets
import shutil
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from nbgrader.api import Gradebook, MissingEntry
from nbgrader.exchange import default
from nbgrader.utils import (
    as_timezone,
    check_directory,
    get_username,
    notebook_hash,
    parse_utc,
)

from autograder.hub import folders, words
from autograder.hub.folders import FULL, Copied, Limits, Refused, Rules, shown
from autograder.hub.inboxes import (
    MOST_ENTRIES,
    OWN_NAMES,
    Inboxes,
    Record,
    locked,
    names_in,
    read_name,
)
from autograder.learning.words import say

_SECRET_BYTES = 200
_WRITTEN_AFTER = timedelta(minutes=10)


Traits = Mapping[str, Mapping[str, str | int]]
"""Traits by class, as in a `nbgrader_config.json`."""


def exchange_traits(root: Path | str, **limits: int) -> Traits:
    """The configuration by which nbgrader uses this exchange, for everybody's Jupyter.

    Args:
        root: the exchange's folder, made by `prepare_exchange`.
        limits: traits of `Inboxes`, where they are not the usual ones.
    """
    parts = {
        "submit": Submit,
        "collect": Collect,
        "list": List,
        "fetch_assignment": FetchAssignment,
        "fetch_feedback": FetchFeedback,
        "release_assignment": ReleaseAssignment,
        "release_feedback": ReleaseFeedback,
    }
    factory = {name: f"{part.__module__}.{part.__name__}" for name, part in parts.items()}
    return {"Exchange": {"root": str(root), **limits}, "ExchangeFactory": factory}


class Submit(Inboxes, default.ExchangeSubmit):
    """Puts a submission into the student's own inbox: whole, or not at all."""

    def init_dest(self) -> None:
        course = self.course
        self.student = self._student()
        if not self.authenticator.has_access(self.coursedir.student_id, course.name):
            self.fail(
                say(
                    self.lang,
                    fr=f"Vous n'êtes pas inscrit au cours {course.name}.",
                    en=f"You are not enrolled in the course {course.name}.",
                )
            )
        self.inbox = course / "inbound" / self.student
        if not check_directory(self.inbox, read=True, write=True, execute=True):
            self.fail(self._not_prepared(self.inbox))
        self.cache_path = os.path.join(self.cache, course.name)

    def _student(self) -> str:
        """The configured `CourseDirectory.student_id`, or the account's name."""
        student: str = self.coursedir.student_id
        if student == "*":
            try:
                student = get_username()
            except KeyError:  # a container's uid needs no name
                student = ""
        if not student or student.startswith(".") or set("*+/") & set(student):
            self.fail(
                say(
                    self.lang,
                    fr=f"« {shown(student)} » ne peut pas être un nom d'élève : prévenez "
                    "l'équipe enseignante (CourseDirectory.student_id).",
                    en=f"“{shown(student)}” cannot be a student's name: tell your instructor "
                    "(CourseDirectory.student_id).",
                )
            )
        return student

    def copy_files(self) -> None:
        self.init_release()
        self.check_filename_diff()
        with self._telling("exchange"), locked(self.inbox / ".lock") as alone:
            if not alone:
                self.fail(self._nothing_submitted("busy"))
            with self._telling("home"):
                os.makedirs(self.cache_path, exist_ok=True)
            folders.remove_leftovers(self.inbox, ".")
            folders.remove_leftovers(Path(self.cache_path), ".")
            limits, nearest = self._room()
            self._set_later_timestamp()
            self._hand_in(limits, nearest)
        self.log.info(
            f"Submitted as: {self.course.name} {self.coursedir.assignment_id} {self.timestamp}"
        )

    def _hand_in(self, limits: Limits, nearest: str) -> None:
        """Write a hidden copy in the inbox, another for the cache, then name both."""
        name = f"{self.student}+{self.coursedir.assignment_id}+{self.timestamp}"
        random = f"+{secrets.token_urlsafe(9)}" if self.add_random_string else ""
        self.assignment_filename = name + random
        place, kept_place = self.inbox / self.assignment_filename, Path(self.cache_path, name)
        with folders.making(place, ".") as partial:
            self._fill(partial, limits, nearest)
            with self._telling("home"), folders.making(kept_place, ".") as kept:
                whole = Limits(2**63, 2**63, 2 * self.max_files)
                with folders.opened(partial) as source, folders.opened(kept) as target:
                    folders.copy_folder(source, target, Rules(whole, 0o600, 0o700))
                with self._telling("exchange"), folders.opened(self.inbox) as inbox:
                    os.rename(partial, place)
                    folders.flush_folder(inbox)
                os.rename(kept, kept_place)

    def _fill(self, partial: Path, limits: Limits, nearest: str) -> None:
        """Copy the student's folder, readable and removable by the inbox's group alone."""
        rules = Rules(limits, 0o640, 0o770, self.ignored, OWN_NAMES)
        folder = os.path.realpath(self.src_path)
        with folders.opened(folder) as source, folders.opened(partial) as target:
            if not self._course_reads(target):
                self.fail(self._not_prepared(self.inbox))
            folders.write_text(target, "timestamp.txt", self.timestamp, 0o640)
            folders.write_text(target, "submission_secret.txt", secrets.token_hex(64), 0o640)
            try:
                copied = folders.copy_folder(source, target, rules)
                self._name_left_out(copied)
            except Refused as refused:
                self.fail(self._refusal(refused, nearest))

    def _course_reads(self, partial: int) -> bool:
        """False for an inbox that lost its group: the submission would lie there unread."""
        inbound, inbox = self.inbox.parent.stat(), self.inbox.stat()
        return inbound.st_uid == os.geteuid() or os.fstat(partial).st_gid == inbox.st_gid

    def _room(self) -> tuple[Limits, str]:
        """What this submission may hold, and which limit is the nearest."""
        limits = self.limits
        with folders.opened(self.inbox) as inbox:
            used = folders.measure(inbox, MOST_ENTRIES)
            disk = os.fstatvfs(inbox)
        free = disk.f_bavail * disk.f_frsize - 1000 * self.min_free_size
        if disk.f_files and disk.f_favail < self.max_files:
            free = -1
        room = {
            "submission": limits.all_bytes,
            "inbox": 1000 * self.max_inbox_size - used.bytes if used.whole else -1,
            "exchange": free,
        }
        nearest = min(room, key=room.__getitem__)
        if room[nearest] < 0:
            self.fail(self._nothing_submitted(nearest))
        return Limits(room[nearest], limits.file_bytes, limits.entries), nearest

    def _name_left_out(self, copied: Copied) -> None:
        for path, why in copied.left_out:
            if path.endswith(".ipynb"):
                raise Refused(why, path)
            reason = words.reason(self.lang, Refused(why, path), **self.numbers)
            self.log.warning(
                say(self.lang, fr=f"Non rendu : {reason}.", en=f"Not submitted: {reason}.")
            )

    def _set_later_timestamp(self) -> None:
        """A timestamp after that of every earlier submission, whatever the clock says."""
        with folders.opened(self.inbox) as inbox:
            names = names_in(inbox) + os.listdir(self.cache_path)
        records = [record for record in map(read_name, names) if record]
        self.set_timestamp()
        last = max((record.timestamp for record in records), default=datetime.min)
        # a format may leave out the small units
        for step in (timedelta(microseconds=1), timedelta(seconds=1), timedelta(minutes=1)):
            if parse_utc(self.timestamp) > last:
                return
            later = as_timezone(last + step, self.timezone)
            self.timestamp = later.strftime(self.timestamp_format)

    @contextmanager
    def _telling(self, where: str) -> Iterator[None]:
        """Turn what the system refuses into a sentence about the exchange, or the home."""
        try:
            yield
        except Refused as refused:
            self.fail(self._refusal(refused, where))
        except (OSError, OverflowError) as error:
            full = isinstance(error, OSError) and error.errno in FULL
            self.fail(self._nothing_submitted(where if full else "failed", str(error)))

    def _refusal(self, refused: Refused, nearest: str) -> str:
        if refused.reason == "too-large" and nearest != "submission":
            return self._nothing_submitted(nearest)
        reason = words.reason(self.lang, refused, **self.numbers)
        reason = f"{reason[0].upper()}{reason[1:]}"
        remedy = words.remedy(self.lang, refused)
        return self._nothing_submitted(say(self.lang, fr=f"{reason} :", en=f"{reason}:"), remedy)

    def _nothing_submitted(self, what: str, detail: str = "") -> str:
        """One of the sentences of `words.FAILURES`, or `what` itself, and where the work is."""
        known = words.FAILURES.get(what, {}).get(self.lang, "{what} {detail}.")
        size = self.max_inbox_size // 1000
        return known.format(what=what, detail=detail, size=size) + say(
            self.lang,
            fr=f" Rien n'a été rendu ; votre travail est toujours dans « {self.src_path} ».",
            en=f" Nothing was submitted; your work is still in “{self.src_path}”.",
        )


class Collect(Inboxes, default.ExchangeCollect):
    """Takes submissions out of the inboxes; what an inbox holds is never trusted.

    After `start`, `refused` has a sentence for each submission that was not taken.
    """

    def init_src(self) -> None:
        self.refused: list[str] = []
        inbound = self.course / "inbound"
        if not check_directory(inbound, read=True, execute=True):
            self.fail(self._not_prepared(inbound))
        self.inbound_path = str(inbound)
        self.duedate = self._duedate()
        found = (self._records(student) for student in self._inboxes())
        self.src_records = [self._chosen(records) for records in found if records]

    def _duedate(self) -> datetime | None:
        with Gradebook(self.coursedir.db_url, self.coursedir.course_id) as gradebook:
            try:
                due: datetime | None = gradebook.find_assignment(
                    self.coursedir.assignment_id
                ).duedate
                return due
            except MissingEntry:
                return None

    def _inboxes(self) -> list[str]:
        return inboxes_in(Path(self.inbound_path), self.coursedir.student_id or "*")

    def _records(self, student: str) -> list[Record]:
        """The submissions of one inbox for the assignment; its name is the student's."""
        try:
            with folders.opened(Path(self.inbound_path, student)) as inbox:
                found = [(name, read_name(name)) for name in names_in(inbox)]
        except OSError:
            self._refuse(student, Refused("no-access", f"inbound/{student}"))
            return []
        except Refused as refused:
            self._refuse(student, refused)
            return []
        foreign = [name for name, record in found if record is None or record.student != student]
        if foreign:
            self._report(
                fr=f"{len(foreign)} dossier(s) qui ne portent pas le nom d'un rendu de cet élève, "
                f"dont « {shown(foreign[0])} »",
                en=f"{len(foreign)} folder(s) not named as a submission of this student, "
                f"such as “{shown(foreign[0])}”",
                student=student,
            )
        return [
            record
            for _, record in found
            if record
            and record.student == student
            and record.assignment == self.coursedir.assignment_id
        ]

    def _chosen(self, records: list[Record]) -> Record:
        """The latest; with `before_duedate` the latest of those in time, if any (as nbgrader)."""
        records = sorted(records, key=lambda each: each.timestamp, reverse=True)
        due = self.duedate
        if due is not None and self.before_duedate:
            in_time = [record for record in records if record.timestamp <= due]
            records = in_time or records
        return records[0]

    def copy_files(self) -> None:
        where = f"'{self.coursedir.assignment_id}' for course '{self.coursedir.course_id}'"
        if not self.src_records:
            self.log.warning(f"No submissions of {where} to collect")
            return
        self.log.info(f"Processing {len(self.src_records)} submissions of {where}")
        with self._telling(), locked(Path(self.coursedir.root, ".collect-lock")) as alone:
            if not alone:
                self.fail(
                    say(
                        self.lang,
                        fr="Une autre collecte est en cours : attendez qu'elle se termine.",
                        en="Another collection is under way: wait for it to end.",
                    )
                )
            for record in self.src_records:
                try:
                    self._collect(record)
                except Refused as refused:
                    self._refuse(record.student, refused, record.filename)

    def _collect(self, record: Record) -> None:
        about = f"{record.student} {record.assignment}"
        step = self.coursedir.submitted_directory
        place = Path(self.coursedir.format_path(step, record.student, record.assignment))
        place.parent.mkdir(parents=True, exist_ok=True)
        prefix = f".{place.name}."
        folders.remove_leftovers(place.parent, prefix)
        folders.mend_place(place)
        if not self._wanted(record, place):
            self.log.info(f"No newer submission to collect, or no --update: {about}")
            return
        with folders.making(place, prefix) as partial:
            copied = self._copy(record, partial)
            folders.put_in_place(partial, place)
        self.log.info(f"Collected: {about} {record.stamp}")
        self._warn(record, copied)

    def _wanted(self, record: Record, place: Path) -> bool:
        """nbgrader's own choice: what is not there, what `update` or `before_duedate` ask for."""
        if not place.is_dir():
            return True
        try:
            existing = self.coursedir.get_existing_timestamp(str(place))
        except Exception:  # nbgrader's own handling of an invalid date fails
            existing = None
        newer = existing is None or record.timestamp > existing
        return (self.update and newer) or (self.before_duedate and existing != record.timestamp)

    def _copy(self, record: Record, partial: Path) -> Copied:
        """Copy one submission out of its inbox; its time is its name's."""
        shared = self.coursedir.groupshared
        mode = 0o660 if shared else 0o640
        try:
            with (
                folders.opened(Path(self.inbound_path, record.student)) as inbox,
                folders.opened(record.filename, inbox) as source,
                folders.opened(partial) as target,
            ):
                owner = os.fstat(inbox).st_uid if self.check_owner else None
                rules = Rules(
                    self.limits, mode, 0o2770 if shared else 0o750, self.ignored, OWN_NAMES, owner
                )
                folders.write_text(target, "timestamp.txt", record.stamp, mode)
                folders.write_text(target, "submission_secret.txt", self._secret(source), mode)
                return folders.copy_folder(source, target, rules)
        except OSError as error:
            if error.errno in FULL:
                raise
            raise Refused("no-access", record.filename) from error

    def _secret(self, submission: int) -> str:
        """What names the feedback's file; without one, nbgrader would stop for the whole class."""
        found = folders.read_text(submission, "submission_secret.txt", _SECRET_BYTES)
        return found or secrets.token_hex(64)

    def _warn(self, record: Record, copied: Copied) -> None:
        for path, why in copied.left_out:
            reason = words.reason(self.lang, Refused(why, path), **self.numbers)
            who = f"{record.student}, {record.assignment}"
            self.log.warning(
                say(self.lang, fr=f"{who} : {reason}, laissé.", en=f"{who}: {reason}, left out.")
            )
        written = datetime.fromtimestamp(copied.changed, UTC).replace(tzinfo=None)
        if written - record.timestamp > _WRITTEN_AFTER:
            self.log.warning(
                say(
                    self.lang,
                    fr=f"{record.student}, {record.assignment} : se dit rendu à "
                    f"{record.timestamp:%d/%m/%Y %H:%M} mais a été écrit à "
                    f"{written:%d/%m/%Y %H:%M} (heures UTC).",
                    en=f"{record.student}, {record.assignment}: says it was submitted at "
                    f"{record.timestamp:%Y-%m-%d %H:%M} but was written at "
                    f"{written:%Y-%m-%d %H:%M} (UTC).",
                )
            )

    def _refuse(self, student: str, refused: Refused, filename: str = "") -> None:
        reason = words.reason(self.lang, refused, **self.numbers)
        of = f" ({shown(filename)})" if filename else ""
        self._report(fr=f"{reason}{of}", en=f"{reason}{of}", student=student)

    def _report(self, *, fr: str, en: str, student: str) -> None:
        sentence = say(
            self.lang,
            fr=f"Refusé dans la boîte de {shown(student)} : {fr}.",
            en=f"Refused in the inbox of {shown(student)}: {en}.",
        )
        self.refused.append(sentence)
        self.log.error(sentence)

    @contextmanager
    def _telling(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            if error.errno not in FULL:
                raise
            self.fail(
                say(
                    self.lang,
                    fr=f"Plus de place dans « {self.coursedir.root} » : libérez-en, puis collectez "
                    "à nouveau. Rien n'est perdu : les rendus sont dans l'espace d'échange, ceux "
                    "déjà collectés n'ont pas changé.",
                    en=f"No room left in “{self.coursedir.root}”: make some, then collect again. "
                    "Nothing is lost: the submissions are in the exchange, those collected before "
                    "have not changed.",
                )
            )


def inboxes_in(inbound: Path, pattern: str) -> list[str]:
    """The names of the inboxes, sorted; a link is none."""
    try:
        with os.scandir(inbound) as entries:
            return sorted(
                entry.name
                for entry in entries
                if entry.is_dir(follow_symlinks=False)
                and not entry.name.startswith(".")
                and "+" not in entry.name
                and fnmatchcase(entry.name, pattern)
            )
    except OSError:
        return []


class List(Inboxes, default.ExchangeList):
    """nbgrader's list; `--inbound` reads the inboxes and opens nothing that could harm."""

    def init_dest(self) -> None:
        if not self.inbound:
            super().init_dest()
            return
        pattern = self.coursedir.course_id or "*"
        found = []
        for inbound in sorted(Path(self.root).glob(f"{pattern}/inbound")):
            for student in inboxes_in(inbound, self.coursedir.student_id or "*"):
                found += self._submissions(inbound / student)
        self.assignments = [str(path) for path in found]

    def _submissions(self, inbox: Path) -> list[Path]:
        wanted = self.coursedir.assignment_id or "*"
        try:
            with folders.opened(inbox) as descriptor:
                records = [read_name(name) for name in names_in(descriptor)]
        except (OSError, Refused):
            self.log.error(self._not_prepared(inbox))
            return []
        return [
            inbox / record.filename
            for record in records
            if record and record.student == inbox.name and wanted in ("*", record.assignment)
        ]

    def parse_assignments(self) -> list[dict[str, Any]]:
        if not self.inbound:
            parsed: list[dict[str, Any]] = super().parse_assignments()
            return parsed
        groups = defaultdict(list)
        for path in map(Path, self.assignments):
            information = self._describe(path)
            if information is not None:
                key = (path.parents[2].name, path.parent.name, information["assignment_id"])
                groups[key].append(information)
        return [
            {
                "course_id": course,
                "student_id": student,
                "assignment_id": assignment,
                "status": submissions[0]["status"],
                "submissions": sorted(submissions, key=lambda each: each["timestamp"]),
            }
            for (course, student, assignment), submissions in sorted(groups.items())
        ]

    def _describe(self, path: Path) -> dict[str, Any] | None:
        """What nbgrader tells of one submission."""
        record = read_name(path.name)
        try:
            with folders.opened(path) as submission:
                secret = folders.read_text(submission, "submission_secret.txt", _SECRET_BYTES)
                names = [name for name in names_in(submission) if name.endswith(".ipynb")]
        except (OSError, Refused):
            return None
        assert record is not None
        feedback = path.parents[2] / "feedback"
        notebooks = [
            {"notebook_id": name.removesuffix(".ipynb"), "path": str(path / name)} for name in names
        ]
        ready = [
            bool(secret)
            and (
                feedback / f"{notebook_hash(secret=secret, notebook_id=each['notebook_id'])}.html"
            ).is_file()
            for each in notebooks
        ]
        return {
            "course_id": path.parents[2].name,
            "student_id": record.student,
            "assignment_id": record.assignment,
            "timestamp": record.stamp,
            "status": "removed" if self.remove else "submitted",
            "path": str(path),
            "notebooks": notebooks,
            "has_local_feedback": False,
            "has_exchange_feedback": bool(ready) and all(ready),
            "feedback_updated": False,
            "local_feedback_path": None,
        }


class FetchAssignment(Inboxes, default.ExchangeFetchAssignment):
    """nbgrader's, but a fetch that fails half-way leaves no half assignment behind."""

    def do_copy(self, src: str, dest: str) -> None:
        place = Path(dest)
        if place.is_dir():
            super().do_copy(src, dest)
            return
        place.parent.mkdir(parents=True, exist_ok=True)
        ignore = shutil.ignore_patterns(*self.coursedir.ignore)
        try:
            with folders.making(place, ".") as partial:
                shutil.copytree(src, partial, ignore=ignore, dirs_exist_ok=True)
                os.rename(partial, place)
        except (OSError, shutil.Error) as error:
            self.fail(
                say(
                    self.lang,
                    fr=f"Le devoir n'a pas pu être copié dans « {place} » ({error}). Faites de la "
                    "place dans votre dossier personnel, puis recommencez.",
                    en=f"The assignment could not be copied to “{place}” ({error}). Make some room "
                    "in your home folder, then try again.",
                )
            )


class FetchFeedback(Inboxes, default.ExchangeFetchFeedback):
    """nbgrader's, in our layout."""


class ReleaseAssignment(Inboxes, default.ExchangeReleaseAssignment):
    """nbgrader's, but students see the assignment whole or not at all."""

    def copy_files(self) -> None:
        place = Path(self.dest_path)
        if place.is_dir() and not self.force:
            self.fail(
                say(
                    self.lang,
                    fr=f"Le devoir {place.name} est déjà distribué : --force le remplace.",
                    en=f"The assignment {place.name} is released already: --force replaces it.",
                )
            )
        folders.mend_place(place)
        try:
            with folders.making(place, f".{place.name}.") as partial:
                copy = partial / "copy"
                self.do_copy(self.src_path, str(copy))
                self.set_perms(copy, 0o644, 0o755)
                folders.put_in_place(copy, place)
        except (OSError, shutil.Error) as error:
            self.fail(
                say(
                    self.lang,
                    fr=f"Le devoir n'a pas pu être distribué ({error}) ; pour les élèves, rien "
                    "n'a changé. Faites de la place dans l'espace d'échange, puis recommencez.",
                    en=f"The assignment could not be released ({error}); nothing has changed for "
                    "the students. Make some room in the exchange, then try again.",
                )
            )
        self.log.info(f"Released as: {self.coursedir.course_id} {place.name}")


class ReleaseFeedback(Inboxes, default.ExchangeReleaseFeedback):
    """nbgrader's, but pages can be read by those who know their name, whatever the umask."""

    def copy_files(self) -> None:
        try:
            super().copy_files()
        except OSError as error:
            for page in Path(self.dest_path).glob("*-tmp.html"):
                page.unlink()
            self.fail(
                say(
                    self.lang,
                    fr=f"Tous les retours n'ont pas pu être publiés ({error}). Rien n'est perdu : "
                    "faites de la place dans l'espace d'échange, puis publiez à nouveau.",
                    en=f"Not all feedback could be released ({error}). Nothing is lost: make some "
                    "room in the exchange, then release it again.",
                )
            )
        for page in Path(self.dest_path).glob("*.html"):
            if page.stat().st_mode & 0o777 != 0o644:
                page.chmod(0o644)
