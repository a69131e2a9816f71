"""The data cards of `datasets/cards/`, one language at a time."""

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

from autograder.authoring.checks.cards import CARDS
from autograder.authoring.translation import Lang

_SETS = "datasets/health_datasets/open_data/sets"
_LANGUAGE = re.compile(r"^## (Français|English)$", re.MULTILINE)
_IMAGE = re.compile(r"!\[(?P<alt>[^\]]*)\]\(figures/(?P<name>[^)]+)\)")
_CALL = re.compile(r"^(?P<call>`.*`)(?: ?: (?P<fr>.+) · (?P<en>.+))?$", re.MULTILINE)
_SYNTHETIC = re.compile(r"\*\*(entièrement )?synth[eé]ti", re.IGNORECASE)


@dataclass(frozen=True)
class Card:
    """One card in one language.

    Attributes:
        page: name of its page.
        path: of the card in the repository.
        name: what the card is called.
        title: what the set is, in words; empty where only the card's name says it.
        call: the code that gives the set, as Markdown.
        content: what it returns, in a few words.
        weeks: the weeks that the set is for; empty for what serves the whole course.
        catalogued: one of the real or published sets of the catalogue.
        croissant: the file of its Croissant metadata, if there is one.
        body: the rest, as Markdown.
    """

    page: str
    path: str
    name: str
    title: str
    call: str
    content: str
    synthetic: bool
    weeks: tuple[int, ...]
    catalogued: bool
    croissant: Path | None
    body: str


def read_cards(root: Path, lang: Lang) -> list[Card]:
    """Every data card of a repository in one language, by name."""
    return [_read(path, root, lang) for path in sorted((root / CARDS).glob("*.md"))]


def _read(path: Path, root: Path, lang: Lang) -> Card:
    head, french, english = _split(path.read_text(encoding="utf-8"))
    body = french if lang == "fr" else english
    described = _description(root / _SETS / f"{path.stem.replace('-', '_')}.yml")
    call = _CALL.search(head)
    croissant = path.parent / "croissant" / f"{path.stem.replace('-', '_')}.json"
    title = described.get("title", {}).get(lang, "")
    if title:  # the card's first line says it again
        body = body.removeprefix(f"{title}.").strip()
    return Card(
        page=f"data/{path.stem}",
        path=path.relative_to(root).as_posix(),
        name=head.splitlines()[0]
        .removeprefix("# ")
        .replace(" : ", ": " if lang == "en" else " : "),
        title=title,
        call=call["call"] if call else "",
        content=(call[lang] or "") if call else "",
        synthetic=described["kind"] == "synthetic" if described else _says_synthetic(body),
        weeks=tuple(described.get("weeks", ())),
        catalogued=bool(described),
        croissant=croissant if croissant.is_file() else None,
        body="\n\n".join(filter(None, [_figure(head, lang), body])),
    )


def _split(text: str) -> tuple[str, str, str]:
    """What stands before both languages, the French, the English."""
    parts = _LANGUAGE.split(text)
    found = dict(zip(parts[1::2], parts[2::2], strict=True))
    return parts[0].strip(), found["Français"].strip(), found["English"].strip()


def _figure(head: str, lang: Lang) -> str:
    """The figure of both languages, whose alternative text says first French, then English."""
    found = _IMAGE.search(head)
    if not found:
        return ""
    french, _, english = found["alt"].partition(" · ")
    return f"![{french if lang == 'fr' else english or french}](figures/{found['name']})"


def _says_synthetic(body: str) -> bool:
    """Whether the first paragraph, the origin, does."""
    return bool(_SYNTHETIC.search(body.split("\n\n")[0]))


@cache
def _description(path: Path) -> dict:  # type: ignore[type-arg]
    return yaml.safe_load(path.read_text(encoding="utf-8")) if path.is_file() else {}
