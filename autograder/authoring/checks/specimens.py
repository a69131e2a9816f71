"""Prove an assignment's tests: grade its specimens, compare with the marks they state."""

import re
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from autograder.authoring.checks.cache import Checked
from autograder.authoring.checks.findings import Finding
from autograder.authoring.checks.graded_cells import is_test
from autograder.authoring.checks.pages import Page
from autograder.authoring.checks.proofs import unproved
from autograder.authoring.cohort import cohort
from autograder.authoring.masters import Master
from autograder.authoring.specimens import Specimen, read_specimens
from autograder.authoring.translation import Lang
from autograder.grading import Batch, SubmissionResult, grade, open_course, release
from autograder.grading.results import CellResult
from autograder.grading.sealing import why_unsealable

SECRETS = tuple(f"exam secret number {number}" for number in range(1, 6))
_MARKERS = ("### BEGIN SOLUTION", "### END SOLUTION")
_SAME_MARKS = 1e-9


def check_assignment(
    page: Page,
    *,
    secrets: Sequence[str] = SECRETS,
    engine: str | None = None,
    workers: int | None = None,
    use_cache: bool = True,
    on_result: Callable[[SubmissionResult, int, int], None] | None = None,
) -> list[Finding]:
    """Grade every specimen under each exam secret; no finding means each got its marks.

    Under the last secret the class is English, under the others French: code is shared.
    An unchanged assignment that was found without fault before is not graded again.

    Raises:
        EcoleError: a specimen cannot be read.
    """
    master = page.master
    specimens = read_specimens(master)
    files = [master.path, *sorted((master.path.parent / "specimens").glob("*.py"))]
    done = Checked(["specimens", engine, *secrets], files)
    if use_cache and done.found() == []:
        return []
    graded = Graded(page, specimens)
    findings: list[Finding] = []
    for lang, chosen in _by_language(secrets):
        with tempfile.TemporaryDirectory(prefix="ecole-check-") as folder:
            course = _class_of(master, specimens, Path(folder, "cohort"), lang)
            for secret in chosen:
                (course / "exam-secret").write_text(secret)
                graded.add(
                    grade(course, master.name, engine=engine, workers=workers, on_result=on_result)
                )
            if lang == "fr":
                findings += _unsealed(page, course, graded.batches[0])
    findings += graded.findings()
    if not findings:
        done.keep([])
    return findings


def _by_language(secrets: Sequence[str]) -> list[tuple[Lang, Sequence[str]]]:
    """The last secret is an English class's, when there are several."""
    if len(secrets) == 1:
        return [("fr", secrets)]
    return [("fr", secrets[:-1]), ("en", secrets[-1:])]


def submit(specimen: Specimen, master: Master, released: Path, student: Path, lang: Lang) -> None:
    """Put a specimen below `submitted/` as a student would have: the released notebook, answered.

    Args:
        released: the assignment's folder below `release/`.
        student: the student's folder below `submitted/`.
    """
    notebook = nbformat.read(released / f"{master.name}.ipynb", as_version=4)
    if specimen.kind != "empty":
        _answer(notebook, _reference(master, lang, master.path.stat().st_mtime_ns))
        notebook = specimen.apply(notebook)
    folder = student / master.name
    folder.mkdir(parents=True, exist_ok=True)
    for path in released.iterdir():
        if path.is_file() and path.suffix != ".ipynb":
            (folder / path.name).write_bytes(path.read_bytes())
    nbformat.write(notebook, folder / f"{master.name}.ipynb")


@lru_cache(8)
def _reference(master: Master, lang: Lang, modified: int) -> dict[str, str]:
    """What the solution cells of a master hold, by grade_id; built once for a class."""
    return {
        cell.metadata.nbgrader.grade_id: cell.source
        for cell in master.build(lang).cells
        if cell.metadata.get("nbgrader", {}).get("solution")
    }


def _answer(notebook: NotebookNode, answers: Mapping[str, str]) -> None:
    """Fill the solution cells of a released notebook from the reference, without its markers."""
    for cell in notebook.cells:
        grade_id = cell.metadata.get("nbgrader", {}).get("grade_id")
        if grade_id in answers:
            lines = answers[grade_id].splitlines()
            kept = [line for line in lines if line.strip() not in _MARKERS]
            cell.source = "\n".join(kept)


def _class_of(master: Master, specimens: list[Specimen], directory: Path, lang: Lang) -> Path:
    """A cohort in which each specimen is a student who submitted."""
    course = cohort(directory, lang, [master])
    released = release(open_course(course), master.name)
    for specimen in specimens:
        submit(specimen, master, released, course / "submitted" / specimen.name, lang)
    return course


