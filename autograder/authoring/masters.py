"""Read masters (MyST notebooks in two languages) and build notebooks of one language."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import nbformat
from jupytext.myst import myst_to_notebook
from nbformat import NotebookNode, from_dict

from autograder.authoring.translation import LANGS, Lang, translate
from autograder.errors import EcoleError
from autograder.notebooks import cells_digest
from autograder.typography import typeset_markdown

REPOSITORY = Path(__file__).resolve().parents[2]

Kind = Literal["lesson", "assignment"]
_BEGIN = {lang: f'`+++ {{"lang": "{lang}"}}`' for lang in LANGS}


@dataclass(frozen=True)
class Master:
    """One master file and what is built from it."""

    path: Path
    kind: Kind

    @property
    def name(self) -> str:
        """Name of the built notebook, without suffix (an assignment's is its grade name)."""
        return self.path.stem

    @property
    def module(self) -> str:
        """Folder of the module or assignment, for instance ``w02-python-for-health``."""
        return self.path.parent.name

    def read(self) -> NotebookNode:
        """The notebook as written, both languages in it."""
        return read_myst(self.path)

    def build(self, lang: Lang, *, solutions: bool = True) -> NotebookNode:
        """The notebook of one language.

        Args:
            lang: which cell of each Markdown pair and which text of each `t()` to keep.
            solutions: keep a lesson's cells tagged `solution` (an assignment's solutions
                are cleared by nbgrader when it is released).
        """
        return build(self.read(), lang, solutions=solutions, where=str(self.path))


def read_myst(path: Path, *, source_map: bool = False) -> NotebookNode:
    """Read a MyST notebook.

    Args:
        source_map: note in `metadata.source_map` the line, from 0, where each cell starts.

    Raises:
        EcoleError: there is no such file, or it is no MyST notebook.
    """
    if not path.is_file():
        raise EcoleError(f"{path}: no such master")
    try:
        return myst_to_notebook(path.read_text(encoding="utf-8"), add_source_map=source_map)
    except Exception as error:
        raise EcoleError(f"{path}: not a MyST notebook: {error}") from error


def build(
    master: NotebookNode, lang: Lang, *, solutions: bool = True, where: str = "master"
) -> NotebookNode:
    """Build the notebook of one language from a master that was read (see `Master.build`).

    Raises:
        EcoleError: a Markdown cell without its pair or language, or a faulty `t()`.
    """
    if lang not in LANGS:
        raise EcoleError(f"no language {lang!r}: choose one of {', '.join(LANGS)}")
    _check_pairs(master, where)
    built = nbformat.v4.new_notebook()
    built.metadata["kernelspec"] = dict(master.metadata.get("kernelspec", {"name": "python3"}))
    built.metadata["language_info"] = {"name": "python"}
    for number, cell in enumerate(master.cells, start=1):
        if is_kept(cell.metadata, lang, solutions=solutions):
            built.cells.append(_build_cell(cell, lang, f"{where}, cell {number}"))
    _name_cells(built)
    built.metadata["ecole"] = {"lang": lang, "digest": cells_digest(built)}
    return built


def is_kept(metadata: Mapping[str, Any], lang: Lang, *, solutions: bool) -> bool:
    """Does a cell of a master go into the notebook of one language?"""
    tags = metadata.get("tags", [])
    if "author" in tags or ("solution" in tags and not solutions):
        return False
    return bool(metadata.get("lang", lang) == lang)


def lessons(root: Path | None = None) -> list[Master]:
    """Every lesson master under `course/`, in the order of months, weeks and numbers."""
    course = (root or REPOSITORY) / "course"
    return [Master(path, "lesson") for path in sorted(course.glob("m*/w*/[0-9]*.md"))]


def assignments(root: Path | None = None) -> list[Master]:
    """Every assignment master under `assignments/`, by name."""
    folder = (root or REPOSITORY) / "assignments"
    if not folder.is_dir():
        raise EcoleError(
            f"no assignment below {folder}: run from a clone of the repository "
            "(installed with `make setup`)"
        )
    return [Master(path, "assignment") for path in _assignment_masters(folder)]


def assignment(name: str, root: Path | None = None) -> Master:
    """The assignment master of that name, or an error that lists the names there are."""
    found = {master.name: master for master in assignments(root)}
    if name not in found:
        raise EcoleError(f"no assignment {name!r}; there is: {', '.join(sorted(found))}")
    return found[name]


def _assignment_masters(folder: Path) -> Iterator[Path]:
    for directory in sorted(path for path in folder.glob("w*") if path.is_dir()):
        yield directory / f"{directory.name}.md"


def pair_faults(cells: Iterable[tuple[int, str, str | None]]) -> Iterator[tuple[int, str, str]]:
    """Where text cells do not come as French, then English: number, what is wrong, remedy.

    Args:
        cells: number, kind (`markdown`, `code`, `raw`) and language of each cell, in order.
    """
    french = 0  # number of the French cell whose English is awaited
    for number, kind, lang in cells:
        if kind == "markdown" and lang not in LANGS:
            yield (
                number,
                "a text cell without its language",
                f'begin it with {_BEGIN["fr"]} or "en"',
            )
        if french and lang != "en":
            yield french, "its English is missing", f"write it just after, below {_BEGIN['en']}"
        if lang == "en" and not french:
            yield number, "English without its French just before", "put the French cell before it"
        french = number if lang == "fr" else 0
    if french:
        yield french, "its English is missing", f"write it just after, below {_BEGIN['en']}"


def _check_pairs(master: NotebookNode, where: str) -> None:
    cells = (
        (number, cell.cell_type, cell.metadata.get("lang"))
        for number, cell in enumerate(master.cells, start=1)
    )
    for number, problem, remedy in pair_faults(cells):
        raise EcoleError(f"{where}, cell {number}: {problem}; {remedy}")


def _build_cell(cell: NotebookNode, lang: Lang, where: str) -> NotebookNode:
    """One cell, not validated: a notebook is when it is written."""
    kept = {key: value for key, value in cell.metadata.items() if key not in ("lang", "alt")}
    if not isinstance(kept.get("nbgrader", {}), dict):
        raise EcoleError(f"{where}: `nbgrader` is no mapping; write `nbgrader:` and its keys below")
    made = NotebookNode(cell_type=cell.cell_type, metadata=from_dict(kept), source=cell.source)
    if cell.cell_type == "code":
        if isinstance(cell.metadata.get("alt"), dict):
            made.metadata["alt"] = cell.metadata["alt"].get(lang, "")
        made.update(source=translate(cell.source, lang, where), outputs=[], execution_count=None)
    elif cell.cell_type == "markdown":
        made.source = typeset_markdown(cell.source, lang)
    return made


def _name_cells(notebook: NotebookNode) -> None:
    """Give cells ids that depend on their content and place alone, so that builds repeat."""
    for number, cell in enumerate(notebook.cells):
        grade_id = cell.metadata.get("nbgrader", {}).get("grade_id", "")
        key = f"{number} {grade_id} {cell.source}"
        cell["id"] = hashlib.sha256(key.encode()).hexdigest()[:12]
