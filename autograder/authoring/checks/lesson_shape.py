"""A lesson opens and closes as every lesson does (`OPENING`, `CLOSING`)."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from autograder.authoring.checks.figures import draws
from autograder.authoring.checks.findings import Finding
from autograder.authoring.checks.language import NAMES
from autograder.authoring.checks.pages import Cell, Course, Page, Rule
from autograder.authoring.translation import LANGS, Lang

OPENING: dict[str, dict[Lang, str]] = {
    "question": {"fr": "La question de l'hôpital.", "en": "The hospital's question."},
    "objectives": {
        "fr": "À la fin de cette leçon, vous saurez",
        "en": "By the end of this lesson, you will be able to",
    },
    "needs": {"fr": "Il vous faut :", "en": "You need:"},
    "time": {"fr": "Durée :", "en": "Time:"},
}
"""Words in bold in the first text of a lesson."""

CLOSING: dict[str, dict[Lang, str]] = {
    "key points": {"fr": "À retenir", "en": "Key points"},
    "ask": {"fr": "À demander dans le service", "en": "To ask in the service"},
    "references": {"fr": "Références", "en": "References"},
}
"""Headings of the second level at the end of a lesson."""

MINUTES = range(60, 91)
OBJECTIVES = range(2, 5)
_LINKED = re.compile(r"https?://|\b10\.\d{4,}/")


@dataclass(frozen=True)
class _Section:
    """A part of a lesson in one language: where it begins, its Markdown lines."""

    cell: Cell
    line: int
    lines: list[str]

    @property
    def text(self) -> str:
        return "\n".join(self.lines)

    @property
    def items(self) -> list[tuple[int, str]]:
        """Each item of its lists with its line, from the section's."""
        found: list[tuple[int, str]] = []
        for number, line in enumerate(self.lines):
            if re.match(r"(?:[-*+]|\d+\.) ", line):
                found.append((number, line))
            elif found and line.startswith("  "):
                found[-1] = (found[-1][0], f"{found[-1][1]} {line.strip()}")
        return found


def opening(page: Page, course: Course) -> Iterator[Finding]:
    """A lesson that does not open with its question, objectives, needs and minutes."""
    if page.kind != "lesson" or not page.pairs:
        return
    for lang, cell in zip(LANGS, page.pairs[0], strict=True):
        for name, words in OPENING.items():
            if f"**{words[lang]}**" not in _straight(cell.source):
                problem = f"the lesson does not say its {name} in {NAMES[lang]}"
                yield page.finding(cell, problem, f"write **{words[lang]}** in its first text")
        yield from _question(page, cell, lang)
        yield from _objectives(page, cell, lang)
        yield from _minutes(page, cell, lang)


def _straight(text: str) -> str:
    return text.replace("’", "'").replace("\u00a0", " ").replace("\u202f", " ")


def _after(cell: Cell, words: str) -> _Section | None:
    """What follows some words in bold, up to the next words in bold at the start of a line."""
    lines = _straight(cell.source).splitlines()
    for number, line in enumerate(lines):
        if f"**{words}**" in line:
            rest = lines[number + 1 :]
            ends = [place for place, text in enumerate(rest) if text.startswith(("**", "#"))]
            kept = rest[: ends[0]] if ends else rest
            return _Section(cell, number + 1, [line.split(f"**{words}**", 1)[1], *kept])
    return None


def _question(page: Page, cell: Cell, lang: Lang) -> Iterator[Finding]:
    section = _after(cell, OPENING["question"][lang])
    if section and "?" not in section.text.split("\n\n")[0]:
        problem = f"the hospital's question asks nothing in {NAMES[lang]}"
        remedy = "end it with the question, with its question mark"
        yield page.finding(cell, problem, remedy, line=section.line)


def _objectives(page: Page, cell: Cell, lang: Lang) -> Iterator[Finding]:
    section = _after(cell, OPENING["objectives"][lang])
    if section and len(section.items) not in OBJECTIVES:
        problem = f"{len(section.items)} objectives in {NAMES[lang]}"
        remedy = "list two to four, each beginning with a verb"
        yield page.finding(cell, problem, remedy, line=section.line)


def _minutes(page: Page, cell: Cell, lang: Lang) -> Iterator[Finding]:
    section = _after(cell, OPENING["time"][lang])
    if section:
        said = re.search(r"(\d+)\s+minutes", section.lines[0])
        if said is None or int(said[1]) not in MINUTES:
            problem = f"no time of 60 to 90 minutes: {section.lines[0].strip()!r}"
            remedy = "say the minutes a learner needs, and keep the lesson within them"
            yield page.finding(cell, problem, remedy, line=section.line)


def closing(page: Page, course: Course) -> Iterator[Finding]:
    """A lesson that does not close with key points, something to ask and its references."""
    if page.kind != "lesson" or not page.pairs:
        return
    for lang in LANGS:
        sections = _sections(page, lang)
        for name, words in CLOSING.items():
            section = sections.get(words[lang])
            if section is None:
                cell = page.pairs[-1][LANGS.index(lang)]
                problem = f"the lesson has no heading {words[lang]!r} in {NAMES[lang]}"
                yield page.finding(cell, problem, f"close it with `## {words[lang]}`")
            elif name == "ask":
                if "?" not in section.text:
                    problem = f"{words[lang]!r} asks nothing"
                    remedy = "write the question to bring to the service"
                    yield page.finding(section.cell, problem, remedy, line=section.line)
            elif len(section.items) < (2 if name == "key points" else 1):
                problem = f"{words[lang]!r} has no list"
                yield page.finding(section.cell, problem, "list them", line=section.line)


def references(page: Page, course: Course) -> Iterator[Finding]:
    """A reference without a DOI or an address."""
    if page.kind != "lesson":
        return
    for lang in LANGS:
        section = _sections(page, lang).get(CLOSING["references"][lang])
        for number, item in section.items if section else []:
            if section and not _LINKED.search(item):
                problem = f"a reference without DOI or address: {item[:60]!r}"
                remedy = "add its DOI or URL"
                yield page.finding(section.cell, problem, remedy, line=section.line + number)


def _sections(page: Page, lang: Lang) -> dict[str, _Section]:
    """What stands below each heading of the second level, up to the next one in its cell."""
    found = {}
    for cell in page.cells:
        if cell.lang != lang:
            continue
        lines = _straight(cell.source).splitlines()
        starts = [number for number, line in enumerate(lines) if line.startswith("## ")]
        for start, end in pairwise([*starts, len(lines)]):
            title = lines[start].removeprefix("## ").strip()
            found[title] = _Section(cell, start + 1, lines[start:end])
    return found


def enough(page: Page, course: Course) -> Iterator[Finding]:
    """A lesson with fewer than two exercises or two figures."""
    if page.kind != "lesson":
        return
    exercises = sum("exercise" in cell.tags for cell in page.cells)
    shown = sum(len(part.images) for _, cell in page.pairs for part in cell.text.passages)
    figures = len(draws(page)) + shown
    for count, name, remedy in (
        (exercises, "exercises", "add one: cells tagged exercise, solution, check"),
        (figures, "figures", "add one that carries the argument"),
    ):
        if count < 2:
            yield page.finding(None, f"{count} {name}: a lesson has two at least", remedy)


RULES: dict[str, Rule] = {
    "lesson-opening": opening,
    "lesson-closing": closing,
    "lesson-references": references,
    "lesson-practice": enough,
}
