"""One's progress: every trial of an assignment, and the exercises done in the lessons."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, Field, StringConstraints, ValidationError

from autograder.authoring.syllabus import Module, Month, Syllabus
from autograder.grading.results import State
from autograder.learning.outline import Exercises, exercises, minutes, read_notebook_json
from autograder.learning.words import say
from autograder.learning.workspace import Workspace

FILE = ".ecole/progress.json"
KEPT_TRIALS = 50
"""Trials kept of one assignment: the best one, and the last ones."""

_FILE_BYTES = 20_000_000
_LESSON_BYTES = 50_000_000
_ALMOST = 1e-9

Short = Annotated[str, StringConstraints(max_length=300)]
Points = Annotated[float, Field(ge=0, le=1000, allow_inf_nan=False)]


class QuestionMark(BaseModel):
    """What tests gave for one question; questions marked by hand alone are not here."""

    title: Short
    points: Points
    max_points: Points
    competencies: Annotated[list[Short], Field(max_length=30)] = []


class TrialRecord(BaseModel):
    """One trial: `score` is None in the states without a mark; `version` is the assignment's."""

    assignment: Short
    date: AwareDatetime
    state: State
    score: Points | None
    max_score: Points
    version: Short
    questions: Annotated[list[QuestionMark], Field(max_length=100)] = []

    @property
    def share(self) -> float:
        """The share of the points that tests can give."""
        return (self.score or 0.0) / self.max_score if self.max_score else 0.0


class Progress(BaseModel):
    """All trials, in their order."""

    version: Literal[1] = 1
    trials: Annotated[list[TrialRecord], Field(max_length=10_000)] = []

    def of(self, assignment: str) -> list[TrialRecord]:
        """The trials of one assignment that got a mark, in their order."""
        return [
            trial
            for trial in self.trials
            if trial.assignment == assignment and trial.score is not None
        ]

    def best(self, assignment: str) -> TrialRecord | None:
        """The trial of the greatest share of points; the latest of equal ones."""
        return max(self.of(assignment), key=lambda trial: (trial.share, trial.date), default=None)

    def last(self, assignment: str) -> TrialRecord | None:
        """The latest trial."""
        return max(self.of(assignment), key=lambda trial: trial.date, default=None)

    def by_competency(self) -> dict[str, tuple[float, float]]:
        """Points obtained and obtainable at the questions that name each competency.

        Each assignment counts by its best trial.
        """
        sums: dict[str, list[float]] = defaultdict(lambda: [0.0, 0.0])
        for name in sorted({trial.assignment for trial in self.trials}):
            best = self.best(name)
            for question in best.questions if best else ():
                for competency in question.competencies:
                    sums[competency][0] += question.points
                    sums[competency][1] += question.max_points
        return {name: (got, most) for name, (got, most) in sums.items() if most}

    def with_trial(self, trial: TrialRecord) -> "Progress":
        """These and one more; of an assignment tried very often, the oldest go."""
        progress = Progress(trials=[*self.trials, trial])
        mine = [each for each in progress.trials if each.assignment == trial.assignment]
        excess = max(0, len(mine) - KEPT_TRIALS)
        best = progress.best(trial.assignment)
        dropped = [each for each in mine if each is not best][:excess]
        kept = [each for each in progress.trials if not any(each is one for one in dropped)]
        return Progress(trials=kept)


def read_progress(workspace: Workspace) -> tuple[Progress, list[str]]:
    """The progress kept in a workspace, and what there is to say of it.

    A file that cannot be read is put aside under another name, never erased.
    """
    try:
        data = workspace.read(FILE, _FILE_BYTES)
        return (Progress() if data is None else Progress.model_validate_json(data)), []
    except (ValidationError, ValueError):
        return Progress(), [_put_aside(workspace)]


def add_trial(workspace: Workspace, trial: TrialRecord) -> list[str]:
    """Keep one more trial, whole or not at all; what there is to say of the file comes back."""
    with workspace.lock():
        progress, notes = read_progress(workspace)
        text = progress.with_trial(trial).model_dump_json(indent=1)
        workspace.put(FILE, text.encode())
    return notes


