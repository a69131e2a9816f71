"""The seven months (`course/syllabus.yml`): read, checked, compared with what is on disk."""

import datetime
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from autograder.authoring.course_files import (
    Location,
    Strict,
    Text,
    Words,
    all_faults,
    dotted,
    read_course_file,
)
from autograder.authoring.masters import REPOSITORY
from autograder.errors import EcoleError

WEEKS = range(1, 29)
MONTHS = range(1, 8)
_KEBAB = r"[a-z0-9]+(-[a-z0-9]+)*"

MonthFolder = Annotated[str, StringConstraints(pattern=rf"^m[1-7]-{_KEBAB}$")]
WeekFolder = Annotated[str, StringConstraints(pattern=rf"^w[0-3][0-9]-{_KEBAB}$")]
Slug = Annotated[str, StringConstraints(pattern=rf"^{_KEBAB}$")]


class Theme(Strict):
    """One of the three themes of the school."""

    id: Literal["T1", "T2", "T3"]
    title: Text


class Competency(Strict):
    """One competency of the certification."""

    id: Annotated[str, StringConstraints(pattern=r"^C[1-9][0-9]?$")]
    label: Text


class Certification(Strict):
    """The title that the competencies come from, and where their wording was found."""

    code: Words
    title: Text
    source: Text
    date: datetime.date
    competencies: list[Competency]


class Lesson(Strict):
    """One of a module's three lessons; `file` is named as soon as it is written."""

    slug: Slug
    title: Text
    file: Words | None = None


class Assignment(Strict):
    """A module's graded assignment, and what its hidden tests look for."""

    name: WeekFolder
    title: Text
    points: Literal[20]
    hidden_tests: Text


class Module(Strict):
    """One week of the course."""

    week: int
    folder: WeekFolder
    title: Text
    themes: list[str] = Field(min_length=1)
    hours: Literal[35]
    state: Literal["planned", "ready"]
    prerequisites: list[int]
    objectives: list[Text] = Field(min_length=2, max_length=4)
    lessons: list[Lesson] = Field(min_length=3, max_length=3)
    assignment: Assignment
    competencies: list[str] = Field(min_length=1)
    note: Text | None = None


class Month(Strict):
    """One month: its folder below `course/` and its modules."""

    month: int
    folder: MonthFolder
    title: Text
    modules: list[Module] = Field(min_length=1)


class Jury(Strict):
    """How the projects are judged."""

    demonstration_minutes: int = Field(gt=0)
    questions_minutes: int = Field(gt=0)
    rubric: Text


class Project(Strict):
    """The last two weeks."""

    weeks: tuple[Literal[29], Literal[30]]
    title: Text
    themes: list[str] = Field(min_length=1)
    hours: Literal[70]
    objectives: list[Text] = Field(min_length=2, max_length=4)
    jury: Jury


class Syllabus(Strict):
    """The whole course: seven months, then the project."""

    themes: list[Theme]
    certification: Certification
    months: list[Month]
    project: Project

    @property
    def modules(self) -> list[Module]:
        """Every module, in the order of the weeks."""
        return [module for month in self.months for module in month.modules]


def read_syllabus(root: Path | None = None) -> Syllabus:
    """Read `course/syllabus.yml` of a repository and check it, also against what is on disk.

    Args:
        root: the repository; ours by default.

    Raises:
        EcoleError: one line for each fault, with the file, the place and what to do.
    """
    root = root or REPOSITORY
    syllabus = parse_syllabus(root)
    faults = [str(fault) for fault in disk_faults(syllabus, root)]
    if faults:
        raise EcoleError(all_faults(syllabus_path(root), faults))
    return syllabus


def syllabus_path(root: Path) -> Path:
    """Where the syllabus of a repository lies."""
    return root / "course" / "syllabus.yml"


