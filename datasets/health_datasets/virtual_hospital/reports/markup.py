"""From a marked sentence to text and entities, whose offsets are exact by construction.

A template is French text with three kinds of marks:

- `[words|kind.concept flags=code]`, words to write and their truth: the kind is a letter of
  `KINDS`; the concept (default: the words), the flags and the code may be left out;
- `[@key flags]`, one of the forms of a term of the lexicon, or `[de @key]`, `[un @key]`,
  `[le @key]`, `[du @key]`, `[au @key]`, `[aucun @key]`, with what French puts before it;
- `{name}`, `{de name}`, `{dun name}` …, a value of the context, with flags after the name;
  `{a/b}` writes `a` for a man and `b` for a woman, `{e}` an `e` for a woman, `{ee}` the ending of a
  participle that agrees with the last term written.

Flags: `-` negated, `?` hypothetical, `^` of the family, `<` of the past.
"""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Final, NamedTuple, TypeVar

from health_datasets.virtual_hospital.reports.lexicon import DRUGS, TERMS, Term, is_abbreviated
from health_datasets.virtual_hospital.streams import stream

T = TypeVar("T")

KINDS: Final = {
    "d": "disease",
    "s": "symptom",
    "o": "organism",
    "z": "situation",
    "r": "drug",
    "p": "procedure",
    "m": "measurement",
    "i": "identity",
}
_ARTICLE = r"(?:(un|dun|de|le|du|au|aucun) )?"
_MARK: Final = re.compile(
    rf"\[{_ARTICLE}@([\w.' éâ-]+?)([-?^<]*)\]"
    r"|\[([^\]|]+)\|([a-z])(?:\.([\w.]+))?([-?^<]*)(?:=([A-Z][\d.]+))?\]"
    rf"|\{{{_ARTICLE}([a-z_0-9]+)([-?^<]*)\}}"
    r"|\{([^{}/]*)/([^{}/]*)\}"
)
_WORD: Final = re.compile(r"[A-Za-zÀ-ÖØ-öø-ÿ]{6,}")
# words that carry negation, hypothesis or the past are never misspelt
_CUES: Final = re.compile(
    r"absence|aucun|suspicion|suspect|probabl|possibl|éventuel|hypothèse|éliminé|écart|antéc|argument"
    r"|famil|discuter|évoqué|négati|indemne|exclu|infirm|semble|craint|risque|grand|frère|cousin"
    r"|maternel|paternel|enfant|patient",
    re.IGNORECASE,
)


_ENDINGS: Final = {"m": "", "f": "e", "mp": "s", "fp": "es"}


class Draw:
    """Uniform numbers of one stream, by blocks: a call costs more than the numbers."""

    def __init__(self, seed: int, name: str) -> None:
        self._rng = stream(seed, name)
        self._numbers = iter(self._rng.random(256).tolist())

    def uniform(self) -> float:
        """Return a number from 0 to 1."""
        for number in self._numbers:
            return float(number)
        self._numbers = iter(self._rng.random(256).tolist())
        return self.uniform()

    def chance(self, probability: float) -> bool:
        """Tell whether it happens."""
        return self.uniform() < probability

    def choice(self, values: tuple[T, ...] | list[T]) -> T:
        """Return one of the values."""
        return values[int(self.uniform() * len(values))]

    def whole(self, least: int, most: int) -> int:
        """Return a whole number, both ends included."""
        return least + int(self.uniform() * (most - least + 1))

    def between(self, low: float, high: float) -> float:
        """Return a number between two others."""
        return low + (high - low) * self.uniform()

    def some(self, values: list[T], number: int) -> list[T]:
        """Return distinct values, in the order of their drawing."""
        left = list(values)
        result: list[T] = []
        while left and len(result) < number:
            result.append(left.pop(int(self.uniform() * len(left))))
        return result


