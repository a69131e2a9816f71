"""`python -m autograder.grading.child FOLDER`: the process in which one submission runs."""

import contextlib
import ctypes
import json
import os
import signal
import sys
from pathlib import Path
from types import FrameType

import psutil

# jsonschema would spend over a second on compiling a grammar for checks that nbformat never asks
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]

_PR_SET_PDEATHSIG, _PR_SET_CHILD_SUBREAPER = 1, 36


def main(folder: Path) -> None:
    """Execute the notebooks of `folder/in` into `folder/out` as `folder/plan.json` says."""
    _die_with_parent()
    import nbformat
    from papermill.engines import papermill_engines

    from autograder.notebooks import kernel_name

    plan = json.loads((folder / "plan.json").read_text(encoding="utf-8"))
    try:
        for source in sorted((folder / "in").iterdir()):
            notebook = nbformat.read(source, as_version=4)
            notebook.metadata["papermill"] = {}
            papermill_engines.execute_notebook_with_engine(
                plan["engine"],
                notebook,
                kernel_name=kernel_name(notebook.metadata.get("kernelspec", {})),
                progress_bar=False,
                log_output=False,
                autosave_cell_every=0,
                cwd=str(folder / "work"),
                **plan["limits"],
            )
            nbformat.write(notebook, folder / "out" / source.name)
    finally:
        _sweep()


def _die_with_parent() -> None:
    """End with everything started here when the grader is killed, and adopt orphans (Linux)."""
    signal.signal(signal.SIGTERM, _stop)
    if sys.platform == "linux":
        libc = ctypes.CDLL(None)
        libc.prctl(_PR_SET_CHILD_SUBREAPER, 1)
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() == 1:
            _stop(signal.SIGTERM, None)


def _stop(number: int, frame: FrameType | None) -> None:
    _sweep()
    os._exit(128 + number)


def _sweep() -> None:
    """Kill whatever the submission left running."""
    for process in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
