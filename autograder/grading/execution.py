"""Execute one submission in a process of its own, on this machine or on another one.

`execute` is what an executor runs: it takes and returns plain data, and comes back within
the submission's seconds whatever the student's code does.
"""

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

from autograder.notebooks import from_json, to_json

_STARTUP_SECONDS = 90
_MAX_RESULT_BYTES = 300_000_000
# where a server of JupyterHub keeps what opens the hub's doors
_TOKENS = ("JUPYTERHUB_", "JPY_", "JUPYTER_TOKEN", "CONFIGPROXY_")


def default_engine() -> str:
    """The sealed examiner where it runs (Linux), an ordinary Jupyter kernel elsewhere."""
    return "examiner" if sys.platform == "linux" else "jupyter"


@dataclass(frozen=True)
class Job:
    """One submission to execute.

    Attributes:
        notebooks: sanitised notebooks as JSON, by name; executed in this order, in one folder.
        files: other files of that folder, by relative path.
        engine: name of a papermill engine that leaves `metadata.ecole.execution`.
        limits: `cell_seconds`, `submission_seconds` and others, given to the engine by name.
        exam_secret: content of the cohort's secret, or None for the public default.
        given_files: those of `files` that came with the assignment.
        rehearsal: the notebook is the course's own source.
    """

    student: str
    notebooks: dict[str, str]
    files: dict[str, bytes]
    engine: str
    limits: dict[str, float]
    exam_secret: bytes | None = None
    given_files: tuple[str, ...] = ()
    rehearsal: bool = False


@dataclass(frozen=True)
class Executed:
    """What came of a job: executed notebooks as JSON (as far as they got), wall seconds."""

    notebooks: dict[str, str]
    seconds: float
    overran: bool = False
    failure: str = ""


def execute(job: Job) -> Executed:
    """Execute a submission: by the sealed examiner here, else in a child process of its own."""
    return _execute_sealed(job) if job.engine == "examiner" else _execute_in_child(job)


def _execute_sealed(job: Job) -> Executed:
    """The examiner's processes are confined and killed by their engine: no child is needed."""
    from papermill.engines import papermill_engines

    started = time.perf_counter()
    done = {}
    with tempfile.TemporaryDirectory(prefix="ecole-job-", ignore_cleanup_errors=True) as name:
        _write_files(job, Path(name))
        for title, text in job.notebooks.items():
            notebook = from_json(text)
            notebook.metadata["papermill"] = {}
            papermill_engines.execute_notebook_with_engine(
                job.engine,
                notebook,
                kernel_name="python3",
                progress_bar=False,
                log_output=False,
                autosave_cell_every=0,
                cwd=name,
                exam_secret=job.exam_secret,
                given_files=job.given_files,
                rehearsal=job.rehearsal,
                **job.limits,
            )
            done[title] = to_json(notebook)
    return Executed(done, time.perf_counter() - started)


def _execute_in_child(job: Job) -> Executed:
    """Execute in a child process; kill it and all it started when time is up."""
    started = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="ecole-job-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        _lay_out(job, folder)
        deadline = job.limits["submission_seconds"] * len(job.notebooks) + _STARTUP_SECONDS
        overran, failure = _run_child(folder, deadline)
        results = [_read_result(path) for path in _paths(folder / "out", job)]
    found = {name: text for name, text in zip(job.notebooks, results, strict=True) if text}
    return Executed(found, time.perf_counter() - started, overran, failure)


def _lay_out(job: Job, folder: Path) -> None:
    for name in ("in", "out", "work", "home"):
        (folder / name).mkdir()
    _write_files(job, folder / "work")
    for path, text in zip(_paths(folder / "in", job), job.notebooks.values(), strict=True):
        path.write_text(text, encoding="utf-8")
    if job.exam_secret is not None:
        (folder / "exam-secret").write_bytes(job.exam_secret)
    plan = {"engine": job.engine, "limits": job.limits}
    (folder / "plan.json").write_text(json.dumps(plan), encoding="utf-8")


def _write_files(job: Job, folder: Path) -> None:
    for relative, data in job.files.items():
        path = folder / relative
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def _paths(folder: Path, job: Job) -> list[Path]:
    """A file for each notebook, named by its place: names themselves may hold anything."""
    return [folder / f"{index:03}.ipynb" for index in range(len(job.notebooks))]


def _run_child(folder: Path, deadline: float) -> tuple[bool, str]:
    """Run the child; whether it overran the deadline, and how it failed if it did."""
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(_TOKENS)
    }
    environment.update(
        NBGRADER_EXECUTION="autograde",
        IPYTHONDIR=str(folder / "home"),
        JUPYTER_RUNTIME_DIR=str(folder / "home"),
        PYTHONDONTWRITEBYTECODE="1",
    )
    environment.pop("ECOLE_EXAM_SECRET_FILE", None)
    if (folder / "exam-secret").exists():
        environment["ECOLE_EXAM_SECRET_FILE"] = str(folder / "exam-secret")
    with (folder / "child.log").open("wb") as log:
        child = subprocess.Popen(
            # -P: a student's file named like a module must not be imported by the grader
            [sys.executable, "-P", "-m", "autograder.grading.child", str(folder)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=folder,
            env=environment,
            start_new_session=True,
        )
        try:
            child.wait(deadline)
            overran = False
        except subprocess.TimeoutExpired:
            overran = True
        finally:
            kill_tree(child.pid)
            child.wait()
    if child.returncode == 0 or overran:
        return overran, ""
    lines = (folder / "child.log").read_text(errors="replace").strip().splitlines()
    return False, (lines or [f"exit status {child.returncode}"])[-1][:500]


def _read_result(path: Path) -> str:
    if not path.is_file() or path.stat().st_size > _MAX_RESULT_BYTES:
        return ""
    return path.read_text(encoding="utf-8", errors="replace")


def kill_tree(pid: int) -> None:
    """Kill a process and all its descendants that are still alive."""
    try:
        root = psutil.Process(pid)
        family = [*root.children(recursive=True), root]
    except psutil.NoSuchProcess:
        return
    for process in family:
        with contextlib.suppress(psutil.NoSuchProcess, ProcessLookupError):
            process.send_signal(signal.SIGKILL)
