"""What a skeleton left to its author: each place that still bears the mark."""

import re
from bisect import bisect_left
from collections.abc import Iterator
from pathlib import Path
from textwrap import shorten

from autograder.authoring.checks.findings import Finding
from autograder.authoring.checks.pages import Course, Page, Rule
from autograder.authoring.translation import Lang

NAME = "to-write"
MARKS: dict[Lang, str] = {"fr": "À ÉCRIRE", "en": "TO WRITE"}
# a French keyboard has no key for accented capitals
_MARK = re.compile(r"\b(?:[AÀ] [EÉ]CRIRE|TO WRITE)\b")
_REMEDY = "write it and remove the mark"


def unwritten(page: Page, course: Course) -> Iterator[Finding]:
    """A mark in a master, its code and its cells' metadata included."""
    ends = [cell.line + cell.source.count("\n") for cell in page.cells]
    for line, problem in _marks(page.master.path):
        # metadata stand before their cell: the first cell that ends at this line or below
        index = min(bisect_left(ends, line), len(ends) - 1)
        yield Finding(page.path, line, page.cells[index].number, problem, _REMEDY)


def unwritten_beside(folder: Path, root: Path) -> Iterator[Finding]:
    """A mark in what stands beside a master: its module's README, its specimens."""
    for path in sorted([*folder.glob("README.md"), *folder.glob("specimens/*.py")]):
        for line, problem in _marks(path):
            name = path.relative_to(root).as_posix()
            yield Finding(name, line, 0, problem, _REMEDY, NAME)


def _marks(path: Path) -> Iterator[tuple[int, str]]:
    """Number and words of each line that bears a mark."""
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if found := _MARK.search(line):
            words = line[found.start() :].rstrip(" \"',)")
            yield number, f"still to be written: {shorten(words, 70, placeholder='…')}"


RULES: dict[str, Rule] = {NAME: unwritten}
