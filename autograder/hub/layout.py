"""The hub's folder, made ready before JupyterHub starts; doing it again changes nothing.

hub.yml                who comes
passwords.txt          for root alone, to hand out
hub/                   JupyterHub's own: data base, cookie secret, proxy
config/COURSE/ROLE/    Jupyter's settings by role
homes/NAME/            a person's, or a course's: there lies the cohort, homes/COURSE/COURSE/
lessons/COURSE/        what students receive
exchange/COURSE/       nbgrader's exchange
"""

import csv
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import autograder
from autograder.errors import EcoleError
from autograder.hub.accounts import (
    account_ids,
    give_passwords,
    group_id,
    make_accounts,
    why_no_accounts,
)
from autograder.hub.exchange_layout import Account, exchange_faults, prepare_exchange
from autograder.hub.lessons import write_lessons
from autograder.hub.plan import Plan, class_of, read_plan
from autograder.hub.settings import Role, write_settings

_OPEN = 0o755
_PRIVATE = 0o700


@dataclass(frozen=True)
class Hub:
    """One hub: its folder and its plan.

    Attributes:
        accounts: each person has a Unix account; otherwise all is one user's, without isolation.
    """

    root: Path
    plan: Plan
    accounts: bool

    def home(self, name: str) -> Path:
        """The home of a person or of a course."""
        return self.root / "homes" / name

    def course(self, name: str) -> Path:
        """The cohort of a course: its nbgrader course directory."""
        return self.home(name) / name

    def lessons(self, course: str) -> Path:
        """The lessons that the students of a course receive."""
        return self.root / "lessons" / course

    def settings(self, course: str, role: Role, name: str = "") -> Path:
        """Jupyter's settings of one role; of one person where all are one user's."""
        return self.root / "config" / course / role / name

    @property
    def exchange(self) -> Path:
        """nbgrader's exchange."""
        return self.root / "exchange"

    @property
    def own(self) -> Path:
        """What belongs to JupyterHub itself."""
        return self.root / "hub"

    @property
    def passwords(self) -> Path:
        """The passwords that the hub gave."""
        return self.root / "passwords.txt"


def open_hub(directory: Path | str) -> Hub:
    """A hub's folder, with its plan.

    Raises:
        EcoleError: `hub.yml` is missing or faulty.
    """
    root = Path(directory).expanduser().resolve()
    return Hub(root, read_plan(root), accounts=why_no_accounts() is None)


def prepare(hub: Hub, tell: Callable[[str], None]) -> None:
    """Make all that the plan asks for: accounts, homes, cohorts, exchange, lessons, settings.

    Args:
        tell: prints a line.

    Raises:
        EcoleError: something stands in the way; nothing of anybody's work is touched.
    """
    hub.root.chmod(_OPEN)
    if hub.accounts:
        _refuse_unreadable(hub)
    for name, mode in (("hub", _PRIVATE), ("config", _OPEN), ("homes", _OPEN), ("lessons", _OPEN)):
        _folder(hub.root / name, mode)
    if hub.accounts:
        homes = {name: hub.home(name) for name in (*hub.plan.people, *hub.plan.courses)}
        made = make_accounts(hub.plan, homes)
        if made:
            tell(f"accounts made: {', '.join(made)}")
        give_passwords(hub.plan.people, hub.passwords)
    for name in (*hub.plan.people, *hub.plan.courses):
        _folder(hub.home(name), _PRIVATE, name if hub.accounts else None)
    for course in hub.plan.courses:
        _prepare_course(hub, course)
        tell(f"{course}: ready in {hub.course(course)}")


