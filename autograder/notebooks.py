"""What every room needs to know of a notebook."""

import hashlib

from nbformat import NotebookNode


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
