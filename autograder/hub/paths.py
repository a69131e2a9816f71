"""Where each thing lies in a hub's folder.

hub.yml                who comes
passwords.txt          for root alone, to hand out
hub/                   JupyterHub's own: data base, cookie secret, proxy
config/COURSE/ROLE/    Jupyter's settings by role
homes/NAME/            a person's, or a course's: there lies the cohort, homes/COURSE/COURSE/
lessons/COURSE/        what students receive
exchange/COURSE/       nbgrader's exchange
"""

import os
import sys
from dataclasses import dataclass
from pathlib import Path

from autograder.hub.accounts import account_ids, group_id, home_of, why_no_accounts
from autograder.hub.plan import Plan, class_of, read_plan
from autograder.hub.roles import FOLDER, LANGUAGE, Role, environment

# in Kubernetes nobody has an account: uid and gid of the people's pods (those of the chart), and
# of the courses' pods; deploy/kubernetes/ has the same numbers
POD_PERSON = (1000, 100)
POD_COURSE = (2000, 2000)


@dataclass(frozen=True)
class Hub:
    """One hub: its folder and its plan.

    Attributes:
        accounts: each person has a Unix account; in Kubernetes a pod instead; otherwise all is
            one user's, without isolation.
        python: the interpreter of the servers, which has all that the course uses.
    """

    root: Path
    plan: Plan
    accounts: bool
    python: Path

    def home(self, name: str) -> Path:
        """The home of a person or of a course."""
        if self.plan.platform == "tljh" and name not in self.plan.courses:
            known = home_of(self.plan.account(name))  # who came before there was a course
            if known is not None:
                return known
        return self.root / "homes" / name

    def ids(self, name: str) -> tuple[int, int]:
        """The uid and gid of what belongs to a person or a course."""
        if self.plan.platform == "kubernetes":
            return POD_COURSE if name in self.plan.courses else POD_PERSON
        if self.accounts:
            return account_ids(self.plan.account(name))
        return os.getuid(), os.getgid()

    def class_gid(self, course: str) -> int:
        """The gid of the students of a course."""
        if self.accounts:
            return group_id(class_of(self.plan.account(course)))
        return POD_PERSON[1] if self.plan.platform == "kubernetes" else os.getgid()

    def course(self, name: str) -> Path:
        """The cohort of a course: its nbgrader course directory."""
        return self.home(name) / name

    def lessons(self, course: str) -> Path:
        """The lessons that the students of a course receive."""
        return self.root / "lessons" / course

    def settings(self, course: str, role: Role, name: str = "") -> Path:
        """Jupyter's settings of one role; each student has their own, with their name."""
        return self.root / "config" / course / role / name

    def seat(self, name: str) -> tuple[str, Role] | None:
        """Course and role of a person, of an instructor the first course; None for others."""
        if name in self.plan.students:
            return self.plan.students[name], "student"
        courses = self.plan.instructors.get(name)
        return (courses[0], "instructor") if courses else None

    def settings_of(self, name: str) -> Path | None:
        """Jupyter's settings of a person's own server; None for who is not in `hub.yml`."""
        seat = self.seat(name)
        return self.settings(*seat, name if seat[1] == "student" else "") if seat else None

    def environment_of(self, name: str) -> dict[str, str]:
        """What a person's own server finds in its environment."""
        seat, folder = self.seat(name), self.settings_of(name)
        if seat is None or folder is None:
            return {}
        found = environment(folder, self.python)
        if seat[1] == "student":
            found[FOLDER] = str(self.lessons(seat[0]))
            found[LANGUAGE] = self.plan.courses[seat[0]].lang
        return found

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


def open_hub(directory: Path | str, python: Path | str = sys.executable) -> Hub:
    """A hub's folder, with its plan.

    Args:
        python: the interpreter of the servers.

    Raises:
        EcoleError: `hub.yml` is missing or faulty.
    """
    root = Path(directory).expanduser().resolve()
    plan = read_plan(root)
    own = plan.platform == "ecole" and why_no_accounts() is None
    return Hub(root, plan, accounts=own or plan.platform == "tljh", python=Path(python))
