"""The texts of `t(fr=…, en=…)` in a cell, leaf by leaf."""

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

_FIELD = re.compile(r"\{\s*([\w.\[\]]*)[^{}]*\}")


@dataclass(frozen=True)
class Translation:
    """Two texts that answer each other inside a `t()`, with the values that they show.

    Attributes:
        line: line of the English text in its cell, from 1.
        fr, en: the words; `␣` stands for each value shown.
        fr_values, en_values: the expressions shown, as they would be written.
    """

    line: int
    fr: str
    en: str
    fr_values: frozenset[str]
    en_values: frozenset[str]


def translations(calls: Iterable[ast.Call]) -> Iterator[Translation]:
    """Each pair of texts of the well-formed ones among some calls of `t`, in order."""
    for call in calls:
        given = {keyword.arg: keyword.value for keyword in call.keywords}
        if set(given) == {"fr", "en"}:
            for french, english in leaves(given["fr"], given["en"]):
                yield _translation(french, english)


def leaves(french: ast.expr, english: ast.expr) -> Iterator[tuple[ast.expr, ast.expr]]:
    """The strings of two literals that answer each other; stops where their shapes differ."""
    if isinstance(french, ast.Constant | ast.JoinedStr):
        if words_of(french)[0] is not None and words_of(english)[0] is not None:
            yield french, english
        return
    for ours, theirs in zip(_items(french), _items(english), strict=False):
        yield from leaves(ours, theirs)


def _items(node: ast.expr) -> list[ast.expr]:
    if isinstance(node, ast.List | ast.Tuple | ast.Set):
        return node.elts
    if isinstance(node, ast.Dict):
        return [part for item in zip(node.keys, node.values, strict=True) for part in item if part]
    return []


def words_of(node: ast.expr) -> tuple[str | None, frozenset[str]]:
    """The words of a string and the values it shows; no words (None) for anything else."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return _FIELD.sub("␣", node.value), frozenset(_FIELD.findall(node.value))
    if isinstance(node, ast.JoinedStr):
        values = frozenset(
            ast.unparse(part.value) for part in node.values if isinstance(part, ast.FormattedValue)
        )
        parts = (part.value if isinstance(part, ast.Constant) else "␣" for part in node.values)
        return "".join(str(part) for part in parts), values
    return None, frozenset()


def _translation(french: ast.expr, english: ast.expr) -> Translation:
    fr, fr_values = words_of(french)
    en, en_values = words_of(english)
    return Translation(english.lineno, fr or "", en or "", fr_values, en_values)
