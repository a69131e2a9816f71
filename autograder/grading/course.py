"""A course directory as nbgrader sees it: its configuration, its folders, its lock."""

import fcntl
import logging
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from nbgrader import api as nbgrader_api
from nbgrader.apps.nbgraderapp import NbGraderApp
from nbgrader.coursedir import CourseDirectory
from nbgrader.dbutil import ALEMBIC_DIR
from nbgrader.preprocessors import Execute
from traitlets import Enum, Float, Integer
from traitlets.config import Config, Configurable
from traitlets.config.loader import PyFileConfigLoader

from autograder.errors import EcoleError
from autograder.examiner.sandbox import BOUNDS, Confinement

log = logging.getLogger("ecole")


class Cohort(Configurable):
    """École's own settings, set in `nbgrader_config.py` like nbgrader's (`c.Cohort.lang = "fr"`).

    The seconds that one cell may take are nbgrader's: `c.Execute.timeout`.
    """

    lang = Enum(("fr", "en"), "en", help="Language of the cohort's notebooks.").tag(config=True)
    submission_seconds = Float(
        600, min=1, help="Seconds that the cells of one submission may take together."
    ).tag(config=True)
    output_bytes = Integer(
        5_000_000, min=10_000, help="Bytes of output kept of one cell; the rest is dropped."
    ).tag(config=True)
    # these five are held by the examiner's sandbox; the engine jupyter has no sandbox
    memory_bytes = Integer(
        Confinement.memory_bytes,
        min=50_000_000,
        help="Memory of a submission beyond the warm interpreter's.",
    ).tag(config=True)
    processes = Integer(
        Confinement.processes, min=8, help="Processes and threads of a submission."
    ).tag(config=True)
    file_bytes = Integer(
        Confinement.file_bytes, min=10_000, help="Size of any one file that a submission writes."
    ).tag(config=True)
    disk_bytes = Integer(
        Confinement.disk_bytes,
        min=1_000_000,
        help="Size of all files of a submission together (not held outside namespaces).",
    ).tag(config=True)
    open_files = Integer(
        Confinement.open_files, min=64, help="Files that each process may have open."
    ).tag(config=True)
    submission_bytes = Integer(
        100_000_000, min=1000, help="Bytes above which a submitted file is not read."
    ).tag(config=True)
    lock_seconds = Float(
        60, min=0, help="Seconds to wait for a course or gradebook that another process has locked."
    ).tag(config=True)
    watch_seconds = Float(
        5, min=0.1, help="Seconds between two looks of `ecole grade --watch` at the exchange."
    ).tag(config=True)


class Course:
    """One nbgrader course directory, opened by `open_course`."""

    def __init__(self, root: Path, config: Config) -> None:
        self.root = root
        self.config = config
        self.coursedir = CourseDirectory(config=config)
        self.cohort = Cohort(config=config)

    @property
    def name(self) -> str:
        """nbgrader's course id, or the folder's name where there is none."""
        return self.coursedir.course_id or self.root.name

    @property
    def cell_seconds(self) -> float:
        """nbgrader's `Execute.timeout`; its None or a negative number mean no limit of its own."""
        timeout = Execute(config=self.config).timeout
        whole = self.cohort.submission_seconds
        return whole if timeout is None or timeout < 0 else min(float(timeout), whole)

    def limits(self, engine: str) -> dict[str, float]:
        """The limits of a submission, by the names that the engine knows them by."""
        limits: dict[str, float] = {
            "cell_seconds": self.cell_seconds,
            "submission_seconds": self.cohort.submission_seconds,
            "output_bytes": self.cohort.output_bytes,
        }
        if engine == "examiner":
            limits |= {name: getattr(self.cohort, name) for name in BOUNDS}
        return limits

    @property
    def secret_file(self) -> Path | None:
        """The exam secret of the cohort, where there is one."""
        path = self.root / "exam-secret"
        return path if path.exists() else None

    def step(self, step: str, student: str, assignment: str) -> Path:
        """The folder of one student and assignment at one nbgrader step (`submitted`, …)."""
        directory = getattr(self.coursedir, f"{step}_directory")
        return Path(self.coursedir.format_path(directory, student, assignment))

    def source(self, assignment: str) -> Path:
        """The folder of the assignment's source notebooks."""
        return Path(os.path.normpath(self.step("source", ".", assignment)))

    def submitted_students(self, assignment: str) -> list[str]:
        """Students with a folder for the assignment below `submitted/`, sorted."""
        # the glob of nbgrader's own format_path would read brackets in names as patterns
        template = self.coursedir.directory_structure.split(os.sep)
        if template[1:] != ["{student_id}", "{assignment_id}"]:
            raise EcoleError(
                "CourseDirectory.directory_structure must end in "
                "{student_id}/{assignment_id} for `ecole grade`; "
                f"here it is {self.coursedir.directory_structure!r}"
            )
        top = self.step("submitted", ".", ".").resolve()
        if not top.is_dir():
            return []
        return sorted(
            path.name
            for path in top.iterdir()
            if not path.name.startswith(".") and (path / assignment).exists()
        )

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the course for one writer; wait while another one has it.

        Raises:
            EcoleError: another one still holds it after `c.Cohort.lock_seconds`.
        """
        path = self.root / ".ecole-lock"
        deadline = time.monotonic() + self.cohort.lock_seconds
        with path.open("a") as file:
            while True:
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError as error:
                    if time.monotonic() > deadline:
                        raise EcoleError(
                            f"another `ecole` command or formgrader is at work in {self.root}; "
                            "wait for it to end, then run this one again"
                        ) from error
                    time.sleep(0.05)
            yield


def open_course(path: Path | str = ".") -> Course:
    """Open the nbgrader course directory at `path`, with its own and the machine's configuration.

    Raises:
        EcoleError: there is no course directory, or its `nbgrader_config.py` fails.
    """
    nbgrader_api.get_alembic_version = _gradebook_version
    root = Path(path).resolve()
    if not root.is_dir() or not (
        (root / "nbgrader_config.py").exists() or (root / "source").is_dir()
    ):
        raise EcoleError(
            f"{root} is no course directory (no nbgrader_config.py, no source/): go into one, "
            "give --course DIR, or make one with `ecole cohort DIR --lang fr`"
        )
    config = _machine_config()
    if (root / "nbgrader_config.py").exists():
        try:
            config.merge(PyFileConfigLoader("nbgrader_config.py", path=str(root)).load_config())
        except Exception as error:
            raise EcoleError(f"{root / 'nbgrader_config.py'}: {error}") from error
    config.CourseDirectory.root = str(root)
    try:
        return Course(root, config)
    except Exception as error:
        raise EcoleError(f"{root / 'nbgrader_config.py'}: {error}") from error


@cache
def _gradebook_version() -> str:
    """What nbgrader writes into a new gradebook: the last revision of its tables.

    nbgrader asks the command `alembic`, which takes seconds to start and is found in an
    activated environment alone.
    """
    from alembic.config import Config as AlembicConfig
    from alembic.script import ScriptDirectory

    settings = AlembicConfig()
    settings.set_main_option("script_location", ALEMBIC_DIR)
    return str(ScriptDirectory.from_config(settings).get_current_head())


def _machine_config() -> Config:
    """nbgrader's configuration from Jupyter's own configuration folders."""
    app = NbGraderApp(log_level=logging.CRITICAL)
    app.load_cwd_config = False
    app.load_config_file()
    return app.config
