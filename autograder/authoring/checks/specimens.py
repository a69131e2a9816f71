"""Prove an assignment's tests: grade its specimens, compare with the marks they state."""

import hashlib
import json
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from autograder.authoring.cohort import cohort
from autograder.authoring.masters import REPOSITORY, Master
from autograder.authoring.specimens import Specimen, read_specimens
from autograder.authoring.translation import Lang
from autograder.errors import EcoleError
from autograder.grading import SubmissionResult, grade, open_course, release

SECRETS = tuple(f"exam secret number {number}" for number in range(1, 6))
_MARKERS = ("### BEGIN SOLUTION", "### END SOLUTION")
_CACHE = REPOSITORY / ".ecole-cache"


@dataclass(frozen=True)
class Finding:
    """One thing to mend: where it is, what is wrong."""

    where: str
    problem: str

    def __str__(self) -> str:
        return f"{self.where}: {self.problem}"


def check_assignment(
    master: Master,
    *,
    lang: Lang = "fr",
    engine: str | None = None,
    secrets: Iterable[str] = SECRETS,
    workers: int | None = None,
    use_cache: bool = True,
    on_result: Callable[[SubmissionResult, int, int], None] | None = None,
) -> list[Finding]:
    """Grade every specimen under each exam secret; no finding means each got its marks.

    An unchanged assignment that was found without fault before is not graded again
    (`use_cache`): the key covers master, specimens, the code that grades and its versions.
    """
    specimens = read_specimens(master)
    findings = _check_headers(master, specimens)
    done = _CACHE / _cache_key(master, lang, engine, tuple(secrets)) if use_cache else None
    if not findings and done and done.exists():
        return []
    with tempfile.TemporaryDirectory(prefix="ecole-check-") as folder:
        course = cohort(Path(folder, "cohort"), lang, [master])
        released = release(open_course(course), master.name)
        for specimen in specimens:
            submit(specimen, master, released, course / "submitted" / specimen.name, lang)
        for number, secret in enumerate(secrets, start=1):
            (course / "exam-secret").write_text(secret)
            batch = grade(course, master.name, engine=engine, workers=workers, on_result=on_result)
            results = {result.student: result for result in batch.submissions}
            for specimen in specimens:
                where = f"{master.name}, specimen {specimen.name}, secret {number}"
                findings += _compare(specimen, results[specimen.name], where)
    if not findings and done:
        done.parent.mkdir(exist_ok=True)
        done.touch()
    return findings


def submit(specimen: Specimen, master: Master, released: Path, student: Path, lang: Lang) -> None:
    """Put a specimen below `submitted/` as a student would have: the released notebook, answered.

    Args:
        released: the assignment's folder below `release/`.
        student: the student's folder below `submitted/`.
    """
    notebook = nbformat.read(released / f"{master.name}.ipynb", as_version=4)
    if specimen.kind != "empty":
        _answer(notebook, master.build(lang))
        notebook = specimen.apply(notebook)
    folder = student / master.name
    folder.mkdir(parents=True, exist_ok=True)
    for path in released.iterdir():
        if path.is_file() and path.suffix != ".ipynb":
            (folder / path.name).write_bytes(path.read_bytes())
    nbformat.write(notebook, folder / f"{master.name}.ipynb")


def _answer(notebook: NotebookNode, solved: NotebookNode) -> None:
    """Fill the solution cells of a released notebook from the reference, without its markers."""
    answers = {
        cell.metadata.nbgrader.grade_id: cell.source
        for cell in solved.cells
        if cell.metadata.get("nbgrader", {}).get("solution")
    }
    for cell in notebook.cells:
        grade_id = cell.metadata.get("nbgrader", {}).get("grade_id")
        if grade_id in answers:
            lines = answers[grade_id].splitlines()
            kept = [line for line in lines if line.strip() not in _MARKERS]
            cell.source = "\n".join(kept)


def _check_headers(master: Master, specimens: list[Specimen]) -> list[Finding]:
    findings = []
    if not any(specimen.kind == "trap" for specimen in specimens):
        findings.append(Finding(master.name, "no specimen of kind trap"))
    for specimen in specimens:
        where = f"{master.name}, specimen {specimen.name}"
        loses = bool(specimen.marks)
        if specimen.kind in ("reference", "right") and loses:
            findings.append(Finding(where, "a right specimen states no marks: it gets them all"))
        if specimen.kind in ("wrong", "trap") and not loses:
            findings.append(Finding(where, "states no marks: which test catches it?"))
    return findings


def _compare(specimen: Specimen, result: SubmissionResult, where: str) -> list[Finding]:
    if result.state != "graded":
        notes = "; ".join(note.text("en") for note in result.notes)
        return [Finding(where, f"state {result.state} instead of graded: {notes}")]
    tested = {cell.grade_id: cell for cell in result.cells if not cell.manual}
    findings = [
        Finding(where, f"states marks for {name!r}, which is no test cell")
        for name in {*specimen.marks, *specimen.message} - set(tested)
    ]
    for name, cell in tested.items():
        stated = specimen.marks.get(name, 0.0 if specimen.kind == "empty" else cell.max_points)
        if cell.points is None or abs(cell.points - stated) > 1e-9:
            why = f" ({cell.message})" if cell.message else ""
            findings.append(Finding(where, f"{name}: got {cell.points:g}, stated {stated:g}{why}"))
        wanted = specimen.message.get(name)
        if wanted is not None and wanted not in (cell.message or ""):
            findings.append(Finding(where, f"{name}: no {wanted!r} in {cell.message!r}"))
        elif cell.message and specimen.kind in ("wrong", "trap") and not cell.message.strip():
            findings.append(Finding(where, f"{name}: fails without a message"))
    return findings


def _cache_key(master: Master, lang: str, engine: str | None, secrets: tuple[str, ...]) -> str:
    sha = hashlib.sha256(json.dumps([lang, engine, secrets]).encode())
    files = [master.path, *sorted((master.path.parent / "specimens").glob("*.py"))]
    for package in ("autograder", "datasets/health_datasets"):
        files += sorted((REPOSITORY / package).rglob("*.py"))
    files.append(REPOSITORY / "pyproject.toml")
    for path in files:
        if not path.exists():
            raise EcoleError(f"{path}: missing")
        sha.update(path.relative_to(REPOSITORY).as_posix().encode() + b"\0" + path.read_bytes())
    return sha.hexdigest()
