"""What an attack is, and the usual ways of seeing that it got what it wants."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from nbformat import NotebookNode
from outcome import Outcome

Family = Literal["forging", "reading", "reaching out", "exhausting", "poisoning"]


@dataclass(frozen=True)
class Attack:
    """One hostile submission.

    Attributes:
        name: also the student's; lower case and dashes.
        wants: one sentence.
        success: did it get that?
        cells: code by solution cell (`clamp`, `summary`, `clean`, `ward`, `rate`).
        edits: further changes of the notebook, in place.
        files: contents of files handed in beside the notebook; `links`: their targets.
        only_sealed: never run it outside the examiner.
    """

    name: str
    family: Family
    wants: str
    success: Callable[[Outcome], bool]
    cells: dict[str, str] = field(default_factory=dict)
    edits: Callable[[NotebookNode], None] | None = None
    files: dict[str, str] = field(default_factory=dict)
    links: dict[str, str] = field(default_factory=dict)
    only_sealed: bool = False


def gained(outcome: Outcome) -> bool:
    return outcome.gained()


def leaked(*kinds: str) -> Callable[[Outcome], bool]:
    return lambda outcome: outcome.leaked(*kinds)


def said(word: str) -> Callable[[Outcome], bool]:
    return lambda outcome: outcome.said(word)


def connected(kind: str) -> Callable[[Outcome], bool]:
    return lambda outcome: outcome.connected(kind)


def signalled(number: int) -> Callable[[Outcome], bool]:
    return lambda outcome: number in outcome.world.signals


def disturbed(outcome: Outcome) -> bool:
    return outcome.disturbed()


def gained_or_disturbed(outcome: Outcome) -> bool:
    return outcome.gained() or outcome.disturbed()


def swollen(outcome: Outcome) -> bool:
    """More than 20 MB kept of one submission, or worse."""
    return outcome.notebook_bytes > 20_000_000 or outcome.disturbed()


def active(outcome: Outcome) -> bool:
    return bool(outcome.active_html())


def tests_of(notebook: NotebookNode) -> list[NotebookNode]:
    return [c for c in notebook.cells if c.metadata.get("nbgrader", {}).get("grade")]


def said_or_disturbed(word: str) -> Callable[[Outcome], bool]:
    return lambda outcome: outcome.said(word) or outcome.disturbed()


# `.format(score=…, who=…)`: marks entered by hand, straight into the gradebook
WRITE_MARKS = """
import sqlite3
with sqlite3.connect("@COURSE@/gradebook.db", timeout=3) as database:
    database.execute('''update grade set manual_score = {score} where notebook_id in (
        select sn.id from submitted_notebook sn
        join submitted_assignment sa on sn.assignment_id = sa.id where sa.student_id = '{who}')''')
database.close()
"""
