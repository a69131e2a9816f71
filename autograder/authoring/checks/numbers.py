"""The two languages give the same numbers, each in its own notation."""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from autograder.authoring.checks.findings import Finding
from autograder.authoring.checks.pages import Course, Page, Rule
from autograder.authoring.checks.prose import aligned
from autograder.authoring.translation import Lang

_SPACE = "[ \u00a0\u202f]"
_MONTHS = {
    "fr": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    "en": "January February March April May June July August September October November December",
}
_WORDS = {
    "fr": "zéro un|une|premi[eè]re? deux|deuxièmes?|seconde? trois|troisièmes?|tiers"
    " quatre|quatrièmes?|quarts? cinq|cinquièmes? six|sixièmes? sept|septièmes? huit|huitièmes?"
    " neuf|neuvièmes? dix|dixièmes? onze douze",
    "en": "zero one|first two|second|twice|half three|thirds? four|fourths?|quarters? five|fifths?"
    " six|sixths? seven|sevenths? eight|eighths? nine|ninths? ten|tenths? eleven twelve",
}
_ROMAN = {"I": 1, "V": 5, "X": 10, "L": 50}


@dataclass(frozen=True)
class Number:
    """A number: its value in one notation for all languages, and the words found."""

    value: str
    words: str


def numbers(text: str, lang: Lang) -> list[Number]:
    """The numbers written in figures in a text.

    A date gives its day, month and year, an hour its hours and minutes, so that `3 mars 2020`
    equals `3 March 2020`, and `7 h 30` equals `7:30`.
    """
    found: list[tuple[int, Number]] = []
    if not _DIGIT.search(text) and "siècle" not in text:
        return []
    for needs, pattern, values in _PATTERNS[lang]:
        if not needs or any(word in text for word in needs):
            matches = [*pattern.finditer(text)]
            for match in matches:
                words = match[0].strip()
                found += ((match.start(), Number(value, words)) for value in values(match))
            if matches:
                text = pattern.sub(lambda match: "·" * len(match[0]), text)
    return [number for _, number in sorted(found, key=lambda item: item[0])]


def unequal(french: str, english: str) -> Iterator[tuple[Lang, Number]]:
    """The numbers that one language lacks, named with the language that has them.

    A small number that the other language writes in words is not lacking.
    """
    ours, theirs = numbers(french, "fr"), numbers(english, "en")
    extra = Counter(number.value for number in ours)
    extra.subtract(number.value for number in theirs)
    for lang, given, other, sign in (("fr", ours, english, 1), ("en", theirs, french, -1)):
        for number in given:
            if extra[number.value] * sign > 0:
                extra[number.value] -= sign
                if not _in_words(number.value, other, "en" if lang == "fr" else "fr"):
                    yield ("fr" if lang == "fr" else "en"), number


def _in_words(value: str, text: str, lang: str) -> bool:
    """Whether a text says a number up to twelve in words."""
    names = _WORDS[lang].split()
    if not value.isdigit() or int(value) >= len(names):
        return False
    return re.search(rf"\b(?:{names[int(value)]})\b", text, re.IGNORECASE) is not None


def _decimal(written: str) -> str:
    sign = "-" if written[0] in "-−" else ""
    number = Decimal(written.lstrip("-−"))
    return sign + format(number.normalize() if number else Decimal(0), "f")


def _french(match: re.Match[str]) -> list[str]:
    return [_decimal(re.sub(r"\s", "", match[0]).replace(",", "."))]


def _english(match: re.Match[str]) -> list[str]:
    return [_decimal(re.sub(r"[\s,]", "", match[0]))]


def _time(match: re.Match[str]) -> list[str]:
    hours, minutes = int(match["hours"]), int(match["minutes"] or 0)
    half = (match.groupdict().get("half") or "").lower()
    if half:
        hours = hours % 12 + (12 if half == "p" else 0)
    return [str(hours), str(minutes)] if minutes else [str(hours)]


def _month(lang: str) -> tuple[re.Pattern[str], Callable[[re.Match[str]], list[str]]]:
    """The name of a month beside a day or a year counts as its number."""
    names = _MONTHS[lang].split()
    either = "|".join(names)
    beside = rf"(?<=\d{_SPACE})(?:{either})\b|(?<=er{_SPACE})(?:{either})\b"
    before = rf"|\b(?:{either})(?={_SPACE}\d)"
    return re.compile(beside + before), lambda match: [str(names.index(match[0]) + 1)]


def _century(match: re.Match[str]) -> list[str]:
    digits = [_ROMAN[letter] for letter in match[1]]
    following = [*digits[1:], 0]
    return [str(sum(-a if a < b else a for a, b in zip(digits, following, strict=True)))]


