"""The words of the course in both languages (`course/glossary.yml`)."""

from collections.abc import Iterable, Iterator
from itertools import chain, pairwise
from pathlib import Path
from typing import Any

from pydantic import Field

from autograder.authoring.course_files import (
    Location,
    Strict,
    Text,
    Words,
    all_faults,
    dotted,
    folded,
    read_course_file,
)
from autograder.authoring.masters import REPOSITORY
from autograder.errors import EcoleError


class Term(Strict):
    """One term: the exact words to use in each language, and those not to use.

    `also_fr` and `also_en` are accepted as translations, beside the words to use.
    """

    fr: Words
    en: Words
    abbr_fr: Words | None = None
    abbr_en: Words | None = None
    definition: Text
    source: Words | None = None
    also_fr: list[Words] = Field(default=[])
    also_en: list[Words] = Field(default=[])
    avoid_fr: list[Words] = Field(default=[])
    avoid_en: list[Words] = Field(default=[])


class Glossary(Strict):
    """Every term, sorted by its French words (accents folded)."""

    terms: list[Term] = Field(min_length=1)


def read_glossary(root: Path | None = None) -> Glossary:
    """Read `course/glossary.yml` of a repository and check it.

    Args:
        root: the repository; ours by default.

    Raises:
        EcoleError: one line for each fault, with the file, the place and what to do.
    """
    path = (root or REPOSITORY) / "course" / "glossary.yml"
    glossary = read_course_file(path, Glossary, _place)
    faults = list(chain(_duplicates(glossary), _disorder(glossary), _contradictions(glossary)))
    if faults:
        raise EcoleError(all_faults(path, faults))
    return glossary


def _place(data: Any, location: Location) -> str:
    """Call a location by its French term."""
    if len(location) < 2 or location[0] != "terms" or not isinstance(location[1], int):
        return dotted(location)
    term = data["terms"][location[1]]
    french = term.get("fr") if isinstance(term, dict) else None
    name = f"term {french!r}" if french else f"terms.{location[1] + 1}"
    return f"{name}, {dotted(location[2:])}" if location[2:] else name


def _duplicates(glossary: Glossary) -> Iterator[str]:
    terms = glossary.terms
    yield from _twice("fr", ((term.fr, term) for term in terms))
    yield from _twice("en", ((term.en, term) for term in terms))
    yield from _twice("abbr_fr", ((term.abbr_fr, term) for term in terms))
    yield from _twice("abbr_en", ((term.abbr_en, term) for term in terms))


def _twice(field: str, words: Iterable[tuple[str | None, Term]]) -> Iterator[str]:
    seen: dict[str, Term] = {}
    for text, term in words:
        if text is None:
            continue
        key = text.casefold()
        if key in seen:
            yield f"term {term.fr!r}, {field}: {text!r} is also that of {seen[key].fr!r}; keep one"
        seen[key] = term


def _disorder(glossary: Glossary) -> Iterator[str]:
    for before, after in pairwise(glossary.terms):
        if folded(before.fr) > folded(after.fr):
            yield f"term {after.fr!r}: stands after {before.fr!r}; sort by French term"


def _contradictions(glossary: Glossary) -> Iterator[str]:
    for term in glossary.terms:
        for field, used, listed in (
            ("avoid_fr", (term.fr, term.abbr_fr, *term.also_fr), term.avoid_fr),
            ("avoid_en", (term.en, term.abbr_en, *term.also_en), term.avoid_en),
            ("also_fr", (term.fr, term.abbr_fr), term.also_fr),
            ("also_en", (term.en, term.abbr_en), term.also_en),
        ):
            for word in listed:
                if word in used:
                    yield f"term {term.fr!r}, {field}: {word!r} is the term itself; remove it"
