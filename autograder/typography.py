"""French as it is set: no line begins with « ? », no number is cut from its unit."""

import re

_NO_BREAK = "\u00a0"
_HELD_TO_NUMBERS = (
    "h min s kg g mg µg ng mol mmol µmol L mL °C cm mm an ans jours heures minutes points janvier "
    "février mars avril mai juin juillet août septembre octobre novembre décembre"
)
_SPACE = (
    r"(?<=[^\s|]) (?=[;:!?»%](?:\W|$))"  # before a sign that holds to the word
    r"|(?<=«) "
    r"|(?<=\d) (?=\d{3}(?!\d))"
    rf"|(?<=\d) (?=(?:{'|'.join(_HELD_TO_NUMBERS.split())})\b)"
    r"|(?<=\d\sh) (?=\d\d\b)"
    r"|(?<=\b[LRD]\.) (?=\d)"  # article L. 1111-8
)
# what Markdown reads by its own rules: code, formulas, targets of links, HTML, rules of tables
_KEPT = (
    r"^(?P<fence>`{3,}|~{3,}).*?^(?P=fence)`*\s*$"
    r"|(?P<ticks>`+)(?!`).+?(?<!`)(?P=ticks)(?!`)"
    r"|\$\$.+?\$\$|(?<!\\)\$(?! )[^$\n]+?\$"
    r"|\]\([^)\n]*\)|<[^>\n]+>|^[ |:-]+$"
)
_TEXT = re.compile(_SPACE)
_MARKDOWN = re.compile(f"(?P<kept>{_KEPT})|{_SPACE}", re.MULTILINE | re.DOTALL)


def typeset(text: str, lang: str) -> str:
    """Plain text with no-break spaces where French has them; other languages as they are."""
    return _TEXT.sub(_NO_BREAK, text) if lang == "fr" else text


def typeset_markdown(source: str, lang: str) -> str:
    """The same for Markdown, whose code, formulas, links and tables are left as they are."""
    if lang != "fr":
        return source
    return _MARKDOWN.sub(lambda found: found["kept"] or _NO_BREAK, source)
