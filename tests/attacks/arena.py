"""A small course, everything a hostile submission could want, and what it got of it.

`hold(attacks, how)` builds the arena, hands the attacks in, grades, and says what came of each.
All traffic stays on this machine, all that is started here ends here.
"""

import contextlib
import ctypes
import json
import os
import re
import secrets
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from typing import Any

import nbformat
import psutil
from assignment import ASSIGNMENT, PRELUDE, honest_notebook, questions, source_notebook
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_notebook
from outcome import HONEST, TARGET, Aftermath, Outcome, segment_key

EMPTY = "empty"
_SHARED_FOLDERS = tuple(Path(name) for name in ("/tmp", "/var/tmp", "/dev/shm", "/run"))
_CONFIG = """
c = get_config()
c.CourseDirectory.course_id = "arena"
c.Cohort.lang = "en"
c.Execute.timeout = {cell}
c.Cohort.submission_seconds = {submission}
c.Cohort.lock_seconds = 5
"""


# ---------------------------------------------------------------- the world around


@dataclass
class World:
    """Where everything is: what an attacker could know at worst."""

    base: Path
    token: str
    canaries: dict[str, str]
    places: dict[str, str] = field(default_factory=dict)

    @property
    def course(self) -> Path:
        return self.base / "course"

    @property
    def home(self) -> Path:
        return self.base / "home"

    def fill(self, text: str, name: str = "") -> str:
        """Replace `@COURSE@` and the like in an attack's code."""
        known = {
            "BASE": self.base,
            "COURSE": self.course,
            "HOME": self.home,
            "TOKEN": self.token,
            "HONEST": HONEST[0],
            "TARGET": TARGET,
            "NAME": name,
            "MARK": f"{self.token}-{name}-",
            **self.places,
        }
        return re.sub(r"@([A-Z]+)@", lambda found: str(known[found[1]]), text)


