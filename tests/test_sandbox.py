"""A confined fork: what it cannot do, what it can, in every mode that this machine can enter.

Run as root, each mode is tried twice: entered by root, and by an ordinary user.
"""

import contextlib
import ctypes
import errno
import functools
import json
import mmap
import multiprocessing
import os
import resource
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from multiprocessing import resource_tracker, shared_memory
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from autograder.examiner import sandbox
from autograder.examiner.sandbox import Confinement, Mode, SandboxError, best_mode, confine

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the sandbox needs Linux")

REPOSITORY = Path(__file__).resolve().parents[1]
ROOT = os.geteuid() == 0
UID = 61017
SECONDS = 30
MEBIBYTE = 2**20


@dataclass(frozen=True)
class Case:
    """A mode, and who enters it."""

    mode: Mode
    who: str

    @property
    def by_namespaces(self) -> bool:
        return self.mode is Mode.namespaces

    @property
    def by_landlock(self) -> bool:
        return self.mode is Mode.landlock


@dataclass
class Outcome:
    """What the confined process answered, its exit code as a shell says it, and its problem."""

    answer: Any
    code: int
    problem: str = ""
    left: list[str] = field(default_factory=list)


def _reveal() -> None:
    """Make the interpreter reachable for all, where it lies below a closed home."""
    hidden: dict[Path, list[tuple[Any, Path]]] = {}
    for place, real in sandbox.readable().items():
        above = reversed(place.parents)
        closed = next((each for each in above if not each.stat().st_mode & 1), None)
        if closed is not None:
            hidden.setdefault(closed, []).append((real, place))
    if not hidden:
        return
    sandbox._syscall("unshare", 0x00020000)
    sandbox._syscall("mount", "none", Path("/"), None, 0x44000, None)
    for closed, pairs in hidden.items():
        trees = [(sandbox._Tree(real), place) for real, place in pairs]
        sandbox._mount("tmpfs", closed, "mode=0755")
        for tree, place in trees:
            tree.attach(place)


def _become(case: Case, folder: Path, uid: int) -> int | None:
    """Become the user of the case; give the uid that is then to be chosen."""
    if not ROOT:
        return None
    if case.who == "user" or case.mode is Mode.none:
        _reveal()
    if case.who == "root":
        return uid
    os.chown(folder / "private", uid, uid)
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)
    sandbox._prctl(sandbox._PR_SET_DUMPABLE, 1)
    return None


def run(
    case: Case,
    body: Callable[..., Any],
    before: Callable[[], Any] | None = None,
    meanwhile: Callable[[int, int], None] | None = None,
    **limits: Any,
) -> Outcome:
    """Run `body` confined; it gets what `before` gave, unconfined, in the same process.

    `meanwhile(pid, descriptor)` runs here while the process does, and reads its answers.
    """
    folder = Path(tempfile.mkdtemp(prefix="ecole-test-sandbox-"))
    folder.chmod(0o755)
    (folder / "files/more").mkdir(parents=True)
    (folder / "private").mkdir(mode=0o700)
    (folder / "files/data.csv").write_text("a;b\n1;2\n")
    (folder / "files/more/secretive.txt").write_text("mode 600")
    (folder / "files/more/secretive.txt").chmod(0o600 if case.who == "root" else 0o644)
    (folder / "files/link").symlink_to("/etc/passwd")
    ours, theirs = os.pipe()
    child = os.fork()
    if child == 0:
        _in_child(case, body, before, limits, folder, theirs)
    os.close(theirs)
    try:
        if meanwhile:
            meanwhile(child, ours)
        said = _read(ours, child)
        _, status = os.waitpid(child, 0)
        code = os.waitstatus_to_exitcode(status)
        outcome = Outcome(None, code if code >= 0 else 128 - code)
        if said:
            kind, value = json.loads(said)
            if kind == "answer":
                outcome.answer = value
            else:
                outcome.problem = value
        return outcome
    finally:
        os.close(ours)
        shutil.rmtree(folder, ignore_errors=True)