def parse_syllabus(root: Path) -> Syllabus:
    """Read the syllabus of a repository and check it for itself, whatever is on disk.

    Raises:
        EcoleError: one line for each fault, with the file, the place and what to do.
    """
    path = syllabus_path(root)
    syllabus = read_course_file(path, Syllabus, _place)
    checks = (_order(syllabus), _unique(syllabus), _references(syllabus), _verbs(syllabus))
    faults = list(chain(*checks))
    if faults:
        raise EcoleError(all_faults(path, faults))
    return syllabus


@dataclass(frozen=True)
class DiskFault:
    """Something that the syllabus and the disk do not say alike.

    Attributes:
        where: how a reader calls the place.
        location: the place in the syllabus's data; empty for what only the disk has.
    """

    where: str
    problem: str
    remedy: str
    location: Location = ()

    def __str__(self) -> str:
        return f"{self.where}: {self.problem}; {self.remedy}"


def disk_faults(syllabus: Syllabus, root: Path) -> Iterator[DiskFault]:
    """What the syllabus says and the disk has not, then what the disk has and it does not say."""
    yield from _on_disk(syllabus, root)
    yield from _unnamed(syllabus, root)


def lesson_file(number: int, lesson: Lesson) -> str:
    """The only name that the file of a module's nth lesson (from 1) may have."""
    return f"{number:02}-{lesson.slug}.md"


def assignment_master(root: Path, name: str) -> Path:
    """Where the master of an assignment lies."""
    return root / "assignments" / name / f"{name}.md"


def _place(data: Any, location: Location) -> str:
    """Call a location by its week where it lies in a module, by its month where in a month."""
    name = ""
    for key, word in (("months", "month"), ("modules", "week")):
        if len(location) < 2 or location[0] != key or not isinstance(location[1], int):
            break
        data = data[key][location[1]]
        stated = data.get(word) if isinstance(data, dict) else None
        name = f"{key}.{location[1] + 1}" if stated is None else f"{word} {stated}"
        location = location[2:]
    if not name:
        return dotted(location)
    return f"{name}, {dotted(location)}" if location else name


def _order(syllabus: Syllabus) -> Iterator[str]:
    months = [month.month for month in syllabus.months]
    if months != list(MONTHS):
        yield f"months: found {months}; months 1 to 7 come each once and in order"
    weeks = [module.week for module in syllabus.modules]
    for expected, found in zip(WEEKS, weeks, strict=False):
        if expected != found:
            yield f"week {found}: week {expected} is awaited here; weeks come each once, in order"
            break
    else:
        if len(weeks) != len(WEEKS):
            yield f"months: {len(weeks)} modules; weeks 1 to 28 have one each"
    for month in syllabus.months:
        if not month.folder.startswith(f"m{month.month}-"):
            yield f"month {month.month}, folder: {month.folder!r} must begin with m{month.month}-"
    for module in syllabus.modules:
        start = f"w{module.week:02}-"
        for field, name in (("folder", module.folder), ("assignment.name", module.assignment.name)):
            if not name.startswith(start):
                yield f"week {module.week}, {field}: {name!r} must begin with {start}"


def _unique(syllabus: Syllabus) -> Iterator[str]:
    modules = syllabus.modules
    competencies = [one.id for one in syllabus.certification.competencies]
    yield from _twice("themes", (theme.id for theme in syllabus.themes))
    yield from _twice("certification.competencies", competencies)
    yield from _twice("months, folder", (month.folder for month in syllabus.months))
    yield from _twice("modules, folder", (module.folder for module in modules))
    yield from _twice("modules, assignment.name", (module.assignment.name for module in modules))
    for module in modules:
        where = f"week {module.week}"
        yield from _twice(f"{where}, lessons", (lesson.slug for lesson in module.lessons))
        yield from _twice(f"{where}, themes", module.themes)
        yield from _twice(f"{where}, competencies", module.competencies)
        yield from _twice(f"{where}, prerequisites", map(str, module.prerequisites))


def _twice(where: str, names: Iterable[str]) -> Iterator[str]:
    for name, count in Counter(names).items():
        if count > 1:
            yield f"{where}: {name!r} is there {count} times; keep or rename all but one"


