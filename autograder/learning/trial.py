"""Try an assignment: the learner's notebook graded as a class's, with the same hidden tests."""

import re
import tempfile
from dataclasses import dataclass, field
from datetime import UTC, datetime
from html import escape
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from autograder.authoring.cohort import cohort
from autograder.authoring.masters import Master, assignment, assignments
from autograder.authoring.translation import Lang
from autograder.errors import EcoleError
from autograder.grading import State, feedback, grade, open_course, release
from autograder.grading.course import Cohort, Course
from autograder.grading.results import EXECUTED, MARKED, CellResult, Note
from autograder.grading.submission import Unreadable, read_files, read_notebook
from autograder.learning.outline import QuestionOutline, outline
from autograder.learning.progress import (
    QuestionMark,
    TrialRecord,
    add_trial,
    assignment_notebook,
)
from autograder.learning.welcome import write_welcome
from autograder.learning.words import counted, moment, number, say
from autograder.learning.workspace import Workspace, find_workspace, is_workspace, mendable

# the feedback page says by whom the notebook was submitted
_STUDENT = {"fr": "vous", "en": "you"}
_WEEK = re.compile(r"w?(\d{1,2})", re.IGNORECASE)
_MESSAGE_CHARACTERS = 400


@dataclass(frozen=True)
class QuestionResult:
    """What became of one question.

    Attributes:
        points: what tests gave; None where they could not, or where a person marks it all.
        max_points: what tests can give.
        by_hand: points that a person marks.
        message: what the first failing test says; empty when none failed.
    """

    title: str
    competencies: tuple[str, ...]
    points: float | None
    max_points: float
    by_hand: float
    message: str = ""

    @property
    def complete(self) -> bool:
        """Did tests give all that they can?"""
        return bool(self.max_points) and self.points == self.max_points


@dataclass(frozen=True)
class Trial:
    """One trial of an assignment; in a notebook it shows itself as a table.

    Attributes:
        saved: when the notebook that was graded had been saved; None where there is none.
        score: points given by tests; None in the states without a mark.
        page: the feedback page, where one could be written.
        engine: what executed; empty where nothing was.
        sealed: hidden tests ran out of the reach of the learner's code.
        sandbox: how the learner's code was confined; empty outside the examiner.
        outdated: the notebook was handed out before the assignment was last changed.
    """

    assignment: str
    lang: Lang
    root: Path
    state: State
    score: float | None
    max_score: float
    questions: tuple[QuestionResult, ...]
    saved: datetime | None = None
    page: Path | None = None
    engine: str = ""
    sealed: bool = True
    sandbox: str = ""
    outdated: bool = False
    best: TrialRecord | None = None
    remarks: list[str] = field(default_factory=list)

    @property
    def headline(self) -> str:
        """Which version was graded."""
        if self.saved is None:
            return self.assignment
        when = moment(self.saved, self.lang)
        said = say(self.lang, fr="la version enregistrée à {}", en="the version saved at {}")
        if " " in when:
            said = say(self.lang, fr="la version enregistrée le {}", en="the version saved on {}")
        return f"{self.assignment} · {said.format(when)}"

    @property
    def total(self) -> str:
        """The sum that tests gave, or that there is none."""
        if self.score is None:
            return say(self.lang, fr="Pas de note.", en="No mark.")
        mark = f"{number(self.score, self.lang)}/{number(self.max_score, self.lang)}"
        return say(self.lang, fr=f"Total par les tests : {mark}", en=f"Total by tests: {mark}")

    @property
    def lines(self) -> list[str]:
        """What there is to say below the table, most useful first; one line each."""
        lines = [*self._what_to_do(), *self._by_hand(), *self.remarks]
        if self.outdated:
            lines.append(_OUTDATED[self.lang])
        lines.append(self._confinement())
        if self.page:
            where = self.page.relative_to(self.root)
            lines.append(
                say(self.lang, fr=f"Page de correction : {where}", en=f"Feedback page: {where}")
            )
        return lines

    def _what_to_do(self) -> list[str]:
        advice = _ADVICE.get(self.state)
        return [advice[self.lang]] if advice else []

    def _by_hand(self) -> list[str]:
        points = sum(question.by_hand for question in self.questions)
        if not points:
            return []
        worth = counted(int(points), "point", "points") if points == int(points) else f"{points:g}"
        return [
            say(
                self.lang,
                fr=f"{worth} se notent à la main : la grille est dans l'énoncé, comparez-y votre "
                "réponse.",
                en=f"{worth} marked by hand: the rubric is in the statement, compare your answer "
                "with it.",
            )
        ]

    def _confinement(self) -> str:
        if not self.engine:
            return say(self.lang, fr="Rien n'a été exécuté.", en="Nothing was executed.")
        if self.engine != "examiner":
            return _UNSEALED[self.lang]
        if self.sandbox == "none":
            return _UNCONFINED[self.lang]
        if not self.sealed:
            return say(
                self.lang,
                fr=f"Votre code a tourné dans un bac à sable ({self.sandbox}) ; ATTENTION, des "
                "tests cachés ont dû y tourner aussi.",
                en=f"Your code ran in a sandbox ({self.sandbox}); NOTE, some hidden tests had to "
                "run in it too.",
            )
        return say(
            self.lang,
            fr=f"Votre code a tourné dans un bac à sable ({self.sandbox}), à part des tests "
            "cachés.",
            en=f"Your code ran in a sandbox ({self.sandbox}), apart from the hidden tests.",
        )

    def mark_of(self, question: QuestionResult) -> str:
        """A question's points as they are shown, `1,5/2`."""
        if not question.max_points:
            hand = number(question.by_hand, self.lang)
            return say(self.lang, fr=f"à la main /{hand}", en=f"by hand /{hand}")
        got = "—" if question.points is None else number(question.points, self.lang)
        return f"{got}/{number(question.max_points, self.lang)}"

    def _repr_html_(self) -> str:
        """A table of plain text: every word is escaped."""
        headings = say(self.lang, fr="question,points,à revoir", en="question,points,to mend")
        head = "".join(f'<th style="text-align:left">{each}</th>' for each in headings.split(","))
        cell = '<td style="text-align:left;vertical-align:top">{}</td>'
        rows = "".join(
            "<tr>"
            + cell.format(escape(question.title))
            + cell.format(escape(f"{'✓ ' if question.complete else ''}{self.mark_of(question)}"))
            + cell.format(escape(question.message).replace("\n", "<br>"))
            + "</tr>"
            for question in self.questions
        )
        said = "".join(f"<li>{escape(line)}</li>" for line in self.lines)
        return (
            f"<p>{escape(self.headline)}</p>"
            f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
            f"<p><strong>{escape(self.total)}</strong></p><ul>{said}</ul>"
        )


