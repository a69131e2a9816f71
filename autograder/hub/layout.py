"""The hub's folder, made ready before JupyterHub starts; doing it again changes nothing."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import autograder
from autograder.errors import EcoleError
from autograder.hub.accounts import give_passwords, make_accounts, why_no_accounts
from autograder.hub.exchange import exchange_traits
from autograder.hub.exchange_layout import Account, exchange_faults, prepare_exchange
from autograder.hub.lessons import write_lessons
from autograder.hub.paths import POD_PERSON, Hub
from autograder.hub.roles import Role
from autograder.hub.settings import write_settings

_OPEN = 0o755
_PRIVATE = 0o700


def prepare(hub: Hub, tell: Callable[[str], None]) -> None:
    """Make all that the plan asks for: accounts, homes, cohorts, exchange, lessons, settings.

    Args:
        tell: prints a line.

    Raises:
        EcoleError: something stands in the way; nothing of anybody's work is touched.
    """
    if hub.plan.platform == "kubernetes":
        raise EcoleError("in Kubernetes each course's pod prepares its own course: docs/hub.md")
    missing = why_no_accounts() if hub.accounts else None
    if missing:
        raise EcoleError(f"{missing}: start this command again with sudo")
    with _readable():
        _prepare(hub, tell)


@contextmanager
def _readable() -> Iterator[None]:
    """A hospital's root often has a umask that would hide settings and lessons from students."""
    before = os.umask(0o022)
    try:
        yield
    finally:
        os.umask(before)


def _prepare(hub: Hub, tell: Callable[[str], None]) -> None:
    hub.root.chmod(_OPEN)
    if hub.accounts:
        _refuse_unreadable(hub)
    _common_folders(hub)
    if hub.accounts:
        homes = {name: hub.home(name) for name in (*hub.plan.people, *hub.plan.courses)}
        made = make_accounts(hub.plan, homes)
        if made:
            tell(f"accounts made: {', '.join(made)}")
    if hub.accounts and hub.plan.platform == "ecole":
        give_passwords(hub.plan.people, hub.passwords)
    for name in (*hub.plan.people, *hub.plan.courses):
        _folder(hub.home(name), _PRIVATE, hub.ids(name))
    for course in hub.plan.courses:
        _prepare_course(hub, course)
        tell(f"{course}: ready in {hub.course(course)}")


def prepare_pod(hub: Hub, course: str, tell: Callable[[str], None]) -> None:
    """Make one course of a hub in Kubernetes ready, as root of its pod's first container.

    The volume that all share is mounted at the hub's folder, the course's own at its home. The
    top of the shared volume gets the group and mode that a pod's `fsGroup` asks for: Kubernetes
    then leaves the owners of what is inside alone (`fsGroupChangePolicy: OnRootMismatch`).

    Raises:
        EcoleError: no such course, or something stands in the way.
    """
    if course not in hub.plan.courses:
        raise EcoleError(f"no course {course} in hub.yml; there are {', '.join(hub.plan.courses)}")
    os.chown(hub.root, 0, POD_PERSON[1])
    hub.root.chmod(0o2771)  # the course passes to its own home
    with _readable():
        _common_folders(hub)
        _folder(hub.home(course), _PRIVATE, hub.ids(course))
        _prepare_course(hub, course)
    tell(f"{course}: ready in {hub.course(course)}")


def _common_folders(hub: Hub) -> None:
    for name, mode in (("hub", _PRIVATE), ("config", _OPEN), ("homes", _OPEN), ("lessons", _OPEN)):
        _folder(hub.root / name, mode, (os.getuid(), os.getgid()))


def _prepare_course(hub: Hub, course: str) -> None:
    plan = hub.plan.courses[course]
    write_lessons(hub.lessons(course), plan.lang, plan.weeks)
    traits = exchange_traits(hub.exchange, **hub.plan.exchange.traits)
    roles: tuple[Role, ...] = ("instructor", "course")
    for role in roles:
        write_settings(hub.settings(course, role), role, plan.lang, traits, course)
    for name in plan.students:
        folder = hub.settings(course, "student", name)
        write_settings(folder, "student", plan.lang, traits, course, student=name)
    prepare_exchange(hub.exchange, course, *_exchange_accounts(hub, course))
    _cohort(hub, course)


def faults(hub: Hub) -> list[str]:
    """What is wrong with the exchange of a hub, in each course's language; what mends it."""
    found = []
    for course, plan in hub.plan.courses.items():
        account, class_gid, students = _exchange_accounts(hub, course)
        found += exchange_faults(
            hub.exchange,
            course,
            account,
            class_gid,
            students,
            lang=plan.lang,
            **hub.plan.exchange.traits,
        )
    return found


def _exchange_accounts(hub: Hub, course: str) -> tuple[Account, int, dict[str, int]]:
    """Who owns a course's exchange: its account, its class's gid, the uid of each student."""
    owners = {name: hub.ids(name)[0] for name in hub.plan.courses[course].students}
    return Account(*hub.ids(course)), hub.class_gid(course), owners


def _cohort(hub: Hub, course: str) -> None:
    """The cohort and its students in the gradebook, by the course's own account."""
    plan = hub.plan.courses[course]
    folder = hub.course(course)
    _as(hub, course, ["autograder", "cohort", str(folder), "--lang", plan.lang])
    if plan.students:
        _as(hub, course, ["autograder.hub.enrol", str(folder), *plan.students])


def _as(hub: Hub, name: str, module: Sequence[str]) -> None:
    """Run a Python module as an account of the hub."""
    who: dict[str, object] = {}
    uid, gid = hub.ids(name)
    if uid != os.getuid():
        who = {"user": uid, "group": gid, "extra_groups": []}
    home = hub.home(name)
    environment = {
        "HOME": str(home),
        "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
        "LANG": "C.UTF-8",
    }
    done = subprocess.run(  # type: ignore[call-overload]
        [sys.executable, "-m", *module],
        cwd=home,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        **who,
    )
    if done.returncode:
        raise EcoleError(f"{' '.join(module)}: {(done.stderr or done.stdout).strip()}")


def _folder(path: Path, mode: int, owner: tuple[int, int]) -> None:
    """A folder of that mode and owner; what is inside is left alone."""
    path.mkdir(exist_ok=True)
    if path.is_symlink():
        raise EcoleError(f"{path} is a link: put a real folder in its place")
    os.chown(path, *owner, follow_symlinks=False)
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
