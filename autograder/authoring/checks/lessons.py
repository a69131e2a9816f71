"""Lessons run from top to bottom: no error, no warning, no network, in time."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from nbformat import NotebookNode

from autograder.authoring.checks.cache import Checked
from autograder.authoring.checks.findings import Finding
from autograder.authoring.checks.pages import Page
from autograder.authoring.executions import SECONDS, execute_lesson
from autograder.authoring.translation import Lang
from autograder.errors import EcoleError
from autograder.grading.marking import failure_message
from autograder.notebooks import without_controls

_CELL_LINE = re.compile(r"Cell In\[\d+\], line (\d+)")
_WARNING_LINE = re.compile(r"\S*ipy[^:\n]*:(\d+): ")
_NETWORK = ("gaierror", "URLError", "ConnectionError", "ConnectError", "socket.socket", "urlopen")


@dataclass(frozen=True)
class Version:
    """One of the notebooks that a lesson gives: its language, with or without the solutions."""

    lang: Lang
    solutions: bool

    def __str__(self) -> str:
        return f"{self.lang}, {'with solutions' if self.solutions else 'as a learner has it'}"


# code is shared: between them, these two run every cell and every text inside code
VERSIONS = (Version("fr", True), Version("en", False))


def check_lesson(page: Page, version: Version, *, use_cache: bool = True) -> list[Finding]:
    """Run one version of a lesson in the sandbox.

    Without the solutions, every stub is unanswered: a check that raises on it is found here.
    The whole run must end within `SECONDS` (30); it is stopped after four times that.
    """
    done = Checked(["lesson", version.lang, version.solutions], [page.master.path])
    if use_cache and done.found() == []:
        return []
    try:
        executed = execute_lesson(
            page.master, version.lang, solutions=version.solutions, use_cache=use_cache
        )
    except EcoleError:
        return []  # the text checks say what keeps it from being built
    ran = dict(zip(executed.numbers, executed.notebook.cells, strict=True))
    findings = list(_faults(page, version, ran))
    if executed.seconds > SECONDS:
        findings.append(_slow(page, version, executed.seconds))
    if not findings:
        done.keep([])
    return findings


def _faults(page: Page, version: Version, ran: dict[int, NotebookNode]) -> Iterator[Finding]:
    """The first error, and every warning before it."""
    for number, cell in ran.items():
        if cell.cell_type != "code":
            continue
        place = page.cells[number - 1]
        line, warning = _warning(cell)
        if warning:
            yield page.finding(
                place,
                f"warns ({version}): {warning}",
                "mend what it warns of, or say in the lesson why it is silenced",
                line=line,
                rule="lesson-warns",
            )
        message = failure_message(cell)
        if message is not None:
            yield _failure(page, version, number, cell, message)
            return


def _failure(
    page: Page, version: Version, number: int, cell: NotebookNode, message: str
) -> Finding:
    place = page.cells[number - 1]
    shown = message.splitlines()[0][:200]
    trace = "\n".join(text for output in cell.outputs for text in output.get("traceback", []))
    line = _failing_line(without_controls(trace))
    if any(name in trace for name in _NETWORK):
        remedy = "use data that a package ships, or that the learner asked to download before"
        problem = f"needs the network ({version}): {shown}"
        return page.finding(place, problem, remedy, line=line, rule="lesson-network")
    if "check" in place.tags and not version.solutions:
        remedy = "test first whether the stub is unanswered, and print what to do"
        problem = f"the check raises on the unanswered stub: {shown}"
        return page.finding(place, problem, remedy, line=line, rule="check-on-stub")
    remedy = "run the lesson from the top in a fresh kernel and mend this cell"
    return page.finding(
        place, f"fails ({version}): {shown}", remedy, line=line, rule="lesson-fails"
    )


def _failing_line(trace: str) -> int:
    """The line of the cell's source, from 1, that a traceback begins at."""
    found = _CELL_LINE.search(trace)
    return int(found[1]) if found else 1


def _warning(cell: NotebookNode) -> tuple[int, str]:
    """What the cell wrote to stderr, on one line, and the line of the cell that it names."""
    text = "".join(
        output.text
        for output in cell.outputs
        if output.output_type == "stream" and output.name == "stderr"
    )
    found = _WARNING_LINE.match(text)
    words = " ".join(text[found.end() if found else 0 :].split())
    return int(found[1]) if found else 1, words[:200]


def _slow(page: Page, version: Version, seconds: float) -> Finding:
    return page.finding(
        None,
        f"takes {seconds:.0f} s ({version}), more than {SECONDS}",
        "shorten it: fewer rows, or fewer steps in the cell tagged `parameters`",
        rule="lesson-slow",
    )