def _in_child(
    case: Case,
    body: Callable[..., Any],
    before: Callable[[], Any] | None,
    limits: dict[str, Any],
    folder: Path,
    say: int,
) -> None:
    code = 0
    try:
        uid = _become(case, folder, limits.pop("uid", UID))
        given = [before()] if before else []
        confine(
            Confinement(case.mode, folder / "files", uid, scratch=folder / "private", **limits),
            [say],
        )
        result = ["answer", body(*given)]
    except SandboxError as problem:
        result, code = ["refused", str(problem)], 99
    except BaseException:
        result, code = ["error", traceback.format_exc()], 98
    with contextlib.suppress(OSError):
        os.write(say, json.dumps(result).encode())
    os._exit(code)


def _read(descriptor: int, child: int) -> bytes:
    said = b""
    ends = time.monotonic() + SECONDS
    while True:
        ready, _, _ = select.select([descriptor], [], [], max(0, ends - time.monotonic()))
        if not ready:
            os.kill(child, signal.SIGKILL)
            raise TimeoutError(f"the confined process did not end; it said {said!r}")
        chunk = os.read(descriptor, 65536)
        if not chunk:
            return said
        said += chunk


@functools.cache
def _entered(case: Case) -> str:
    return run(case, lambda: None).problem


def cases() -> Iterator[Any]:
    for who in ("root", "user") if ROOT else ("user",):
        for mode in Mode:
            yield pytest.param(Case(mode, who), id=f"{mode}-{who}")


@pytest.fixture(params=cases())
def case(request: pytest.FixtureRequest) -> Case:
    if problem := _entered(request.param):
        # a mode that the machine has and that cannot be entered is a defect, not a reason to skip
        assert sandbox._trial(request.param.mode), problem
        pytest.skip(f"{request.param.mode} cannot be entered here: {problem}")
    return request.param


@pytest.fixture
def outside() -> Iterator[Path]:
    """A folder that all may write in, with a canary that all may read and write."""
    folder = Path(tempfile.mkdtemp(prefix="ecole-test-outside-"))
    folder.chmod(0o777)
    (folder / "canary").write_text("canary")
    (folder / "canary").chmod(0o666)
    if ROOT:
        os.chown(folder, UID, UID)
        os.chown(folder / "canary", UID, UID)
    yield folder
    shutil.rmtree(folder)


def attempt(action: Callable[[], Any]) -> str:
    """What came of it: `done`, or the name of the exception."""
    try:
        action()
    except Exception as problem:
        return type(problem).__name__
    return "done"


def attempts(actions: dict[str, Callable[[], Any]]) -> dict[str, str]:
    return {name: attempt(action) for name, action in actions.items()}


def succeeded(outcome: Outcome) -> list[str]:
    """The attempts that succeeded."""
    assert not outcome.problem, outcome.problem
    assert outcome.code == 0
    return [name for name, result in outcome.answer.items() if result == "done"]


def raw(name: str, *arguments: Any) -> int:
    """A system call; its errno, or 0."""
    libc = ctypes.CDLL(None, use_errno=True)
    number = sandbox._number(name)
    assert number is not None
    return ctypes.get_errno() if libc.syscall(number, *arguments) < 0 else 0


# ---------------------------------------------------------------- what it cannot do


