"""Read what a student submitted, whatever it is, and make it gradable or say why not."""

import json
import os
import stat
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode
from nbformat.corpus.words import generate_corpus_id as random_cell_id
from nbgrader.utils import is_ignored

from autograder.grading.results import Note

_DEPTH = 100


class Unreadable(Exception):
    """A submitted file that cannot be graded; the message is a note of the result."""

    def __init__(self, path: Path, reason: str, detail: str = "") -> None:
        self.reason = reason
        details: dict[str, str | float] = {"file": path.name, "reason": reason}
        details["detail"] = f"({detail})" if detail else ""
        self.note = Note(code="file-unreadable", details=details)
        super().__init__(self.note.text("en"))


@dataclass(frozen=True)
class GradedCell:
    """One nbgrader cell of the released assignment, as the gradebook keeps it.

    `handed_out` is its source as students received it: without the hidden tests.
    """

    grade_id: str
    cell_type: str
    source: str
    handed_out: str
    metadata: dict[str, Any]

    @property
    def locked(self) -> bool:
        return bool(self.metadata["locked"])


@dataclass
class Files:
    """The regular files of a submission besides its notebooks, by path relative to it."""

    kept: dict[str, bytes] = field(default_factory=dict)
    notes: list[Note] = field(default_factory=list)


def read_notebook(path: Path, max_bytes: int) -> NotebookNode:
    """Read one submitted notebook as nbformat 4.

    Raises:
        Unreadable: not a regular file, too large, not JSON, not a notebook, too new.
    """
    data = _read_bytes(path, max_bytes)
    if not data.strip():
        raise Unreadable(path, "empty")
    try:
        document = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise Unreadable(path, "not-json", _short(error)) from error
    return _as_notebook(path, document)


def read_files(folder: Path, ignore: Iterable[str], max_bytes: int) -> Files:
    """Read the other files of a submission; links, special and oversized files are left out."""
    files = Files()
    total = 0
    for directory, subfolders, names in os.walk(folder, followlinks=False):
        subfolders[:] = sorted(
            name for name in subfolders if not is_ignored(os.path.join(directory, name), ignore)
        )
        for name in sorted(names):
            path = Path(directory, name)
            relative = path.relative_to(folder).as_posix()
            if path.suffix == ".ipynb" or is_ignored(str(path), ignore):
                continue
            try:
                data = _read_bytes(path, max_bytes - total)
            except Unreadable as error:
                files.notes.append(
                    Note(code="file-left-out", details={"file": relative, "reason": error.reason})
                )
                continue
            total += len(data)
            files.kept[relative] = data
    return files


def erase_foreign_metadata(notebook: NotebookNode) -> None:
    """Erase what could steer the execution: tags, papermill's metadata and our own."""
    for key in ("ecole", "papermill", "widgets"):
        notebook.metadata.pop(key, None)
    for cell in notebook.cells:
        for key in ("ecole", "papermill", "execution", "tags"):
            cell.metadata.pop(key, None)


def restore_cells(notebook: NotebookNode, released: list[GradedCell]) -> tuple[list[Note], bool]:
    """Give each graded, solution and locked cell of the assignment its place and metadata back.

    Args:
        notebook: the submission, changed in place.
        released: the assignment's nbgrader cells in their order.

    Returns:
        notes on what was changed, and whether the state becomes `altered`.
    """
    known = {cell.grade_id: cell for cell in released}
    notes: list[Note] = []
    altered = False
    places: dict[str, int] = {}
    # the last copy counts, as in nbgrader
    for index in reversed(range(len(notebook.cells))):
        cell = notebook.cells[index]
        marked = cell.metadata.pop("nbgrader", None)
        grade_id = marked.get("grade_id") if isinstance(marked, dict) else None
        if grade_id is None or not isinstance(grade_id, str):
            continue
        if grade_id not in known:
            notes.append(Note(code="cell-unknown", details={"cell": grade_id[:80]}))
            altered = True
        elif grade_id in places:
            notes.append(Note(code="cell-duplicated", details={"cell": grade_id}))
            altered = True
        else:
            places[grade_id] = index
            retyped = _restore(notebook, index, known[grade_id], marked, notes)
            altered = altered or retyped
    missing = [cell for cell in released if cell.grade_id not in places]
    for cell in missing:
        notes.append(Note(code="cell-missing", details={"cell": cell.grade_id}))
    _insert_missing(notebook, released)
    return notes[::-1], altered or bool(missing)


