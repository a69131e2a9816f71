"""The words are those of `course/glossary.yml`."""

from collections.abc import Iterator

from autograder.authoring.checks.findings import Finding
from autograder.authoring.checks.language import NAMES
from autograder.authoring.checks.pages import Cell, Course, Page, Rule
from autograder.authoring.checks.prose import Passage, aligned
from autograder.authoring.checks.vocabulary import said
from autograder.authoring.translation import Lang

OTHER: dict[Lang, Lang] = {"fr": "en", "en": "fr"}


def avoided(page: Page, course: Course) -> Iterator[Finding]:
    """A word to avoid, where the other language has the term for which it stands.

    `accuracy` is no word for *précision*, and a good one elsewhere. What is quoted is allowed.
    """
    vocabulary = course.vocabulary
    for lang, cell, passage, answer in _both_ways(page):
        for match, _, term in vocabulary.avoided[lang].find(passage.own):
            wanted = vocabulary.has(term, OTHER[lang], answer.text)
            if wanted and not vocabulary.has(term, lang, passage.text):
                problem = f"{match[0]!r} is a word to avoid for {said(term, lang)[0]!r}"
                remedy = "write the latter (course/glossary.yml), or quote it"
                line = passage.line + passage.own[: match.start()].count("\n")
                yield page.finding(cell, problem, remedy, line=line)


def lost(page: Page, course: Course) -> Iterator[Finding]:
    """A term of the glossary whose other language is not in the passage that answers it."""
    vocabulary = course.vocabulary
    for lang, cell, passage, answer in _both_ways(page):
        other = OTHER[lang]
        told = set()
        for match, word, term in vocabulary.said[lang].find(passage.own):
            if word in told or not _telling(word, lang) or vocabulary.has(term, other, answer.text):
                continue
            told.add(word)
            right = " or ".join(repr(words) for words in said(term, other))
            problem = f"{match[0]!r}: the {NAMES[other]} has no {right}"
            remedy = (
                f"write it there, or accept its word in also_{other} of {term.fr!r} "
                "in course/glossary.yml"
            )
            line = passage.line + passage.own[: match.start()].count("\n")
            yield page.finding(cell, problem, remedy, line=line)


def _telling(word: str, lang: Lang) -> bool:
    """Whether a word has one meaning: an English word alone has often several (check, key)."""
    if len(word) <= 2 and not word.isupper():
        return False  # "Se" is also a pronoun
    return lang == "fr" or " " in word or word.isupper()


def _both_ways(page: Page) -> Iterator[tuple[Lang, Cell, Passage, Passage]]:
    """Each passage, with its language and cell, and the one that answers it."""
    for french, english in page.pairs:
        for ours, theirs in aligned(french.text, english.text):
            yield "fr", french, ours, theirs
            yield "en", english, theirs, ours


RULES: dict[str, Rule] = {"term-avoided": avoided, "term-lost": lost}