def test_no_network_and_no_one_else_s_sockets(case: Case, outside: Path) -> None:
    path = str(outside / "socket")
    abstract = f"\0ecole-test-{os.getpid()}"
    post = str(outside / "post")
    with (
        socket.socket(socket.AF_UNIX) as one,
        socket.socket(socket.AF_UNIX) as other,
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as box,
    ):
        one.bind(path)
        Path(path).chmod(0o777)
        box.bind(post)
        Path(post).chmod(0o777)
        other.bind(abstract)
        one.listen()
        other.listen()

        def connect(address: str, kind: int = socket.SOCK_STREAM) -> None:
            with socket.socket(socket.AF_UNIX, kind) as mine:
                mine.connect(address)

        def send_from_pair() -> None:
            socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)[0].sendto(b"x", post)

        outcome = run(
            case,
            lambda: attempts(
                {
                    "tcp": lambda: socket.socket(socket.AF_INET, socket.SOCK_STREAM),
                    "udp": lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM),
                    "tcp6": lambda: socket.socket(socket.AF_INET6, socket.SOCK_STREAM),
                    "packet": lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW),
                    "netlink": lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW),
                    "vsock": lambda: socket.socket(40, socket.SOCK_STREAM),
                    "names": lambda: socket.getaddrinfo("localhost", 80),
                    "pair": lambda: socket.socketpair(socket.AF_INET),
                    "path": lambda: connect(path),
                    "abstract": lambda: connect(abstract),
                    "datagram": lambda: connect(post, socket.SOCK_DGRAM),
                    "datagram pair": send_from_pair,
                }
            ),
        )
    # the C library knows localhost by heart, without any socket
    assert set(succeeded(outcome)) <= {"names"}


def test_reads_nothing_that_is_not_its_own(case: Case, outside: Path) -> None:
    if case.mode is Mode.none:
        pytest.skip("nothing but permissions keeps files apart in this mode")
    grader = os.getpid()
    places = [
        outside / "canary",
        REPOSITORY / "README.md",
        Path(__file__),
        REPOSITORY / "pyproject.toml",
        Path("/etc/passwd"),
        Path("/etc/hostname"),
        Path(f"/proc/{grader}/environ"),
        Path(f"/proc/{grader}/cmdline"),
        Path(f"/proc/{grader}/mem"),
        Path(f"/proc/{grader}/maps"),
        Path("/proc/kcore"),
    ]
    folders = [
        Path("/root"),
        Path("/home"),
        REPOSITORY / "assignments",
        REPOSITORY / "course",
        REPOSITORY / "tests",
        REPOSITORY / ".git",
        outside,
        Path(f"/proc/{grader}/fd"),
        Path(f"/proc/{grader}/root"),
    ]

    def body() -> dict[str, str]:
        found = attempts({str(each): each.read_bytes for each in places})
        # folders on the way to a package are there, and hold nothing else
        way = {"/root": {".pyenv", ".local", "work"}}
        for each in folders:
            with contextlib.suppress(OSError):
                if set(os.listdir(each)) - way.get(str(each), set()):
                    found[str(each)] = "done"
        if case.by_namespaces:
            for name in ("cwd", "root", "exe"):
                with contextlib.suppress(OSError):
                    os.readlink(f"/proc/1/{name}")
                    found[f"init's {name}"] = "done"
            if set(os.listdir(REPOSITORY)) - {".venv", "autograder", "datasets"}:
                found["neighbours"] = "done"
            if Path("/old").exists():
                found["the old root"] = "done"
        return found

    assert succeeded(run(case, body)) == []


