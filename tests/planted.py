"""Faults planted in small masters, each with a near miss that must pass; see `test_checks.py`."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from autograder.authoring.checks.findings import Finding
from autograder.authoring.checks.pages import Course, read_page
from autograder.authoring.checks.text import check_page
from autograder.authoring.glossary import Glossary
from autograder.authoring.masters import REPOSITORY, Master

HEADER = """---
jupytext:
  text_representation: {extension: .md, format_name: myst, format_version: 0.13}
kernelspec: {display_name: Python 3, language: python, name: python3}
---

"""


@dataclass(frozen=True)
class Planted:
    """A fault, what its author must read, and what resembles it without being one.

    Attributes:
        fault: cells of a master (without its header), with a mark `⟵` on the line to be named.
        near_miss: cells on which the same rule finds nothing.
        says: words that the finding must hold.
    """

    fault: str
    near_miss: str
    says: tuple[str, ...]
    kind: Literal["lesson", "assignment"] = "lesson"


def findings_in(folder: Path, cells: str, kind: Literal["lesson", "assignment"]) -> list[Finding]:
    """What the text checks find in a master of these cells."""
    path = folder / "w99-planted.md"
    path.write_text(HEADER + cells, encoding="utf-8")
    return check_page(read_page(Master(path, kind), folder), Course(folder, _glossary()))


@cache
def _glossary() -> Glossary:
    return Course.read(REPOSITORY).glossary


def pair(french: str, english: str) -> str:
    """A text in both languages."""
    return f'+++ {{"lang": "fr"}}\n\n{french}\n\n+++ {{"lang": "en"}}\n\n{english}\n\n'


def code(source: str, options: str = "") -> str:
    """A code cell, with its options as MyST writes them (``:tags: [check]``)."""
    return (
        "```{code-cell} ipython3\n" + (f"{options}\n\n" if options else "") + f"{source}\n```\n\n"
    )
