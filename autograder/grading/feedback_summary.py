"""What a feedback page says at a glance: marks, questions, what failed, what still waits."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from nbformat import NotebookNode
from nbgrader.api import Gradebook
from nbgrader.preprocessors import NbGraderPreprocessor
from nbgrader.utils import is_grade, is_solution, is_task
from pydantic import BaseModel, ValidationError
from traitlets import Instance, Unicode

from autograder.grading.feedback_words import COUNTED, MONTHS, SIGNS, WORDS
from autograder.grading.marking import failure_message
from autograder.grading.results import Note, State
from autograder.typography import typeset

Verdict = Literal["right", "partly", "wrong", "unanswered", "waiting"]

NO_RESPONSE = "No response."
"""nbgrader's own comment on an answer that was left as it was handed out."""

_HEADING = re.compile(r" {0,3}(#{1,6})\s+(.*?)\s*#*\s*$")
_POINTS = re.compile(r"\s*\([^()]*\bpoints?\b[^()]*\)$")
_MESSAGE_CHARACTERS = 300
# for the grader's eyes: the reason may quote the machine
_NOT_SHOWN = frozenset(("failed",))


@dataclass
class Mark:
    """One graded cell. `points` is None where nobody and nothing has given any yet.

    `place` is the cell's number in the notebook, from 0; `by_hand` is True where no test marks
    it; `revised` where a person changed what the tests gave.
    """

    place: int
    grade_id: str
    points: float | None
    max_points: float
    verdict: Verdict
    by_hand: bool = False
    revised: bool = False
    extra: float = 0.0
    message: str = ""


@dataclass
class Share:
    """Points of some cells together, and those that wait for a marker."""

    points: float = 0.0
    max_points: float = 0.0
    waiting: float = 0.0

    def add(self, mark: Mark) -> None:
        """Count one more cell."""
        self.points += mark.points or 0.0
        self.max_points += mark.max_points
        self.waiting += mark.max_points if mark.points is None else 0.0


@dataclass
class Question:
    """What one heading announces: its graded cells, and what they are worth together."""

    title: str
    marks: list[Mark] = field(default_factory=list)

    @property
    def share(self) -> Share:
        """Its points."""
        share = Share()
        for mark in self.marks:
            share.add(mark)
        return share

    @property
    def verdict(self) -> Verdict:
        """The verdict of its cells; mixed ones make it partly right."""
        verdicts = {mark.verdict for mark in self.marks}
        if len(verdicts) == 1:
            return verdicts.pop()
        if verdicts == {"right", "waiting"}:
            return "waiting"
        if verdicts == {"wrong", "unanswered"}:
            return "wrong"
        return "partly"

    @property
    def place(self) -> int:
        """Where to look first: the first cell that is not right."""
        wanting = [mark.place for mark in self.marks if mark.verdict != "right"]
        return wanting[0] if wanting else self.marks[0].place

    @property
    def messages(self) -> list[str]:
        """What failed, each message once."""
        return list(dict.fromkeys(mark.message for mark in self.marks if mark.message))


