"""The limit: the cells of a class alone, executed in one warm process.

`python -m benchmarks.limit COURSE ASSIGNMENT` prints `{"wall": […], "cpu": […]}`, seconds of each
notebook. No kernel, no sandbox, no marks: nothing that executes these cells can be faster.
"""

import contextlib
import gc
import io
import json
import os
import shutil
import sys
import tempfile
import time
import warnings
from pathlib import Path

import nbformat
from nbformat import NotebookNode


def main(course: Path, assignment: str) -> dict[str, list[float]]:
    """Wall and CPU seconds of each submission's cells, after one rehearsal of the source."""
    file = f"{assignment}.ipynb"
    source = nbformat.read(course / "source" / assignment / file, as_version=4)
    given = _given(source)
    submitted = sorted((course / "submitted").glob(f"*/{assignment}/{file}"))
    notebooks = [_cells(nbformat.read(path, as_version=4), given) for path in submitted]
    seconds: dict[str, list[float]] = {"wall": [], "cpu": []}
    with tempfile.TemporaryDirectory(prefix="ecole-bench-limit-") as folder:
        shutil.copytree(course / "release" / assignment, folder, dirs_exist_ok=True)
        os.chdir(folder)
        _execute(_cells(source, {}))  # imports
        for cells in notebooks:
            gc.collect()
            wall, cpu = time.perf_counter(), time.process_time()
            _execute(cells)
            seconds["wall"].append(time.perf_counter() - wall)
            seconds["cpu"].append(time.process_time() - cpu)
        os.chdir(course)
    return seconds


def _given(source: NotebookNode) -> dict[str, str]:
    """Sources of the locked cells, hidden tests included, by grade_id."""
    return {
        cell.metadata["nbgrader"]["grade_id"]: cell.source
        for cell in source.cells
        if cell.metadata.get("nbgrader", {}).get("locked")
    }


def _cells(notebook: NotebookNode, given: dict[str, str]) -> list[str]:
    """Sources of the code cells, locked ones as `given`."""
    sources = []
    for cell in notebook.cells:
        if cell.cell_type == "code":
            grade_id = cell.metadata.get("nbgrader", {}).get("grade_id", "")
            sources.append(given.get(grade_id, cell.source))
    return sources


def _execute(cells: list[str]) -> None:
    """Run cells in a fresh namespace; what they write is dropped, their errors pass."""
    namespace = {"__name__": "__main__"}
    with (
        contextlib.redirect_stdout(io.StringIO()),
        contextlib.redirect_stderr(io.StringIO()),
        warnings.catch_warnings(),
    ):
        for number, source in enumerate(cells):
            with contextlib.suppress(Exception, SystemExit):
                exec(compile(source, f"<cell {number}>", "exec"), namespace)


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]).resolve(), sys.argv[2])))
