"""French stands in the French cell, English in the English one.

A list of function words tells the two apart. A first version of it, on the 1,495 passages of four
words or more of the first masters, the syllabus and the glossary, recognised 97 % and was wrong
about five: proper names (*Unified Code for Units of Measure*) and lines of references, which the
rule leaves out. py3langid 0.4.0 (4.6 MB, BSD), sure at 99 %, recognised 89 %, was wrong about none
and took one second to load its model; lingua weighs 96 MB.
"""

import re
from collections.abc import Iterator

from autograder.authoring.checks.findings import Finding
from autograder.authoring.checks.pages import Course, Page, Rule
from autograder.authoring.checks.prose import aligned
from autograder.authoring.translation import LANGS, Lang

NAMES: dict[Lang, str] = {"fr": "French", "en": "English"}
_FRENCH = """
    à au aussi aux avec avoir car ce ceci cela celle celles celui ces cet cette ceux chaque chez
    comme dans de depuis des deux donc dont du elle elles en entre est et eux fait il ils je la le
    les leur leurs lorsque mais même ne ni nos notre nous ont ou où par pas pendant peut peuvent
    plus pour puis puisque qu quand que quel quelle quelles quels qui quoi sa sans ses si son sont
    sous sur toujours tous tout toute toutes trois très un une vers vos votre vous être
"""
_ENGLISH = """
    all also an and any are as at be because been being between but by can could did do does
    each every for from had has have he her here his how if in into is it its may more most must no
    not of only our out over she should some than that the their them then there these they this
    those to two up very was we were what when where whether which who whom whose why will with
    without would you your
"""
_SPOKEN = {"fr": frozenset(_FRENCH.split()), "en": frozenset(_ENGLISH.split())}
_ACCENTED = re.compile("[àâçèéêëîïôùûœ]")
_WORD = re.compile(r"[^\W\d_]+")
_SENTENCE = re.compile(r"(?<=[.!?;:])\s+")
_ENOUGH = 4  # words: fewer are often the same in both languages


def language(text: str, *, least: int = 1) -> Lang | None:
    """The language of a text; None where its words do not tell.

    Args:
        least: how many words must speak for that language; it needs twice those of the other.
    """
    words = _WORD.findall(text.lower())
    french = sum(
        word in _SPOKEN["fr"] or (not word.isascii() and bool(_ACCENTED.search(word)))
        for word in words
    )
    english = sum(word in _SPOKEN["en"] for word in words)
    if not french:
        english += words.count("a")  # also a French verb
    if french >= least and french > 2 * english:
        return "fr"
    return "en" if english >= least and english > 2 * french else None


def in_the_other(text: str, lang: Lang) -> str | None:
    """The part of a text that is in the other language; None where there is none.

    A whole text needs one telling word, a sentence of it two: it has less to tell by.
    """
    if _long(text) and language(text) not in (None, lang):
        return text
    for sentence in _SENTENCE.split(text):
        if _long(sentence) and language(sentence, least=2) not in (None, lang):
            return sentence
    return None


def _long(text: str) -> bool:
    return len(_WORD.findall(text)) >= _ENOUGH


def wrong_language(page: Page, course: Course) -> Iterator[Finding]:
    """A paragraph, heading, list item or table cell in the language of the other cell.

    References keep the language of their titles; so does what is quoted or in italics, or a name
    that the glossary has in both languages.
    """
    names = [term.fr for term in course.glossary.terms if term.fr == term.en and " " in term.fr]
    for french, english in page.pairs:
        if _is_references(french.text.passages[0].text if french.text.passages else ""):
            continue
        for lang, cell in zip(LANGS, (french, english), strict=True):
            for passage in cell.text.passages:
                own = passage.own
                for name in names:
                    own = own.replace(name, " ")
                found = in_the_other(own, lang)
                if found:
                    problem = f"not {NAMES[lang]}: {shortened(found)!r}"
                    remedy = "translate it, or put what must stay foreign in quotes or italics"
                    yield page.finding(cell, problem, remedy, line=passage.line)


def untranslated(page: Page, course: Course) -> Iterator[Finding]:
    """A heading, or a passage of several words, that is the same in both cells of a pair."""
    for french, english in page.pairs:
        if _is_references(french.text.passages[0].text if french.text.passages else ""):
            continue
        for ours, theirs in aligned(french.text, english.text):
            same = ours.own.split() == theirs.own.split()
            some = _long(ours.own) or ours.kind == "heading"
            if same and some and language(ours.own):
                problem = f"the same words in both languages: {shortened(theirs.own)!r}"
                yield page.finding(english, problem, "translate it", line=theirs.line)


REFERENCES = {"Références", "References"}


def _is_references(heading: str) -> bool:
    return heading.strip() in REFERENCES


def translated_texts(page: Page, course: Course) -> Iterator[Finding]:
    """French in `en=`, or English in `fr=`, of a `t()` or of an alternative text."""
    texts = []
    for cell in page.of_kind("code"):
        texts += [(cell, text.line, text.fr, text.en) for text in cell.translations]
        alt = cell.metadata.get("alt")
        if isinstance(alt, dict):
            texts.append((cell, 1, str(alt.get("fr", "")), str(alt.get("en", ""))))
    for cell, line, fr, en in texts:
        pairs: tuple[tuple[Lang, str], ...] = (("fr", fr), ("en", en))
        for lang, text in pairs:
            found = in_the_other(_outside_quotes(text), lang)
            if found:
                problem = f"{lang}=… is not {NAMES[lang]}: {shortened(found)!r}"
                yield page.finding(cell, problem, "write it in its language", line=line)


def _outside_quotes(text: str) -> str:
    return re.sub(r"«[^»]*»|“[^”]*”|\"[^\"]*\"|'[^']+'(?!\w)", " ", text)


def shortened(text: str) -> str:
    """The first words of a text, on one line."""
    words = " ".join(text.split())
    return words if len(words) <= 60 else words[:59].rsplit(" ", 1)[0] + "…"


RULES: dict[str, Rule] = {
    "language": wrong_language,
    "untranslated": untranslated,
    "t-language": translated_texts,
}