def _prepare_course(hub: Hub, course: str) -> None:
    plan = hub.plan.courses[course]
    write_lessons(hub.lessons(course), plan.lang, plan.weeks)
    roles: tuple[Role, ...] = ("student", "instructor", "course")
    for role in roles:
        write_settings(hub.settings(course, role), role, plan.lang, hub.exchange, course)
    if not hub.accounts:
        for name in plan.students:
            folder = hub.settings(course, "student", name)
            write_settings(folder, "student", plan.lang, hub.exchange, course, student=name)
    prepare_exchange(hub.exchange, course, *_exchange_accounts(hub, course))
    _cohort(hub, course)


def faults(hub: Hub) -> list[str]:
    """What is wrong with the exchange of a hub, in each course's language; what mends it."""
    found = []
    for course, plan in hub.plan.courses.items():
        account, class_gid, students = _exchange_accounts(hub, course)
        found += exchange_faults(hub.exchange, course, account, class_gid, students, lang=plan.lang)
    return found


def _exchange_accounts(hub: Hub, course: str) -> tuple[Account, int, dict[str, int]]:
    """Who owns a course's exchange: its account, its class's gid, the uid of each student."""
    students = hub.plan.courses[course].students
    if hub.accounts:
        owners = {name: account_ids(name)[0] for name in students}
        return Account(*account_ids(course)), group_id(class_of(course)), owners
    mine = Account(os.getuid(), os.getgid())
    return mine, mine.gid, dict.fromkeys(students, mine.uid)


def _cohort(hub: Hub, course: str) -> None:
    """The cohort and its list of students, made by the course's own account."""
    plan = hub.plan.courses[course]
    folder = hub.course(course)
    _as(hub, course, ["autograder", "cohort", str(folder), "--lang", plan.lang])
    if not plan.students:
        return
    with tempfile.TemporaryDirectory(prefix="ecole-hub-") as name:
        os.chmod(name, _OPEN)
        listed = Path(name, "students.csv")
        with listed.open("w", newline="", encoding="utf-8") as file:
            rows = [[student, student, ""] for student in plan.students]
            csv.writer(file).writerows([["id", "last_name", "first_name"], *rows])
        listed.chmod(0o644)
        _as(hub, course, ["nbgrader", "db", "student", "import", str(listed)], cwd=folder)


def _as(hub: Hub, name: str, module: Sequence[str], cwd: Path | None = None) -> None:
    """Run a Python module as an account of the hub."""
    who: dict[str, object] = {}
    if hub.accounts:
        uid, gid = account_ids(name)
        who = {"user": uid, "group": gid, "extra_groups": []}
    home = hub.home(name)
    environment = {
        "HOME": str(home),
        "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
        "LANG": "C.UTF-8",
    }
    done = subprocess.run(  # type: ignore[call-overload]
        [sys.executable, "-m", *module],
        cwd=cwd or home,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        **who,
    )
    if done.returncode:
        raise EcoleError(f"{' '.join(module)}: {(done.stderr or done.stdout).strip()}")


def _folder(path: Path, mode: int, owner: str | None = None) -> None:
    """A folder of that mode and owner; what is inside is left alone."""
    path.mkdir(exist_ok=True)
    if path.is_symlink():
        raise EcoleError(f"{path} is a link: put a real folder in its place")
    if owner is not None:
        uid, gid = account_ids(owner)
        os.chown(path, uid, gid, follow_symlinks=False)
    path.chmod(mode)


def _refuse_unreadable(hub: Hub) -> None:
    """Students run this Python and its packages, and reach their homes: all may pass."""
    for what in (Path(sys.executable).resolve(), Path(autograder.__file__).resolve(), hub.root):
        closed = next((each for each in (what, *what.parents) if not _open_to_all(each)), None)
        if closed is not None:
            raise EcoleError(
                f"the students' accounts cannot reach {what}: {closed} is closed to them; "
                "put the clone, its Python and the hub where everyone may pass, for instance "
                "the clone in /opt/ecole-ia-sante and the hub in /srv/ecole"
            )


def _open_to_all(path: Path) -> bool:
    needed = 0o001 if path.is_dir() else 0o004
    return bool(path.stat().st_mode & needed)
