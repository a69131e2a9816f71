"""The two cells of a pair have the same shape: headings, lists, tables, links, code."""

import re
from collections import Counter
from collections.abc import Iterator
from itertools import zip_longest
from urllib.parse import parse_qsl, urlsplit

from autograder.authoring.checks.findings import Finding
from autograder.authoring.checks.language import shortened
from autograder.authoring.checks.pages import Cell, Course, Page, Rule, rule_of
from autograder.authoring.checks.prose import aligned

_STOP = re.compile(r"(?<![ap]\.m)(?<!\b\w)(?<!\bal)(?<!\betc)[.?!…]+(?=[\s\"”»)*]|$)")
_LANGUAGES = {"fr", "en", "fra", "eng", "french", "english"}
_LANGUAGES |= {f"{lang}{sep}{land}" for sep in "-_" for lang, land in (("fr", "fr"), ("en", "us"))}
_LANGUAGES |= {"en-gb", "en_gb", "fr-ca", "fr_ca"}


def _same_shapes(kind: str, page: Page, course: Course) -> Iterator[Finding]:
    """A heading, list, table… that the other language lacks or has otherwise."""
    for french, english in page.pairs:
        shapes = zip_longest(french.text.shapes[kind], english.text.shapes[kind])
        for ours, theirs in shapes:
            if ours is None:
                problem = f"the French has nothing that answers {_this(kind, theirs.look)}"
                remedy = "write it in French too, or remove it"
                yield page.finding(english, problem, remedy, line=theirs.line)
            elif theirs is None:
                problem = f"the English has nothing that answers {_this(kind, ours.look)}"
                remedy = "write it in English too, or remove it"
                yield page.finding(french, problem, remedy, line=ours.line)
            elif ours.look != theirs.look:
                place = french.line + ours.line - 1
                problem = f"{kind}: {theirs.look}, where the French (line {place}) has {ours.look}"
                yield page.finding(english, problem, "write both alike", line=theirs.line)
            else:
                continue
            break  # what follows is shifted: one finding a kind is enough


def _this(kind: str, look: str) -> str:
    return f"this {look}" if look.startswith(kind) or kind in look else f"this {kind} ({look})"


def sentences(page: Page, course: Course) -> Iterator[Finding]:
    """A passage with a sentence or a question less than in the other language.

    A sentence split in two is no fault: the passage must be short too, for its language
    (English takes nine letters where French takes ten).
    """
    for french, english in page.pairs:
        for ours, theirs in aligned(french.text, english.text):
            counts = [len(_STOP.findall(part.text)) for part in (ours, theirs)]
            letters = [len("".join(part.text.split())) for part in (ours, theirs)]
            asked = [part.text.count("?") for part in (ours, theirs)]
            ratio = letters[1] / max(letters[0], 1)
            fewer_english = counts[1] < counts[0] and ratio < 0.8
            fewer_french = counts[0] < counts[1] and ratio > 1.1
            if asked[0] != asked[1] or fewer_english or fewer_french:
                problem = (
                    f"{counts[1]} sentences and {asked[1]} questions, where the French has "
                    f"{counts[0]} and {asked[0]}: {shortened(theirs.text)!r}"
                )
                remedy = "say everything in both languages"
                yield page.finding(english, problem, remedy, line=theirs.line)


def links(page: Page, course: Course) -> Iterator[Finding]:
    """A link that the other language lacks."""
    for french, english in page.pairs:
        ours, theirs = _links(french), _links(english)
        for target in [*ours]:
            twin = next((other for other in theirs if _same_link(target, other)), None)
            if twin is not None:
                ours.remove(target)
                theirs.remove(twin)
        for target in [*ours]:
            twin = next((other for other in theirs if _same_page(target, other)), None)
            if twin is not None:
                ours.remove(target)
                theirs.remove(twin)
        for cell, missing, other in ((french, ours, "English"), (english, theirs, "French")):
            for target in missing:
                problem = f"the {other} does not link to {target}"
                remedy = "give both languages the same links"
                yield page.finding(cell, problem, remedy, line=_line(cell, target))


def _links(cell: Cell) -> list[str]:
    return [link for passage in cell.text.passages for link in passage.links]