@dataclass(frozen=True)
class Value:
    """A measurement or an identifying text, ready to be written.

    Attributes:
        text: its characters.
        kind, concept: as in `report_entities`.
        value, unit: of a measurement.
    """

    text: str
    kind: str
    concept: str
    value: float | None = None
    unit: str = ""


# what a name of the context stands for: characters, a term, a value, or a marked text
Slot = str | Term | Value | Callable[["Writer"], None]


class Entity(NamedTuple):
    """An entity of a report; see the table `report_entities`."""

    start: int
    end: int
    text: str
    kind: str
    concept: str
    code: str
    value: float | None
    unit: str
    negated: bool
    hypothetical: bool
    family: bool
    historical: bool
    misspelt: bool
    abbreviated: bool


class _Part(NamedTuple):
    """A piece of a template: literal characters, a term, a marked text, a name or a pair."""

    what: str
    text: str = ""
    flags: str = ""
    article: str = ""
    kind: str = ""
    concept: str = ""
    code: str = ""


@cache
def parts(template: str) -> tuple[_Part, ...]:
    """Cut a template at its marks."""
    result: list[_Part] = []
    position = 0
    for match in _MARK.finditer(template):
        if match.start() > position:
            result.append(_Part("plain", template[position : match.start()]))
        position = match.end()
        art, key, flags, words, letter, concept, more, code, art2, name, last, man, woman = (
            group or "" for group in match.groups()
        )
        if key:
            result.append(_Part("term", key, flags, art))
        elif words:
            kind = KINDS[letter]
            if kind == "drug":
                code = code or DRUGS.get(words.lower(), ("",))[0]
            result.append(_Part("marked", words, more, "", kind, concept or _slug(words), code))
        elif name:
            result.append(_Part("slot", name, last, art2))
        else:
            result.append(_Part("pair", man, woman))
    rest = template[position:]
    if "[" in rest or "{" in rest:
        raise ValueError(f"a mark of this template cannot be read: {template!r}")
    if rest:
        result.append(_Part("plain", rest))
    return tuple(result)