@dataclass
class Summary:
    """All that the page says beside the notebook itself, in one language."""

    lang: str
    assignment: str
    notebook: str
    student: str
    title: str
    questions: list[Question]
    by_tests: Share
    by_hand: Share
    total: Share
    late_penalty: float = 0.0
    whole: Share | None = None
    submitted: datetime | None = None
    state: State | None = None
    notes: list[str] = field(default_factory=list)

    @property
    def words(self) -> dict[str, str]:
        """What the page says, by name."""
        return {name: typeset(text, self.lang) for name, text in WORDS[self.lang].items()}

    @property
    def marks(self) -> dict[int, Mark]:
        """The graded cells by their place in the notebook."""
        return {mark.place: mark for question in self.questions for mark in question.marks}

    @property
    def opening(self) -> str:
        """One sentence: what is right, then what is left to do."""
        verdicts: list[str] = [question.verdict for question in self.questions]
        found = set(verdicts)
        if self.state in ("timeout", "killed"):
            return self.words["opening_stopped"]
        if found == {"right"}:
            return self.words["opening_right"]
        if found == {"right", "waiting"}:
            return self.words["opening_so_far"]
        if "unanswered" in found and found <= {"unanswered", "waiting"}:
            return self.words["opening_empty"]
        parts = [
            f"{number} {words[number > 1]}"
            for verdict, words in COUNTED[self.lang].items()
            if (number := verdicts.count(verdict))
        ]
        of = self.words["several_questions" if len(verdicts) > 1 else "one_question"]
        total = of.format(number=len(verdicts))
        return self.words["opening_counts"].format(number=total, parts=", ".join(parts))

    def sign(self, verdict: Verdict) -> str:
        """The sign that stands before the word of a verdict."""
        return SIGNS[verdict]

    def number(self, value: float) -> str:
        """Points as the language writes them, two decimals at most."""
        text = f"{round(value, 2):g}"
        return text.replace(".", ",") if self.lang == "fr" else text

    def points(self, share: Share) -> str:
        """Points out of the maximum."""
        return f"{self.number(share.points)} / {self.number(share.max_points)}"

    def unit(self, value: float) -> str:
        """A number of points with its unit."""
        plural = value >= 2 if self.lang == "fr" else value != 1
        return f"{self.number(value)}\u00a0{self.words['points' if plural else 'point']}"

    def date(self, moment: datetime) -> str:
        """A date and time of UTC, in words."""
        month = MONTHS[self.lang].split()[moment.month - 1]
        return self.words["date"].format(
            day=moment.day, month=month, year=moment.year, time=f"{moment:%H:%M}"
        )


class _Signed(BaseModel):
    """What grading left in the notebook's metadata (`ecole.submission`)."""

    state: State
    notes: list[Note] = []


class Summarise(NbGraderPreprocessor):
    """Put what the gradebook and the notebook say into `resources["feedback"]`, a `Summary`.

    It changes no cell; it comes after nbgrader's `GetGrades`, whose comments it reads.
    """

    lang = Unicode("en", help="Language of the page, `fr` or `en`.").tag(config=True)
    gradebook = Instance(Gradebook, help="The open gradebook of the course.")

    def preprocess(
        self, nb: NotebookNode, resources: dict[str, Any]
    ) -> tuple[NotebookNode, dict[str, Any]]:
        """Read the marks of one submitted notebook."""
        about = resources["nbgrader"]
        row = self.gradebook.find_submission_notebook(
            about["notebook"], about["assignment"], about["student"]
        )
        grades = {grade.name: grade for grade in row.grades}
        marks = [
            _mark(place, cell, grades[cell.metadata.nbgrader.grade_id], self.lang)
            for place, cell in enumerate(nb.cells)
            if _is_marked(cell) and cell.metadata.nbgrader.grade_id in grades
        ]
        summary = Summary(
            lang=self.lang,
            assignment=about["assignment"],
            notebook=about["notebook"],
            student=about["student"],
            title=_title(nb) or about["assignment"],
            questions=_questions(nb, marks),
            by_tests=_share(mark for mark in marks if not mark.by_hand),
            by_hand=_share(mark for mark in marks if mark.by_hand),
            total=_share(marks),
            late_penalty=about.get("late_penalty", 0.0),
            whole=_whole(row.assignment),
            submitted=row.assignment.timestamp,
        )
        summary.total.points -= summary.late_penalty
        _read_signature(nb, summary)
        resources["feedback"] = summary
        return nb, resources


def _is_marked(cell: NotebookNode) -> bool:
    return bool(is_grade(cell) or is_task(cell))


def _share(marks: Any) -> Share:
    share = Share()
    for mark in marks:
        share.add(mark)
    return share


def _mark(place: int, cell: NotebookNode, grade: Any, lang: str) -> Mark:
    by_hand = cell.cell_type != "code" or is_solution(cell) or is_task(cell)
    given = grade.auto_score if grade.manual_score is None else grade.manual_score
    extra = grade.extra_credit or 0.0
    mark = Mark(
        place=place,
        grade_id=grade.name,
        points=None if given is None else given + extra,
        max_points=grade.max_score,
        verdict="waiting",
        by_hand=by_hand,
        revised=not by_hand and grade.manual_score is not None,
        extra=extra,
    )
    if given is not None and not grade.needs_manual_grade:
        mark.verdict = _verdict(given, grade.max_score)
        if not given and cell.metadata.nbgrader.get("comment") == NO_RESPONSE:
            mark.verdict = "unanswered"
    if not by_hand and mark.verdict != "right":
        mark.message = _message(cell, lang)
    return mark


