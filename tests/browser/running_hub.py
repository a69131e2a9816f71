"""A hub as an instructor starts it, for the tests that use it: `ecole hub` on free ports."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from nbgrader.api import Gradebook, MissingEntry

from autograder.authoring.masters import REPOSITORY, assignment
from autograder.authoring.specimens import Specimen
from autograder.hub.accounts import why_no_accounts
from autograder.hub.roles import environment


def open_to_all(path: Path) -> bool:
    """May every account of this machine pass to that file or folder?"""
    return all(each.stat().st_mode & 0o001 for each in (path, *path.parents))


NEEDED = [
    pytest.mark.xdist_group("hub"),
    pytest.mark.skipif(bool(why_no_accounts()), reason=f"no hub here: {why_no_accounts()}"),
    pytest.mark.skipif(
        not open_to_all(REPOSITORY),
        reason=f"{REPOSITORY} is closed to other accounts, which the students would be",
    ),
    pytest.mark.skipif(
        shutil.which("npm") is None or shutil.which("node") is None,
        reason="no Node.js: JupyterHub's proxy cannot run",
    ),
]
"""Where there is no hub, its tests are skipped, and say why."""

# not the folder of TMPDIR, which may be closed to students, or differ from one run to the next
_TOPS = Path("/tmp/ecole-tests-hub-")
_START_SECONDS = 240
_STOP_SECONDS = 60
_NPM_LOCK = REPOSITORY / "autograder" / "hub" / "proxy" / "package-lock.json"


def python_for_all(folder: Path) -> Path:
    """A Python that every account of this machine may run, with this environment's packages.

    The tests' own where it is open to all; else a copy of it below `folder` (continuous
    integration often has its Python in the home of root, closed to everyone else).
    """
    if open_to_all(Path(sys.executable).resolve()):
        return Path(sys.executable)
    version = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    base, venv = folder / "base", folder / "venv"
    (base / "bin").mkdir(parents=True)
    (base / "lib").mkdir()
    library = Path(sys.base_prefix, "lib")
    program = base / "bin" / version
    _copy_program(Path(sys.base_prefix, "bin", version), program, library)
    for path in library.glob("libpython*"):
        shutil.copy2(path, base / "lib", follow_symlinks=False)
    left_out = shutil.ignore_patterns("site-packages", "test", "config-*", "__pycache__")
    shutil.copytree(library / version, base / "lib" / version, ignore=left_out)
    packages = venv / "lib" / version / "site-packages"
    packages.mkdir(parents=True)
    theirs = str(Path(sys.prefix, "lib", version, "site-packages"))
    (packages / "theirs.pth").write_text(f"import site; site.addsitedir({theirs!r})\n")
    (venv / "bin").mkdir()
    (venv / "bin" / "python").symlink_to(program)
    (venv / "pyvenv.cfg").write_text(f"home = {program.parent}\n")
    for name in ("share", "etc"):
        (venv / name).symlink_to(Path(sys.prefix, name))
    _copy_scripts(venv)
    return venv / "bin" / "python"


def _copy_program(program: Path, copy: Path, library: Path) -> None:
    """Python finds its library beside itself, where it looked in a closed folder."""
    data = program.read_bytes()
    old, new = str(library).encode(), b"$ORIGIN/../lib"
    if len(new) <= len(old):
        data = data.replace(old + b"\0", new.ljust(len(old), b"\0") + b"\0")
    copy.write_bytes(data)
    copy.chmod(0o755)


def _copy_scripts(venv: Path) -> None:
    for script in Path(sys.prefix, "bin").iterdir():
        if script.is_symlink() or not script.is_file():
            continue
        first, _, rest = script.read_bytes().partition(b"\n")
        if first.startswith(b"#!") and b"python" in first:
            copy = venv / "bin" / script.name
            copy.write_bytes(f"#!{venv / 'bin' / 'python'}\n".encode() + rest)
            copy.chmod(0o755)


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens at."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


class RunningHub:
    """One hub: its folder, its address, its processes.

    Args:
        plan: the text of its `hub.yml`.
    """

    def __init__(self, plan: str) -> None:
        # not pytest's folder: students must be able to pass
        self.top = Path(tempfile.mkdtemp(prefix=_TOPS.name, dir=_TOPS.parent))
        self.top.chmod(0o755)
        self.root = self.top / "hub"
        self.root.mkdir()
        (self.root / "hub.yml").write_text(plan, encoding="utf-8")
        self.python = python_for_all(self.top / "python")
        self.ports = free_ports(1)
        self.address = f"http://127.0.0.1:{self.ports[0]}"
        self.log = self.top / "hub.log"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it as its instructor does, and wait until it answers."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [
                    *(str(self.python), "-m", "autograder", "hub", str(self.root)),
                    *("--address", self.address),
                ],
                stdout=log,
                stderr=log,
                cwd=self.top,
                start_new_session=True,
            )
        deadline = time.monotonic() + _START_SECONDS
        while not self._answers():
            assert self.process.poll() is None, self.said()
            assert time.monotonic() < deadline, self.said()
            time.sleep(0.5)

    def prepare(self, plan: str) -> None:
        """Change who comes and on what terms, without starting anything again."""
        (self.root / "hub.yml").write_text(plan, encoding="utf-8")
        command = [str(self.python), "-m", "autograder", "hub", str(self.root), "--no-start"]
        subprocess.run(command, cwd=self.top, check=True, capture_output=True)

    def kill(self) -> None:
        """Kill the hub as the kernel would, without a word to what it started."""
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def close(self) -> None:
        """Stop it and all that it started, remove its folder and its accounts."""
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(_STOP_SECONDS)
        remove_hubs(self.top)

    def said(self) -> str:
        """The end of its log."""
        return self.log.read_text(errors="replace")[-5000:]

    @property
    def passwords(self) -> dict[str, str]:
        """The passwords it gave, by name."""
        lines = (self.root / "passwords.txt").read_text().splitlines()
        return dict(line.split() for line in lines)

    def course(self, name: str) -> Path:
        """The course directory of a course."""
        return self.root / "homes" / name / name

    def nbgrader(self, course: str, *command: str) -> None:
        """Run one of nbgrader's commands in a course, as its account."""
        settings = environment(self.root / "config" / course / "course", self.python)
        done = as_account(
            course,
            [str(self.python), "-m", "nbgrader", *command],
            cwd=self.course(course),
            env=settings | {"HOME": str(self.root / "homes" / course)},
        )
        assert done.returncode == 0, done.stderr.decode(errors="replace")

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.address}/hub/login", timeout=5) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False


