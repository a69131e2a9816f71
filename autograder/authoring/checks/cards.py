"""Every data set has its card, in both languages."""

import ast
from collections.abc import Iterator
from pathlib import Path

from autograder.authoring.checks.findings import Finding
from autograder.authoring.checks.pages import Course, Page, Rule

CARDS = "datasets/cards"
_SETS = "datasets/health_datasets/open_data/sets"
_PACKAGE = "health_datasets"
# what the package gives that is no data set
_NO_DATA = frozenset(
    ("exam_seed", "exam_secret_digest", "load", "catalogue", "download", "without_card")
)
# several functions of one card
_CARD_OF = {
    "abcd_performance": "dermoscopy",
    "dermoscopy_lesions": "dermoscopy",
    "hospital": "virtual-hospital",
    "tiles": "tissue-tiles",
}
_HEADINGS = ("## Français", "## English")
_REMEDY = "write it with the headings `## Français` and `## English` (origin, biases, limits)"


def without_card(page: Page, course: Course) -> Iterator[Finding]:
    """A data set that a master uses, without a card in both languages."""
    for cell in page.of_kind("code"):
        for node in ast.walk(cell.tree) if cell.tree and _PACKAGE in cell.source else ():
            for name in _used(node):
                problem = _fault(course.root, name)
                if problem:
                    line = getattr(node, "lineno", 1)
                    yield page.finding(cell, problem, _REMEDY, line=line)


def check_cards(root: Path) -> list[Finding]:
    """The sets of the catalogue that have no card in both languages."""
    found = []
    for path in sorted((root / _SETS).glob("*.yml")):
        problem = _fault(root, path.stem)
        if problem:
            where = path.relative_to(root).as_posix()
            found.append(Finding(where, 0, 0, problem, "run tools/draw_cards.py", "data-card"))
    return found


def _used(node: ast.AST) -> Iterator[str]:
    """Names of the data sets that an import brings, or that `load("…")` reads."""
    if isinstance(node, ast.ImportFrom) and str(node.module).split(".")[0] == _PACKAGE:
        for alias in node.names:
            if alias.name.islower() and alias.name not in _NO_DATA:
                yield alias.name
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute):
        name = node.func.id if isinstance(node.func, ast.Name) else node.func.attr
        first = node.args[0] if node.args else None
        if name == "load" and isinstance(first, ast.Constant) and isinstance(first.value, str):
            yield first.value


def _fault(root: Path, name: str) -> str:
    """What is wrong with the card of a data set; nothing when it is there in both languages."""
    card = f"{CARDS}/{_CARD_OF.get(name, name.replace('_', '-'))}.md"
    if not (root / card).is_file():
        return f"the data set {name!r} has no card {card}"
    lines = (root / card).read_text(encoding="utf-8").splitlines()
    lacking = [heading for heading in _HEADINGS if heading not in lines]
    return f"{card} has no heading {lacking[0]!r}" if lacking else ""


RULES: dict[str, Rule] = {"data-card": without_card}
