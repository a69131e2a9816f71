"""What is an answer: read from the cells of a master or of a source notebook."""

from __future__ import annotations

import ast
import functools
import symtable
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING

from IPython.core.inputtransformer2 import TransformerManager

if TYPE_CHECKING:  # the zygote, which imports this, has no use for nbformat
    from nbformat import NotebookNode

_PARSING = threading.Lock()
# the same cells come with each submission
_CELLS = 1000


def is_test(cell: NotebookNode) -> bool:
    """A locked cell that carries points."""
    graded = cell.metadata.get("nbgrader", {})
    return cell.cell_type == "code" and bool(graded.get("grade")) and not graded.get("solution")


def is_given(cell: NotebookNode) -> bool:
    """A locked cell that is no test: it runs on both sides."""
    graded = cell.metadata.get("nbgrader", {})
    return cell.cell_type == "code" and bool(graded.get("locked")) and not graded.get("grade")


def is_solution(cell: NotebookNode) -> bool:
    """A cell that the student fills in."""
    return cell.cell_type == "code" and bool(cell.metadata.get("nbgrader", {}).get("solution"))


def answers_of(source: NotebookNode) -> dict[str, dict[str, list[str]]] | None:
    """Names that each solution cell answers with, and those of them that are classes.

    A name that a solution cell binds, assigns into, deletes from or calls a method on as a
    statement is an answer from that cell on. None when no cell has a solution.
    """
    found = {}
    for cell in source.cells:
        if is_solution(cell):
            names, classes = _answers(cell.source)
            found[cell.metadata["nbgrader"]["grade_id"]] = {"names": names, "classes": classes}
    return found if any(each["names"] for each in found.values()) else None


def imports_of(source: NotebookNode) -> list[str]:
    """Import statements of the locked and solution cells, in their order; none of a test."""
    lines: dict[str, None] = {}
    for cell in source.cells:
        if is_given(cell) or is_solution(cell):
            lines |= dict.fromkeys(import_lines(cell.source))
    return list(lines)


def import_lines(source: str) -> list[str]:
    """Import statements of one cell, wherever in it they stand."""
    return [
        ast.unparse(node)
        for node in ast.walk(_tree(source))
        if isinstance(node, (ast.Import, ast.ImportFrom)) and not getattr(node, "level", 0)
    ]


@functools.lru_cache(_CELLS)
def names_loaded(source: str) -> frozenset[str]:
    """Global names that a cell reads, in its functions too."""
    try:
        return frozenset(_globals_of(symtable.symtable(plain(source), "<cell>", "exec")))
    except SyntaxError:  # a top-level await
        nodes = ast.walk(_tree(source))
        return frozenset(
            n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)
        )


@functools.lru_cache(_CELLS)
def names_bound(source: str) -> frozenset[str]:
    """Names that a cell binds at its top level."""
    return frozenset(_bound(_tree(source)))


def tests_define_what_others_need(cells: list[NotebookNode]) -> frozenset[str]:
    """Names that only test cells define and a later cell reads; those of the first such cell."""
    of_tests: set[str] = set()
    of_others: set[str] = set()
    for cell in cells:
        if cell.cell_type != "code":
            continue
        bound = names_bound(cell.source)
        needed = of_tests & names_loaded(cell.source) - bound - of_others
        if needed:
            return frozenset(needed)
        if is_test(cell):
            of_tests |= bound - of_others
        else:
            of_others |= bound
    return frozenset()


def plain(source: str) -> str:
    """Python without IPython's magics."""
    return str(TransformerManager().transform_cell(source))


def parse(source: str) -> ast.Module:
    """`ast.parse`, one thread at a time: before Python 3.12 two at once can fail.

    Raises:
        SyntaxError: as `ast.parse` does.
    """
    with _PARSING:
        return ast.parse(source)


def _tree(source: str) -> ast.Module:
    try:
        return parse(plain(source))
    except SyntaxError:
        return parse("")


def _globals_of(table: symtable.SymbolTable) -> Iterator[str]:
    for symbol in table.get_symbols():
        if symbol.is_referenced() and (table.get_type() == "module" or symbol.is_global()):
            yield symbol.get_name()
    for child in table.get_children():
        yield from _globals_of(child)


def _answers(source: str) -> tuple[list[str], list[str]]:
    tree = _tree(source)
    names = dict.fromkeys(_bound(tree))
    for node in ast.walk(tree):
        target: ast.expr | None = None
        if isinstance(node, (ast.Attribute, ast.Subscript)) and not isinstance(node.ctx, ast.Load):
            target = node.value
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
            function = node.value.func
            target = function.value if isinstance(function, ast.Attribute) else None
        while isinstance(target, (ast.Attribute, ast.Subscript)):
            target = target.value
        if isinstance(target, ast.Name):
            names[target.id] = None
    imported = _imported(tree)
    classes = [node.name for node in tree.body if isinstance(node, ast.ClassDef)]
    return [name for name in names if name not in imported], classes


def _imported(tree: ast.Module) -> set[str]:
    return {
        (alias.asname or alias.name).split(".")[0]
        for node in tree.body
        if isinstance(node, (ast.Import, ast.ImportFrom))
        for alias in node.names
    }


def _bound(tree: ast.Module) -> Iterator[str]:
    """Names bound outside functions and classes, in their order."""
    waiting: list[ast.AST] = list(tree.body)
    while waiting:
        node = waiting.pop(0)
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            yield node.name
            continue
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            yield from ((alias.asname or alias.name).split(".")[0] for alias in node.names)
        if isinstance(node, ast.Name) and isinstance(node.ctx, (ast.Store, ast.Del)):
            yield node.id
        if isinstance(node, ast.ExceptHandler) and node.name:
            yield node.name
        if not isinstance(node, (ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp)):
            waiting.extend(ast.iter_child_nodes(node))
