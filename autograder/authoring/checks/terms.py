"""The words are those of `course/glossary.yml`."""

from collections.abc import Iterator

from autograder.authoring.checks.findings import Finding
from autograder.authoring.checks.language import NAMES
from autograder.authoring.checks.pages import Cell, Course, Page, Rule
from autograder.authoring.checks.prose import Passage
from autograder.authoring.checks.vocabulary import said
from autograder.authoring.translation import LANGS, Lang

_OTHER: dict[Lang, Lang] = {"fr": "en", "en": "fr"}
_Side = tuple[Cell, list[tuple[int, str]], str]


def avoided(page: Page, course: Course) -> Iterator[Finding]:
    """A word to avoid, where the other language has the term for which it stands.

    `accuracy` is no word for *précision*, and a good one elsewhere. What is quoted is allowed.
    """
    vocabulary = course.vocabulary
    for sides in _sides(page):
        for lang in LANGS:
            cell, passages, _ = sides[lang]
            for line, text in passages:
                for match, _, term in vocabulary.avoided[lang].find(text):
                    if vocabulary.has(term, _OTHER[lang], sides[_OTHER[lang]][2]):
                        problem = f"{match[0]!r} is a word to avoid for {said(term, lang)[0]!r}"
                        remedy = "write the latter (course/glossary.yml), or quote it"
                        place = line + text[: match.start()].count("\n")
                        yield page.finding(cell, problem, remedy, line=place)


def lost(page: Page, course: Course) -> Iterator[Finding]:
    """A term of the glossary whose other language is not in the other cell of the pair."""
    vocabulary = course.vocabulary
    for sides in _sides(page):
        for lang in LANGS:
            other, (cell, passages, _) = _OTHER[lang], sides[lang]
            told = set()
            for line, text in passages:
                for match, word, term in vocabulary.said[lang].find(text):
                    if word in told or not _telling(word, lang):
                        continue
                    if not vocabulary.has(term, other, sides[other][2]):
                        told.add(word)
                        right = " or ".join(repr(words) for words in said(term, other))
                        problem = f"{match[0]!r}: the {NAMES[other]} has no {right}"
                        remedy = (
                            f"write it there, or accept another word in also_{other} of "
                            f"{term.fr!r} in course/glossary.yml"
                        )
                        place = line + text[: match.start()].count("\n")
                        yield page.finding(cell, problem, remedy, line=place)


def _telling(word: str, lang: Lang) -> bool:
    """Whether a word has one meaning: an English word alone has often several (check, key)."""
    if len(word) <= 2 and not word.isupper():
        return False  # "Se" is also a pronoun
    return lang == "fr" or " " in word or word.isupper()


def _sides(page: Page) -> Iterator[dict[Lang, _Side]]:
    """The two sides of each pair: the cell, its own passages with their lines, all its words."""
    for french, english in page.pairs:
        yield {"fr": _side(french), "en": _side(english)}


def _side(cell: Cell) -> _Side:
    passages: tuple[Passage, ...] = cell.text.passages
    words = "\n".join(passage.text for passage in passages)
    return cell, [(passage.line, passage.own) for passage in passages], words


RULES: dict[str, Rule] = {"term-avoided": avoided, "term-lost": lost}