def remove_hubs(top: Path) -> None:
    """Remove what hubs of the tests left: processes, accounts, folders.

    Args:
        top: what the path of each begins with.
    """
    for process in psutil.process_iter(["cmdline"]):
        if any(str(top) in word for word in process.info["cmdline"] or ()):
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
    for each in pwd.getpwall():
        if each.pw_dir.startswith(str(top)):
            name = each.pw_name
            subprocess.run(["userdel", "--force", name], capture_output=True, check=False)
            subprocess.run(["groupdel", f"{name}-class"], capture_output=True, check=False)
    for folder in top.parent.glob(f"{top.name}*"):
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def the_only_hub() -> Iterator[None]:
    """Wait until no other run of the tests has a hub on this machine: their accounts are the same.

    What a run that was killed has left is then nobody's, and is removed.
    """
    with _TOPS.with_name("ecole-tests-hub.lock").open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        remove_hubs(_TOPS)
        yield


def hub_of(plan: str) -> Iterator[RunningHub]:
    """A hub that runs while a fixture is in use."""
    with the_only_hub():
        running = RunningHub(plan)
        try:
            running.start()
            yield running
        finally:
            running.close()


def as_account(
    account: str,
    command: list[str],
    cwd: Path | None = None,
    env: dict[str, str] | None = None,
) -> subprocess.CompletedProcess[bytes]:
    """Run a command as an account of this machine, with its groups."""
    found = pwd.getpwnam(account)
    return subprocess.run(
        command,
        user=found.pw_uid,
        group=found.pw_gid,
        extra_groups=os.getgrouplist(account, found.pw_gid),
        cwd=cwd,
        env=env,
        capture_output=True,
        check=False,
    )


def recorded(hub: RunningHub, course: str, work: str) -> dict[str, float]:
    """What the tests gave to each student for an assignment, in a course's gradebook."""
    with Gradebook(f"sqlite:///{hub.course(course) / 'gradebook.db'}", course) as gradebook:
        try:
            rows = gradebook.assignment_submissions(work)
        except MissingEntry:
            return {}
        return {
            row.student_id: sum(
                grade.auto_score or 0.0 for each in row.notebooks for grade in each.grades
            )
            for row in rows
        }


def marks_of(specimen: Specimen, work: str) -> float:
    """The points that the tests give to a specimen of an assignment."""
    source = assignment(work).build("fr")
    graded = [cell.metadata.get("nbgrader", {}) for cell in source.cells]
    tested = [each for each in graded if each.get("grade") and not each.get("solution")]
    full = {each["grade_id"]: each["points"] for each in tested}
    return float(sum({**full, **specimen.marks}.values()))