def _put_aside(workspace: Workspace) -> str:
    path = workspace.root / FILE
    aside = path.with_name(f"progress.{datetime.now(UTC):%Y%m%d-%H%M%S-%f}.unreadable")
    path.rename(aside)
    where = aside.relative_to(workspace.root)
    return say(
        workspace.lang,
        fr=f"le fichier de votre progression était illisible : il est mis de côté sous {where}, "
        "et un nouveau commence ; vos notebooks ne sont pas touchés",
        en=f"the file of your progress could not be read: it was put aside as {where}, and a new "
        "one begins; your notebooks are untouched",
    )


# ------------------------------------------------------------- by week, with the lessons

WeekState = Literal["to-come", "ready", "begun", "complete"]


@dataclass(frozen=True)
class LessonProgress:
    """A lesson of the syllabus: its file where it was delivered, and what the learner did."""

    title: str
    file: str | None = None
    minutes: int | None = None
    exercises: Exercises = field(default_factory=lambda: Exercises(0, 0))

    @property
    def complete(self) -> bool:
        """Are all its exercises done?"""
        return self.exercises.total > 0 and self.exercises.done == self.exercises.total


@dataclass(frozen=True)
class WeekProgress:
    """A week of the syllabus, with the best and the last mark of its assignment."""

    month: Month
    module: Module
    lessons: tuple[LessonProgress, ...]
    assignment: str | None
    best: TrialRecord | None = None
    last: TrialRecord | None = None

    @property
    def parts(self) -> list[float]:
        """The share done of each lesson with exercises, and of the assignment."""
        counted = [lesson.exercises for lesson in self.lessons if lesson.exercises.total]
        shares = [each.done / each.total for each in counted]
        return shares + ([self.best.share if self.best else 0.0] if self.assignment else [])

    @property
    def share(self) -> float:
        """The mean of its parts, 0 to 1."""
        return sum(self.parts) / len(self.parts) if self.parts else 0.0

    @property
    def state(self) -> WeekState:
        """To come, ready to begin, begun, or complete (every exercise, every point of tests)."""
        if self.assignment is None and not any(lesson.file for lesson in self.lessons):
            return "to-come"
        if self.parts and min(self.parts) > 1 - _ALMOST:
            return "complete"
        return "begun" if self.share > 0 or self.best else "ready"


@dataclass
class Survey:
    """Where the learner stands: weeks, points by competency, and remarks on unreadable files."""

    weeks: list[WeekProgress]
    competencies: dict[str, tuple[float, float]]
    notes: list[str] = field(default_factory=list)


def survey(workspace: Workspace, syllabus: Syllabus) -> Survey:
    """Read the learner's progress and saved lessons; nothing is executed."""
    with workspace.lock():
        progress, notes = read_progress(workspace)
    weeks = []
    for month in syllabus.months:
        for module in month.modules:
            name = module.assignment.name
            lessons = tuple(_lessons(workspace, month, module, notes))
            there = (workspace.root / assignment_notebook(name)).is_file()
            weeks.append(
                WeekProgress(
                    month,
                    module,
                    lessons,
                    name if there else None,
                    progress.best(name),
                    progress.last(name),
                )
            )
    return Survey(weeks, progress.by_competency(), notes)


def assignment_notebook(name: str) -> str:
    """Where the notebook of an assignment lies in a workspace."""
    return f"assignments/{name}/{name}.ipynb"


def _lessons(
    workspace: Workspace, month: Month, module: Module, notes: list[str]
) -> list[LessonProgress]:
    found = []
    for lesson in module.lessons:
        title = lesson.title.of(workspace.lang)
        name = Path(lesson.file or "").with_suffix(".ipynb").name if lesson.file else ""
        place = f"course/{month.folder}/{module.folder}/{name}"
        if not name or not (workspace.root / place).is_file():
            found.append(LessonProgress(title))
            continue
        try:
            notebook = read_notebook_json(workspace.read(place, _LESSON_BYTES) or b"")
            found.append(LessonProgress(title, place, minutes(notebook), exercises(notebook)))
        except ValueError as error:
            found.append(LessonProgress(title, place))
            notes.append(_unreadable(place, str(error), workspace))
    return found


def _unreadable(place: str, reason: str, workspace: Workspace) -> str:
    return say(
        workspace.lang,
        fr=f"{place} ne se lit pas ({reason[:80]}) : ses exercices ne sont pas comptés. Pour le "
        "reprendre à neuf, renommez-le puis relancez `ecole learn`",
        en=f"{place} cannot be read ({reason[:80]}): its exercises are not counted. To start it "
        "afresh, rename it, then run `ecole learn` again",
    )