def test_writes_nothing_that_outlives_it(case: Case, outside: Path) -> None:
    if case.mode is Mode.none:
        pytest.skip("nothing but permissions keeps files apart in this mode")
    canary = outside / "canary"
    name = f"ecole-test-{os.getpid()}"
    places = [
        *map(Path, ("/tmp", "/var/tmp", "/dev/shm", "/dev", "/usr", "/etc", "/root", "/")),
        *(REPOSITORY, REPOSITORY / "autograder", Path(sys.prefix), outside, Path("/proc/sys")),
    ]
    status = canary.stat()

    def read_only_truncate() -> None:
        os.open(canary, os.O_RDONLY | os.O_TRUNC)

    def body() -> dict[str, str]:
        for each in places:
            attempt((each / name).mkdir)
            attempt(functools.partial((each / name).write_text, "left behind"))
        attempt(lambda: Path("/proc/sys/kernel/core_pattern").write_text("|/tmp/x"))
        attempt(lambda: Path("/proc/sysrq-trigger").write_text("h"))
        attempt(lambda: canary.chmod(0o777))
        attempt(lambda: os.utime(canary, (1, 1)))
        attempt(lambda: os.setxattr(canary, "user.ecole", b"left behind"))
        attempt(lambda: os.chown(canary, 1, 1))
        return attempts(
            {
                "write": lambda: canary.write_text("changed"),
                "truncate": lambda: os.truncate(canary, 0),
                "open to truncate": read_only_truncate,
                "rename": lambda: canary.rename(outside / "renamed"),
                "rename in": lambda: Path("data.csv").rename(outside / name),
                "link": lambda: os.link(canary, "linked"),
                "unlink": canary.unlink,
                "symlink": lambda: os.symlink("/etc", outside / name),
                "fifo": lambda: os.mkfifo(outside / name),
                "node": lambda: os.mknod("null", 0o20666, os.makedev(1, 3)),
            }
        )

    assert succeeded(run(case, body)) == []
    now = canary.stat()
    assert canary.read_text() == "canary"
    assert os.listdir(outside) == ["canary"]
    assert os.listxattr(canary) == []
    assert (now.st_mode, now.st_mtime, now.st_uid) == (
        status.st_mode,
        status.st_mtime,
        status.st_uid,
    )
    assert [each for each in places if os.path.lexists(each / name)] == []


@pytest.mark.parametrize("abi", [1, 2, 4])
def test_older_landlock_truncates_nothing(abi: int, outside: Path) -> None:
    case = Case(Mode.landlock, "user")
    if problem := _entered(case):
        pytest.skip(problem)
    canary = outside / "canary"
    readable = Path(sandbox.__file__)
    size = readable.stat().st_size

    def older() -> None:
        sandbox._landlock_abi = lambda: abi  # type: ignore[assignment]

    def body(_: None) -> dict[str, str]:
        Path("mine").write_text("mine")
        Path("mine").write_text("again")
        return attempts(
            {
                "truncate": lambda: os.truncate(canary, 0),
                "open": lambda: os.open(canary, os.O_RDONLY | os.O_TRUNC),
                "open code": lambda: os.open(readable, os.O_RDONLY | os.O_TRUNC),
                "write": lambda: canary.write_text("changed"),
            }
        )

    assert succeeded(run(case, body, older)) == []
    assert canary.read_text() == "canary"
    assert readable.stat().st_size == size


def test_sees_and_signals_no_process_outside(case: Case) -> None:
    reading, writing = os.pipe()

    def victim() -> int:
        pid = os.fork()
        if pid == 0:
            os.dup2(reading, 0)
            os.closerange(1, 1000)
            os.read(0, 1)  # until the test ends
            os._exit(0)
        return pid

    def body(pid: int) -> dict[str, Any]:
        seen = [int(each) for each in os.listdir("/proc") if each.isdigit()]
        return {
            "limits": attempt(lambda: resource.prlimit(pid, resource.RLIMIT_NOFILE, (1, 1))),
            "memory": attempt(lambda: open(f"/proc/{pid}/mem", "r+b")),
            "signal": attempt(lambda: os.kill(pid, signal.SIGTERM)),
            "trace": attempt(lambda: 1 / (raw("ptrace", 16, pid, 0, 0) == 0)),
            "see": "done" if max(seen) > 10 else "no",
            "init": attempt(lambda: open("/proc/1/mem", "r+b")),
        }

    def kill_init() -> str:
        attempt(lambda: os.kill(1, signal.SIGKILL))
        return "alive"

    if case.by_namespaces:
        assert succeeded(run(case, body, victim)) == []
        os.close(writing)
        # process 1 ignores it, and does not end
        assert run(case, kill_init).answer == "alive"
        return

    def without_proc(pid: int) -> dict[str, Any]:
        os.listdir = lambda _=".": ["1"]  # type: ignore[assignment]
        return body(pid)

    allowed = ["memory"] if case.who == "user" and case.mode is Mode.none else []
    if case.who == "user" and (case.mode is Mode.none or sandbox._landlock_abi() < 6):
        allowed += ["signal"]
    assert succeeded(run(case, without_proc, victim)) == allowed
    os.close(writing)


