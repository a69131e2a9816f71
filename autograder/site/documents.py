"""Markdown of the repository for a page: one language of it, its links led to pages."""

import posixpath
import re
from collections.abc import Mapping

from autograder.authoring.translation import Lang

_RULE = re.compile(r"^---\s*$", re.MULTILINE)
_OTHER_LANGUAGE = re.compile(r"\A\*\[[^\]]*\]\(#[^)]*\)\*[^\n]*(\n[^\n]+)*\n")
_TITLE = re.compile(r"\A\s*# [^\n]*\n\s*")
_CODE_OR_LINK = re.compile(
    r"(?P<block>^```.*?^```\s*$)"
    r"|`(?P<code>[^`\n]+)`"
    r"|(?P<image>!?)\[(?P<label>(?:[^\[\]]|\[[^\]]*\])*)\]\((?P<target>[^)\s]+)\)",
    re.MULTILINE | re.DOTALL,
)


def half(text: str, lang: Lang) -> str:
    """One language of a document that holds French, a rule `---`, then English.

    Its title and the line that leads to the other language are left out: a page has its own.
    """
    parts = _RULE.split(text, maxsplit=1)
    chosen = parts[0] if lang == "fr" else parts[-1]
    return _OTHER_LANGUAGE.sub("", _TITLE.sub("", chosen)).strip()


def with_links(text: str, path: str, pages: Mapping[str, str], suffixes: Mapping[str, str]) -> str:
    """Lead the links of a document to the pages of the site.

    A link to a file that has no page becomes its words; the path of a file that has one,
    written as code, becomes a link.

    Args:
        path: the document's path in the repository.
        pages: the page of each file of the repository that has one.
        suffixes: of each page's source.
    """

    def lead(found: re.Match[str]) -> str:
        if found["block"]:
            return found[0]
        if code := found["code"]:
            page = pages.get(code.rstrip("/"))
            return f"[`{code}`](/{page}{suffixes[page]})" if page else found[0]
        target, _, fragment = found["target"].partition("#")
        if not target or re.match(r"[a-z]+:", target) or found["image"]:
            return found[0]
        full = posixpath.normpath(posixpath.join(posixpath.dirname(path), target))
        page = pages.get(full)
        if page is None:
            return found["label"]
        anchor = f"#{fragment}" if fragment else ""
        return f"[{found['label']}](/{page}{suffixes[page]}{anchor})"

    return _CODE_OR_LINK.sub(lead, text)
