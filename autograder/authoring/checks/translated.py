"""Text inside code goes through `t(fr=…, en=…)`, which has both languages, alike."""

import ast
import builtins
import re
from collections.abc import Iterator

from autograder.authoring.checks.findings import Finding
from autograder.authoring.checks.language import language, shortened
from autograder.authoring.checks.pages import Cell, Course, Page, Rule
from autograder.authoring.checks.texts import leaves, words_of
from autograder.authoring.translation import faults, faults_of

_METHODS = """
    annotate figtext legend set_label set_legend set_title set_xlabel set_xticklabels set_ylabel
    set_yticklabels set_zlabel supxlabel supylabel suptitle text title xlabel ylabel
"""
_LABELLING = frozenset(_METHODS.split())
_LABELS = frozenset(["label", "title", "tick_labels", "xlabel", "ylabel", "zlabel"])
_SHOWING = frozenset(["print", "display"])
_WRAPPING = frozenset(["Markdown", "HTML", "format", "join"])
_UNITS = frozenset(["bpm", "kcal", "min", "mmhg", "mmol", "mol", "sec"])
_CONSTANTS = frozenset(name for name in dir(builtins) if name[0].isupper())  # True, ValueError
_WORD = re.compile(r"[^\W\d_]{3,}")
_NAME = re.compile(r"\w*[._]\w[\w.]*|\b\w+(?=[(\[])")
_CODE_LIKE = re.compile(r"->|=|\w[(\[]|\w\.\w")


def malformed(page: Page, course: Course) -> Iterator[Finding]:
    """A `t()` that cannot be replaced by its text when the notebook of a language is built."""
    for cell in page.of_kind("code"):
        found = faults_of(cell.calls, cell.tree) if cell.tree else faults(cell.source)
        for line, problem, remedy in found:
            yield page.finding(cell, problem, remedy, line=line)


def imported(page: Page, course: Course) -> Iterator[Finding]:
    """`t` imported where learners would see it, or used in a master that does not import it."""
    known = False
    for cell in page.of_kind("code"):
        if cell.tree is None:
            continue
        line = _import_line(cell)
        if line and "author" in cell.tags:
            known = True
        elif line:
            problem = "t is imported in a cell that learners receive"
            remedy = "import it in a cell of its own with `:tags: [author]`"
            yield page.finding(cell, problem, remedy, line=line)
            known = True
        if cell.calls and not known:
            problem = "t() before `from autograder.authoring import t`"
            remedy = "import it in a cell tagged `author`, above the first t()"
            yield page.finding(cell, problem, remedy, line=cell.calls[0].lineno)
            known = True


def _import_line(cell: Cell) -> int:
    for node in cell.nodes:
        if isinstance(node, ast.ImportFrom) and any(name.name == "t" for name in node.names):
            return node.lineno
    return 0


def same_values(page: Page, course: Course) -> Iterator[Finding]:
    """The texts of a `t()` that do not show the same values, or have not the same parts."""
    for cell in page.of_kind("code"):
        for text in cell.translations:
            both = text.fr_values & text.en_values
            for lang, values in (("fr", text.en_values), ("en", text.fr_values)):
                for value in sorted(values - both):
                    problem = f"{lang}=… does not show {{{value}}}"
                    remedy = "show the same values in both texts"
                    yield page.finding(cell, problem, remedy, line=text.line)
        for call in cell.calls:
            given = {keyword.arg: keyword.value for keyword in call.keywords}
            if set(given) == {"fr", "en"} and not _alike(given["fr"], given["en"]):
                problem = f"fr=… and en=… have not the same parts: {shortened(ast.unparse(call))}"
                remedy = "give each part in both languages"
                yield page.finding(cell, problem, remedy, line=call.lineno)


def _alike(french: ast.expr, english: ast.expr) -> bool:
    """Two texts, or two collections of as many parts."""
    text = ast.Constant | ast.JoinedStr
    if isinstance(french, text) or isinstance(english, text):
        return isinstance(french, text) and isinstance(english, text)
    if isinstance(french, ast.Dict) and isinstance(english, ast.Dict):
        parts = [*zip(french.values, english.values, strict=False)]
        return len(french.values) == len(english.values) and all(_alike(*pair) for pair in parts)
    ours, theirs = getattr(french, "elts", []), getattr(english, "elts", [])
    if type(french) is not type(english) or len(ours) != len(theirs):
        return False
    return all(_alike(*pair) for pair in zip(ours, theirs, strict=True))


def needless(page: Page, course: Course) -> Iterator[Finding]:
    """A `t()` whose two texts are the same: untranslated, or without need of `t()`."""
    shared = _shared_words(page)
    for cell in page.of_kind("code"):
        for call in cell.calls:
            given = {keyword.arg: keyword.value for keyword in call.keywords}
            if set(given) != {"fr", "en"}:
                continue
            texts = [*leaves(given["fr"], given["en"])]
            if not texts or any(ast.dump(ours) != ast.dump(theirs) for ours, theirs in texts):
                continue
            words = " ".join(words_of(ours)[0] or "" for ours, _ in texts)
            if language(words):
                problem = f"fr=… and en=… are the same text: {shortened(words)!r}"
                yield page.finding(cell, problem, "translate it", line=call.lineno)
            elif not _foreign_words(words, shared):
                problem = f"no t() is needed for {shortened(words)!r}, the same in both languages"
                yield page.finding(cell, problem, "write the text itself", line=call.lineno)