def test_has_no_privilege_and_gets_none(case: Case) -> None:
    calls: dict[str, tuple[Any, ...]] = {
        "mount": (b"none", b"/tmp", b"tmpfs", 0, None),
        "umount2": (b"/", 2),
        "unshare": (0x10000000,),
        "setns": (0, 0),
        "clone": (0x10000000 | signal.SIGCHLD, 0, 0, 0, 0),
        "ptrace": (0, 0, 0, 0),
        "process_vm_readv": (os.getpid(), 0, 0, 0, 0, 0),
        "process_vm_writev": (os.getpid(), 0, 0, 0, 0, 0),
        "io_uring_setup": (1, 0),
        "bpf": (0, 0, 0),
        "perf_event_open": (0, 0, 0, 0, 0),
        "userfaultfd": (0,),
        "keyctl": (0, 0, 0, 0, 0),
        "add_key": (b"user", b"x", b"x", 1, -2),
        "open_by_handle_at": (0, 0, 0),
        "name_to_handle_at": (-100, b"/", 0, 0, 0),
        "pidfd_getfd": (0, 0, 0),
        "kcmp": (0, 0, 0, 0, 0),
        "init_module": (0, 0, 0),
        "kexec_load": (0, 0, 0, 0),
        "chroot": (b"/",),
        "pivot_root": (b".", b"."),
        "shmget": (0, 4096, 0o1600),
        "mq_open": (b"x", 0, 0, 0),
        "seccomp": (0, 0, 0),
        "mount_setattr": (0, b"", 0, 0, 0),
        "open_tree": (-100, b"/", 1),
    }

    def body() -> dict[str, Any]:
        results: dict[str, Any] = {name: raw(name, *values) for name, values in calls.items()}
        results["clone3"] = raw("clone3", 0, 0)
        results["memfd_create"] = raw("memfd_create", b"x", 0)
        results["tiocsti"] = raw("ioctl", 0, ctypes.c_ulong(0x5412), b"x")
        results["uid 0"] = attempt(lambda: os.setuid(0))
        status = Path("/proc/self/status").read_text().splitlines()
        fields = dict(line.split(":\t", 1) for line in status if ":\t" in line)
        names = ("CapInh", "CapPrm", "CapEff", "NoNewPrivs", "Seccomp", "Uid", "Groups")
        return results | {name: fields[name].strip() for name in names}

    answer = run(case, body).answer
    for name in calls:
        assert answer[name] in (errno.EPERM, errno.EACCES), (name, answer[name])
    assert answer["clone3"] == answer["memfd_create"] == errno.ENOSYS
    assert answer["tiocsti"] == errno.EACCES
    assert answer["uid 0"] in ("PermissionError", "OSError")
    # to search folders, where only root reaches the interpreter
    kept = case.by_landlock and case.who == "root" and not sandbox._reachable()
    for name in ("CapInh", "CapPrm", "CapEff"):
        assert int(answer[name], 16) == (4 if kept else 0)
    assert (answer["NoNewPrivs"], answer["Seccomp"]) == ("1", "2")
    if ROOT:
        assert answer["Uid"].split() == [str(UID)] * 4
        assert answer["Groups"] == ""


@pytest.mark.skipif(os.uname().machine != "x86_64", reason="other ABIs of x86_64")
def test_other_abis_are_killed(case: Case) -> None:
    def x32() -> None:
        ctypes.CDLL(None).syscall(0x40000000 | 39)

    def i386() -> None:
        code = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
        code.write(b"\xb8\x14\x00\x00\x00\xcd\x80\xc3")  # getpid by int 0x80
        ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(code)))()

    assert run(case, x32).code == 128 + signal.SIGSYS
    assert run(case, i386).code == 128 + signal.SIGSYS