_SIGN = r"(?:(?<![^\s(«\"“])[-−])?"
_SPACED_DECIMALS = rf"{_SIGN}\d+[.,]\d{{3}}(?:{_SPACE}\d{{3}})+(?:{_SPACE}\d{{1,2}})?(?!\d)"
_HOUR = re.compile(rf"\b(?P<hours>\d{{1,2}}){_SPACE}?h\b(?:{_SPACE}?(?P<minutes>\d{{2}})\b)?")
_HOUR_TIGHT = re.compile(r"\b(?P<hours>\d{1,2})h(?P<minutes>\d{2})\b")
_CLOCK = re.compile(
    rf"\b(?P<hours>\d{{1,2}}):(?P<minutes>\d{{2}})\b(?!:)(?:{_SPACE}?(?P<half>[ap])\.?m\b)?"
)
_HALF_DAY = re.compile(rf"\b(?P<hours>\d{{1,2}})(?P<minutes>){_SPACE}?(?P<half>[ap])\.?m\b")
_VERSION = re.compile(r"\d+(?:\.\d+){2,}")
_PLAIN = re.compile(rf"{_SIGN}(?:\d+(?:[.,]\d+)?|(?<![\w.])\.\d+)")

_DIGIT = re.compile(r"\d")
_Pattern = tuple[tuple[str, ...], re.Pattern[str], Callable[[re.Match[str]], list[str]]]
# each with what a text must have for it to be worth trying
_COMMON: list[_Pattern] = [
    ((".",), _VERSION, lambda match: [match[0]]),
    ((":",), _CLOCK, _time),
    (("m",), _HALF_DAY, _time),
    (("h",), _HOUR_TIGHT, _time),
    (("h",), _HOUR, _time),
    ((), re.compile(_SPACED_DECIMALS), _french),
]
_FRENCH_THOUSANDS = rf"{_SIGN}(?<![\d,.])\d{{1,3}}(?:{_SPACE}\d{{3}})+(?!\d)(?:,\d+)?"
_ENGLISH_THOUSANDS = rf"{_SIGN}(?<![\d,.])\d{{1,3}}(?:,\d{{3}})+(?!\d)(?:\.\d+)?"
_PATTERNS: dict[Lang, list[_Pattern]] = {
    "fr": [
        (tuple(_MONTHS["fr"].split()), *_month("fr")),
        (("siècle",), re.compile(r"\b([IVXL]+)e\b(?=\s+siècle)"), _century),
        *_COMMON,
        ((), re.compile(_FRENCH_THOUSANDS), _french),
        ((), _PLAIN, _french),
    ],
    "en": [
        (tuple(_MONTHS["en"].split()), *_month("en")),
        *_COMMON,
        ((",",), re.compile(_ENGLISH_THOUSANDS), _english),
        # a French number that is quoted, or left by mistake: `number-notation` tells
        ((), _PLAIN, _french),
    ],
}


def same_numbers(page: Page, course: Course) -> Iterator[Finding]:
    """A number that the other language lacks, in a pair, a `t()` or an alternative text."""
    for cells in page.pairs:
        for ours, theirs in aligned(cells[0].text, cells[1].text):
            for lang, number in unequal(ours.text, theirs.text):
                cell, line = (cells[0], ours.line) if lang == "fr" else (cells[1], theirs.line)
                yield page.finding(cell, *_says(lang, number), line=line)
    for cell in page.of_kind("code"):
        for text in cell.translations:
            for lang, number in unequal(text.fr, text.en):
                yield page.finding(cell, *_says(lang, number), line=text.line)
        alt = cell.metadata.get("alt")
        if isinstance(alt, dict) and set(alt) == {"fr", "en"}:
            for lang, number in unequal(str(alt["fr"]), str(alt["en"])):
                yield page.finding(cell, *_says(lang, number))


def _says(lang: Lang, number: Number) -> tuple[str, str]:
    has, lacks = ("French", "English") if lang == "fr" else ("English", "French")
    of = "" if number.value == number.words else f" in {number.words!r}"
    return f"{number.value}{of} is in the {has}, not in the {lacks}", "give both the same numbers"


_COMMA = re.compile(r"(?<![\d.,])\d+,(?!\d{3}(?!\d))\d+")
_POINT = re.compile(rf"(?<![\d.,])\d+\.\d+(?={_SPACE}?(?:%|€|°|(?:[mkµ]?[gLlm]|ans?|h|min)\b))")


def notation(page: Page, course: Course) -> Iterator[Finding]:
    """A decimal comma in the English, a decimal point before a French unit, unless quoted."""
    for french, english in page.pairs:
        for cell, pattern, what, right in (
            (french, _POINT, "a decimal point in the French", "a comma"),
            (english, _COMMA, "a decimal comma in the English", "a point"),
        ):
            for passage in cell.text.passages:
                for match in pattern.finditer(passage.own):
                    remedy = f"write {right}, or quote it where it shows how data are written"
                    line = passage.line + passage.own[: match.start()].count("\n")
                    yield page.finding(cell, f"{what}: {match[0]}", remedy, line=line)


RULES: dict[str, Rule] = {"pair-numbers": same_numbers, "number-notation": notation}