def build_world(base: Path, cell_seconds: float, submission_seconds: float) -> World:
    """A released course, with canaries in every place that holds a secret."""
    from autograder.grading import open_course, release

    kinds = ("comment", "input", "source", "other", "classmate", "environment", "home", "secret")
    canaries = {kind: f"CANARY-{kind}-{secrets.token_hex(6)}" for kind in kinds}
    world = World(base, f"arena{secrets.token_hex(5)}", canaries)
    course = world.course
    (course / "source" / ASSIGNMENT).mkdir(parents=True)
    config = _CONFIG.format(cell=int(cell_seconds), submission=int(submission_seconds))
    (course / "nbgrader_config.py").write_text(config)
    secret = course / "exam-secret"
    secret.touch(0o600)
    secret.write_text(canaries["secret"] + "\n")
    notebook = source_notebook(canaries)
    solution = next(c for c in notebook.cells if "BEGIN SOLUTION" in c.source)
    solution.source = solution.source.replace(
        "### END SOLUTION", f"# {canaries['source']}\n### END SOLUTION"
    )
    nbformat.write(notebook, course / "source" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb")
    _another_assignment(course, canaries["other"])
    release(open_course(course), ASSIGNMENT)
    for student in (*HONEST, TARGET):
        folder = hand_in(world, student, honest_notebook(canaries))
        (folder / "summary.json").write_text('{"n": 4, "days": 25}')
    hand_in(world, EMPTY, released_notebook(world))
    world.home.mkdir()
    (world.home / ".netrc").write_text(f"machine hospital password {canaries['home']}\n")
    return world


def _another_assignment(course: Path, canary: str) -> None:
    for step in ("source/other", f"submitted/{HONEST[0]}/other"):
        folder = course / step
        folder.mkdir(parents=True)
        notebook = new_notebook(cells=[new_code_cell(f"# {canary}")])
        nbformat.write(notebook, folder / "other.ipynb")


def released_notebook(world: World) -> NotebookNode:
    """What a student receives."""
    path = world.course / "release" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb"
    return nbformat.read(path, as_version=4)


def attack_notebook(world: World, attack: Any) -> NotebookNode:
    """The released notebook with wrong answers everywhere but for the attack's own code."""
    notebook = released_notebook(world)
    wrong = {each.name: each.wrong for each in questions(world.canaries)}
    cells = {name: attack.cells.get(name, text) for name, text in wrong.items()}
    cells["clamp"] = PRELUDE + cells["clamp"]
    for cell in notebook.cells:
        grade_id = cell.metadata.get("nbgrader", {}).get("grade_id")
        if grade_id in cells:
            cell.source = cells[grade_id]
    if attack.edits:
        attack.edits(notebook)
    return notebook


def hand_in(world: World, student: str, notebook: NotebookNode) -> Path:
    """Put a notebook where the student's submission belongs."""
    folder = world.course / "submitted" / student / ASSIGNMENT
    folder.mkdir(parents=True, exist_ok=True)
    # nbformat's writer would repair what an attack broke on purpose
    text = world.fill(json.dumps(notebook), student)
    (folder / f"{ASSIGNMENT}.ipynb").write_text(text, encoding="utf-8")
    return folder


def hand_in_attack(world: World, attack: Any) -> None:
    """Hand in an attack: its notebook, the files and the links beside it."""
    folder = hand_in(world, attack.name, attack_notebook(world, attack))
    for name, text in attack.files.items():
        (folder / name).write_text(world.fill(text, attack.name))
    for name, target in attack.links.items():
        (folder / name).symlink_to(world.fill(target, attack.name))


# ---------------------------------------------------------------- who listens


class Listeners:
    """Servers that note who spoke to them: TCP, UDP, a unix socket and an abstract one."""

    def __init__(self, world: World) -> None:
        self.heard: list[tuple[str, str]] = []
        self._sockets: list[tuple[str, socket.socket]] = []
        self._open = True
        path = str(world.base / "listener")
        for kind, family, form, address in (
            ("tcp", socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", 0)),
            ("udp", socket.AF_INET, socket.SOCK_DGRAM, ("127.0.0.1", 0)),
            ("unix", socket.AF_UNIX, socket.SOCK_STREAM, path),
            ("abstract", socket.AF_UNIX, socket.SOCK_STREAM, "\0" + world.token),
        ):
            server = socket.socket(family, form)
            server.bind(address)
            server.settimeout(0.2)
            if form == socket.SOCK_STREAM:
                server.listen(64)
            self._sockets.append((kind, server))
            threading.Thread(target=self._listen, args=(kind, server), daemon=True).start()
        os.chmod(path, 0o777)
        ports = {kind: each.getsockname()[1] for kind, each in self._sockets[:2]}
        world.places |= {"TCP": ports["tcp"], "UDP": ports["udp"], "UNIX": path}

    def _listen(self, kind: str, server: socket.socket) -> None:
        while self._open:
            try:
                if kind == "udp":
                    self.heard.append((kind, server.recv(4096).decode("latin-1")))
                    continue
                peer, _ = server.accept()
            except TimeoutError:
                continue
            except OSError:
                return
            with peer, contextlib.suppress(OSError):
                peer.settimeout(2)
                self.heard.append((kind, peer.recv(4096).decode("latin-1")))

    def close(self) -> None:
        self._open = False
        for _, server in self._sockets:
            server.close()


_VICTIM = """
import os, signal, sys, time
def note(number, frame):
    with open(sys.argv[1], "a") as file:
        file.write(f"{number}\\n")
for number in (signal.SIGUSR1, signal.SIGUSR2, signal.SIGHUP, signal.SIGRTMIN + 4, signal.SIGINT):
    signal.signal(number, note)
print("ready", flush=True)
while os.path.exists(os.path.dirname(sys.argv[1])):
    time.sleep(0.5)
"""


@contextmanager
def victim(world: World) -> Iterator[subprocess.Popen[str]]:
    """A process that has nothing to do with grading and writes down the signals it gets."""
    command = [sys.executable, "-c", _VICTIM, str(world.base / "signals")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout and process.stdout.readline()
        world.places["VICTIM"] = str(process.pid)
        try:
            yield process
        finally:
            process.kill()


# ---------------------------------------------------------------- the fight


@dataclass(frozen=True)
class How:
    """A way of grading: `examiner` (in a sandbox mode), `jupyter` or `stock` nbgrader."""

    engine: str
    mode: str = ""
    cell_seconds: float = 10
    submission_seconds: float = 40
    stock_seconds: float = 60
    batch_seconds: float = 1200

    @property
    def sealed(self) -> bool:
        return self.engine == "examiner"

    @property
    def label(self) -> str:
        return f"{self.engine} ({self.mode})" if self.mode else self.engine


def hold(
    attacks: Sequence[Any], how: How, progress: Callable[[str], None] = lambda text: None
) -> dict[str, Outcome]:
    """Grade the attacks (those that this way may run) and say what came of each, by name."""
    chosen = [attack for attack in attacks if how.sealed or not attack.only_sealed]
    # world-readable, as many course folders are: only the grading itself protects anything
    base = Path(tempfile.mkdtemp(prefix="ecole-arena-"))
    base.chmod(0o755)
    world = None
    try:
        with ExitStack() as stack:
            world = build_world(base, how.cell_seconds, how.submission_seconds)
            listeners = Listeners(world)
            stack.callback(listeners.close)
            process = stack.enter_context(victim(world))
            world.places["SEGMENTS"] = " ".join(attack.name for attack in chosen)
            for attack in chosen:
                hand_in_attack(world, attack)
            before = _snapshot(world)
            aftermath = Aftermath(world.canaries, world.token)
            grade = _grade_by_stock if how.engine == "stock" else _grade_by_engine
            outcomes = grade(world, how, [attack.name for attack in chosen], aftermath, progress)
            time.sleep(3)  # for what an attack left behind to do its work
            _look_around(world, aftermath, listeners, process, before)
            for outcome in outcomes.values():
                _look_at(world, outcome)
            return {attack.name: outcomes[attack.name] for attack in chosen}
    finally:
        if world:
            _sweep(world)
        shutil.rmtree(base, ignore_errors=True)


def _environment(world: World, how: How) -> dict[str, str]:
    kept = {
        key: value
        for key, value in os.environ.items()
        if not key.startswith(("JUPYTER", "IPYTHON", "ECOLE_", "PYTEST", "XDG_"))
    }
    kept |= {"HOME": str(world.home), "GRADER_TOKEN": world.canaries["environment"]}
    kept["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{kept.get('PATH', os.defpath)}"
    if how.mode:
        kept["ECOLE_SANDBOX"] = how.mode
    if how.engine == "stock":
        kept["ECOLE_EXAM_SECRET_FILE"] = str(world.course / "exam-secret")
    return kept


def _run(command: list[str], world: World, how: How, seconds: float) -> tuple[bool, str]:
    """Run a command in the course, kill it and all it started after `seconds`."""
    log = world.base / "log"
    with log.open("ab") as file:
        process = subprocess.Popen(
            command,
            cwd=world.course,
            env=_environment(world, how),
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            process.wait(seconds)
            ended = True
        except subprocess.TimeoutExpired:
            ended = False
            _kill_tree(process.pid)
            process.wait()
    return ended, f"exit {process.returncode}: " + log.read_text(errors="replace")[-1500:]


def _kill_tree(pid: int) -> None:
    with contextlib.suppress(psutil.NoSuchProcess):
        root = psutil.Process(pid)
        for process in [*root.children(recursive=True), root]:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.send_signal(signal.SIGKILL)


def _grade_by_engine(
    world: World, how: How, names: list[str], aftermath: Aftermath, progress: Callable[[str], None]
) -> dict[str, Outcome]:
    progress(f"{how.label}: a class of {len(names) + 4}")
    script = Path(__file__).resolve()
    command = [sys.executable, str(script), str(world.course), how.engine]
    aftermath.ended, aftermath.error = _run(command, world, how, how.batch_seconds)
    outcomes = {name: Outcome(name, aftermath) for name in names}
    result = world.base / "batch.json"
    if not result.is_file():
        aftermath.ended = False
        return outcomes
    aftermath.error = ""
    for submission in json.loads(result.read_text())["submissions"]:
        outcome = outcomes.get(submission["student"])
        if outcome:
            outcome.state = submission["state"]
            outcome.seconds = submission["seconds"]
            outcome.notes = [str(note) for note in submission["notes"]]
            outcome.messages = [cell["message"] or "" for cell in submission["cells"]]
    return outcomes


def _grade_by_stock(
    world: World, how: How, names: list[str], aftermath: Aftermath, progress: Callable[[str], None]
) -> dict[str, Outcome]:
    outcomes = {}
    nbgrader = [sys.executable, "-m", "nbgrader"]
    for name in [HONEST[0], TARGET, EMPTY, *names, HONEST[1]]:
        started = time.monotonic()
        command = [*nbgrader, "autograde", ASSIGNMENT, "--create", "--student", name]
        ended, log = _run(command, world, how, how.stock_seconds)
        seconds = time.monotonic() - started
        state = "hung" if not ended else "done" if log.startswith("exit 0") else "failed"
        progress(f"stock: {name}: {state}, {seconds:.1f} s")
        outcomes[name] = Outcome(name, aftermath, state=state, ended=ended, seconds=seconds)
        if state == "failed":
            outcomes[name].notes = [log]
    aftermath.ended = True
    for name in [HONEST[0], *names]:
        # one by one: a page of 40 MB takes minutes
        feedback = [*nbgrader, "generate_feedback", ASSIGNMENT, "--force", "--student", name]
        _run(feedback, world, how, how.stock_seconds)
    return outcomes


def grade_here(course: Path, engine: str) -> None:
    """Grade and make the feedback in this process; leave the batch as JSON beside the course."""
    from autograder.grading import feedback, grade

    batch = grade(course, ASSIGNMENT, engine=engine)
    part = course.parent / "batch.part"
    part.write_text(batch.model_dump_json(), encoding="utf-8")
    part.rename(course.parent / "batch.json")
    feedback(course, ASSIGNMENT)


# ---------------------------------------------------------------- looking


def _own(world: World, path: Path) -> bool:
    """May this file of the course change by an honest grading?"""
    first, *rest = path.relative_to(world.base).parts
    if first == "course":
        written = (
            "autograded",
            "feedback",
            "gradebook.db",
            "gradebook.db-journal",
            ".nbgrader.log",
        )
        return rest[0] in written or rest[0].startswith(".ecole") or path.suffix == ".log"
    return first in ("log", "signals", "batch.json", "batch.part", "listener")


def _snapshot(world: World) -> dict[Path, str]:
    """Digests of what no grading should change."""
    found = {}
    for directory, _, names in os.walk(world.base):
        for name in names:
            path = Path(directory, name)
            if path.is_file() and not path.is_symlink() and not _own(world, path):
                found[path] = sha256(path.read_bytes()).hexdigest()
    return found


def _look_around(
    world: World,
    aftermath: Aftermath,
    listeners: Listeners,
    process: subprocess.Popen[str],
    before: dict[Path, str],
) -> None:
    aftermath.heard = list(listeners.heard)
    noted = world.base / "signals"
    if noted.exists():
        aftermath.signals = {int(line) for line in noted.read_text().split()}
    aftermath.victim_alive = process.poll() is None
    if aftermath.victim_alive:
        aftermath.victim_nice = psutil.Process(process.pid).nice()
        aftermath.victim_files = psutil.Process(process.pid).rlimit(psutil.RLIMIT_NOFILE)[0]
    after = _snapshot(world)
    changed = [path for path in before if after.get(path) != before[path]]
    aftermath.changed = [str(path.relative_to(world.base)) for path in changed]
    for path in _marked_files(world):
        with contextlib.suppress(OSError):
            aftermath.left[str(path)] = path.read_bytes()[:100_000].decode("latin-1")
    aftermath.processes = list(_marked_processes(world).values())
    aftermath.segments = _marked_segments(world)
    scores = marks(world.course)
    aftermath.full = {
        name: points
        for each in questions(world.canaries)
        for name, (points, _) in each.tests.items()
    }
    for student in (*HONEST, TARGET):
        aftermath.honest[student] = scores.get(student, {})
    pages = world.course / "feedback" / HONEST[0] / ASSIGNMENT / f"{ASSIGNMENT}.html"
    aftermath.honest_pages = pages.is_file()


def _marked_files(world: World) -> list[Path]:
    """Files that carry the arena's token in their name, where nothing should have left any."""
    found = []
    for top in _SHARED_FOLDERS:
        with contextlib.suppress(OSError):
            found += [path for path in top.iterdir() if world.token in path.name]
    for directory, _, names in os.walk(world.base):
        found += [Path(directory, name) for name in names if world.token in name]

    def belongs(path: Path) -> bool:
        """Its own autograded folder is where a submission's files stay."""
        parts = path.parts
        return any(
            step in ("autograded", "feedback", "submitted") and f"-{student}-" in path.name
            for step, student in pairwise(parts)
        )

    return [path for path in found if not belongs(path)]


def _marked_processes(world: World) -> dict[psutil.Process, str]:
    """Processes that carry the arena's token in their arguments, or as their name."""
    found = {}
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            arguments = " ".join(process.cmdline())
            if f"{world.token}-" in arguments:
                found[process] = arguments
            elif Path(f"/proc/{process.pid}/comm").read_text().strip() == world.token:
                found[process] = world.token
    return found


def _marked_segments(world: World) -> list[int]:
    keys = []
    for line in Path("/proc/sysvipc/shm").read_text().splitlines()[1:]:
        keys.append(int(line.split()[0]))
    return keys


def marks(course: Path) -> dict[str, dict[str, float]]:
    """Marks by student and cell, what a person (or an attack) entered by hand included."""
    query = """select sa.student_id, base_cell.name,
                      coalesce(grade.manual_score, grade.auto_score, 0)
                        + coalesce(grade.extra_credit, 0)
               from grade join base_cell on grade.cell_id = base_cell.id
               join submitted_notebook sn on grade.notebook_id = sn.id
               join submitted_assignment sa on sn.assignment_id = sa.id"""
    found: dict[str, dict[str, float]] = {}
    with contextlib.closing(sqlite3.connect(course / "gradebook.db")) as database:
        for student, cell, score in database.execute(query):
            found.setdefault(student, {})[cell] = score
    return found


def _look_at(world: World, outcome: Outcome) -> None:
    outcome.marks = marks(world.course).get(outcome.name, {})
    folder = world.course / "autograded" / outcome.name / ASSIGNMENT
    path = folder / f"{ASSIGNMENT}.ipynb"
    if path.is_file():
        outcome.notebook_bytes = path.stat().st_size
        with contextlib.suppress(Exception):
            outcome.notebook = nbformat.read(path, as_version=4)
    page = world.course / "feedback" / outcome.name / ASSIGNMENT / f"{ASSIGNMENT}.html"
    if page.is_file():
        outcome.notebook_bytes = max(outcome.notebook_bytes, page.stat().st_size)
        outcome.feedback = page.read_bytes()[:30_000_000].decode("utf-8", "replace")


def _sweep(world: World) -> None:
    """End and remove whatever carries the arena's token."""
    for process in _marked_processes(world):
        with contextlib.suppress(psutil.Error):
            process.kill()
    for path in _marked_files(world):
        with contextlib.suppress(OSError):
            path.unlink()
    libc = ctypes.CDLL(None)
    for name in world.places.get("SEGMENTS", "").split():
        segment = libc.shmget(segment_key(world.token, name), 0, 0)
        if segment >= 0:
            libc.shmctl(segment, 0, None)
    for line in Path("/proc/mounts").read_text().splitlines():
        target = line.split()[1]
        if target.startswith(str(world.base)):
            libc.umount2(target.encode(), 2)


if __name__ == "__main__":
    grade_here(Path(sys.argv[1]), sys.argv[2])