def test_limits_hold(case: Case) -> None:
    def fill_memory() -> None:
        np.ones(200 * MEBIBYTE, dtype=np.uint8)

    def share_memory() -> None:
        mmap.mmap(-1, 200 * MEBIBYTE)

    def write_a_lot() -> None:
        with open("large", "wb") as file:
            for _ in range(12):
                file.write(bytes(MEBIBYTE))
                file.flush()

    def open_many() -> None:
        kept = [os.open("/dev/null", os.O_RDONLY) for _ in range(40)]
        assert not kept

    def raise_limits() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))

    def bomb() -> int:
        children = 0
        try:
            while children < 100:
                if os.fork() == 0:
                    time.sleep(SECONDS)
                    os._exit(0)
                children += 1
        except BlockingIOError:
            pass
        return children

    def body() -> dict[str, Any]:
        results: dict[str, Any] = attempts(
            {
                "memory": fill_memory,
                "shared memory": share_memory,
                "file": write_a_lot,
                "descriptors": open_many,
                "raise": raise_limits,
            }
        )
        return results | {"forks": bomb()}

    def end(child: int, descriptor: int) -> None:
        select.select([descriptor], [], [], SECONDS)
        time.sleep(0.1)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child, signal.SIGKILL)

    outcome = run(
        case,
        body,
        meanwhile=None if case.by_namespaces else end,
        # a user of its own: the kernel counts processes by user
        uid=UID + 1 + list(Mode).index(case.mode) + 3 * (case.who == "root"),
        memory_bytes=100 * MEBIBYTE,
        processes=10,
        file_bytes=10 * MEBIBYTE,
        open_files=32,
    )
    answer = outcome.answer
    assert answer["memory"] == "MemoryError" or answer["memory"].endswith("MemoryError")
    assert answer["shared memory"] == "OSError"
    assert answer["file"] == "OSError"
    assert answer["descriptors"] == "OSError"
    assert answer["raise"] in ("ValueError", "PermissionError")
    assert 1 <= answer["forks"] <= 10


def test_disk_is_bounded(case: Case) -> None:
    if not case.by_namespaces:
        pytest.skip("outside namespaces the private folder lies on an ordinary disk")

    def fill(folder: str) -> int | None:
        try:
            for number in range(40):
                Path(folder, str(number)).write_bytes(bytes(MEBIBYTE))
        except OSError as problem:
            return problem.errno
        return 0

    def body() -> list[int | None]:
        return [fill("."), fill("/dev/shm"), fill("/tmp"), fill(os.environ["HOME"])]

    answer = run(case, body, disk_bytes=20 * MEBIBYTE).answer
    assert answer == [errno.ENOSPC] * 4


def test_cpu_seconds_are_bounded(case: Case) -> None:
    if ROOT and case.who == "user":
        pytest.skip("seen as root")

    def spin() -> None:
        signal.signal(signal.SIGXCPU, signal.SIG_IGN)
        while True:
            pass

    assert run(case, spin, seconds=1).code == 128 + signal.SIGKILL


def test_keeps_no_descriptor_and_no_environment(case: Case, monkeypatch: Any) -> None:
    monkeypatch.setenv("ECOLE_TEST_CANARY", "canary")
    null = os.stat("/dev/null").st_rdev

    def before() -> list[int]:
        return [os.dup(os.open("/etc/passwd", os.O_RDONLY)), socket.socketpair()[0].detach()]

    def is_open(descriptor: int) -> str:
        return attempt(lambda: os.fstat(descriptor))

    def initial() -> str:
        try:
            return Path("/proc/self/environ").read_bytes().strip(b"\0").decode()
        except PermissionError:
            return ""

    def body(opened: list[int]) -> dict[str, Any]:
        return {
            "descriptors": [each for each in range(4096) if is_open(each) == "done"],
            "standard": [os.fstat(each).st_rdev == null for each in range(3)],
            "opened": {each: is_open(each) for each in opened},
            "environment": dict(os.environ),
            "initial": initial(),
            "child": subprocess.check_output(["env"], text=True),
        }

    answer = run(case, body, before).answer
    assert answer["standard"] == [True] * 3
    assert len(answer["descriptors"]) == 4
    assert "done" not in answer["opened"].values()
    assert answer["initial"] == ""
    assert "canary" not in answer["child"] and "CANARY" not in answer["child"]
    assert {"HOME", "PATH", "TMPDIR", "LANG", "OMP_NUM_THREADS"} <= set(answer["environment"])
    assert not [name for name in answer["environment"] if name.startswith(("ECOLE", "PYTEST"))]


