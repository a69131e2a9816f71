"""What students and markers wrote, as harmless HTML, and the exporter of the feedback page."""

import json
import re
from base64 import b64encode
from collections.abc import Callable, Iterator
from functools import lru_cache, partial
from hashlib import sha256
from html import escape
from pathlib import Path
from typing import Any

from bleach import Cleaner
from bleach.html5lib_shim import Filter
from jinja2 import pass_context
from jinja2.filters import do_striptags
from nbconvert.exporters import HTMLExporter
from nbconvert.filters.ansi import ansi2html
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from nbformat import NotebookNode
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_by_name
from pygments.token import Comment, Keyword, Name, Number, String
from pygments.util import ClassNotFound

TEMPLATES = Path(__file__).with_name("templates")
TEMPLATE = "feedback_page"

_HARMLESS = """
a b blockquote br caption code col colgroup dd del div dl dt em h1 h2 h3 h4 h5 h6 hr i img li ol p
pre s small span strong sub sup table tbody td tfoot th thead tr u ul
"""
_TAGS = frozenset(_HARMLESS.split())
_SPAN = ["colspan", "rowspan", "scope"]
# neither class nor id: what a student writes takes neither the page's looks nor its anchors
_ATTRIBUTES = {"*": ["title"], "a": ["href"], "img": ["src", "alt"], "td": _SPAN, "th": _SPAN}
_CODE_CLASSES = {
    Comment: "c",
    Keyword: "k",
    String: "s",
    Number: "m",
    Name.Function: "f",
    Name.Class: "f",
}
_LINK = re.compile(r"(?:https?:|mailto:|#|[\w./-]+$)", re.IGNORECASE)
_HEADING = re.compile(r"h([1-6])")
_MARKS = re.compile("[\ue000\ue001]")
_PLACE = re.compile("\ue000(\\d+)\ue001")
_EMPTY_HEADER = re.compile("<th([^<>]*)></th>")
_STYLE = re.compile(r' style="[^"]*"')
_NO_DESCRIPTION = {"fr": "Image sans description", "en": "Image without a description"}
_NOTEBOOK_LEVEL = 2  # the heading of the page below which the notebook's own stand
_CACHED = 1024

Outline = tuple[int, ...]
"""The levels of the headings that are open, as the notebook's author wrote them."""


