"""Names that a test reads: bound by a solution cell, a locked cell or the test itself."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from IPython.core.inputtransformer2 import TransformerManager
from pyflakes import messages
from pyflakes.checker import Builtin, Checker, ModuleScope

from autograder.authoring.checks.findings import Finding
from autograder.authoring.checks.graded_cells import is_given, is_solution, is_test
from autograder.authoring.checks.markers import lines_inside
from autograder.authoring.checks.pages import Cell, Course, Page, Rule, rule_of

# IPython gives the first two to every cell; the third leaves when a notebook is built
_ALWAYS = frozenset({"display", "get_ipython", "t"})

# what to say of a name, by where it is bound
_SAID = {
    "unbound": ("which nothing binds", "bind it in a solution cell or a locked cell"),
    "local": (
        "which is bound only inside {function}() of cell {cell}",
        "bind it outside functions, or compute it in the test",
    ),
    "unlocked": (
        "bound only in cell {cell}, which a student may change or delete",
        "lock that cell, or bind the name in the test",
    ),
    "later": ("bound only further down, in cell {cell}", "move that cell before the test"),
    "test": (
        "bound only by another test, {grade_id} in cell {cell}",
        "bind it in this test too: tests stand alone",
    ),
}


@dataclass(frozen=True)
class Names:
    """What a cell does with global names.

    Attributes:
        reads: names read before the cell binds them, each with its line.
        bound: names bound at the top level.
        local: names bound inside a function only, with the function's name.
        star: it imports all the names of a module, which cannot be told by reading.
    """

    reads: tuple[tuple[str, int], ...]
    bound: frozenset[str]
    local: dict[str, str]
    star: bool


@dataclass(frozen=True)
class Loose:
    """A name that a test reads and may not find."""

    test: Cell
    line: int
    name: str
    kind: str
    where: Cell | None = None
    function: str = ""


@lru_cache(2000)
def names_of(source: str) -> Names:
    """Read the names of a code cell, magics included; none where it is no Python."""
    tree = _tree(source)
    checker = Checker(tree, builtins=_ALWAYS)
    bound = {
        name
        for scope in checker.deadScopes
        if isinstance(scope, ModuleScope)
        for name, binding in scope.items()
        if not isinstance(binding, Builtin)
    }
    reads = dict[str, int]()
    for message in checker.messages:
        if isinstance(message, messages.UndefinedName):
            reads.setdefault(message.message_args[0], message.lineno)
    local = {
        node.id: function.name
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        for node in ast.walk(function)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    }
    imports = (node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom))
    star = any(map(_is_star, imports))
    return Names(tuple(reads.items()), frozenset(bound), local, star)


def loose_names(page: Page) -> Iterator[Loose]:
    """Every name that a test reads and that neither it, nor a cell it may rely on, binds."""
    codes = [cell for cell in page.of_kind("code") if page.kind == "assignment"]
    for place, test in enumerate(codes):
        sure = [cell for cell in codes[:place] if is_given(cell) or is_solution(cell)]
        known = {name for cell in sure for name in names_of(cell.source).bound}
        if not is_test(test) or any(names_of(cell.source).star for cell in sure):
            continue
        for name, line in names_of(test.source).reads:
            if name not in known:
                yield _judged(name, line, test, codes[:place], codes[place + 1 :])


def of_kind(kind: str, page: Page, course: Course) -> Iterator[Finding]:
    """The names of one of the kinds above."""
    said, remedy = _SAID[kind]
    for loose in loose_names(page):
        if loose.kind == kind:
            number = loose.where.number if loose.where else 0
            grade_id = loose.where.grade_id if loose.where else ""
            where = said.format(cell=number, function=loose.function, grade_id=grade_id)
            yield page.finding(
                loose.test,
                f"the test {loose.test.grade_id} reads {loose.name!r}, {where}",
                remedy,
                line=loose.line,
            )


def bound_by_hidden(page: Page, course: Course) -> Iterator[Finding]:
    """A visible line of a test that needs a name of its hidden part: it fails for students."""
    for test in page.of_kind("code"):
        hidden = lines_inside(test.source, "HIDDEN TESTS")
        if page.kind == "assignment" and is_test(test) and hidden:
            lines = test.source.split("\n")
            visible = ["" if n in hidden else line for n, line in enumerate(lines, start=1)]
            whole = dict(names_of(test.source).reads)
            for name, line in names_of("\n".join(visible)).reads:
                if name not in whole:
                    yield page.finding(
                        test,
                        f"a visible line of {test.grade_id} reads {name!r}, "
                        "which only its hidden tests bind: it fails for every student",
                        "bind it in the visible part, or hide this line too",
                        line=line,
                    )


def star_imports(page: Page, course: Course) -> Iterator[Finding]:
    """An import of every name of a module: what a test reads can no longer be told."""
    for cell in page.of_kind("code") if page.kind == "assignment" else ():
        for node in ast.walk(_tree(cell.source)):
            if isinstance(node, ast.ImportFrom) and _is_star(node) and cell.nbgrader:
                yield page.finding(
                    cell,
                    f"`{ast.unparse(node)}` hides which names it binds",
                    "import by name what the cells use",
                    line=node.lineno,
                )


def _judged(name: str, line: int, test: Cell, before: list[Cell], after: list[Cell]) -> Loose:
    """Where a name that a test cannot count on is bound, if anywhere."""
    for cell in before:
        if name in names_of(cell.source).bound:
            return Loose(test, line, name, "test" if is_test(cell) else "unlocked", cell)
    for cell in after:
        if name in names_of(cell.source).bound:
            return Loose(test, line, name, "later", cell)
    for cell in before:
        function = names_of(cell.source).local.get(name)
        if function and (is_given(cell) or is_solution(cell)):
            return Loose(test, line, name, "local", cell, function)
    return Loose(test, line, name, "unbound")


def _tree(source: str) -> ast.Module:
    for text in (source, TransformerManager().transform_cell(source)):
        try:
            return ast.parse(text)
        except SyntaxError:
            continue
    return ast.Module([], [])


def _is_star(node: ast.ImportFrom) -> bool:
    return any(alias.name == "*" for alias in node.names)


_FINDS = {
    "unbound": "A name that a test reads and nothing binds.",
    "local": "A name that a test reads and only a function binds, for itself.",
    "unlocked": "A name that a test reads and only a cell that students may change binds.",
    "later": "A name that a test reads and a cell further down binds.",
    "test": "A name that a test reads and only another test binds.",
}

RULES: dict[str, Rule] = {
    **{f"name-{kind}": rule_of(of_kind, kind, what) for kind, what in _FINDS.items()},
    "name-hidden": bound_by_hidden,
    "name-star": star_imports,
}