def _line(cell: Cell, target: str) -> int:
    return next(part.line for part in cell.text.passages if target in part.links)


def _same_link(french: str, english: str) -> bool:
    """The same address, its language apart; headings have other anchors in each language."""
    return french == english or _neutral(french) == _neutral(english)


def _neutral(link: str) -> tuple[str, ...]:
    parts = urlsplit(link)
    if not parts.netloc:
        return (parts.path, "#" if parts.fragment else "")
    path = [step for step in parts.path.split("/") if step and step.lower() not in _LANGUAGES]
    query = [
        f"{key}={value}" for key, value in parse_qsl(parts.query) if value.lower() not in _LANGUAGES
    ]
    return (_site(link), *path, "?", *query)


def _site(link: str) -> str:
    return ".".join(
        step
        for step in urlsplit(link).netloc.lower().split(".")
        if step not in {*_LANGUAGES, "www"}
    )


def _same_page(french: str, english: str) -> bool:
    """Two pages of one site whose addresses say French and English, under their own titles."""
    if not _site(french) or _site(french) != _site(english):
        return False
    steps = [set(urlsplit(link.lower()).path.split("/")) for link in (french, english)]
    hosts = [set(urlsplit(link.lower()).netloc.split(".")[:1]) for link in (french, english)]
    marked = [(path | host) & _LANGUAGES for path, host in zip(steps, hosts, strict=True)]
    return marked[0] != marked[1]


def code_spans(page: Page, course: Course) -> Iterator[Finding]:
    """A code span that the other language lacks; a text of `t()` answers its translation."""
    for french, english in page.pairs:
        for ours, theirs in aligned(french.text, english.text):
            only_french = set(ours.codes) - set(theirs.codes)
            only_english = set(theirs.codes) - set(ours.codes)
            if only_french and only_english:
                for pair in (text for cell in page.cells for text in cell.translations):
                    words = pair.fr.strip("\"'"), pair.en.strip("\"'")
                    only_french = {c for c in only_french if c.strip("\"'") != words[0]}
                    only_english = {c for c in only_english if c.strip("\"'") != words[1]}
            for cell, part, missing, other in (
                (french, ours, only_french, "English"),
                (english, theirs, only_english, "French"),
            ):
                for code in sorted(missing):
                    problem = f"`{code}` is not in the {other}"
                    remedy = "write the same code in both languages"
                    yield page.finding(cell, problem, remedy, line=part.line)


def images(page: Page, course: Course) -> Iterator[Finding]:
    """An image that the other language lacks (each language may have its own file)."""
    for french, english in page.pairs:
        counts = [
            Counter(_neutral_image(src) for part in cell.text.passages for src, _ in part.images)
            for cell in (french, english)
        ]
        for cell, missing, other in (
            (french, counts[0] - counts[1], "English"),
            (english, counts[1] - counts[0], "French"),
        ):
            for name in missing:
                problem = f"the {other} does not show the image {name}"
                remedy = "show it in both (name-fr.png and name-en.png where its words differ)"
                yield page.finding(cell, problem, remedy, line=_image_line(cell, name))


def _neutral_image(source: str) -> str:
    stem, _, suffix = source.rpartition(".")
    return f"{stem.removesuffix('-fr').removesuffix('-en')}.{suffix}"


def _image_line(cell: Cell, name: str) -> int:
    return next(
        part.line
        for part in cell.text.passages
        if any(_neutral_image(source) == name for source, _ in part.images)
    )


_WHAT = "A {} that the other language lacks, or has otherwise."

RULES: dict[str, Rule] = {
    "pair-headings": rule_of(_same_shapes, "heading", _WHAT.format("heading")),
    "pair-lists": rule_of(_same_shapes, "list", _WHAT.format("list")),
    "pair-tables": rule_of(_same_shapes, "table", _WHAT.format("table")),
    "pair-quotations": rule_of(_same_shapes, "quotation", _WHAT.format("quotation")),
    "pair-paragraphs": rule_of(_same_shapes, "paragraph", _WHAT.format("paragraph")),
    "pair-blocks": rule_of(_same_shapes, "block", _WHAT.format("block")),
    "pair-sentences": sentences,
    "pair-links": links,
    "pair-code": code_spans,
    "pair-images": images,
}