def try_assignment(
    name: str | Path, workspace: Workspace | Path | str | None = None, *, engine: str | None = None
) -> Trial:
    """Grade the learner's saved notebook with the hidden tests, in the class's own sandbox.

    A course directory with a fresh exam secret is made in a private temporary folder and
    erased; the feedback page, the progress and the welcome page are all that stays.

    Args:
        name: the assignment's name, its week (`w02`), or the path of its notebook.
        workspace: where the notebook lies; by default the workspace that one stands in.
        engine: what executes; by default the sealed examiner on Linux, `jupyter` elsewhere.

    Raises:
        EcoleError: no such assignment or workspace, or this machine cannot execute it.
    """
    if not isinstance(workspace, Workspace):
        workspace = find_workspace(workspace or _workspace_of(name))
    master = _named(name, workspace)
    with mendable(workspace.root, workspace.lang):
        trial = _graded(master, workspace, engine)
        if trial.state != "missing":
            record = _record(trial, master, workspace.lang)
            trial.remarks.extend(add_trial(workspace, record))
        trial.remarks.extend(write_welcome(workspace))
    return trial


# -------------------------------------------------------------------------- which one


def _workspace_of(name: str | Path) -> Path | None:
    """The workspace that a notebook's path lies in."""
    path = Path(name).expanduser()
    if path.suffix != ".ipynb":
        return None
    return next((root for root in path.resolve().parents if is_workspace(root)), None)


def _named(name: str | Path, workspace: Workspace) -> Master:
    path = Path(name).expanduser()
    if path.suffix == ".ipynb":
        return _at_path(path, workspace)
    week = _WEEK.fullmatch(str(name))
    if week:
        start = f"w{int(week[1]):02}-"
        for master in assignments():
            if master.name.startswith(start):
                return master
    known = [master.name for master in assignments()]
    if str(name) not in known:
        raise EcoleError(
            say(
                workspace.lang,
                fr=f"pas de devoir {str(name)!r} ; il y a : {', '.join(known)} (ou leur semaine, "
                f"`ecole try {known[0].partition('-')[0]}`)",
                en=f"no assignment {str(name)!r}; there is: {', '.join(known)} (or their week, "
                f"`ecole try {known[0].partition('-')[0]}`)",
            )
        )
    return assignment(str(name))


