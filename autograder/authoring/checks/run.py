"""`ecole check`: what to check, the checks that read, then those that execute."""

import re
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from autograder.authoring.checks.built import check_built
from autograder.authoring.checks.cache import Checked
from autograder.authoring.checks.findings import Finding
from autograder.authoring.checks.folders import check_folders
from autograder.authoring.checks.lessons import SECONDS, VERSIONS, Version, check_lesson
from autograder.authoring.checks.links import check_documents
from autograder.authoring.checks.pages import Course, Page, read_page
from autograder.authoring.checks.specimens import SECRETS, check_assignment
from autograder.authoring.checks.text import RULES, check_pages
from autograder.authoring.masters import REPOSITORY, Master, assignments, lessons
from autograder.errors import EcoleError
from autograder.grading.batch import usable_processors

Progress = Callable[[str, int, int], None]
"""Called with what is being done, how many are done, how many there are."""

# a heading of another file can change while this one does not
_CROSS_ANCHOR = re.compile(r"\]\([^)\s#]+\.md#")

EXECUTED = {
    "lesson-fails": "a cell of a lesson that raises",
    "lesson-warns": "a cell of a lesson that writes to stderr",
    "lesson-network": "a lesson that asks for the network",
    "lesson-slow": f"a lesson that takes more than {SECONDS} s",
    "check-on-stub": "the check of an exercise that raises on the unanswered stub",
    "right-loses": "a right specimen, or the reference, that loses a point",
    "wrong-not-caught": "a wrong specimen that no test catches",
    "specimen-marks": "a specimen that gets less than it states",
    "specimen-message": "a failure that does not say what the specimen states",
    "specimen-cell": "marks stated for a cell that is not there",
    "specimen-state": "a specimen that does not run to its end",
    "specimens-not-graded": "specimens that cannot be read, or do not fit the master",
    "marks-by-secret": "marks that change with the exam secret",
    "hidden-unproved": "a hidden test that no specimen fails",
    "test-unproved": "a test cell in which no specimen loses a point",
    "unsealable": "a test that only passes in the student's own process",
}
"""What executing can find, by the name of the rule."""


@dataclass(frozen=True)
class Scope:
    """What to check: masters of one repository; `whole` when nothing of it is left out."""

    root: Path
    masters: tuple[Master, ...]
    whole: bool


def scope_of(paths: Sequence[str | Path] = ()) -> Scope:
    """The masters at or below each path; without a path, the whole repository.

    Args:
        paths: a master, a specimen, a folder, or the name of an assignment.

    Raises:
        EcoleError: there is nothing to check at a path, or paths are of two repositories.
    """
    if not paths:
        return _whole(REPOSITORY)
    found = [_below(path) for path in paths]
    roots = {scope.root for scope in found}
    if len(roots) > 1:
        raise EcoleError(f"check one repository at a time: {', '.join(map(str, sorted(roots)))}")
    masters = dict.fromkeys(master for scope in found for master in scope.masters)
    return Scope(found[0].root, tuple(masters), any(scope.whole for scope in found))


def check_text(scope: Scope, *, use_cache: bool = True) -> list[Finding]:
    """The checks that only read: fast enough to run at each save.

    Args:
        use_cache: take what was found before in a master that is unchanged.
    """
    course = Course.read(scope.root)
    known = {master: _text_cache(master, scope.root) for master in scope.masters}
    before = {master: done.found() for master, done in known.items() if use_cache}
    findings = [finding for found in before.values() for finding in found or ()]
    changed = [master for master in scope.masters if before.get(master) is None]
    for master, found in _read(changed, course).items():
        findings += found
        if not _CROSS_ANCHOR.search(master.path.read_text("utf-8", "replace")):
            known[master].keep(found)
    if scope.whole:
        findings += [*check_folders(scope.root), *check_documents(scope.root)]
    return sorted(set(findings))


def _read(masters: list[Master], course: Course) -> dict[Master, list[Finding]]:
    """What is found in each master, and in what is built of it."""
    found: dict[Master, list[Finding]] = {master: [] for master in masters}
    pages = {}
    for master in masters:
        try:
            pages[master] = read_page(master, course.root)
        except EcoleError as error:
            found[master] = [_unreadable(master, course.root, error)]
    of_built = check_built(pages.values())
    for master, page in pages.items():
        found[master] = check_pages([page], course)
        found[master] += [finding for finding in of_built if finding.path == page.path]
    return found


