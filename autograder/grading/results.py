"""What a batch says of itself: one result a submission, one a graded cell, and why."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel

from autograder.notebooks import without_controls

State = Literal["graded", "altered", "partial", "timeout", "killed", "unreadable", "missing"]
"""graded: every graded cell ran · altered: graded, after graded cells that the student deleted,
renamed, retyped or copied were restored · partial: some cells ran out of time (0 for what they
test) · timeout, killed: the time of the whole submission, or its process, ended before every
graded cell ran: no mark · unreadable: no notebook could be read: no mark · missing: nothing
was submitted under the assignment's name."""

MARKED: frozenset[State] = frozenset(("graded", "altered", "partial"))
"""The states in which a mark is recorded."""

CellState = Literal["ok", "error", "timeout", "killed", "not-run"]
EXECUTED: frozenset[CellState] = frozenset(("ok", "error", "timeout"))
"""The states of a cell that count as an execution record."""

_STATES: dict[State, dict[str, str]] = {
    "graded": {"fr": "noté", "en": "graded"},
    "altered": {"fr": "noté, cellules remises en place", "en": "graded, cells put back"},
    "partial": {"fr": "noté, cellules interrompues", "en": "graded, cells interrupted"},
    "timeout": {"fr": "temps dépassé, sans note", "en": "out of time, no mark"},
    "killed": {"fr": "arrêt brutal, sans note", "en": "died, no mark"},
    "unreadable": {"fr": "illisible, sans note", "en": "unreadable, no mark"},
    "missing": {"fr": "rien de rendu", "en": "nothing submitted"},
}

_NOTES: dict[str, dict[str, str]] = {
    "cell-missing": {
        "fr": "cellule {cell} absente : remise en place",
        "en": "cell {cell} was missing: put back",
    },
    "cell-unknown": {
        "fr": "cellule {cell} inconnue du devoir : non notée",
        "en": "cell {cell} is not the assignment's: not graded",
    },
    "cell-duplicated": {
        "fr": "cellule {cell} en double : la dernière compte",
        "en": "cell {cell} is there twice: the last one counts",
    },
    "cell-retyped": {
        "fr": "cellule {cell} passée en « {kind} » : rétablie",
        "en": "cell {cell} was turned into “{kind}”: restored",
    },
    "cell-relabelled": {
        "fr": "métadonnées de la cellule {cell} modifiées : rétablies",
        "en": "metadata of cell {cell} were changed: restored",
    },
    "locked-restored": {
        "fr": "cellule verrouillée {cell} modifiée : texte d'origine rétabli",
        "en": "locked cell {cell} was edited: original text restored",
    },
    "cell-timeout": {
        "fr": "cellule {cell} interrompue au bout de {seconds:g} s",
        "en": "cell {cell} interrupted after {seconds:g} s",
    },
    "cell-unstoppable": {
        "fr": "cellule {cell} : ne s'est pas laissé interrompre au bout de {seconds:g} s, "
        "la suite n'a pas été exécutée",
        "en": "cell {cell} could not be interrupted after {seconds:g} s: what follows was not run",
    },
    "submission-timeout": {
        "fr": "arrêt après {seconds:g} s : toutes les cellules notées n'ont pas été exécutées",
        "en": "stopped after {seconds:g} s: not every graded cell was executed",
    },
    "killed": {
        "fr": "le processus s'est arrêté pendant la cellule {cell}",
        "en": "the process died during cell {cell}",
    },
    "failed": {
        "fr": "l'exécution a échoué : {reason}",
        "en": "execution failed: {reason}",
    },
    "file-unreadable": {
        "fr": "{file} : {reason} {detail}",
        "en": "{file}: {reason} {detail}",
    },
    "file-left-out": {
        "fr": "{file} laissé de côté : {reason}",
        "en": "{file} left out: {reason}",
    },
    "notebook-missing": {
        "fr": "{file} n'a pas été rendu : zéro à ses questions",
        "en": "{file} was not submitted: zero for its questions",
    },
    "notebook-extra": {
        "fr": "{file} ne fait pas partie du devoir : ignoré",
        "en": "{file} is not part of the assignment: ignored",
    },
    "notebook-not-found": {
        "fr": "{expected} introuvable dans le rendu ; on y trouve : {found}",
        "en": "{expected} not found in the submission; it holds: {found}",
    },
    "nothing-submitted": {
        "fr": "rien n'a été rendu",
        "en": "nothing was submitted",
    },
    "student-unknown": {
        "fr": "absent du carnet de notes (c.Autograde.create_student est à False)",
        "en": "not in the gradebook (c.Autograde.create_student is False)",
    },
    "timestamp": {
        "fr": "date de rendu illisible : {value!r}",
        "en": "date of submission unreadable: {value!r}",
    },
}


