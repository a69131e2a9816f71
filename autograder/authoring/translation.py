"""`t(fr=…, en=…)`: text inside code, in the language of the notebook being built."""

import ast
import os
import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Literal, TypeVar, get_args

from autograder.errors import EcoleError

Lang = Literal["fr", "en"]
LANGS: tuple[Lang, ...] = get_args(Lang)

T = TypeVar("T")
_CALL = re.compile(r"\bt\s*\(")
_WRITE = 'write t(fr="…", en="…"), each with its words'


def t(*, fr: T, en: T) -> T:
    """Return the text of the language named by ECOLE_LANG (French without it).

    Only masters call this: a built notebook holds the literal itself.
    """
    return en if os.environ.get("ECOLE_LANG") == "en" else fr


def translate(source: str, lang: Lang, where: str = "cell") -> str:
    """Replace each `t(fr=…, en=…)` of one cell's source by the literal of `lang`.

    Args:
        source: the code of one cell, as written in the master.
        lang: the language to keep.
        where: what to call the cell in an error.

    Raises:
        EcoleError: the cell calls `t` and is no plain Python, or a call has not
            exactly the two literals.
    """
    if not calls_t(source):
        return source
    calls, found = _read(source)
    for line, problem, remedy in found:
        raise EcoleError(f"{where}, line {line}: {problem}; {remedy}")
    encoded = source.encode()
    offsets = _line_offsets(encoded)
    for call in sorted(calls, key=lambda node: (node.lineno, node.col_offset), reverse=True):
        value = next(keyword.value for keyword in call.keywords if keyword.arg == lang)
        start, end = _span(call, offsets)
        value_start, value_end = _span(value, offsets)
        text = encoded[value_start:value_end]
        if isinstance(value, ast.Constant | ast.JoinedStr) and value.lineno != value.end_lineno:
            # adjacent strings on several lines only hold together inside brackets
            text = b"(" + text + b")"
        encoded = encoded[:start] + text + encoded[end:]
    return encoded.decode()


def faults(source: str) -> Iterator[tuple[int, str, str]]:
    """What keeps the `t()` of a cell from being replaced: line from 1, what is wrong, remedy."""
    if calls_t(source):
        yield from _read(source)[1]


@lru_cache(2000)
def _read(source: str) -> tuple[list[ast.Call], list[tuple[int, str, str]]]:
    """The calls of `t` in a cell, and their faults; magics, and no `t()` among them, have none."""
    try:
        tree = ast.parse(source)
    except SyntaxError as error:
        if "t(fr=" not in source.replace(" ", ""):
            return [], []
        problem = f"a cell that calls t() must be plain Python ({error.msg})"
        return [], [(error.lineno or 1, problem, "move magics to a cell of their own")]
    calls = calls_of_t(tree)
    return calls, list(faults_of(calls, tree))


def faults_of(calls: Sequence[ast.Call], tree: ast.AST) -> Iterator[tuple[int, str, str]]:
    """The same, of the calls of `t` of a cell that was parsed."""
    if not calls:
        return
    inside_fstrings = {
        id(call)
        for node in ast.walk(tree)
        if isinstance(node, ast.JoinedStr)
        for call in calls_of_t(node)
    }
    for call in calls:
        if id(call) in inside_fstrings:
            yield call.lineno, "t() inside an f-string", "give t() the two f-strings instead"
        given = {keyword.arg: keyword.value for keyword in call.keywords if keyword.arg}
        if call.args or set(given) != set(LANGS) or len(call.keywords) != len(LANGS):
            yield call.lineno, f"t() takes exactly fr=… and en=…: {ast.unparse(call)}", _WRITE
        for lang, value in given.items():
            if not _is_literal(value):
                problem = f"t({lang}=…) must be a literal, not {ast.unparse(value)}"
                yield value.lineno, problem, _WRITE


def calls_t(source: str) -> bool:
    """Whether a cell may call `t`: most do not, and need no parsing."""
    return _CALL.search(source) is not None


def calls_of_t(tree: ast.AST) -> list[ast.Call]:
    """Every call of `t` below a node."""
    return [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "t"
    ]


def _is_literal(node: ast.expr) -> bool:
    if isinstance(node, ast.Constant | ast.JoinedStr):
        return True
    if isinstance(node, ast.List | ast.Tuple | ast.Set):
        return all(_is_literal(item) for item in node.elts)
    if isinstance(node, ast.Dict):
        return all(key is not None and _is_literal(key) for key in node.keys) and all(
            _is_literal(value) for value in node.values
        )
    return False


def _line_offsets(encoded: bytes) -> list[int]:
    offsets = [0]
    for line in encoded.splitlines(keepends=True):
        offsets.append(offsets[-1] + len(line))
    return offsets


def _span(node: ast.expr, offsets: list[int]) -> tuple[int, int]:
    assert node.end_lineno is not None and node.end_col_offset is not None
    return (
        offsets[node.lineno - 1] + node.col_offset,
        offsets[node.end_lineno - 1] + node.end_col_offset,
    )
