"""A figure has an alternative text in both languages, and its axes have labels."""

import ast
import re
from collections.abc import Iterator

from autograder.authoring.checks.findings import Finding
from autograder.authoring.checks.language import NAMES
from autograder.authoring.checks.pages import Cell, Course, Page, Rule
from autograder.authoring.translation import LANGS

_IMAGES = frozenset(["imshow", "matshow", "pie", "spy"])
_NAMES = """
    bar barh boxplot contour contourf ecdf errorbar eventplot fill_between fill_betweenx hexbin
    hist hist2d loglog pcolormesh plot plot_tree scatter semilogx semilogy stackplot stairs stem
    step violinplot from_estimator from_predictions
"""
_CHARTS = frozenset(_NAMES.split())
_DRAWN = re.compile(rf"\b(?:{'|'.join(_CHARTS | _IMAGES)})\b")
_AXES_OFF = frozenset(["set_axis_off", "plot_tree"])
_LEAST = 20  # characters: less says that there is a figure, not what it shows


def draws(page: Page) -> list[Cell]:
    """The cells of a page that show a figure, by themselves or through a function of the page."""
    helpers = _helpers(page)
    return [cell for cell in page.of_kind("code") if _drawing(cell, helpers) & (_CHARTS | _IMAGES)]


def alternative_text(page: Page, course: Course) -> Iterator[Finding]:
    """A figure of a lesson whose cell does not say, in each language, what it shows."""
    if page.kind != "lesson":
        return
    for cell in draws(page):
        alt = cell.metadata.get("alt")
        if not isinstance(alt, dict):
            remedy = "add to its metadata `alt: {fr: …, en: …}`, what the figure shows"
            yield page.finding(cell, "a figure without alternative text", remedy)
            continue
        for lang in LANGS:
            text = str(alt.get(lang) or "").strip()
            if len(text) < _LEAST:
                problem = f"the alternative text in {NAMES[lang]} says too little: {text!r}"
                remedy = f"say what the figure shows, in {_LEAST} characters or more"
                yield page.finding(cell, problem, remedy)


def axis_labels(page: Page, course: Course) -> Iterator[Finding]:
    """A chart without a label on each axis (images, pies and trees have none)."""
    if page.kind != "lesson":
        return
    helpers = _helpers(page)
    for cell in draws(page):
        called = _drawing(cell, helpers)
        if not called & _CHARTS or called & _AXES_OFF or "**" in called:
            continue
        for axis in "xy":
            if not called & {f"{axis}label", f"set_{axis}label", f"sup{axis}label"}:
                problem = f"a figure without a label on its {axis} axis"
                remedy = f"add {axis}label=t(fr=…, en=…) with its unit"
                yield page.finding(cell, problem, remedy)


def image_text(page: Page, course: Course) -> Iterator[Finding]:
    """A Markdown image without alternative text."""
    for cell in page.of_kind("markdown"):
        for passage in cell.text.passages:
            for source, alt in passage.images:
                if not alt.strip():
                    problem = f"the image {source} has no alternative text"
                    remedy = "write what it shows between the brackets: ![…](…)"
                    yield page.finding(cell, problem, remedy, line=passage.line)


def _helpers(page: Page) -> dict[str, frozenset[str]]:
    """What the functions of a page call, by name: a figure may be drawn by one."""
    return {
        node.name: _called(node.body)
        for cell in page.of_kind("code")
        for node in (cell.tree.body if cell.tree and "def " in cell.source else [])
        if isinstance(node, ast.FunctionDef)
    }


def _drawing(cell: Cell, helpers: dict[str, frozenset[str]]) -> frozenset[str]:
    """The functions that run with a cell, and the labels given to them."""
    drawn = _DRAWN.search(cell.source) or any(name in cell.source for name in helpers)
    if cell.tree is None or not drawn:
        return frozenset()
    run = [node for node in cell.tree.body if not isinstance(node, ast.FunctionDef | ast.ClassDef)]
    called = _called(run)
    return called.union(*(helpers[name] for name in called & set(helpers)))


def _called(body: list[ast.stmt]) -> frozenset[str]:
    """Names of the functions called, and of the axis labels given; `**` for unknown ones."""
    names = set()
    for node in (node for statement in body for node in ast.walk(statement)):
        if isinstance(node, ast.Call):
            if isinstance(node.func, ast.Name):
                names.add(node.func.id)
            elif isinstance(node.func, ast.Attribute):
                names |= _method(node, node.func)
            names |= {key.arg for key in node.keywords if key.arg in ("xlabel", "ylabel")}
    return frozenset(names)


def _method(call: ast.Call, function: ast.Attribute) -> set[str]:
    if function.attr == "axis":
        off = any(isinstance(arg, ast.Constant) and arg.value == "off" for arg in call.args)
        return {"set_axis_off"} if off else {"axis"}
    if function.attr == "set" and any(key.arg is None for key in call.keywords):
        return {"**"}
    if isinstance(function.value, ast.Attribute) and function.value.attr == "plot":
        return {"plot", function.attr}  # table.plot.hist()
    return {function.attr}


RULES: dict[str, Rule] = {
    "figure-alt": alternative_text,
    "figure-labels": axis_labels,
    "image-alt": image_text,
}
