"""Markdown as the checks read it: passages of prose, and the shapes around them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from markdown_it import MarkdownIt
from markdown_it.token import Token
from mdit_py_plugins.dollarmath import dollarmath_plugin

_MARKDOWN = (
    MarkdownIt("commonmark")
    .enable("table")
    .use(dollarmath_plugin, allow_space=False, allow_digits=False)
)
_QUOTED = re.compile(r"«[^»]*»|“[^”]*”|\"[^\"]*\"")
_ADDRESS = re.compile(r"\b(?:https?://|doi:)\S+|\b10\.\d{4,}/\S+")


@dataclass(frozen=True)
class Passage:
    """One stretch of running text: a heading, a paragraph, a list item's text or a table cell.

    Attributes:
        line: line of the source, from 1.
        kind: `heading`, `paragraph` or `cell`.
        text: the words read aloud: without code, formulas and addresses.
        own: the same without what is quoted or in italics, which may be in another language.
        codes: its code spans and formulas.
        links: the targets of its links.
        images: target and alternative text of its images.
    """

    line: int
    kind: str
    text: str
    own: str
    codes: tuple[str, ...] = ()
    links: tuple[str, ...] = ()
    images: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Shape:
    """A heading, list, table, quotation or block: where it stands and what it looks like."""

    line: int
    look: str


@dataclass(frozen=True)
class Text:
    """A Markdown source, read."""

    passages: tuple[Passage, ...] = ()
    shapes: dict[str, list[Shape]] = field(default_factory=dict)


def read_text(source: str) -> Text:
    """Read a Markdown source (tables and `$formulas$` included)."""
    tokens = _MARKDOWN.parse(source)
    return Text(tuple(_passages(tokens)), _shapes(tokens))


def aligned(french: Text, english: Text) -> Iterator[tuple[Passage, Passage]]:
    """Passages that answer each other; the whole texts where their structures differ."""
    if [part.kind for part in french.passages] == [part.kind for part in english.passages]:
        yield from zip(french.passages, english.passages, strict=True)
    else:
        yield _whole(french), _whole(english)


def _whole(text: Text) -> Passage:
    parts = text.passages
    return Passage(
        line=parts[0].line if parts else 1,
        kind="paragraph",
        text="\n".join(part.text for part in parts),
        own="\n".join(part.own for part in parts),
        codes=tuple(code for part in parts for code in part.codes),
        links=tuple(link for part in parts for link in part.links),
    )


def _passages(tokens: list[Token]) -> Iterator[Passage]:
    line = 1
    for before, token in zip([Token("", "", 0), *tokens], tokens, strict=False):
        if token.map:
            line = token.map[0] + 1
        if token.type == "inline":
            kind = {"heading_open": "heading", "paragraph_open": "paragraph"}
            yield replace(_passage(token), line=line, kind=kind.get(before.type, "cell"))


def _passage(inline: Token) -> Passage:
    text, own, codes, links, images = [], [], [], [], []
    italics = 0
    for token in inline.children or []:
        if token.type in ("em_open", "em_close"):
            italics += token.nesting
        elif token.type == "link_open":
            links.append(str(token.attrs["href"]))
        elif token.type == "image":
            images.append((str(token.attrs["src"]), token.content))
        elif token.type in ("code_inline", "math_inline"):
            codes.append(_formula(token) if token.type == "math_inline" else token.content)
        words = _words(token)
        text.append(words)
        own.append(words if not italics else " ")
    joined = _ADDRESS.sub(" ", "".join(text))
    alone = _QUOTED.sub(" ", _ADDRESS.sub(" ", "".join(own)))
    return Passage(1, "", joined, alone, tuple(codes), tuple(links), tuple(images))


def _formula(token: Token) -> str:
    """A formula without what is of one language: its decimal comma, its words."""
    return re.sub(r"\\(?:text|mathrm)\{[^}]*\}", "", token.content).replace("{,}", ".")


def _words(token: Token) -> str:
    """What a reader reads of a token: ` ␣ ` stands for code, so that words around stay apart."""
    if token.type == "text":
        return token.content
    if token.type in ("softbreak", "hardbreak"):
        return "\n"
    return " ␣ " if token.type in ("code_inline", "math_inline") else ""


def _shapes(tokens: list[Token]) -> dict[str, list[Shape]]:
    shapes: dict[str, list[Shape]] = {
        kind: [] for kind in ("heading", "list", "table", "quotation", "paragraph", "block")
    }
    depth = 0
    for place, token in enumerate(tokens):
        line = token.map[0] + 1 if token.map else 1
        if token.type == "heading_open":
            shapes["heading"].append(Shape(line, f"level {token.tag[1:]}"))
        elif token.type in ("bullet_list_open", "ordered_list_open"):
            name = "bullet" if token.type.startswith("bullet") else "numbered"
            depth += 1
            items = _children(tokens, place, "list_item_open")
            nested = f", nested {depth - 1} deep" if depth > 1 else ""
            shapes["list"].append(Shape(line, f"{name} list of {items} items{nested}"))
        elif token.type in ("bullet_list_close", "ordered_list_close"):
            depth -= 1
        elif token.type == "table_open":
            rows = _children(tokens, place, "tr_open", below=2)
            columns = _children(tokens, place, "th_open", below=3)
            shapes["table"].append(Shape(line, f"table of {rows} rows and {columns} columns"))
        elif token.type == "blockquote_open":
            shapes["quotation"].append(Shape(line, "quotation"))
        elif token.type == "paragraph_open" and not token.hidden:
            shapes["paragraph"].append(Shape(line, "paragraph"))
        elif token.type in ("fence", "code_block", "math_block", "hr"):
            name = {"hr": "rule", "math_block": "formula"}.get(token.type, "code block")
            shapes["block"].append(Shape(line, name))
    return shapes


def _children(tokens: list[Token], place: int, kind: str, *, below: int = 1) -> int:
    """How many tokens of a kind stand so many levels below the one at `place`."""
    count = 0
    for token in tokens[place + 1 :]:
        if token.level <= tokens[place].level:
            break
        count += token.type == kind and token.level == tokens[place].level + below
    return count