def _at_path(path: Path, workspace: Workspace) -> Master:
    """The assignment of a notebook given by its path: the file that is graded, no other."""
    for master in assignments():
        if path.resolve() == workspace.root / assignment_notebook(master.name):
            return master
    raise EcoleError(
        say(
            workspace.lang,
            fr=f"{path} n'est pas le notebook d'un devoir de {workspace.root} : ce qui est corrigé "
            "se trouve dans assignments/NOM/NOM.ipynb",
            en=f"{path} is not an assignment's notebook of {workspace.root}: what is graded lies "
            "in assignments/NAME/NAME.ipynb",
        )
    )


# ---------------------------------------------------------------------------- grading


def _graded(master: Master, workspace: Workspace, engine: str | None) -> Trial:
    path = workspace.root / assignment_notebook(master.name)
    questions = outline(master, workspace.lang)
    try:
        if not path.parent.resolve().is_relative_to(workspace.root):
            raise Unreadable(path.parent, "link")
        saved = _saved_at(path)
        notebook = read_notebook(path, Cohort().submission_bytes)
    except (FileNotFoundError, NotADirectoryError):
        return _without_marks(master, workspace, "missing", None, [])
    except Unreadable as error:
        return _without_marks(master, workspace, "unreadable", _saved_at(path), [error.note])
    built = master.build(workspace.lang)
    said = notebook.metadata.get("ecole")
    outdated = isinstance(said, dict) and said.get("digest") != built.metadata["ecole"]["digest"]
    with tempfile.TemporaryDirectory(prefix="ecole-try-", ignore_cleanup_errors=True) as name:
        course = open_course(cohort(Path(name, "course"), workspace.lang, [master]))
        release(course, master.name)
        left_out = _hand_in(notebook, path, course, master.name)
        batch = grade(
            course, master.name, engine=engine, workers=1, students=[_STUDENT[workspace.lang]]
        )
        result = batch.submissions[0]
        page, failed = _page(course, master.name, workspace)
    executed = [cell for cell in result.cells if not cell.manual and cell.state in EXECUTED]
    return Trial(
        assignment=master.name,
        lang=workspace.lang,
        root=workspace.root,
        state=result.state,
        score=result.score,
        max_score=result.max_score,
        questions=_questions(questions, result.cells, workspace.lang),
        saved=saved,
        page=page,
        engine=batch.engine,
        sealed=batch.engine == "examiner" and all(cell.sealed for cell in executed),
        sandbox=result.sandbox,
        outdated=outdated,
        remarks=[note.text(workspace.lang) for note in [*left_out, *result.notes]] + failed,
    )


def _saved_at(path: Path) -> datetime:
    """When a file was last written."""
    return datetime.fromtimestamp(path.lstat().st_mtime, UTC)


def _hand_in(notebook: NotebookNode, path: Path, course: Course, name: str) -> list[Note]:
    """Put the learner's work where a submission belongs, within the batch's own limits."""
    folder = course.step("submitted", _STUDENT[course.cohort.lang], name)
    folder.mkdir(parents=True)
    nbformat.write(notebook, folder / path.name)
    files = read_files(path.parent, course.coursedir.ignore, course.cohort.submission_bytes)
    for relative, data in files.kept.items():
        place = folder / relative
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)
    return files.notes


def _page(course: Course, name: str, workspace: Workspace) -> tuple[Path | None, list[str]]:
    """Write the feedback page into the workspace; why there is none, where that went wrong."""
    if not course.step("autograded", _STUDENT[workspace.lang], name).is_dir():
        return None, []
    try:
        pages = feedback(course, name)
    except EcoleError as error:  # the marks are worth having without it
        return None, [str(error)]
    return workspace.put(f"feedback/{name}.html", pages[0].read_bytes()), []


def _questions(
    outlines: list[QuestionOutline], cells: list[CellResult], lang: Lang
) -> tuple[QuestionResult, ...]:
    by_id = {cell.grade_id: cell for cell in cells}
    found = []
    for each in outlines:
        mine = [by_id[grade_id] for grade_id in each.grade_ids if grade_id in by_id]
        tests = [cell for cell in mine if not cell.manual]
        points = [cell.points for cell in tests if cell.points is not None]
        whole = bool(tests) and len(points) == len(tests)
        found.append(
            QuestionResult(
                each.title,
                each.competencies,
                sum(points) if whole else None,
                sum(cell.max_points for cell in tests),
                sum(cell.max_points for cell in mine if cell.manual),
                next((_message(cell, lang) for cell in tests if _failed(cell)), ""),
            )
        )
    return tuple(found)


