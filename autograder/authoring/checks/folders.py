"""Folders of the course: what the syllabus announces, what lies there, what specimens speak of."""

import re
import subprocess
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from autograder.authoring.checks.findings import Finding
from autograder.authoring.checks.graded_cells import is_solution, is_test, points_of
from autograder.authoring.checks.pages import Cell, Page, read_page
from autograder.authoring.course_files import line_of
from autograder.authoring.masters import Master
from autograder.authoring.specimens import Specimen, read_specimen
from autograder.authoring.syllabus import (
    Syllabus,
    assignment_master,
    disk_faults,
    lesson_file,
    parse_syllabus,
    syllabus_path,
)
from autograder.errors import EcoleError

RIGHT, WRONG = 2, 6
# beside the master: its known answers, and the mutants that no test can tell from the reference
_BESIDE_A_MASTER = re.compile(r"specimens/[^/]+\.py|equivalent_mutants\.yml")
_AT_THE_TOP = ("syllabus.yml", "glossary.yml")
# the site gives each language its half
_PLAN = re.compile(r"# .+?^---$\s+# .+", re.MULTILINE | re.DOTALL)
_RULE = re.compile(r"^---$", re.MULTILINE)


FINDS = {
    "folder-syllabus": "A module or a lesson in the syllabus and not on disk, or the reverse.",
    "folder-notebook": "A notebook beside the masters.",
    "folder-plan": "A module's README that is not French, a rule, then English.",
    "folder-file": "A file that would be released, or forgotten, by accident.",
    "folder-master": "An assignment's folder without a master that can be read.",
    "specimen-form": "A specimen that cannot be read.",
    "specimen-cell": "A specimen for a cell that is not there.",
    "specimen-test": "Marks stated for a test that is not there.",
    "specimen-marks": "Marks that a test cannot give, or that a specimen does not get.",
    "specimen-loss": "A wrong specimen that states no loss.",
    "specimen-count": "Too few right or wrong specimens, no trap, no empty one.",
}
"""What `check_folders` can find, by the name of the rule."""


def check_folders(root: Path) -> list[Finding]:
    """Look at `course/` and `assignments/` of a repository.

    Files that git ignores are left out; where git does not know the repository, none is ignored.

    Raises:
        EcoleError: the syllabus contradicts itself.
    """
    syllabus = parse_syllabus(root)
    findings = [
        *_against_syllabus(syllabus, root),
        *_plans(syllabus, root),
        *_files(syllabus, root),
    ]
    for folder in sorted(path for path in (root / "assignments").glob("w*") if path.is_dir()):
        findings += _assignment(assignment_master(root, folder.name), root)
    return sorted(findings)


def _against_syllabus(syllabus: Syllabus, root: Path) -> Iterator[Finding]:
    path = syllabus_path(root)
    for fault in disk_faults(syllabus, root):
        problem, remedy = fault.problem, fault.remedy
        if not fault.location:
            yield Finding(fault.where, 0, 0, problem, remedy, "folder-syllabus")
            continue
        problem = f"{fault.where}: {problem}"
        line = line_of(path, fault.location)
        yield Finding(_relative(path, root), line, 0, problem, remedy, "folder-syllabus")


def _plans(syllabus: Syllabus, root: Path) -> Iterator[Finding]:
    for month in syllabus.months:
        for module in month.modules:
            path = root / "course" / month.folder / module.folder / "README.md"
            text = path.read_text(encoding="utf-8") if path.is_file() else None
            if text is None or (_PLAN.fullmatch(text) and len(_RULE.findall(text)) == 1):
                continue
            problem = "a plan that is not two halves, French then English, each below a title"
            remedy = "begin with `# …`, part the languages by one line `---`, put nothing before"
            yield Finding(_relative(path, root), 1, 0, problem, remedy, "folder-plan")


def _files(syllabus: Syllabus, root: Path) -> Iterator[Finding]:
    """Files that nothing announces: a student could receive them, or nobody ever read them."""
    expected = _expected(syllabus, root)
    found = [
        path
        for top in ("course", "assignments")
        for path in sorted((root / top).rglob("*"))
        if path.is_file()
    ]
    ignored = _ignored(found, root)
    for path in found:
        name = _relative(path, root)
        if path in ignored or expected(name):
            continue
        if path.suffix == ".ipynb":
            problem = "a notebook beside the sources (jupytext leaves one where it pairs files)"
            remedy = "remove it: the master is the Markdown file, `ecole build` makes notebooks"
            yield Finding(name, 0, 0, problem, remedy, "folder-notebook")
        else:
            where = "an assignment" if name.startswith("assignments/") else "the course"
            problem = f"a file of {where} that nothing announces"
            yield Finding(name, 0, 0, problem, _remedy(name), "folder-file")


def _expected(syllabus: Syllabus, root: Path) -> Callable[[str], bool]:
    """What may lie in the folders: a test of a file's name, relative to the repository."""
    names = {f"course/{name}" for name in _AT_THE_TOP}
    folders = set()
    for month in syllabus.months:
        for module in month.modules:
            folder = f"course/{month.folder}/{module.folder}"
            pages = [lesson_file(*each) for each in enumerate(module.lessons, start=1)]
            names |= {f"{folder}/{page}" for page in ["README.md", *pages]}
            for page in ["README.md", *pages]:
                names |= _linked(root, f"{folder}/{page}")
            folders.add(f"assignments/{module.assignment.name}")
            names.add(f"assignments/{module.assignment.name}/{module.assignment.name}.md")

    def expected(name: str) -> bool:
        folder, beside = "/".join(name.split("/")[:2]), "/".join(name.split("/")[2:])
        return name in names or (
            folder in folders and _BESIDE_A_MASTER.fullmatch(beside) is not None
        )

    return expected