@dataclass
class Graded:
    """What the specimens of one assignment got, a batch for each secret."""

    page: Page
    specimens: list[Specimen]
    batches: list[Batch] = field(default_factory=list)

    def add(self, batch: Batch) -> None:
        """Add the batch of one more secret."""
        self.batches.append(batch)

    def findings(self) -> list[Finding]:
        """Specimens that did not get what they state, and tests that none of them proves."""
        found = [finding for each in self.specimens for finding in self._of_specimen(each)]
        return found + list(unproved(self.page, self.batches))

    def _results(self, specimen: Specimen) -> list[SubmissionResult]:
        return [
            next(each for each in batch.submissions if each.student == specimen.name)
            for batch in self.batches
        ]

    def _of_specimen(self, specimen: Specimen) -> Iterator[Finding]:
        results = self._results(specimen)
        for number, result in enumerate(results, start=1):
            if result.state != "graded":
                notes = "; ".join(note.text("en") for note in result.notes)
                yield self._at(
                    specimen,
                    "",
                    f"state {result.state} instead of graded, secret {number}: {notes}",
                    "make the answer one that runs to its end",
                    "specimen-state",
                )
                return
        cells = defaultdict(list)
        for result in results:
            for cell in result.cells:
                if not cell.manual:
                    cells[cell.grade_id].append(cell)
        for grade_id in sorted({*specimen.marks, *specimen.message} - set(cells)):
            yield self._at(
                specimen,
                grade_id,
                f"states marks for {grade_id!r}, which is no test cell",
                f"name one of: {', '.join(cells)}",
                "specimen-test",
            )
        for grade_id, found in cells.items():
            yield from self._of_cell(specimen, grade_id, found)

    def _of_cell(
        self, specimen: Specimen, grade_id: str, found: list[CellResult]
    ) -> Iterator[Finding]:
        points = [cell.points or 0.0 for cell in found]
        stated = specimen.marks.get(
            grade_id, 0.0 if specimen.kind == "empty" else found[0].max_points
        )
        messages = [cell.message or "" for cell in found]
        if max(points) - min(points) > _SAME_MARKS:
            each = ", ".join(f"{value:g}" for value in points)
            yield self._at(
                specimen,
                grade_id,
                f"{grade_id}: marks change with the exam secret: {each}{_because(messages)}",
                "make the hidden cases such that every draw holds what the test looks for",
                "marks-by-secret",
            )
        elif abs(points[0] - stated) > _SAME_MARKS:
            yield self._wrong_marks(specimen, grade_id, points[0], stated, messages)
        wanted = specimen.message.get(grade_id)
        if wanted is not None and not any(wanted in message for message in messages):
            yield self._at(
                specimen,
                grade_id,
                f"{grade_id}: no {wanted!r} in the message {messages[0]!r}",
                "correct `message`, or the assertion that should fail first",
                "specimen-message",
            )

    def _wrong_marks(
        self, specimen: Specimen, grade_id: str, got: float, stated: float, messages: list[str]
    ) -> Finding:
        problem = f"{grade_id}: got {got:g}, stated {stated:g}{_because(messages)}"
        if specimen.kind in ("reference", "right"):
            remedy = "a right answer loses points: mend the test, or the answer if it is wrong"
            return self._at(specimen, grade_id, problem, remedy, "right-loses")
        if got > stated:
            remedy = "no test catches this mistake: add a hidden one, or state what it gets"
            return self._at(specimen, grade_id, problem, remedy, "wrong-not-caught")
        remedy = "state the marks it gets, or mend the test that refuses too much"
        return self._at(specimen, grade_id, problem, remedy, "specimen-marks")

    def _at(
        self, specimen: Specimen, grade_id: str, problem: str, remedy: str, rule: str
    ) -> Finding:
        """A finding in a specimen's file; of the reference, in the master's cell."""
        path = self.page.master.path.parent / "specimens" / f"{specimen.name}.py"
        if specimen.kind == "reference":
            cell = next((each for each in self.page.cells if each.grade_id == grade_id), None)
            return self.page.finding(cell, f"reference: {problem}", remedy, rule=rule)
        key = re.compile(rf"\b{re.escape(grade_id)}[\"']?\s*:" if grade_id else r"\Z.")
        lines = path.read_text(encoding="utf-8").splitlines()
        named = (number for number, line in enumerate(lines, 1) if key.search(line))
        where = path.relative_to(self.page.root).as_posix()
        return Finding(where, next(named, 1), 0, problem, remedy, rule)


def _because(messages: list[str]) -> str:
    said = next((message for message in messages if message), "")
    return f" ({said})" if said else ""


def _unsealed(page: Page, course: Path, batch: Batch) -> Iterator[Finding]:
    """Tests that ran in the candidate's process, with the reason."""
    if batch.engine != "examiner":
        return
    reference = next(each for each in batch.submissions if each.student == "reference")
    unsealed = {
        cell.grade_id
        for cell in reference.cells
        if not cell.manual and cell.state == "ok" and not cell.sealed
    }
    if not unsealed:
        return
    source = page.master.build("fr")
    reasons = why_unsealable(source, open_course(course).limits("examiner"))
    for cell in page.of_kind("code"):
        if is_test(cell) and cell.grade_id in unsealed:
            reason = reasons.get(cell.grade_id, "it passes only beside the student's code")
            yield page.finding(
                cell,
                f"{cell.grade_id} cannot be sealed: {reason}",
                "test what a function returns as plain data: numbers, texts, tables",
                rule="unsealable",
            )
