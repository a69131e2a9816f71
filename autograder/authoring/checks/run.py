"""`ecole check`: what to check, and the checks that only read."""

import re
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import repeat
from pathlib import Path

from autograder.authoring.checks.built import check_built
from autograder.authoring.checks.cache import Checked
from autograder.authoring.checks.cards import check_cards
from autograder.authoring.checks.findings import Finding
from autograder.authoring.checks.folders import check_folders
from autograder.authoring.checks.links import check_documents
from autograder.authoring.checks.pages import Course, read_page
from autograder.authoring.checks.text import check_pages
from autograder.authoring.masters import REPOSITORY, Master, assignments, lessons
from autograder.errors import EcoleError

# masters read by one process in turn
_CHUNK = 8
# a heading of another file can change while this one does not
_CROSS_ANCHOR = re.compile(r"\]\([^)\s#]+\.md#")


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
    for master, found in _read_all(changed, course):
        findings += found
        if not _CROSS_ANCHOR.search(master.path.read_text("utf-8", "replace")):
            known[master].keep(found)
    if scope.whole:
        findings += [
            *check_folders(scope.root),
            *check_documents(scope.root),
            *check_cards(scope.root),
        ]
    return sorted(set(findings))


def _read_all(masters: list[Master], course: Course) -> Iterator[tuple[Master, list[Finding]]]:
    """Read masters, on every processor where they are many."""
    chunks = [masters[start : start + _CHUNK] for start in range(0, len(masters), _CHUNK)]
    if len(chunks) < 2:
        for chunk in chunks:
            yield from _read(chunk, course).items()
        return
    with ProcessPoolExecutor() as pool:
        for found in pool.map(_read, chunks, repeat(course)):
            yield from found.items()


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