def _verdict(points: float, max_points: float) -> Verdict:
    if points >= max_points:
        return "right"
    return "partly" if points > 0 else "wrong"


def _message(cell: NotebookNode, lang: str) -> str:
    """The first line of what failed in a test."""
    state = _dict(_dict(cell.metadata.get("ecole")).get("execution")).get("state")
    if state in ("timeout", "killed", "not-run"):
        return WORDS[lang][f"cell_{state}"]
    message = (failure_message(cell) or "").strip()
    first = typeset(message.splitlines()[0] if message else "", lang)
    return first if len(first) <= _MESSAGE_CHARACTERS else first[:_MESSAGE_CHARACTERS] + "…"


def _dict(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _questions(nb: NotebookNode, marks: list[Mark]) -> list[Question]:
    """The graded cells by heading; each by itself where headings do not tell them apart.

    As in our own masters, headings of levels 1 and 2 make questions; where all the graded cells
    stand below one of these, the next level is looked at.
    """
    _say_unanswered(nb, marks)
    for depth in range(2, 7):
        titles = _titles(nb, depth)
        if len({titles[mark.place] for mark in marks}) > 1:
            break
    else:
        if len(marks) != 1:
            return [Question("", [mark]) for mark in marks]
    found: dict[tuple[int, str], Question] = {}
    for mark in marks:
        place, title = titles[mark.place]
        key = (place, title) if title else (-1 - mark.place, "")
        found.setdefault(key, Question(_POINTS.sub("", title))).marks.append(mark)
    return list(found.values())


def _say_unanswered(nb: NotebookNode, marks: list[Mark]) -> None:
    """Tests of an answer that was left as handed out did not fail: nothing was there to test."""
    by_place = {mark.place: mark for mark in marks}
    answered = True
    for place, cell in enumerate(nb.cells):
        if is_solution(cell) and cell.cell_type == "code":
            answered = cell.metadata.nbgrader.get("comment") != NO_RESPONSE
        mark = by_place.get(place)
        if mark and not mark.by_hand and mark.verdict == "wrong" and not answered:
            mark.verdict, mark.message = "unanswered", ""


def _titles(nb: NotebookNode, depth: int) -> list[tuple[int, str]]:
    """For each cell, the heading of at most this level that it stands below: its number, text."""
    titles, number, title = [], -1, ""
    for cell in nb.cells:
        for level, text in _headings(cell):
            if level <= depth:
                number, title = number + 1, text
        titles.append((number, title))
    return titles


def _title(nb: NotebookNode) -> str:
    """The notebook's own title: its first heading, where that is of level 1."""
    first = next((found for cell in nb.cells for found in _headings(cell)), (0, ""))
    return first[1] if first[0] == 1 else ""


def _headings(cell: NotebookNode) -> Iterator[tuple[int, str]]:
    """Levels and texts of the headings of a text cell that is no answer."""
    if cell.cell_type != "markdown" or is_solution(cell):
        return
    fenced = False
    for line in cell.source.splitlines():
        fenced ^= line.lstrip().startswith(("```", "~~~"))
        heading = None if fenced else _HEADING.match(line)
        if heading:
            yield len(heading[1]), heading[2]


def _whole(submission: Any) -> Share | None:
    """The marks of the whole assignment, where it has several notebooks."""
    if len(submission.notebooks) < 2:
        return None
    share = Share()
    for notebook in submission.notebooks:
        share.points -= notebook.late_submission_penalty or 0.0
        for grade in notebook.grades:
            share.points += grade.score
            share.max_points += grade.max_score
            waits = grade.auto_score is None and grade.manual_score is None
            share.waiting += grade.max_score if waits else 0.0
    return share


def _read_signature(nb: NotebookNode, summary: Summary) -> None:
    """Take over the state and the notes of `ecole grade`; another grader leaves none."""
    try:
        signed = _Signed.model_validate(_dict(nb.metadata.get("ecole")).get("submission"))
        notes = [note.text(summary.lang) for note in signed.notes if note.code not in _NOT_SHOWN]
    except (ValidationError, LookupError, ValueError):
        return
    summary.state, summary.notes = signed.state, notes