def test_a_folder_is_no_descriptor_to_keep() -> None:
    child = os.fork()
    if child == 0:
        code = 1
        try:
            folder = os.open("/", os.O_RDONLY)
            confine(Confinement(Mode.none, Path("/"), UID if ROOT else None), [folder])
        except SandboxError:
            code = 0
        os._exit(code)
    assert os.waitpid(child, 0)[1] == 0


# ---------------------------------------------------------------- what it can do


def test_works_as_a_student_expects(case: Case) -> None:
    def body() -> dict[str, Any]:
        frame = pd.read_csv("data.csv", sep=";")
        frame.to_csv("mine.csv")
        Path("more/mine.txt").write_text("mine")
        shutil.copy("mine.csv", "copy.csv")
        code = (
            "import importlib.util, autograder, numpy; print(numpy.arange(4).sum());"
            "print(open(importlib.util.find_spec('health_datasets').origin).read(3))"
        )
        with tempfile.TemporaryFile() as file:
            file.write(b"x")
        return {
            "read": frame.to_dict("list"),
            "more": Path("more/secretive.txt").read_text(),
            "wrote": sorted(str(each) for each in Path().rglob("*") if each.is_file()),
            "overwrite": attempt(lambda: open("data.csv", "r+b").write(b"x")),
            "numpy": float((np.ones((300, 300)) @ np.ones((300, 300))).sum()),
            "subprocess": subprocess.check_output(
                [sys.executable, "-c", code], stderr=subprocess.STDOUT, text=True
            ),
            "shell": subprocess.check_output("echo $((1 + 1))", shell=True, text=True),
            "home": Path.home().is_dir(),
            "cwd": os.getcwd() == str(Path.cwd()) and Path.cwd().name == "work",
        }

    outcome = run(case, body)
    assert not outcome.problem, outcome.problem
    answer = outcome.answer
    assert answer["read"] == {"a": [1], "b": [2]}
    assert answer["more"] == "mode 600" or case.who == "user"
    assert answer["wrote"] == [
        *("copy.csv", "data.csv", "mine.csv", "more/mine.txt", "more/secretive.txt"),
    ]
    assert answer["overwrite"] == "done"  # its own copy: the cell that wrote it runs again
    assert answer["numpy"] == 300.0**3
    assert answer["subprocess"] == '6\n"""\n'
    assert answer["shell"] == "2\n"
    assert answer["home"] and answer["cwd"]


def test_shares_memory_between_its_processes(case: Case) -> None:
    if case.by_landlock:
        pytest.skip("Landlock has no private /dev/shm")

    def double(memory: str, lock: Any) -> None:
        block: Any = shared_memory.SharedMemory(memory)
        values = np.frombuffer(block.buf, np.uint8)
        with lock:
            values[0] *= 2
        del values
        block.close()

    def body() -> int:
        # the tracker of shared memory is given stderr, and pytest's own was closed on entry
        sys.stderr = open(os.devnull, "w")  # noqa: SIM115
        # another test of this process may have started a tracker, whose pipe was closed here
        resource_tracker._resource_tracker._fd = None  # type: ignore[attr-defined]
        resource_tracker._resource_tracker._pid = None  # type: ignore[attr-defined]
        context = multiprocessing.get_context("fork")
        block: Any = shared_memory.SharedMemory(create=True, size=100)
        values = np.frombuffer(block.buf, np.uint8)
        values[0] = 21
        worker = context.Process(target=double, args=(block.name, context.Lock()))
        worker.start()
        worker.join()
        value = int(values[0])
        del values
        block.close()
        block.unlink()
        return value

    outcome = run(case, body)
    assert outcome.answer == 42, outcome.problem


