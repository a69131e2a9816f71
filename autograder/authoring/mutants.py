"""Make mutants: the reference solution of an assignment, each with one small fault.

A mutant stands for a slip that a student could make (Clegg, McMinn and Fraser, "An empirical
study to determine if mutants can effectively simulate students' programming mistakes to
increase tutors' confidence in autograding", SIGCSE 2021). `mutation.py` grades them.

The operators are our own, on the standard library's syntax tree. Those of mutmut 3.8 (BSD-3, on
libcst) and cosmic-ray 8.7 (MIT, on parso) were read first: they are modules that their makers
move from one version to the next, they bring textual, pytest and coverage, or aiohttp, GitPython
and SQLAlchemy, and they know nothing of what goes wrong in pandas (a forgotten `how=`, `keep=`,
`strip` or `copy`). A fault is written into the text of the cell at the place of its node, so that
its diff shows what the author wrote, without a tree that keeps blanks and comments.

Not mutated: what stands outside `### BEGIN SOLUTION` and `### END SOLUTION` where a cell has
them, docstrings, imports and signatures, f-strings, and what an error says (`raise` and below:
no statement of a question asks for its wording).
"""

import ast
import difflib
import hashlib
import marshal
import textwrap
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from types import CodeType

from nbformat import NotebookNode

from autograder.errors import EcoleError

_BEGIN, _END = "### BEGIN SOLUTION", "### END SOLUTION"

Key = tuple[str, str, str, int]
Change = tuple[int, int, str]
"""Replace the bytes from a start to an end by a text."""


@dataclass(frozen=True)
class Mutant:
    """A solution cell with one fault.

    Attributes:
        grade_id: the cell.
        operator: the kind of fault, a key of `OPERATORS`.
        original, mutated: the lines that the fault changes, without their indentation.
        occurrence: 1, or 2 and more where the same lines are changed alike at another place.
        reference, source: the whole cell, right and faulty, as a student would hand it in.
    """

    grade_id: str
    operator: str
    original: str
    mutated: str
    occurrence: int
    reference: str
    source: str

    @property
    def key(self) -> Key:
        """What names the mutant whatever is edited elsewhere: cell, lines, occurrence."""
        return self.grade_id, self.original, self.mutated, self.occurrence

    @property
    def id(self) -> str:
        """Eight digits made from `key`."""
        return hashlib.sha256("\0".join(map(str, self.key)).encode()).hexdigest()[:8]

    @property
    def diff(self) -> str:
        """The fault as a unified diff with two lines around it."""
        lines = difflib.unified_diff(
            self.reference.splitlines(),
            self.source.splitlines(),
            fromfile=self.grade_id,
            tofile=f"mutant {self.id} ({self.operator})",
            lineterm="",
            n=2,
        )
        return "\n".join(lines)


def make_mutants(solved: NotebookNode) -> list[Mutant]:
    """Every mutant of an assignment's solution cells, in the order of cells and lines.

    A fault that does not compile is left out, and one that compiles to the same bytecode as the
    reference or as another mutant: it cannot behave otherwise.

    Args:
        solved: the notebook of one language, with its solutions.

    Raises:
        EcoleError: a solution cell is no plain Python.
    """
    modules = _modules(solved)
    return [
        mutant
        for grade_id, source in _solutions(solved).items()
        for mutant in _mutants_of(grade_id, source, modules)
    ]


def handed_in(solved: NotebookNode) -> dict[str, str]:
    """The solution cells as a student would hand them in: without nbgrader's markers."""
    return {name: _without_markers(source) for name, source in _solutions(solved).items()}


def _solutions(solved: NotebookNode) -> dict[str, str]:
    found = {}
    for cell in solved.cells:
        marked = cell.metadata.get("nbgrader", {})
        # a cell that is solution and grade at once is marked by hand
        if cell.cell_type == "code" and marked.get("solution") and not marked.get("grade"):
            found[marked["grade_id"]] = cell.source
    return found


def _mutants_of(grade_id: str, source: str, modules: frozenset[str]) -> Iterator[Mutant]:
    code = Code(grade_id, source, modules)
    seen = {_bytecode(source)}
    alike: Counter[tuple[str, str]] = Counter()
    for operator, (start, end, text) in code.changes():
        mutated = (code.encoded[:start] + text.encode() + code.encoded[end:]).decode()
        compiled = _bytecode(mutated)
        if compiled is None or compiled in seen:
            continue
        seen.add(compiled)
        before, after = code.lines_around(start, end, mutated)
        alike[before, after] += 1
        yield Mutant(
            grade_id=grade_id,
            operator=operator,
            original=before,
            mutated=after,
            occurrence=alike[before, after],
            reference=_without_markers(source),
            source=_without_markers(mutated),
        )