def _linked(root: Path, name: str) -> set[str]:
    """Files that a page shows or links to, in its own folder or below."""
    page = root / name
    text = page.read_text(encoding="utf-8") if page.is_file() else ""
    targets = re.findall(r"\]\(<?([^)>\s#:]+)", text) + re.findall(r'src="([^":]+)"', text)
    linked = (page.parent / target for target in targets)
    return {
        _relative(path, root)
        for path in linked
        if path.is_file() and path.resolve().is_relative_to(page.parent.resolve())
    }


def _remedy(name: str) -> str:
    if name.startswith("assignments/"):
        return "remove it: an assignment is its master, specimens/*.py and equivalent_mutants.yml"
    return "show or link to it in the module's README.md or in a lesson, or remove it"


def _ignored(paths: list[Path], root: Path) -> set[Path]:
    """Those of the paths that git ignores."""
    names = "\0".join(_relative(path, root) for path in paths)
    command = ["git", "-C", str(root), "check-ignore", "--stdin", "-z"]
    try:
        done = subprocess.run(command, input=names.encode(), capture_output=True, check=False)
    except OSError:  # no git
        return set()
    return {root / name for name in done.stdout.decode().split("\0") if name}


def _assignment(master: Path, root: Path) -> Iterator[Finding]:
    """The master of an assignment's folder; what its specimens say of it; are there enough?"""
    name = _relative(master, root)
    if not master.is_file():
        folder = _relative(master.parent, root)
        problem, remedy = "a folder without its master", f"write {name} or remove the folder"
        yield Finding(folder, 0, 0, problem, remedy, "folder-master")
        return
    try:
        page = read_page(Master(master, "assignment"), root)
    except EcoleError as error:
        problem = str(error).removeprefix(f"{master}: ")
        yield Finding(name, 0, 0, problem, "mend it", "folder-master")
        return
    kinds = []
    for path in sorted((master.parent / "specimens").glob("*.py")):
        try:
            specimen = read_specimen(path)
        except EcoleError as error:
            problem = str(error).removeprefix(f"{path}: ")
            remedy = "mend its header or cells"
            yield Finding(_relative(path, root), 1, 0, problem, remedy, "specimen-form")
            continue
        kinds.append(specimen.kind)
        yield from _of_specimen(specimen, path, page)
    yield from _enough(kinds, page)


def _of_specimen(specimen: Specimen, path: Path, page: Page) -> Iterator[Finding]:
    """Cells and marks of a specimen that the assignment does not have."""
    name, lines = _relative(path, page.root), path.read_text(encoding="utf-8").splitlines()
    solutions = [cell.grade_id for cell in page.cells if is_solution(cell) and cell.kind == "code"]
    tests = {cell.grade_id: cell for cell in page.cells if is_test(cell)}
    for grade_id in specimen.cells:
        if grade_id not in solutions:
            line = _line(lines, rf"# %% *{re.escape(grade_id)}\b")
            problem = f"it answers {grade_id!r}, which is no solution cell of the assignment"
            remedy = f"name one of {', '.join(solutions)}"
            yield Finding(name, line, 0, problem, remedy, "specimen-cell")
    for grade_id in {**specimen.marks, **specimen.message}:
        if grade_id not in tests:
            line = _line(lines, rf"#.*\b{re.escape(grade_id)}\b *:")
            problem = f"it states marks for {grade_id!r}, which is no test of the assignment"
            remedy = f"name one of {', '.join(tests)}"
            yield Finding(name, line, 0, problem, remedy, "specimen-test")
    yield from (replace(each, path=name) for each in _marks(specimen, tests, lines))


def _marks(specimen: Specimen, tests: dict[str, Cell], lines: list[str]) -> Iterator[Finding]:
    """Marks that a test cannot give, or that no wrong answer would get."""
    stated = {name: mark for name, mark in specimen.marks.items() if name in tests}
    for grade_id, mark in stated.items():
        points = points_of(tests[grade_id])
        if not 0 <= mark <= points:
            line = _line(lines, rf"#.*\b{re.escape(grade_id)}\b *:")
            problem = f"it states {mark:g} for {grade_id}, which is worth {points:g}"
            yield Finding("", line, 0, problem, f"state 0 to {points:g}", "specimen-marks")
    full = all(mark == points_of(tests[name]) for name, mark in stated.items())
    if specimen.kind in ("wrong", "trap") and full:
        problem = f"it is {specimen.kind}, and states no mark below the full ones"
        remedy = "state what the test that catches it gives, or call it right"
        yield Finding("", 1, 0, problem, remedy, "specimen-loss")


def _enough(kinds: Sequence[str], page: Page) -> Iterator[Finding]:
    wrong = kinds.count("wrong") + kinds.count("trap")
    for found, needed, what in (
        (kinds.count("right"), RIGHT, "right"),
        (wrong, WRONG, "wrong (the trap included)"),
        (kinds.count("trap"), 1, "trap"),
        (kinds.count("empty"), 1, "empty"),
    ):
        if found < needed:
            problem = f"{found} specimen{'s' if found > 1 else ''} of kind {what}"
            remedy = f"write {needed} at least, in specimens/"
            yield Finding(page.path, 0, 0, problem, remedy, "specimen-count")


def _line(lines: list[str], pattern: str) -> int:
    """The first line (from 1) that a pattern begins; 1 where none does."""
    found = (number for number, line in enumerate(lines, start=1) if re.match(pattern, line))
    return next(found, 1)


def _relative(path: Path, root: Path) -> str:
    return path.relative_to(root).as_posix()
