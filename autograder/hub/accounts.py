"""The Unix accounts of a hub that root starts: one a person, one a course, a group a class."""

import grp
import os
import pwd
import secrets
import shutil
import string
import subprocess
from collections.abc import Iterable
from pathlib import Path

from autograder.errors import EcoleError
from autograder.hub.plan import Plan, class_of

_COMMANDS = ("useradd", "groupadd", "usermod", "gpasswd", "chpasswd")
_LETTERS = "".join(sorted(set(string.ascii_lowercase + string.digits) - set("0o1il")))
_PASSWORD_LETTERS = 12
# no login but through the hub: the account has no shell
_NO_SHELL = "/usr/sbin/nologin"


def why_no_accounts() -> str | None:
    """Why this process cannot make the accounts of a hub; None where it can."""
    if os.geteuid() != 0:
        return "only root can give each student an account of their own"
    missing = [name for name in _COMMANDS if _command(name) is None]
    if missing:
        return f"not installed here: {', '.join(missing)}"
    return None


def make_accounts(plan: Plan, homes: dict[str, Path]) -> list[str]:
    """Make the accounts and groups of a plan that are not there yet; put students in classes.

    An account knows its hub by its home: one of the same name made by anybody else is refused.

    Args:
        homes: the home of each person and course, by name; made by `layout`, not here.

    Returns:
        the names of the accounts made now.

    Raises:
        EcoleError: an account of that name was there before, or a command failed.
    """
    homes = {plan.account(name): home for name, home in homes.items()}
    foreign = [account for account, home in homes.items() if home_of(account) not in (None, home)]
    if foreign:
        raise EcoleError(
            f"accounts of this machine that this hub did not make: {', '.join(foreign)}; "
            "choose other names in hub.yml"
        )
    made = [account for account in homes if home_of(account) is None]
    for account in made:
        _run("groupadd", "--force", account)
        _run(
            *("useradd", "--no-create-home", "--home-dir", str(homes[account])),
            *("--gid", account, "--shell", _NO_SHELL, "--comment", "ecole hub", account),
        )
    for key, course in plan.courses.items():
        group = class_of(plan.account(key))
        members = [plan.account(name) for name in (key, *course.students)]
        _run("groupadd", "--force", group)
        _run("gpasswd", "--members", ",".join(members), group)
    return made


def give_passwords(people: Iterable[str], file: Path) -> dict[str, str]:
    """Give a password to each person who has none in `file`; all are those of the file then.

    Args:
        file: a line a person, `name password`; readable by root alone.

    Returns:
        every password by name.

    Raises:
        EcoleError: a command failed.
    """
    known = read_passwords(file)
    for name in people:
        known.setdefault(name, "".join(secrets.choice(_LETTERS) for _ in range(_PASSWORD_LETTERS)))
    text = "".join(f"{name} {password}\n" for name, password in sorted(known.items()))
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as opened:
        opened.write(text)
    _run("chpasswd", given="".join(f"{name}:{known[name]}\n" for name in people))
    return known


def read_passwords(file: Path) -> dict[str, str]:
    """The passwords of a file that `give_passwords` wrote; none where it is missing."""
    if not file.is_file():
        return {}
    lines = (line.split() for line in file.read_text(encoding="utf-8").splitlines())
    return {words[0]: words[1] for words in lines if len(words) == 2}


def account_ids(name: str) -> tuple[int, int]:
    """The uid and gid of an account."""
    found = pwd.getpwnam(name)
    return found.pw_uid, found.pw_gid


def group_id(name: str) -> int:
    """The gid of a group."""
    return grp.getgrnam(name).gr_gid


def home_of(name: str) -> Path | None:
    """The home of an account; None where there is no such account."""
    try:
        return Path(pwd.getpwnam(name).pw_dir)
    except KeyError:
        return None


def _command(name: str) -> str | None:
    return shutil.which(name, path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin")


def _run(name: str, *arguments: str, given: str | None = None) -> None:
    command = _command(name)
    assert command is not None  # `why_no_accounts` was asked
    done = subprocess.run(
        [command, *arguments], input=given, capture_output=True, text=True, check=False
    )
    if done.returncode:
        said = (done.stderr or done.stdout).strip()
        raise EcoleError(f"{name} {' '.join(arguments)}: {said}")