def _references(syllabus: Syllabus) -> Iterator[str]:
    themes = [theme.id for theme in syllabus.themes]
    competencies = [one.id for one in syllabus.certification.competencies]
    for module in syllabus.modules:
        where = f"week {module.week}"
        yield from _unknown(f"{where}, themes", module.themes, themes)
        yield from _unknown(f"{where}, competencies", module.competencies, competencies)
        for week in module.prerequisites:
            if not 1 <= week < module.week:
                yield f"{where}, prerequisites: {week} is no earlier week; name weeks before it"
    yield from _unknown("project, themes", syllabus.project.themes, themes)
    covered = {name for module in syllabus.modules for name in module.competencies}
    for name in competencies:
        if name not in covered:
            yield f"certification.competencies: no module covers {name}; name it where it is taught"


def _unknown(where: str, names: Sequence[str], known: Sequence[str]) -> Iterator[str]:
    for name in names:
        if name not in known:
            yield f"{where}: {name!r} is unknown; there is: {', '.join(known)}"


def _verbs(syllabus: Syllabus) -> Iterator[str]:
    places = [(f"week {module.week}", module.objectives) for module in syllabus.modules]
    for where, objectives in [*places, ("project", syllabus.project.objectives)]:
        for number, objective in enumerate(objectives, start=1):
            verb = objective.fr.split()[0]
            if not verb.endswith(("er", "ir", "re")):
                yield (
                    f"{where}, objectives.{number}.fr: {verb!r} is no infinitive; "
                    "begin with what the learner will be able to do"
                )


def _on_disk(syllabus: Syllabus, root: Path) -> Iterator[DiskFault]:
    """What the syllabus says is there, and is not."""
    for i, month in enumerate(syllabus.months):
        for j, module in enumerate(month.modules):
            location = ("months", i, "modules", j)
            folder = root / "course" / month.folder / module.folder
            yield from _lessons_on_disk(module, folder, location)
            if module.state == "ready":
                needed = [folder / "README.md", assignment_master(root, module.assignment.name)]
                for path in needed:
                    if not path.is_file():
                        yield DiskFault(
                            f"week {module.week}, state",
                            f"ready, but there is no {path.relative_to(root).as_posix()}",
                            "write it or say planned",
                            (*location, "state"),
                        )


def _lessons_on_disk(module: Module, folder: Path, location: Location) -> Iterator[DiskFault]:
    for number, lesson in enumerate(module.lessons, start=1):
        where = f"week {module.week}, lessons.{number}"
        place = (*location, "lessons", number - 1)
        expected = lesson_file(number, lesson)
        if lesson.file is None:
            if module.state == "ready":
                said = "the module is ready, but names no file"
                yield DiskFault(where, said, "add it or say planned", place)
        elif lesson.file != expected:
            said = f"{lesson.file!r} must be {expected!r}"
            remedy = "a file's name is its number and slug"
            yield DiskFault(f"{where}.file", said, remedy, (*place, "file"))
        elif not (folder / lesson.file).is_file():
            said = f"no {lesson.file} in {folder.name}"
            remedy = "write it or remove the line"
            yield DiskFault(f"{where}.file", said, remedy, (*place, "file"))


def _unnamed(syllabus: Syllabus, root: Path) -> Iterator[DiskFault]:
    """What is on disk, and the syllabus does not say."""
    named = {f"course/{month.folder}" for month in syllabus.months}
    for month in syllabus.months:
        for module in month.modules:
            folder = f"course/{month.folder}/{module.folder}"
            named |= {folder, f"assignments/{module.assignment.name}"}
            named |= {f"{folder}/{lesson.file}" for lesson in module.lessons if lesson.file}
    patterns = ("course/m[0-9]*", "course/*/w[0-9]*", "course/*/*/[0-9]*.md", "assignments/w[0-9]*")
    for path in sorted(chain(*(root.glob(pattern) for pattern in patterns))):
        relative = path.relative_to(root).as_posix()
        if relative not in named:
            said = "on disk, but not in the syllabus"
            yield DiskFault(relative, said, "name it there or remove it")
