"""What every room needs to know of a notebook."""

import hashlib
from collections.abc import Mapping
from typing import Any

from nbformat import NotebookNode


def kernel_name(kernelspec: Mapping[str, Any]) -> str:
    """The Jupyter kernel that a notebook's `kernelspec` metadata asks for.

    Notebooks written long ago ask for `python`, which Jupyter no longer installs by that name.
    """
    name = str(kernelspec.get("name") or "python3")
    return "python3" if name in ("python", "Python") else name


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
