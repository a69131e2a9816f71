"""The pages of the course: which there are, what they are called, what is ready."""

from dataclasses import dataclass
from pathlib import Path

from autograder.authoring.course_files import Text
from autograder.authoring.syllabus import (
    Module,
    Month,
    Syllabus,
    assignment_master,
    read_syllabus,
)


@dataclass(frozen=True)
class Part:
    """A lesson or the assignment of a week; `page` is None while it is planned."""

    title: Text
    page: str | None


@dataclass(frozen=True)
class Week:
    """A module, its page, and the pages of its parts.

    Attributes:
        page: name of its page, without suffix, the same in both languages.
        readme: its plan in both languages, where there is one.
    """

    month: Month
    module: Module
    page: str
    lessons: tuple[Part, ...]
    assignment: Part
    readme: Path | None

    @property
    def lessons_ready(self) -> int:
        """How many of its lessons are written."""
        return sum(lesson.page is not None for lesson in self.lessons)

    @property
    def state(self) -> str:
        """`ready`, `begun` or `planned`."""
        if self.module.state == "ready":
            return "ready"
        return "begun" if self.lessons_ready or self.assignment.page else "planned"


@dataclass(frozen=True)
class Outline:
    """The course as the site shows it."""

    root: Path
    syllabus: Syllabus
    weeks: tuple[Week, ...]

    def week(self, number: int) -> Week:
        """The week of that number, from 1."""
        return self.weeks[number - 1]

    def of_month(self, month: Month) -> list[Week]:
        """The weeks of a month."""
        return [week for week in self.weeks if week.month is month]

    def pages(self) -> dict[str, str]:
        """The page of each file or folder of the repository that has one, by relative path."""
        found = {
            "course": "index",
            "course/syllabus.yml": "index",
            "course/glossary.yml": "glossary",
            "datasets/cards": "data/index",
            "LICENSE": "about",
            "LICENSE-CONTENT": "about",
        }
        for week in self.weeks:
            folder = f"course/{week.page.removesuffix('/index')}"
            found |= {folder: week.page, f"{folder}/README.md": week.page}
            for part in week.lessons:
                if part.page:
                    found[f"course/{part.page}.md"] = part.page
            if page := week.assignment.page:
                name = week.module.assignment.name
                found |= {f"assignments/{name}": page, f"assignments/{name}/{name}.md": page}
        return found


def read_outline(root: Path) -> Outline:
    """Read the syllabus of a repository as pages.

    Raises:
        EcoleError: see `read_syllabus`.
    """
    syllabus = read_syllabus(root)
    weeks = [_week(root, month, module) for month in syllabus.months for module in month.modules]
    return Outline(root, syllabus, tuple(weeks))


def _week(root: Path, month: Month, module: Module) -> Week:
    folder = f"{month.folder}/{module.folder}"
    lessons = [
        Part(lesson.title, f"{folder}/{Path(lesson.file).stem}" if lesson.file else None)
        for lesson in module.lessons
    ]
    name = module.assignment.name
    written = assignment_master(root, name).is_file()
    readme = root / "course" / folder / "README.md"
    return Week(
        month,
        module,
        f"{folder}/index",
        tuple(lessons),
        Part(module.assignment.title, f"assignments/{name}" if written else None),
        readme if readme.is_file() else None,
    )