class _Fit(Filter):
    """Make clean HTML fit the page: headings in order, tables that scroll, images described."""

    def __init__(self, source: Any, outline: list[int] | None, lang: str) -> None:
        super().__init__(source)
        self.outline = outline
        self.lang = lang
        self.open: list[list[str]] = []

    def __iter__(self) -> Iterator[dict[str, Any]]:
        for token in super().__iter__():
            name, kind = token.get("name", ""), token["type"]
            if kind in ("StartTag", "EmptyTag"):
                self._fit_attributes(name, token["data"])
            if name == "img" and (None, "src") not in token["data"]:
                yield from self._told(token)
            elif name == "table":
                yield from self._scrolled(token)
            elif _HEADING.fullmatch(name):
                yield from self._heading(token)
            else:
                yield token

    def _fit_attributes(self, name: str, attributes: dict[Any, str]) -> None:
        for key, value in list(attributes.items()):
            attributes[key] = value = _PLACE.sub("", value)
            link = key[1] == "href" and not _LINK.match(value)
            if link or (key[1] == "src" and not value.startswith("data:image/")):
                del attributes[key]
        if name == "img" and not attributes.get((None, "alt")):
            attributes[None, "alt"] = _NO_DESCRIPTION[self.lang]

    def _told(self, token: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """An image that is elsewhere: nothing is fetched, its description stands for it."""
        yield _tag("StartTag", "em")
        yield {"type": "Characters", "data": f"[{token['data'][None, 'alt']}]"}
        yield _tag("EndTag", "em")

    def _scrolled(self, token: dict[str, Any]) -> Iterator[dict[str, Any]]:
        start = token["type"] == "StartTag"
        if start:
            yield _tag("StartTag", "div", **{"class": "scroll", "tabindex": "0"})
        yield token
        if not start:
            yield _tag("EndTag", "div")

    def _heading(self, token: dict[str, Any]) -> Iterator[dict[str, Any]]:
        if token["type"] == "StartTag":
            self.open.append(self._tags(int(token["name"][1])))
            yield from (_tag("StartTag", name) for name in self.open[-1])
        elif self.open:
            yield from (_tag("EndTag", name) for name in reversed(self.open.pop()))

    def _tags(self, level: int) -> list[str]:
        if self.outline is None:
            return ["p", "strong"]
        while self.outline and self.outline[-1] >= level:
            self.outline.pop()
        self.outline.append(level)
        return [f"h{min(_NOTEBOOK_LEVEL + len(self.outline), 6)}"]


def _tag(kind: str, name: str, **attributes: str) -> dict[str, Any]:
    data = {(None, key): value for key, value in attributes.items()}
    return {
        "type": kind,
        "name": name,
        "namespace": "http://www.w3.org/1999/xhtml",
        "data": data,
    }


def clean_html(html: str, lang: str = "en") -> str:
    """HTML with the tags of a text, its tables and its embedded images; the rest is escaped.

    Headings become strong paragraphs; styles and scripts disappear with what they hold.
    """
    return _clean(html, None, lang, _ATTRIBUTES)


def _clean(html: str, outline: list[int] | None, lang: str, attributes: Any) -> str:
    for tag in ("style", "script"):
        html = _without(html, tag)
    fit: Callable[..., Any] = partial(_Fit, outline=outline, lang=lang)
    cleaner = Cleaner(
        tags=_TAGS,
        attributes=attributes,
        protocols=("https", "http", "data", "mailto"),
        filters=[fit],
    )
    # pandas' tables begin with a header cell that says nothing
    return _EMPTY_HEADER.sub(r"<td\1></td>", str(cleaner.clean(html)))


def _without(html: str, tag: str) -> str:
    """HTML without the elements of a tag; one that never ends is left to be escaped."""
    lower, kept, place = html.lower(), [], 0
    while True:
        start = lower.find(f"<{tag}", place)
        end = lower.find(f"</{tag}>", start)
        if start < 0 or end < 0:
            break
        kept.append(html[place:start])
        place = end + len(tag) + 3
    return "".join([*kept, html[place:]])


class _Renderer(IPythonRenderer):
    """Markdown to HTML, where a formula leaves a place that its MathML takes afterwards."""

    def __init__(self, **options: Any) -> None:
        super().__init__(escape=False, exclude_anchor_links=True, **options)
        self.formulas: list[str] = []

    def block_math(self, body: str) -> str:
        return self._place(body, True)

    def inline_math(self, body: str) -> str:
        return self._place(body, False)

    def latex_environment(self, name: str, body: str) -> str:
        return self._place(f"\\begin{{{name}}}{body}\\end{{{name}}}", True)

    def block_code(self, code: str, info: str | None = None) -> str:
        language = (info or "").partition(" ")[0] or "text"
        return f"<pre><code>{_highlighted(code, language)}</code></pre>"

    def _embed_image_or_attachment(self, src: str) -> str:
        try:
            return str(super()._embed_image_or_attachment(src))
        except Exception:  # the student took the attachment away, or broke it
            return ""

    def _place(self, tex: str, block: bool) -> str:
        self.formulas.append(mathml(tex, block))
        return f"\ue000{len(self.formulas) - 1}\ue001"


def mathml(tex: str, block: bool = False) -> str:
    """A formula as MathML; what docutils cannot read stays TeX, as code."""
    from docutils.utils.math.latex2mathml import tex2mathml

    try:
        found = tex2mathml(tex, as_block=block)
    except Exception:  # docutils' own error, or any other at a formula of a student's
        return f"<code>{escape(tex.strip())}</code>"
    return re.sub(r">\s+<", "><", found)


@lru_cache(maxsize=_CACHED)
def _rendered(
    source: str, attachments: str, outline: Outline | None, lang: str
) -> tuple[str, Outline]:
    """Markdown as clean HTML, and the outline after it: a class shares most of its text cells."""
    renderer = _Renderer(attachments=json.loads(attachments))
    html = MarkdownWithMath(renderer=renderer).render(_MARKS.sub("", source))
    levels = None if outline is None else list(outline)
    cleaned = _clean(html, levels, lang, _ATTRIBUTES | {"span": _token_class})
    return _PLACE.sub(lambda place: renderer.formulas[int(place[1])], cleaned), tuple(levels or ())


@lru_cache(maxsize=_CACHED)
def _highlighted(source: str, language: str) -> str:
    """Source code in spans of the few classes that the page knows."""
    try:
        lexer = get_lexer_by_name("python" if "python" in language else language)
    except ClassNotFound:
        return escape(source)
    return highlight(source, lexer, _FewClasses(nowrap=True)).rstrip("\n")


class _FewClasses(HtmlFormatter[str]):
    """pygments' formatter, with a class for what is worth a colour and none for the rest."""

    def _get_css_classes(self, ttype: Any) -> str:
        return next((name for kind, name in _CODE_CLASSES.items() if ttype in kind), "")


def _token_class(tag: str, name: str, value: str) -> bool:
    return name == "class" and value in _CODE_CLASSES.values()


def terminal_text(text: str) -> str:
    """Text that a terminal would show, colours of the page instead of its own."""
    return _STYLE.sub("", ansi2html(text))


class FeedbackExporter(HTMLExporter):
    """nbconvert's exporter for the template of the feedback page.

    It needs `resources["feedback"]`, which the preprocessor `Summarise` leaves there.
    """

    def from_notebook_node(  # type: ignore[override]
        self, nb: NotebookNode, resources: dict[str, Any] | None = None, **kw: Any
    ) -> tuple[str, dict[str, Any]]:
        """The page of one notebook, and nbconvert's resources."""
        self._outline: Outline = ()
        language = nb.metadata.get("language_info", {}).get("name", "python")
        self.register_filter("code", partial(_highlighted, language=str(language)))
        return super().from_notebook_node(nb, resources, **kw)

    def default_filters(self) -> Iterator[tuple[str, Any]]:
        """nbconvert's filters and those of the template."""
        yield from super().default_filters()
        yield "plain", self._plain
        yield "remark", self._remark
        yield "terminal", terminal_text

    def _init_resources(self, resources: Any) -> Any:
        resources = super()._init_resources(resources)
        resources["style"], resources["style_hash"] = _style()
        return resources

    @pass_context
    def markdown2html(self, context: Any, source: str) -> str:
        """A text cell: Markdown to harmless HTML, its headings below those of the page."""
        attachments = json.dumps(context.get("cell", {}).get("attachments", {}))
        html, self._outline = _rendered(source, attachments, self._outline, self.language_code)
        return html

    def _remark(self, source: str) -> str:
        """A marker's comment: Markdown to harmless HTML, without headings."""
        return _rendered(source, "{}", None, self.language_code)[0]

    def _plain(self, source: str) -> str:
        """One line of Markdown as text, to be escaped."""
        # as a heading: `1. Title` would be a list
        return str(do_striptags(self._remark(f"# {source}")))


@lru_cache(maxsize=1)
def _style() -> tuple[str, str]:
    """The page's style sheet, and its hash for the policy: no other style applies."""
    text = (TEMPLATES / TEMPLATE / "style.css").read_text(encoding="utf-8")
    digest = sha256(text.encode()).digest()
    return text, f"sha256-{b64encode(digest).decode()}"