def _without_markers(source: str) -> str:
    lines = source.splitlines()
    return "\n".join(line for line in lines if line.strip() not in (_BEGIN, _END))


def _modules(notebook: NotebookNode) -> frozenset[str]:
    """Names that the notebook's plain Python cells import."""
    names: set[str] = set()
    for cell in notebook.cells:
        try:
            tree = ast.parse(cell.source if cell.cell_type == "code" else "")
        except SyntaxError:
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                names |= {alias.asname or alias.name.partition(".")[0] for alias in node.names}
    return frozenset(names)


def _bytecode(source: str) -> bytes | None:
    """What a cell compiles to, its places in the text left out; None when it does not compile."""
    try:
        code = compile(source, "cell", "exec", dont_inherit=True)
        return marshal.dumps(_without_places(code))
    except (SyntaxError, ValueError):
        return None


def _without_places(code: CodeType) -> CodeType:
    constants = (
        _without_places(each) if isinstance(each, CodeType) else each for each in code.co_consts
    )
    return code.replace(co_consts=tuple(constants), co_firstlineno=1, co_linetable=b"")


class Code:
    """The text of one solution cell, its syntax tree, and where the nodes stand in the text."""

    def __init__(self, grade_id: str, source: str, modules: frozenset[str]) -> None:
        try:
            self.tree = ast.parse(source)
        except SyntaxError as error:
            raise EcoleError(
                f"solution cell {grade_id}, line {error.lineno}: no plain Python ({error.msg}), "
                "so no mutant can be made; move magics to a cell of their own"
            ) from error
        self.modules = modules
        self.encoded = source.encode()
        self.lines = source.splitlines(keepends=True)
        self._starts = [0]
        for line in self.encoded.splitlines(keepends=True):
            self._starts.append(self._starts[-1] + len(line))
        self.parents = {
            child: node for node in ast.walk(self.tree) for child in ast.iter_child_nodes(node)
        }

    def changes(self) -> Iterator[tuple[str, Change]]:
        """Each change of each operator within the solution, from top to bottom."""
        places = self._solution_lines()
        nodes = [node for node in self._nodes(self.tree) if node.lineno in places]
        found = [
            (name, change)
            for node in nodes
            for name, operator in OPERATORS.items()
            for change in operator(self, node)
        ]
        return iter(sorted(found, key=lambda each: each[1][:2]))

    def _solution_lines(self) -> set[int]:
        marks = [line.strip() for line in self.lines]
        if _BEGIN not in marks:
            return set(range(1, len(marks) + 1))
        inside, places = False, set()
        for number, mark in enumerate(marks, start=1):
            inside = mark == _BEGIN or (inside and mark != _END)
            if inside:
                places.add(number)
        return places

    def _nodes(self, node: ast.AST) -> Iterator[ast.expr | ast.stmt]:
        """Statements and expressions below a node that may be mutated."""
        for child in ast.iter_child_nodes(node):
            # Python 3.11 does not tell where the parts of an f-string stand
            if isinstance(child, ast.JoinedStr | ast.arguments) or self._is_docstring(child):
                continue
            if isinstance(child, ast.expr | ast.stmt):
                yield child
            if not isinstance(child, ast.Raise):
                yield from self._nodes(child)

    def _is_docstring(self, node: ast.AST) -> bool:
        return (
            isinstance(node, ast.Expr)
            and isinstance(node.value, ast.Constant)
            and isinstance(node.value.value, str)
        )

    def span(self, node: ast.expr | ast.stmt | ast.keyword) -> tuple[int, int]:
        """Where a node begins and ends, in bytes."""
        assert node.end_lineno is not None and node.end_col_offset is not None
        return (
            self._starts[node.lineno - 1] + node.col_offset,
            self._starts[node.end_lineno - 1] + node.end_col_offset,
        )

    def between(self, start: int, end: int) -> str:
        """The text from one place to another."""
        return self.encoded[start:end].decode()

    def text(self, node: ast.expr | ast.stmt | ast.keyword) -> str:
        """The text of a node."""
        return self.between(*self.span(node))

    def lines_around(self, start: int, end: int, mutated: str) -> tuple[str, str]:
        """The whole lines that a change touches, before and after."""
        first = self.encoded[:start].count(b"\n")
        last = self.encoded[:end].count(b"\n")
        new = mutated.splitlines(keepends=True)
        after = new[first : last + 1 + len(new) - len(self.lines)]
        return _dedented(self.lines[first : last + 1]), _dedented(after)