_REASONS: dict[str, dict[str, str]] = {
    "empty": {"fr": "fichier vide", "en": "empty file"},
    "not-json": {"fr": "ce n'est pas du JSON", "en": "not JSON"},
    "not-a-notebook": {"fr": "ce n'est pas un notebook", "en": "not a notebook"},
    "too-new": {
        "fr": "format trop récent : enregistrer au format nbformat 4",
        "en": "format too new: save it as nbformat 4",
    },
    "too-large": {"fr": "fichier trop volumineux", "en": "file too large"},
    "link": {"fr": "lien symbolique", "en": "symbolic link"},
    "not-regular": {"fr": "ce n'est pas un fichier ordinaire", "en": "not a regular file"},
    "no-access": {"fr": "lecture impossible", "en": "cannot be read"},
}


class Note(BaseModel):
    """One remark on a submission, kept as a code so that it reads in either language."""

    code: str
    details: dict[str, str | float] = {}

    def text(self, lang: str) -> str:
        """The remark in `fr`, or in English for any other language."""
        texts = _NOTES[self.code]
        details = dict(self.details)
        reason = _REASONS.get(str(details.get("reason")))
        if reason is not None:
            details["reason"] = reason.get(lang, reason["en"])
        return texts.get(lang, texts["en"]).format(**details)


class CellResult(BaseModel):
    """One graded cell: `points` is None where a person marks it or nothing was recorded.

    `lines` are those of the test at which it failed, where the examiner ran it: where it stood,
    then in the test's own functions.
    """

    notebook: str
    grade_id: str
    state: CellState
    points: float | None
    max_points: float
    manual: bool = False
    seconds: float = 0.0
    sealed: bool = False
    message: str | None = None
    lines: list[int] = []


class SubmissionResult(BaseModel):
    """One submission: its state, its mark by tests, and its time in seconds.

    `score` sums what tests gave (before any manual mark or late penalty), `max_score` what
    they could give; `score` is None in the states without a mark.
    """

    student: str
    state: State
    score: float | None = None
    max_score: float = 0.0
    seconds: float = 0.0
    notes: list[Note] = []
    cells: list[CellResult] = []
    sandbox: str = ""
    unchanged: bool = False

    def line(self, lang: str) -> str:
        """The result in one line of `fr`, or of English: student, state, mark, remarks."""
        french = lang == "fr"
        said = without_controls(f"{self.student}{' :' if french else ':'} ")
        said += _STATES[self.state]["fr" if french else "en"]
        if self.score is not None:
            said += f", {_number(self.score, french)} / {_number(self.max_score, french)}"
        remarks = "; ".join(note.text(lang) for note in self.notes)
        return f"{said} ({without_controls(remarks)})" if remarks else said


def _number(value: float, french: bool) -> str:
    text = f"{round(value, 2):g}"
    return text.replace(".", ",") if french else text


class Batch(BaseModel):
    """One run of `ecole grade`: what a record is made from."""

    assignment: str
    course: str
    lang: str
    started: datetime
    seconds: float
    engine: str
    workers: int
    limits: dict[str, float]
    exam_secret_sha256: str
    versions: dict[str, str]
    submissions: list[SubmissionResult]
