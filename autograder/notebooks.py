"""What every room needs to know of a notebook."""

import hashlib
import re
from collections.abc import Mapping
from typing import Any

import nbformat
from nbformat import NotebookNode

# terminal colours are kept where a page can show them; nothing else that steers a screen is
_COLOUR = re.compile("(\x1b\\[[0-9;]*m)")
_CONTROL = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]"
)


def without_controls(text: str, *, colours: bool = False) -> str:
    """Text without control characters and changes of writing direction."""
    if not colours:
        return _CONTROL.sub("", _COLOUR.sub("", text))
    pieces = _COLOUR.split(text)
    return "".join(
        piece if place % 2 else _CONTROL.sub("", piece) for place, piece in enumerate(pieces)
    )


def kernel_name(kernelspec: Mapping[str, Any]) -> str:
    """The Jupyter kernel that a notebook's `kernelspec` metadata asks for.

    Notebooks written long ago ask for `python`, which Jupyter no longer installs by that name.
    """
    name = str(kernelspec.get("name") or "python3")
    return "python3" if name in ("python", "Python") else name


def to_json(notebook: NotebookNode) -> str:
    """An nbformat 4 notebook as JSON, not validated: what leaves the house is, once."""
    return str(nbformat.v4.writes(notebook))


def from_json(text: str) -> NotebookNode:
    """A notebook that `to_json` wrote."""
    return nbformat.v4.reads(text)


def cells_digest(notebook: NotebookNode) -> str:
    """SHA-256 of the cells' types, sources and nbgrader metadata: changed by any edit."""
    sha = hashlib.sha256()
    for cell in notebook.cells:
        graded = {
            key: value
            for key, value in sorted(cell.metadata.get("nbgrader", {}).items())
            if key != "checksum"
        }
        sha.update(repr((cell.cell_type, cell.source, graded)).encode())
    return sha.hexdigest()