def _dedented(lines: Sequence[str]) -> str:
    return textwrap.dedent("".join(lines)).strip()


# the operators: from a node to the changes that it allows

_COMPARISONS: dict[type[ast.cmpop], tuple[str, ...]] = {
    ast.Lt: ("<", "<=", ">"),
    ast.LtE: ("<=", "<", ">="),
    ast.Gt: (">", ">=", "<"),
    ast.GtE: (">=", ">", "<="),
    ast.Eq: ("==", "!="),
    ast.NotEq: ("!=", "=="),
    ast.In: ("in", "not in"),
    ast.NotIn: ("not in", "in"),
    ast.Is: ("is", "is not"),
    ast.IsNot: ("is not", "is"),
}
_ARITHMETIC: dict[type[ast.operator], tuple[str, ...]] = {
    ast.Add: ("+", "-"),
    ast.Sub: ("-", "+"),
    ast.Mult: ("*", "/"),
    ast.Div: ("/", "*", "//"),
    ast.FloorDiv: ("//", "/"),
    ast.Mod: ("%", "//"),
    ast.Pow: ("**", "*"),
    ast.MatMult: ("@", "*"),
    ast.BitAnd: ("&", "|"),
    ast.BitOr: ("|", "&"),
    ast.BitXor: ("^", "|"),
    ast.LShift: ("<<", ">>"),
    ast.RShift: (">>", "<<"),
}
_ASYMMETRIC = (ast.Sub, ast.Div, ast.FloorDiv, ast.Mod, ast.Pow)
_OPERATIONS = (ast.BinOp, ast.BoolOp, ast.Compare, ast.UnaryOp)
_CHOICES: dict[str, tuple[str, ...]] = {
    "how": ('"inner"', '"left"', '"right"', '"outer"'),
    "join": ('"inner"', '"outer"'),
    "keep": ('"first"', '"last"', "False"),
    "errors": ('"raise"', '"coerce"'),
    "inclusive": ('"both"', '"left"', '"right"', '"neither"'),
    "side": ('"left"', '"right"'),
    "axis": ("0", "1"),
}
_OTHER_NAMES: dict[str, tuple[str, ...]] = {
    "min": ("max",),
    "max": ("min",),
    "idxmin": ("idxmax",),
    "idxmax": ("idxmin",),
    "nlargest": ("nsmallest",),
    "nsmallest": ("nlargest",),
    "first": ("last",),
    "last": ("first",),
    "head": ("tail",),
    "tail": ("head",),
    "any": ("all",),
    "all": ("any",),
    "mean": ("median",),
    "median": ("mean",),
    "size": ("count",),
    "count": ("size",),
    "nunique": ("count",),
    "isna": ("notna",),
    "notna": ("isna",),
    "ffill": ("bfill",),
    "bfill": ("ffill",),
    "floor": ("ceil",),
    "ceil": ("floor",),
    "startswith": ("endswith",),
    "endswith": ("startswith",),
    "removeprefix": ("removesuffix",),
    "removesuffix": ("removeprefix",),
    "strip": ("lstrip", "rstrip"),
    "lower": ("upper",),
    "upper": ("lower",),
    "loc": ("iloc",),
    "iloc": ("loc",),
    "match": ("search",),
    "fullmatch": ("match",),
    "search": ("match",),
    "append": ("extend",),
    "extend": ("append",),
    "union": ("intersection",),
    "intersection": ("union",),
}
_DATE_PARTS = (("%d", "%m"), ("%m", "%d"), ("%Y", "%y"), ("%H", "%I"))
_ACCESSORS = ("str", "dt", "cat")
_UNWRAPPED = frozenset(
    ("abs", "bool", "float", "int", "list", "reversed", "round", "set", "sorted", "str", "tuple")
)


def _comparison(code: Code, node: ast.AST) -> Iterator[Change]:
    """A bound included or not, a comparison turned round or denied."""
    if isinstance(node, ast.Compare):
        operands = [node.left, *node.comparators]
        for left, operator, right in zip(operands, node.ops, operands[1:], strict=False):
            yield from _symbol(code, left, right, _COMPARISONS[type(operator)])