# ---------------------------------------------------------------- beginning and end


def test_exit_status_passes_through(case: Case) -> None:
    assert run(case, lambda: os._exit(0)).code == 0
    assert run(case, lambda: os._exit(7)).code == 7
    assert run(case, lambda: os.kill(os.getpid(), signal.SIGSEGV)).code == 128 + signal.SIGSEGV


def test_killed_with_all_that_it_started(case: Case) -> None:
    def body() -> None:
        if case.by_namespaces and os.fork() == 0:
            os.setsid()
            if os.fork():
                os._exit(0)
        time.sleep(2 * SECONDS)

    def kill(child: int, descriptor: int) -> None:
        time.sleep(0.3)
        os.kill(child, signal.SIGKILL)

    # the pipe that everything inside holds closes only when all have died
    assert run(case, body, meanwhile=kill).code == 128 + signal.SIGKILL


def test_daemons_end_with_the_student() -> None:
    case = Case(Mode.namespaces, "root" if ROOT else "user")
    if problem := _entered(case):
        pytest.skip(problem)

    def body() -> None:
        if os.fork() == 0:
            os.setsid()
            time.sleep(2 * SECONDS)
        os._exit(3)

    assert run(case, body).code == 3


def test_an_interrupt_reaches_the_student(case: Case) -> None:
    def body() -> str:
        try:
            time.sleep(SECONDS)
        except KeyboardInterrupt:
            return "interrupted"
        return "never interrupted"

    def interrupt(child: int, descriptor: int) -> None:
        time.sleep(0.5)
        os.kill(child, signal.SIGINT)

    assert run(case, body, meanwhile=interrupt).answer == "interrupted"


def test_what_cannot_be_had_is_an_error(case: Case) -> None:
    child = os.fork()
    if child == 0:
        code = 1
        try:
            uid = None if ROOT else UID
            confine(Confinement(case.mode, Path("/tmp"), uid), [])
        except SandboxError:
            code = 0
        os._exit(code)
    assert os.waitpid(child, 0)[1] == 0
    child = os.fork()
    if child == 0:
        code = 1
        try:
            uid = UID if ROOT else None
            confine(Confinement(case.mode, Path("/nowhere"), uid), [])
        except SandboxError:
            code = 0
        os._exit(code)
    assert os.waitpid(child, 0)[1] == 0


def test_best_mode_can_only_be_weakened(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ECOLE_SANDBOX", raising=False)
    order = list(Mode)
    strongest = order.index(best_mode())
    for mode in Mode:
        monkeypatch.setenv("ECOLE_SANDBOX", mode)
        assert order.index(best_mode()) >= max(strongest, order.index(mode))
    monkeypatch.setenv("ECOLE_SANDBOX", "strong")
    with pytest.raises(SandboxError, match="ECOLE_SANDBOX"):
        best_mode()


def test_describes_this_machine(capsys: pytest.CaptureFixture[str]) -> None:
    lines = sandbox.describe()
    with capsys.disabled():
        print()
        for name, value in lines:
            print(f"  {name}: {value}")
    names = [name for name, _ in lines]
    assert names[:4] == ["sandbox", "mode namespaces", "mode landlock", "mode none"]


def test_time_to_confine(case: Case, capsys: pytest.CaptureFixture[str]) -> None:
    times = []
    for _ in range(5):

        def before() -> float:
            return time.perf_counter()

        def body(started: float) -> float:
            return time.perf_counter() - started

        times.append(1000 * float(run(case, body, before).answer))
    with capsys.disabled():
        print(f" confine: {min(times):.1f} to {max(times):.1f} ms", end=" ")