def outside(page: Page, course: Course) -> Iterator[Finding]:
    """Words that a learner reads in one language only: printed, asserted, raised, on a figure."""
    shared = _shared_words(page)
    for cell in page.of_kind("code"):
        if cell.tree is None or "author" in cell.tags:
            continue
        answers = _answer_lines(cell)
        code = _names(cell)
        for node, is_label in _shown(cell):
            text = words_of(node)[0] or ""
            known = shared if is_label or not _CODE_LIKE.search(text) else shared | code
            words = _foreign_words(text, known)
            if words and node.lineno not in answers:
                problem = f"text in one language: {shortened(text)!r} ({', '.join(words[:3])})"
                remedy = "write t(fr=…, en=…)"
                yield page.finding(cell, problem, remedy, line=node.lineno)


def _foreign_words(text: str, known: frozenset[str]) -> list[str]:
    """The words of a text that are of one language, as far as one can tell."""
    words = _WORD.findall(_NAME.sub(" ", text))
    return [
        word
        for word in words
        # MAE, CRP: abbreviations are mostly the same in both languages
        if word.lower() not in known and word not in _CONSTANTS and not word.isupper()
    ]


def _shared_words(page: Page) -> frozenset[str]:
    """Words that need no translation: found in both cells of a pair, units, names of libraries."""
    shared = set(_UNITS)
    for french, english in page.pairs:
        both = [
            {word.lower() for part in cell.text.passages for word in _WORD.findall(part.own)}
            for cell in (french, english)
        ]
        shared |= both[0] & both[1]
    for cell in page.of_kind("code"):
        for node in cell.nodes:
            if isinstance(node, ast.Import):
                shared |= {part for name in node.names for part in name.name.lower().split(".")}
            elif isinstance(node, ast.ImportFrom):
                shared |= set((node.module or "").lower().split("."))
    return frozenset(shared)


def _names(cell: Cell) -> frozenset[str]:
    """Every name of a cell's code, its plain texts (column names, values) included."""
    names = set()
    for node in cell.nodes:
        if isinstance(node, ast.Name):
            names.add(node.id)
        elif isinstance(node, ast.Attribute):
            names.add(node.attr)
        elif isinstance(node, ast.arg | ast.keyword) and node.arg:
            names.add(node.arg)
    return frozenset(part.lower() for name in names for part in name.split("_"))


def _shown(cell: Cell) -> Iterator[tuple[ast.expr, bool]]:
    """The strings that a learner reads when the cell runs, and whether each labels a figure."""
    for node in cell.nodes:
        if isinstance(node, ast.Assert) and node.msg is not None:
            yield from ((text, False) for text in _strings(node.msg))
        elif isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
            yield from ((text, False) for part in node.exc.args for text in _strings(part))
        elif isinstance(node, ast.Call):
            if isinstance(node.func, ast.Name) and node.func.id in _SHOWING:
                yield from ((text, False) for part in node.args for text in _strings(part))
            if isinstance(node.func, ast.Attribute):
                labels = node.args if node.func.attr in _LABELLING else []
                labels = [*labels, *(key.value for key in node.keywords if key.arg in _LABELS)]
                yield from ((text, True) for part in labels for text in _strings(part))


def _strings(node: ast.expr) -> Iterator[ast.expr]:
    """The strings of an expression that end in what is shown; none inside a `t()`."""
    if isinstance(node, ast.Constant | ast.JoinedStr):
        if words_of(node)[0] is not None:
            yield node
    elif isinstance(node, ast.BinOp):
        yield from _strings(node.left)
        yield from _strings(node.right)
    elif isinstance(node, ast.IfExp):
        yield from _strings(node.body)
        yield from _strings(node.orelse)
    elif isinstance(node, ast.List | ast.Tuple):
        for part in node.elts:
            yield from _strings(part)
    elif isinstance(node, ast.Call):
        name = node.func.attr if isinstance(node.func, ast.Attribute) else ""
        name = node.func.id if isinstance(node.func, ast.Name) else name
        if name in _WRAPPING:
            base = [node.func.value] if isinstance(node.func, ast.Attribute) else []
            for part in [*base, *node.args]:
                yield from _strings(part)


def _answer_lines(cell: Cell) -> set[int]:
    """Lines of a graded answer, which no learner reads."""
    lines, inside = set(), False
    for number, line in enumerate(cell.source.splitlines(), start=1):
        inside = inside or "### BEGIN SOLUTION" in line
        if inside:
            lines.add(number)
        inside = inside and "### END SOLUTION" not in line
    return lines


RULES: dict[str, Rule] = {
    "t-malformed": malformed,
    "t-import": imported,
    "t-values": same_values,
    "t-needless": needless,
    "text-outside-t": outside,
}