def _arithmetic(code: Code, node: ast.AST) -> Iterator[Change]:
    """Another operator between the same operands."""
    if isinstance(node, ast.BinOp):
        yield from _symbol(code, node.left, node.right, _ARITHMETIC[type(node.op)])
    elif isinstance(node, ast.AugAssign):
        old, *others = _ARITHMETIC[type(node.op)]
        symbols = (f"{old}=", *(f"{other}=" for other in others), "=")
        yield from _symbol(code, node.target, node.value, symbols)


def _logic(code: Code, node: ast.AST) -> Iterator[Change]:
    """`and` for `or`, a negation or a minus sign forgotten."""
    if isinstance(node, ast.BoolOp):
        symbols = ("and", "or") if isinstance(node.op, ast.And) else ("or", "and")
        for left, right in pairwise(node.values):
            yield from _symbol(code, left, right, symbols)
    elif isinstance(node, ast.UnaryOp):
        yield _instead(code, node, node.operand)


def _symbol(
    code: Code, left: ast.expr, right: ast.expr, symbols: Sequence[str]
) -> Iterator[Change]:
    """Put another symbol between two operands: the first of `symbols` is the present one."""
    start, end = code.span(left)[1], code.span(right)[0]
    gap = code.between(start, end)
    for symbol in symbols[1:]:
        yield start, end, gap.replace(symbols[0], symbol, 1)


def _instead(code: Code, node: ast.expr, part: ast.expr) -> Change:
    """A part of an expression in the place of the whole."""
    text = code.text(part)
    if isinstance(part, (*_OPERATIONS, ast.IfExp)) and not isinstance(
        code.parents[node], ast.stmt | ast.Call | ast.Subscript | ast.keyword
    ):
        text = f"({text})"
    return *code.span(node), text


def _operand(code: Code, node: ast.AST) -> Iterator[Change]:
    """An operand forgotten, or two put the wrong way round."""
    if isinstance(node, ast.BinOp):
        yield _instead(code, node, node.left)
        yield _instead(code, node, node.right)
        if isinstance(node.op, _ASYMMETRIC):
            yield from _swapped(code, (node.left, node.right))
    elif isinstance(node, ast.BoolOp):
        for index in range(len(node.values)):
            yield _without(code, node.values, index)


def _condition(code: Code, node: ast.AST) -> Iterator[Change]:
    """A branch always or never taken, a filter forgotten."""
    if isinstance(node, ast.If | ast.IfExp):
        yield *code.span(node.test), "True"
        yield *code.span(node.test), "False"
    elif isinstance(node, ast.While):
        yield *code.span(node.test), "False"
    elif isinstance(node, ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp):
        for test in (test for each in node.generators for test in each.ifs):
            yield *code.span(test), "True"


def _constant(code: Code, node: ast.AST) -> Iterator[Change]:
    """A number off by one, True for False, a text that is not the right one."""
    if not isinstance(node, ast.Constant) or _is_choice(code, node) or _is_label(code, node):
        return
    span, value = code.span(node), node.value
    if isinstance(value, bool):
        yield *span, str(not value)
    elif isinstance(value, int | float):
        yield *span, repr(value + 1)
        yield *span, repr(value - 1)
    elif isinstance(value, str):
        text = code.text(node)
        quotes = 3 if text.endswith(('"""', "'''")) else 1
        yield *span, text[:-quotes] + "x" + text[-quotes:]


def _is_label(code: Code, node: ast.Constant) -> bool:
    """Is it a text that names a column or a key? A misspelt one stops at its first use."""
    above = code.parents[node]
    if isinstance(above, ast.List | ast.Tuple):
        above = code.parents[above]
    return isinstance(node.value, str) and isinstance(above, ast.Subscript)


