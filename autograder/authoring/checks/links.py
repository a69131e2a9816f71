"""Relative links lead somewhere."""

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

from autograder.authoring.checks.findings import Finding
from autograder.authoring.checks.pages import Course, Page, Rule
from autograder.authoring.checks.prose import Text, read_text
from autograder.authoring.masters import assignments, lessons
from autograder.errors import EcoleError

_ANCHOR = re.compile(r"<[^>]+\b(?:id|name)=[\"']([^\"']+)[\"']")
_HEADING = re.compile(r"^ {0,3}#{1,6} +(.*?)(?: +#+)?$", re.MULTILINE)
RULE = "dead-link"


def dead_links(page: Page, course: Course) -> Iterator[Finding]:
    """A link of a master to a file or heading that is not there."""
    for cell in page.of_kind("markdown"):
        for line, problem, remedy in _dead(cell.text, page.master.path):
            yield page.finding(cell, problem, remedy, line=line)


def check_documents(root: Path) -> list[Finding]:
    """Dead links of the Markdown files that are no masters: READMEs, data cards, root files."""
    found = []
    for path in documents(root):
        text = read_text(path.read_text(encoding="utf-8"))
        name = path.relative_to(root).as_posix()
        for line, problem, remedy in _dead(text, path):
            found.append(Finding(name, line, 0, problem, remedy, RULE))
    return sorted(found)


def documents(root: Path) -> list[Path]:
    """The Markdown files of the repository that readers meet and that are no masters."""
    try:
        masters = {master.path for master in [*lessons(root), *assignments(root)]}
    except EcoleError:  # no assignment yet
        masters = {master.path for master in lessons(root)}
    patterns = ("*.md", "course/**/*.md", "assignments/**/*.md", "datasets/cards/**/*.md")
    found = {path for pattern in patterns for path in root.glob(pattern)}
    return sorted(found - masters)


def _dead(text: Text, path: Path) -> Iterator[tuple[int, str, str]]:
    for passage in text.passages:
        for link in [*passage.links, *(source for source, _ in passage.images)]:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = path.parent / unquote(parts.path) if parts.path else path
            if not target.exists():
                problem = f"{link} leads to no file"
                yield passage.line, problem, "correct it, or write the file first"
            elif target.suffix == ".md" and not _leads(parts.fragment, target):
                problem = f"{link} leads to no heading"
                yield passage.line, problem, "write the heading in small letters, with hyphens"


def _leads(fragment: str, target: Path) -> bool:
    return not fragment or unquote(fragment).lower() in _anchors(target)


def _anchors(path: Path) -> frozenset[str]:
    """The anchors of a file, in small letters, as GitHub makes them and as JupyterLab does."""
    source = path.read_text(encoding="utf-8")
    found = {anchor.lower() for anchor in _ANCHOR.findall(source)}
    seen: dict[str, int] = {}
    for heading in _HEADING.findall(source):
        plain = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", heading).replace("`", "").strip().lower()
        anchor = re.sub(r"[^\w\- ]", "", plain).replace(" ", "-")
        again = seen.get(anchor, 0)
        seen[anchor] = again + 1
        found |= {f"{anchor}-{again}" if again else anchor, plain.replace(" ", "-")}
    return frozenset(found)


RULES: dict[str, Rule] = {RULE: dead_links}