def _failed(cell: CellResult) -> bool:
    return cell.points is None or cell.points < cell.max_points


def _message(cell: CellResult, lang: Lang) -> str:
    message = cell.message or ""
    if message.partition(":")[0] == "NotImplementedError":
        return say(lang, fr="pas encore de réponse ici", en="not answered yet")
    if not message and cell.points is None:
        return say(lang, fr="n'a pas été exécuté", en="was not executed")
    return message[:_MESSAGE_CHARACTERS]


def _without_marks(
    master: Master,
    workspace: Workspace,
    state: State,
    saved: datetime | None,
    notes: list[Note],
) -> Trial:
    """A trial that ended before anything could be executed."""
    return Trial(
        assignment=master.name,
        lang=workspace.lang,
        root=workspace.root,
        state=state,
        score=None,
        max_score=0.0,
        questions=(),
        saved=saved,
        remarks=[note.text(workspace.lang) for note in notes],
    )


def _record(trial: Trial, master: Master, lang: Lang) -> TrialRecord:
    marked = trial.state in MARKED
    return TrialRecord(
        assignment=trial.assignment,
        date=datetime.now(UTC),
        state=trial.state,
        score=trial.score,
        max_score=trial.max_score,
        version=str(master.build(lang).metadata["ecole"]["digest"]),
        questions=[
            QuestionMark(
                title=question.title[:300],
                points=question.points or 0.0,
                max_points=question.max_points,
                competencies=list(question.competencies),
            )
            for question in trial.questions
            if marked and question.max_points
        ],
    )


_OUTDATED: dict[str, str] = {
    "fr": "Le devoir a changé depuis que vous l'avez reçu : il est corrigé selon la version "
    "d'aujourd'hui. Si `ecole learn` a posé un ….new.ipynb à côté, recopiez-y vos réponses.",
    "en": "The assignment has changed since you received it: it is graded by today's version. If "
    "`ecole learn` put a ….new.ipynb beside it, copy your answers into it.",
}
_UNSEALED: dict[str, str] = {
    "fr": "ATTENTION, sans bac à sable : votre code et les tests cachés ont tourné ensemble, avec "
    "vos droits. N'essayez ainsi que votre propre code (SECURITY.md).",
    "en": "NOTE, no sandbox: your code and the hidden tests ran together, with your own rights. "
    "Try only code of your own this way (SECURITY.md).",
}
_UNCONFINED: dict[str, str] = {
    "fr": "ATTENTION, cette machine ne confine pas votre code : il a tourné avec vos droits sur "
    "les fichiers, à part des tests cachés (`ecole doctor` dit pourquoi).",
    "en": "NOTE, this machine does not confine your code: it ran with your rights on files, apart "
    "from the hidden tests (`ecole doctor` says why).",
}
_ADVICE: dict[State, dict[str, str]] = {
    "partial": {
        "fr": "Une cellule a été interrompue : cherchez-y une boucle sans fin, ou un calcul trop "
        "lent ; les questions qui en dépendent perdent leurs points.",
        "en": "A cell was interrupted: look in it for an endless loop, or a computation that is "
        "too slow; the questions that depend on it lose their points.",
    },
    "timeout": {
        "fr": "Le temps a manqué avant la fin : dans JupyterLab, exécutez les cellules une à une "
        "et cherchez celle qui ne s'arrête pas.",
        "en": "Time ran out before the end: in JupyterLab, run the cells one by one and look for "
        "the one that does not stop.",
    },
    "killed": {
        "fr": "Le processus s'est arrêté net, souvent faute de mémoire, ou par un exit() : dans "
        "JupyterLab, redémarrez le noyau et exécutez les cellules une à une.",
        "en": "The process died, most often for want of memory, or by an exit(): in JupyterLab, "
        "restart the kernel and run the cells one by one.",
    },
    "unreadable": {
        "fr": "Le notebook ne se lit pas. S'il s'ouvre dans JupyterLab, enregistrez-le à nouveau ; "
        "sinon renommez-le et relancez `ecole learn` : vous en recevrez un neuf.",
        "en": "The notebook cannot be read. If it opens in JupyterLab, save it again; otherwise "
        "rename it and run `ecole learn` again: you will receive a fresh one.",
    },
    "missing": {
        "fr": "Le notebook n'est pas dans votre espace de travail : `ecole learn` le remet.",
        "en": "The notebook is not in your workspace: `ecole learn` brings it back.",
    },
}
