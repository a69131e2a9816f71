"""Who is in the hub: `hub.yml`, read and checked.

```yaml
# platform: tljh     # The Littlest JupyterHub, or kubernetes; without this line: `ecole hub` itself
courses:
  ia-sante-fr:
    lang: fr
    instructors: [enseignante, enseignant]
    students: [etudiant1, etudiant2]
# exchange:
#   inbox_mb: 300    # what a student's inbox may hold
#   free_mb: 500     # what no submission may take of the exchange's disk
```
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, model_validator

from autograder.authoring.course_files import Location, Strict, dotted, read_course_file
from autograder.authoring.translation import Lang
from autograder.errors import EcoleError

PLAN = "hub.yml"
_NAME = re.compile(r"[a-z][a-z0-9-]{0,23}")
_CLASS = "-class"
# parts of the hub that have a port of their own
_TAKEN = ("hub", "proxy")

Platform = Literal["ecole", "tljh", "kubernetes"]
"""Who starts JupyterHub: `ecole hub` · The Littlest JupyterHub · its chart for Kubernetes."""

_PREFIX: Mapping[Platform, str] = {"ecole": "", "tljh": "jupyter-", "kubernetes": ""}
# The Littlest JupyterHub shortens an account's name that is longer
_TLJH_ACCOUNT = 25

_TRIAL = {
    "fr": """\
# Qui vient à ce hub. Après un changement : relancer `ecole hub`, rien n'est perdu.
# Noms : minuscules, chiffres, tirets ; ce sont aussi des comptes de la machine.
courses:
  ia-sante:
    lang: fr
    instructors: [{instructors}]
    students: [{students}]
    # weeks: 4      # les leçons des semaines 1 à 4 seulement ; sans cette ligne : toutes
""",
    "en": """\
# Who comes to this hub. After a change: start `ecole hub` again, nothing is lost.
# Names: lower case, digits, hyphens; they are also accounts of the machine.
courses:
  ai-health:
    lang: en
    instructors: [{instructors}]
    students: [{students}]
    # weeks: 4      # lessons of weeks 1 to 4 only; without this line: all
""",
}
_ROLES = {"fr": ("enseignant", "etudiant"), "en": ("instructor", "student")}


def _a_name(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise ValueError(
            "no name for the hub; use lower case letters, digits and hyphens, a letter first, "
            "24 characters at most"
        )
    if name in _TAKEN:
        raise ValueError("the hub's own name; choose another")
    if name.endswith(_CLASS):
        raise ValueError(f"names that end in {_CLASS!r} are the hub's own; choose another")
    return name


Name = Annotated[str, AfterValidator(_a_name)]


class CoursePlan(Strict):
    """One course: one cohort, one language, one gradebook.

    Attributes:
        weeks: lessons of the weeks 1 to this one reach the students; all by default.
    """

    lang: Lang
    instructors: Annotated[tuple[Name, ...], Field(min_length=1)]
    students: tuple[Name, ...] = ()
    weeks: Annotated[int, Field(ge=0)] | None = None


class ExchangeLimits(Strict):
    """How much students may put into the exchange, in megabytes; None: `Inboxes`' own limit.

    Attributes:
        inbox_mb: what one student's inbox may hold, all submissions together.
        free_mb: what no submission may take of the exchange's disk.
    """

    inbox_mb: Annotated[int, Field(ge=1)] | None = None
    free_mb: Annotated[int, Field(ge=0)] | None = None

    @property
    def traits(self) -> dict[str, int]:
        """What is stated, in kilobytes, as nbgrader's `Exchange` takes it."""
        stated = {"max_inbox_size": self.inbox_mb, "min_free_size": self.free_mb}
        return {name: 1000 * size for name, size in stated.items() if size is not None}


class Plan(Strict):
    """Everyone in the hub, by course."""

    courses: Annotated[dict[Name, CoursePlan], Field(min_length=1)]
    platform: Platform = "ecole"
    exchange: ExchangeLimits = ExchangeLimits()

    @model_validator(mode="after")
    def _one_place_each(self) -> "Plan":
        faults = list(self._faults())
        if faults:
            raise ValueError("; ".join(faults))
        return self

    def _faults(self) -> Iterator[str]:
        seats = Counter(name for course in self.courses.values() for name in course.students)
        for name, times in seats.items():
            if times > 1:
                yield f"{name} is a student {times} times; a student takes one course"
        for name in sorted(set(seats) & set(self.instructors)):
            yield f"{name} is both student and instructor; give each person two names for that"
        for name in sorted(set(self.courses) & {*seats, *self.instructors}):
            yield f"{name} is both a course and a person; rename one"
        for name in (*self.courses, *self.people) if self.platform == "tljh" else ():
            if len(self.account(name)) > _TLJH_ACCOUNT:
                most = _TLJH_ACCOUNT - len(_PREFIX["tljh"])
                yield f"{name} is too long for The Littlest JupyterHub: {most} characters at most"

    @property
    def students(self) -> dict[str, str]:
        """The course of each student."""
        return {name: key for key, course in self.courses.items() for name in course.students}

    @property
    def instructors(self) -> dict[str, list[str]]:
        """The courses of each instructor."""
        found: dict[str, list[str]] = {}
        for key, course in self.courses.items():
            for name in course.instructors:
                found.setdefault(name, []).append(key)
        return found

    def account(self, name: str) -> str:
        """The Unix account of a person or a course."""
        return _PREFIX[self.platform] + name

    @property
    def people(self) -> list[str]:
        """All who log in."""
        return sorted({*self.students, *self.instructors})


def class_of(course: str) -> str:
    """The Unix group of a course's students."""
    return course + _CLASS


def read_plan(directory: Path) -> Plan:
    """Read `hub.yml`.

    Raises:
        EcoleError: it is missing or faulty; each fault with its place and what to do.
    """
    path = directory / PLAN
    if not path.is_file():
        raise EcoleError(f"{path} is missing: `ecole hub {directory}` writes one to begin with")
    return read_course_file(path, Plan, _place)


def write_trial_plan(directory: Path, lang: Lang, students: int) -> Path:
    """Write a `hub.yml` to begin with, unless there is one.

    Args:
        students: how many invented ones.
    """
    path = directory / PLAN
    if not path.exists():
        instructor, student = _ROLES[lang]
        names = [f"{student}{number}" for number in range(1, students + 1)]
        text = _TRIAL[lang].format(instructors=instructor, students=", ".join(names))
        path.write_text(text, encoding="utf-8")
    return path


def _place(data: Any, location: Location) -> str:
    return dotted(location)