def _restore(
    notebook: NotebookNode, index: int, released: GradedCell, marked: Any, notes: list[Note]
) -> bool:
    """Restore one cell in place; True when its type had been changed."""
    cell = notebook.cells[index]
    grade_id = released.grade_id
    retyped = cell.cell_type != released.cell_type
    if retyped:
        notes.append(Note(code="cell-retyped", details={"cell": grade_id, "kind": cell.cell_type}))
        cell = notebook.cells[index] = _new_cell(released, cell.source, cell.get("id"))
    keys = ("grade", "solution", "locked", "points", "task")
    expected = {key: released.metadata.get(key) or False for key in keys}
    if {key: marked.get(key) or False for key in keys} != expected:
        notes.append(Note(code="cell-relabelled", details={"cell": grade_id}))
    cell.metadata["nbgrader"] = NotebookNode(released.metadata)
    if released.locked:
        if cell.source.strip() not in (released.source.strip(), released.handed_out.strip()):
            notes.append(Note(code="locked-restored", details={"cell": grade_id}))
        cell.source = released.source
    return retyped


def _insert_missing(notebook: NotebookNode, released: list[GradedCell]) -> None:
    """Put missing cells back, each after the cell that precedes it in the assignment.

    A solution cell that is missing comes back empty: its question was not answered.
    """
    present = {
        cell.metadata["nbgrader"]["grade_id"]: cell
        for cell in notebook.cells
        if "nbgrader" in cell.metadata
    }
    previous: NotebookNode | None = None
    for cell in released:
        found = present.get(cell.grade_id)
        if found is None:
            source = cell.source if cell.locked or cell.cell_type == "markdown" else ""
            found = _new_cell(cell, source)
            found.metadata["nbgrader"] = NotebookNode(cell.metadata)
            place = 0 if previous is None else _index_of(notebook, previous) + 1
            notebook.cells.insert(place, found)
        previous = found


def _index_of(notebook: NotebookNode, cell: NotebookNode) -> int:
    return next(index for index, each in enumerate(notebook.cells) if each is cell)


def _new_cell(released: GradedCell, source: str, cell_id: str | None = None) -> NotebookNode:
    make = {
        "code": nbformat.v4.new_code_cell,
        "markdown": nbformat.v4.new_markdown_cell,
    }[released.cell_type]
    cell = make(source)
    if cell_id:
        cell["id"] = cell_id
    return cell


def _read_bytes(path: Path, max_bytes: int) -> bytes:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as error:
        if path.is_symlink():
            raise Unreadable(path, "link") from error
        raise Unreadable(path, "no-access", error.strerror or "") from error
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        os.close(descriptor)
        raise Unreadable(path, "not-regular")
    with os.fdopen(descriptor, "rb") as file:
        if status.st_size > max_bytes:
            raise Unreadable(path, "too-large", f"{status.st_size:,} bytes")
        try:
            return file.read(max_bytes + 1)[:max_bytes]
        except OSError as error:
            raise Unreadable(path, "no-access", error.strerror or "") from error


def _as_notebook(path: Path, document: Any) -> NotebookNode:
    if not isinstance(document, dict) or not isinstance(document.get("nbformat"), int):
        raise Unreadable(path, "not-a-notebook")
    if document["nbformat"] > 4:
        raise Unreadable(path, "too-new", f"nbformat {document['nbformat']}")
    try:
        if document["nbformat"] < 4:
            notebook = nbformat.convert(nbformat.from_dict(document), 4)
        else:
            notebook = nbformat.from_dict(document)
        return _normalised(notebook)
    except Exception as error:
        raise Unreadable(path, "not-a-notebook", _short(error)) from error


def _normalised(notebook: NotebookNode) -> NotebookNode:
    """A valid nbformat 4 notebook with the sources, cell metadata and attachments of `notebook`."""
    clean = nbformat.v4.new_notebook()
    clean.metadata.update(_bounded(dict(notebook.get("metadata", {}))))
    for cell in notebook["cells"]:
        source = cell.get("source", "")
        source = "".join(source) if isinstance(source, list) else source
        # a lone surrogate can be read from JSON but written to no file
        text = str(source).encode("utf-8", "replace").decode()
        fresh = _cell(cell["cell_type"], text, _bounded(dict(cell.get("metadata", {}))))
        if cell["cell_type"] == "markdown" and cell.get("attachments"):
            fresh["attachments"] = _bounded(cell["attachments"])
        clean.cells.append(fresh)
    nbformat.validate(clean)
    return clean


def _cell(kind: str, source: str, metadata: NotebookNode) -> NotebookNode:
    """A cell with a fresh id; validated with its notebook (nbformat's own maker does each)."""
    cell = NotebookNode(id=random_cell_id(), cell_type=kind, metadata=metadata, source=source)
    if kind == "code":
        cell.update(outputs=[], execution_count=None)
    return cell


def _bounded(value: Any, depth: int = 0) -> Any:
    """A copy of plain JSON data, refused when nested too deeply."""
    if depth > _DEPTH:
        raise ValueError("nested too deeply")
    if isinstance(value, dict):
        return NotebookNode(
            {
                str(key).encode("utf-8", "replace").decode(): _bounded(item, depth + 1)
                for key, item in value.items()
            }
        )
    if isinstance(value, list):
        return [_bounded(item, depth + 1) for item in value]
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    return value


def _short(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:120]