def _slug(words: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", plain_letters(words.lower())).strip("_")


def plain_letters(text: str) -> str:
    """Return a text without accents."""
    kept = unicodedata.normalize("NFD", text)
    return "".join(one for one in kept if not unicodedata.combining(one))


@dataclass
class Habits:
    """How an author types.

    Attributes:
        accents: False leaves every accent out.
        slips: probability of a slip in a word of an entity; a tenth of it in other words.
        short: probability of choosing an abbreviated form where there is one.
    """

    accents: bool
    slips: float
    short: float


def slip(word: str, draw: Draw) -> str:
    """Return a word of four letters or more with one typing mistake."""
    at = draw.whole(1, len(word) - 2)
    way = draw.whole(0, 3)
    if way == 0 and plain_letters(word) != word:
        return plain_letters(word)
    if way == 1:
        # a doubled letter, or one of a double left out
        for place in range(1, len(word) - 1):
            if word[place] == word[place + 1]:
                return word[:place] + word[place + 1 :]
        return word[: at + 1] + word[at:]
    if way == 2 and word[at] != word[at + 1]:
        return word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    return word[:at] + word[at + 1 :]


@dataclass
class Writer:
    """Writes one report, and keeps the truth of what it writes.

    Attributes:
        draw: the stream of the report.
        habits: of its author.
        woman: what participles agree with.
        unseen: whether the held-out forms may be used.
        slots: the context.
        entities: what has been written.
    """

    draw: Draw
    habits: Habits
    woman: bool
    unseen: bool
    slots: dict[str, Slot]
    entities: list[Entity] = field(default_factory=list)
    # concepts affirmed so far, which must not be denied
    affirmed: set[str] = field(default_factory=set)
    # concepts denied or suspected so far, which are not said twice
    mentioned: set[str] = field(default_factory=set)
    _chunks: list[str] = field(default_factory=list)
    _length: int = 0
    _tail: str = "\n"
    _gender: str = "m"

    @property
    def text(self) -> str:
        """What has been written."""
        return "".join(self._chunks)

    def text_ends(self, end: str) -> bool:
        """Tell whether what has been written ends so."""
        return self._tail.endswith(end)

    def say(self, template: str) -> None:
        """Write a template."""
        for part in parts(template):
            if part.what == "plain":
                self._plain(part.text)
            elif part.what == "term":
                self.term(TERMS[part.text], part.flags, part.article)
            elif part.what == "marked":
                self._marked(part)
            elif part.what == "pair":
                self._plain(part.flags if self.woman else part.text)
            else:
                self._slot(part)

    def _slot(self, part: _Part) -> None:
        if part.text == "e":
            self._emit("e" if self.woman else "")
            return
        if part.text == "ee":
            self._emit(_ENDINGS[self._gender])
            return
        value = self.slots[part.text]
        if isinstance(value, str):
            self.say(value) if "[" in value or "{" in value else self._plain(value)
        elif isinstance(value, Value):
            self.value(value)
        elif callable(value):
            value(self)
        else:
            self.term(value, part.flags, part.article)

    def _marked(self, part: _Part) -> None:
        short = is_abbreviated(part.text)
        self._entity(part.text, part.kind, part.concept, part.code, part.flags, short)

    def term(self, term: Term, flags: str = "", article: str = "") -> None:
        """Write one of the forms of a term, after `de`, `un` … if asked."""
        forms = term.forms
        if self.unseen and term.unseen and self.draw.chance(0.5):
            forms = term.unseen
        short = [one for one in forms if one.abbreviated]
        if short and len(short) < len(forms):
            wanted = self.draw.chance(self.habits.short)
            forms = tuple(one for one in forms if one.abbreviated == wanted)
        form = self.draw.choice(forms)
        self._gender = form.gender
        if article:
            self._plain(form.preceded(article))
        self._entity(form.text, term.kind, term.key, term.code, flags, form.abbreviated)

    def value(self, value: Value) -> None:
        """Write a measurement or an identifying text, exactly."""
        start = self._length
        self._emit(value.text)
        self.entities.append(
            Entity(
                start, self._length, value.text, value.kind, value.concept, "", value.value,
                value.unit, False, False, False, False, False, False,
            )
        )  # fmt: skip

    def _entity(
        self, words: str, kind: str, concept: str, code: str, flags: str, short: bool
    ) -> None:
        # an abbreviation has no slip, but may lose its accents
        typed = self._typed(words, 0.0 if short else self.habits.slips)
        misspelt = typed != words
        typed = self._capital(typed)
        start = self._length
        self._emit(typed)
        negated, hypothetical = "-" in flags, "?" in flags
        (self.mentioned if flags else self.affirmed).add(concept)
        self.entities.append(
            Entity(
                start, self._length, typed, kind, concept, code, None, "", negated,
                hypothetical, "^" in flags, "<" in flags, misspelt, short,
            )
        )  # fmt: skip

    def _plain(self, text: str) -> None:
        if text:
            self._emit(self._capital(self._typed(text, self.habits.slips / 10)))

    def _typed(self, text: str, slips: float) -> str:
        """Return a text as this author types it."""
        if slips and self.draw.chance(slips * max(1, len(text) / 40)):
            words = [one for one in _WORD.finditer(text) if not _CUES.search(one.group())]
            if words:
                one = self.draw.choice(words)
                text = text[: one.start()] + slip(one.group(), self.draw) + text[one.end() :]
        return text if self.habits.accents else plain_letters(text)

    def _capital(self, text: str) -> str:
        """Return a text with a capital where a sentence begins."""
        begins = self._tail.endswith("\n") or self._tail in (". ", "? ", "! ")
        return text[0].upper() + text[1:] if begins and text[0].islower() else text

    def _emit(self, text: str) -> None:
        if text:
            self._chunks.append(text)
            self._length += len(text)
            self._tail = (self._tail + text)[-2:]
