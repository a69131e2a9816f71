"""Specimens: known answers to an assignment, right and wrong, with the marks they must get."""

import re
from pathlib import Path
from typing import Literal

import nbformat
import yaml
from nbformat import NotebookNode
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from autograder.authoring.masters import Master
from autograder.errors import EcoleError

_HEADER = re.compile(r"\A# ---\n((?:#.*\n)*?)# ---\n", re.MULTILINE)
_CELL = re.compile(r"^# %% *(\S*)[^\n]*\n", re.MULTILINE)


class SpecimenHeader(BaseModel):
    """The YAML header of a specimen."""

    model_config = ConfigDict(extra="forbid")

    kind: Literal["reference", "right", "wrong", "trap", "empty"]
    why: str = Field(min_length=10)
    marks: dict[str, float] = {}
    message: dict[str, str] = {}


class Specimen(SpecimenHeader):
    """One answer: what it stands for, its marks, and the cells it puts in."""

    name: str
    cells: dict[str, str] = {}

    def apply(self, notebook: NotebookNode) -> NotebookNode:
        """A copy of `notebook` (of one language) with this specimen's cells put in.

        Raises:
            EcoleError: a cell of the specimen is no solution cell of the notebook.
        """
        answered = nbformat.from_dict(notebook)
        solutions = {
            cell.metadata.nbgrader.grade_id: cell
            for cell in answered.cells
            if cell.metadata.get("nbgrader", {}).get("solution")
        }
        for grade_id, source in self.cells.items():
            if grade_id not in solutions:
                raise EcoleError(
                    f"specimen {self.name}: no solution cell {grade_id!r} in the assignment; "
                    f"there is: {', '.join(solutions)}"
                )
            solutions[grade_id].source = source
        return answered


def read_specimens(master: Master) -> list[Specimen]:
    """The reference (the master itself) and every file of the assignment's `specimens/`."""
    reference = Specimen(name="reference", kind="reference", why="the master's own solution")
    paths = sorted((master.path.parent / "specimens").glob("*.py"))
    return [reference, *(read_specimen(path) for path in paths)]


def read_specimen(path: Path) -> Specimen:
    """Parse one specimen file.

    Raises:
        EcoleError: no header, a header that does not validate, a cell without name.
    """
    text = path.read_text(encoding="utf-8")
    header = _HEADER.match(text)
    if header is None:
        raise EcoleError(f"{path}: a specimen begins with a YAML header between two `# ---` lines")
    block = "\n".join(line.removeprefix("#").removeprefix(" ") for line in header[1].splitlines())
    try:
        fields = SpecimenHeader.model_validate(yaml.safe_load(block))
    except (yaml.YAMLError, ValidationError) as error:
        raise EcoleError(f"{path}: header: {error}") from error
    pieces = _CELL.split(text[header.end() :])
    if pieces[0].strip():
        raise EcoleError(f"{path}: code before the first `# %% grade_id` line")
    cells = {}
    for grade_id, source in zip(pieces[1::2], pieces[2::2], strict=True):
        if not grade_id or grade_id in cells:
            raise EcoleError(f"{path}: a `# %%` line without a grade_id, or twice {grade_id!r}")
        cells[grade_id] = source.strip("\n")
    return Specimen(name=path.stem, cells=cells, **fields.model_dump())