def _date_format(code: Code, node: ast.AST) -> Iterator[Change]:
    """Day and month exchanged, a year of two digits, an hour of twelve."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        text = code.text(node)
        for old, new in _DATE_PARTS:
            if old in text:
                swapped = text.replace(new, "\0").replace(old, new).replace("\0", old)
                yield *code.span(node), swapped


def _choice(code: Code, node: ast.AST) -> Iterator[Change]:
    """Another of the values that a pandas argument takes: `how=`, `keep=`, `axis=`…"""
    if _is_choice(code, node):
        assert isinstance(node, ast.Constant)
        keyword = code.parents[node]
        assert isinstance(keyword, ast.keyword) and keyword.arg is not None
        for text in _CHOICES[keyword.arg]:
            if ast.literal_eval(text) != node.value:
                yield *code.span(node), text


def _is_choice(code: Code, node: ast.AST) -> bool:
    keyword = code.parents.get(node)
    return (
        isinstance(node, ast.Constant)
        and isinstance(keyword, ast.keyword)
        and keyword.arg in _CHOICES
    )


def _statement(code: Code, node: ast.AST) -> Iterator[Change]:
    """A statement forgotten."""
    kept = (
        ast.If,
        ast.FunctionDef,
        ast.AsyncFunctionDef,
        ast.ClassDef,
        ast.Import,
        ast.ImportFrom,
        ast.Global,
        ast.Nonlocal,
    )
    if isinstance(node, ast.stmt) and not isinstance(node, kept):
        yield *code.span(node), "pass"


def _argument(code: Code, node: ast.AST) -> Iterator[Change]:
    """An argument forgotten, two arguments exchanged."""
    if not isinstance(node, ast.Call):
        return
    given: list[ast.expr | ast.keyword] = [*node.args, *node.keywords]
    last = len(node.args) - 1  # without an earlier one the call is no longer the same at all
    for index in range(max(last, 0), len(given)):
        if len(given) > 1 or node.keywords:
            yield _without(code, given, index)
    yield from _swapped(code, node.args)


def _element(code: Code, node: ast.AST) -> Iterator[Change]:
    """An element of a list, tuple, set or dictionary forgotten; two neighbours exchanged."""
    if isinstance(node, ast.List | ast.Tuple | ast.Set) and isinstance(
        getattr(node, "ctx", ast.Load()), ast.Load
    ):
        if isinstance(node, ast.Tuple) and len(node.elts) == 2:
            start, end = code.span(node.elts[0])[0], code.span(node.elts[1])[1]
            for each in node.elts:
                yield start, end, f"{code.text(each)},"
        elif len(node.elts) > 1:
            yield from (_without(code, node.elts, index) for index in range(len(node.elts)))
        if not isinstance(node, ast.Set):
            yield from _swapped(code, node.elts)
    elif isinstance(node, ast.Dict) and len(node.keys) > 1 and None not in node.keys:
        starts = [code.span(key)[0] for key in node.keys if key is not None]
        ends = [code.span(value)[1] for value in node.values]
        for index in range(len(starts)):
            yield _cut(list(zip(starts, ends, strict=True)), index)


def _without(code: Code, items: Sequence[ast.expr | ast.keyword], index: int) -> Change:
    return _cut([code.span(item) for item in items], index)


def _cut(spans: Sequence[tuple[int, int]], index: int) -> Change:
    """Cut one of several neighbours out, with what separates it from the next."""
    start, end = spans[index]
    if index + 1 < len(spans):
        return start, spans[index + 1][0], ""
    return (spans[index - 1][1] if index else start), end, ""


def _swapped(code: Code, items: Sequence[ast.expr]) -> Iterator[Change]:
    for left, right in pairwise(items):
        if not isinstance(left, ast.Starred) and not isinstance(right, ast.Starred):
            start, end = code.span(left)
            after, stop = code.span(right)
            text = code.text(right) + code.between(end, after) + code.text(left)
            yield start, stop, text


def _call(code: Code, node: ast.AST) -> Iterator[Change]:
    """A call forgotten: a method of a chain, or a conversion."""
    if not isinstance(node, ast.Call):
        return
    if isinstance(node.func, ast.Name) and node.func.id in _UNWRAPPED and node.args:
        yield _instead(code, node, node.args[0])
    elif isinstance(node.func, ast.Attribute):
        receiver = node.func.value
        if isinstance(receiver, ast.Name) and receiver.id in code.modules:
            return
        if isinstance(receiver, ast.Attribute) and receiver.attr in _ACCESSORS:
            receiver = receiver.value
        yield _instead(code, node, receiver)


def _name(code: Code, node: ast.AST) -> Iterator[Change]:
    """A method or function taken for its neighbour: `min` and `max`, `first` and `last`…"""
    if isinstance(node, ast.Attribute):
        end = code.span(node)[1]
        for other in _OTHER_NAMES.get(node.attr, ()):
            yield end - len(node.attr.encode()), end, other
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        for other in _OTHER_NAMES.get(node.func.id, ()):
            yield *code.span(node.func), other


OPERATORS: dict[str, Callable[[Code, ast.AST], Iterable[Change]]] = {
    "comparison": _comparison,
    "arithmetic": _arithmetic,
    "logic": _logic,
    "operand": _operand,
    "condition": _condition,
    "constant": _constant,
    "date format": _date_format,
    "choice": _choice,
    "statement": _statement,
    "argument": _argument,
    "element": _element,
    "call": _call,
    "name": _name,
}