def _text_cache(master: Master, root: Path) -> Checked:
    """All that a master's text is checked against: words, what lies beside it, names of files."""
    folder = master.path.parent
    beside = [*folder.glob("README.md"), *folder.glob("specimens/*.py")]
    places = ("*.md", "course/**/*", "assignments/**/*", "datasets/**/*")
    names = sorted(path.relative_to(root).as_posix() for each in places for path in root.glob(each))
    files = [master.path, *sorted(beside), *sorted((root / "course").glob("*.yml"))]
    return Checked(["text", names], files)


def check_executed(
    scope: Scope,
    *,
    workers: int | None = None,
    use_cache: bool = True,
    on_progress: Progress = lambda what, done, total: None,
) -> list[Finding]:
    """Execute every lesson and grade every specimen; what cannot be built is left out.

    Args:
        workers: lessons, then submissions, at once; the usable processors by default.
        use_cache: leave out what is unchanged since it was found without fault.
    """
    pages = list(_pages(scope))
    findings = _lessons(
        [page for page in pages if page.kind == "lesson"], workers, use_cache, on_progress
    )
    for page in pages:
        if page.kind == "assignment":
            findings += _assignment(page, workers, use_cache, on_progress)
    return sorted(findings)


def rules() -> dict[str, str]:
    """Every rule, by name: what it finds."""
    read = {name: (rule.__doc__ or "").strip().splitlines()[0] for name, rule in RULES.items()}
    return read | EXECUTED


def _lessons(
    pages: list[Page], workers: int | None, use_cache: bool, on_progress: Progress
) -> list[Finding]:
    runs = [(page, version) for page in pages for version in VERSIONS]

    def run(each: tuple[Page, Version]) -> list[Finding]:
        return check_lesson(*each, use_cache=use_cache)

    findings = []
    with ThreadPoolExecutor(workers or usable_processors(), "ecole-lesson") as pool:
        for done, found in enumerate(pool.map(run, runs), start=1):
            findings += found
            on_progress("lessons", done, len(runs))
    return findings


def _assignment(
    page: Page, workers: int | None, use_cache: bool, on_progress: Progress
) -> list[Finding]:
    batches = 0

    def count(result: object, done: int, total: int) -> None:
        nonlocal batches
        on_progress(page.master.name, batches * total + done, len(SECRETS) * total)
        batches += done == total

    try:
        return check_assignment(page, workers=workers, use_cache=use_cache, on_result=count)
    except EcoleError as error:
        remedy = "mend it, then check again: its specimens were not graded"
        return [page.finding(None, str(error), remedy, rule="specimens-not-graded")]


def _pages(scope: Scope) -> Iterator[Page]:
    """What can be built in both languages; the checks that read say why the rest cannot."""
    for master in scope.masters:
        try:
            master.build("fr")
            master.build("en")
            yield read_page(master, scope.root)
        except EcoleError:
            continue


def _unreadable(master: Master, root: Path, error: EcoleError) -> Finding:
    where = master.path.relative_to(root).as_posix()
    remedy = "compare its head and fences with another master"
    return Finding(where, 0, 0, str(error), remedy, "unreadable")


def _whole(root: Path) -> Scope:
    return Scope(root, (*lessons(root), *assignments(root)), whole=True)


def _below(path: str | Path) -> Scope:
    place = Path(path).resolve()
    if not place.exists():
        known = {master.name: master for master in assignments()}
        if str(path) not in known:
            raise EcoleError(
                f"{path}: no such file, and no assignment of that name; "
                f"there is: {', '.join(known)}"
            )
        return Scope(REPOSITORY, (known[str(path)],), whole=False)
    root = _root_of(place)
    whole = _whole(root)
    if place == root:
        return whole
    if place.is_file() and place.parent.name == "specimens":
        place = place.parent.parent
    masters = tuple(master for master in whole.masters if master.path.is_relative_to(place))
    if not masters:
        raise EcoleError(f"{path}: no lesson and no assignment there; name a master or a folder")
    return Scope(root, masters, whole=False)


def _root_of(place: Path) -> Path:
    """The repository that a path lies in."""
    for folder in (place, *place.parents):
        if (folder / "course" / "glossary.yml").is_file():
            return folder
    raise EcoleError(f"{place}: in no repository of the course (no course/glossary.yml above it)")
