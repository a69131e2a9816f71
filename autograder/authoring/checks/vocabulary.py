"""The glossary, made ready to be looked for in texts."""

import re
from collections.abc import Callable, Iterator
from functools import cache

from autograder.authoring.glossary import Glossary, Term
from autograder.authoring.translation import LANGS, Lang

_START = re.compile(r"(?<![\w-])\w[\w-]")


class Vocabulary:
    """Finds the terms of a glossary, and the words it avoids, in plurals and capitals too."""

    def __init__(self, glossary: Glossary) -> None:
        self.said = {lang: _Words(glossary, said, lang) for lang in LANGS}
        self.avoided = {lang: _Words(glossary, _avoided, lang) for lang in LANGS}
        self._accepted: dict[tuple[str, Lang], re.Pattern[str]] = {}

    def has(self, term: Term, lang: Lang, text: str) -> bool:
        """Whether a text has the term, its abbreviation or another accepted word for it."""
        key = (term.fr, lang)
        if key not in self._accepted:
            also = term.also_fr if lang == "fr" else term.also_en
            forms = "|".join(_form(word, lang) for word in [*said(term, lang), *also])
            self._accepted[key] = re.compile(rf"(?<!\w)(?:{forms})(?!\w)")
        return self._accepted[key].search(text) is not None


class _Words:
    """Some words of each term, in one language, looked for all at once."""

    def __init__(
        self, glossary: Glossary, words_of: Callable[[Term, Lang], list[str]], lang: Lang
    ) -> None:
        terms: dict[str, list[Term]] = {}
        for term in glossary.terms:
            for word in words_of(term, lang):
                terms.setdefault(word, []).append(term)
        self._lang = lang
        self._starting: dict[str, list[tuple[str, list[Term]]]] = {}
        # the longest first: "dictionnaire de données" is no "dictionnaire"
        for word in sorted(terms, key=lambda word: -len(word)):
            self._starting.setdefault(word[:2].lower(), []).append((word, terms[word]))

    def find(self, text: str) -> Iterator[tuple[re.Match[str], str, Term]]:
        """Each place where a word stands: the match, the glossary's word, a term it is for."""
        end = 0
        for start in _START.finditer(text):
            if start.start() < end:
                continue  # inside the term before
            for word, terms in self._starting.get(start[0].lower(), ()):
                match = _pattern(word, self._lang).match(text, start.start())
                if match:
                    end = match.end()
                    yield from ((match, word, term) for term in terms)
                    break


@cache
def _pattern(word: str, lang: Lang) -> re.Pattern[str]:
    return re.compile(rf"{_form(word, lang)}(?![\w-])")


def said(term: Term, lang: Lang) -> list[str]:
    """The words and the abbreviation of a term."""
    words = [term.fr, term.abbr_fr] if lang == "fr" else [term.en, term.abbr_en]
    return [word for word in words if word]


def _avoided(term: Term, lang: Lang) -> list[str]:
    return term.avoid_fr if lang == "fr" else term.avoid_en


def _form(words: str, lang: Lang) -> str:
    """A pattern of the plurals and capitals of some words; abbreviations keep their capitals."""
    return r"\s+".join(_word(part, lang) for part in words.split())


def _word(word: str, lang: Lang) -> str:
    escaped = re.escape(word).replace("'", "['’]")
    if any(letter.isupper() for letter in word[1:]):
        return escaped + "s?"
    if word[0].isalpha():
        escaped = f"[{word[0].lower()}{word[0].upper()}]{escaped[1:]}"
    if lang == "fr":
        if word.endswith("al"):
            return f"{escaped[:-1]}(?:le?s?|ux)"
        return escaped if word.endswith(("s", "x")) else f"{escaped}(?:e?s|x)?"
    return f"{escaped[:-1]}(?:ys?|ies)" if word.endswith("y") else f"{escaped}(?:e?s)?"
