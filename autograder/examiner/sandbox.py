"""Confine a fresh fork before it runs a student's code: namespaces, else Landlock, else neither.

Everything is done from inside with raw system calls, since the process to confine is a fork of
a warm interpreter and cannot be started anew. Needs Linux on x86_64 or aarch64. What holds in
each mode and what does not is in SECURITY.md.
"""

import contextlib
import ctypes
import functools
import gc
import importlib.util
import os
import platform
import resource
import shutil
import signal
import site
import socket
import stat
import struct
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

# what a student's code may import beside what is installed: editable installs lie elsewhere
_PACKAGES = ("autograder", "health_datasets")
# parts of a prefix that Python needs; not etc/ (course configuration, passwords of databases)
_PREFIX_PARTS = ("bin", "lib", "lib32", "lib64", "libexec", "include", "share", "ssl", "pyvenv.cfg")
_ETC = ("alternatives", "fonts", "ld.so.cache", "ld.so.conf", "localtime", "mime.types", "timezone")
_DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom")
# nbgrader's exchange lies below a prefix, and never is the student's business
_HIDDEN = "share/nbgrader"
_KEPT_VARIABLES = ("JE_ARROW_MALLOC_CONF", "MPLBACKEND", "PYTHONHASHSEED", "TZ")
_ONE_THREAD = ("OMP", "OPENBLAS", "MKL", "NUMEXPR", "VECLIB_MAXIMUM", "POLARS_MAX", "RAYON")
_TRY_SECONDS = 30
_NOBODY = 65534


class SandboxError(Exception):
    """The asked confinement cannot be had; nothing of the student's may run in this process."""


class Mode(StrEnum):
    """How a process is confined, strongest first."""

    namespaces = "namespaces"
    landlock = "landlock"
    none = "none"


@dataclass(frozen=True)
class Confinement:
    """What a confined process gets.

    Attributes:
        mode: how it is confined; a mode that cannot be entered is an error.
        files: folder whose regular files are copied into the private working directory.
        uid: unprivileged user and group to become when root, another one for each process that
            runs at the same time; None when not root.
        memory_bytes: address space of each process, on top of what is mapped already.
        processes: processes and threads together.
        file_bytes: size of any one file.
        open_files: open descriptors of each process.
        disk_bytes: all private files together (namespaces only).
        seconds: CPU seconds of each process.
        scratch: outside namespaces, an empty folder for the private files, which the caller
            deletes; by default a new one in the temporary directory.
    """

    mode: Mode
    files: Path
    uid: int | None
    memory_bytes: int = 2 * 2**30
    processes: int = 64
    file_bytes: int = 100 * 2**20
    open_files: int = 256
    disk_bytes: int = 256 * 2**20
    seconds: int = 600
    scratch: Path | None = None


# what a caller may set of it
BOUNDS = ("memory_bytes", "processes", "file_bytes", "disk_bytes", "open_files")


# ---------------------------------------------------------------- system calls

# number on x86_64, on aarch64; None where there is no such call
_NUMBERS: dict[str, tuple[int | None, int | None]] = {
    "acct": (163, 89),
    "add_key": (248, 217),
    "adjtimex": (159, 171),
    "bpf": (321, 280),
    "capset": (126, 91),
    "chmod": (90, None),
    "chown": (92, None),
    "chroot": (161, 51),
    "clock_adjtime": (305, 266),
    "clock_settime": (227, 112),
    "clone": (56, 220),
    "clone3": (435, 435),
    "delete_module": (176, 106),
    "fanotify_init": (300, 262),
    "fchmod": (91, 52),
    "fchmodat": (268, 53),
    "fchmodat2": (452, 452),
    "fchown": (93, 55),
    "fchownat": (260, 54),
    "file_setattr": (469, 469),
    "finit_module": (313, 273),
    "fremovexattr": (199, 16),
    "fsconfig": (431, 431),
    "fsetxattr": (190, 7),
    "fsmount": (432, 432),
    "fsopen": (430, 430),
    "fspick": (433, 433),
    "futimesat": (261, None),
    "init_module": (175, 105),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "io_uring_setup": (425, 425),
    "ioctl": (16, 29),
    "ioperm": (173, None),
    "iopl": (172, None),
    "kcmp": (312, 272),
    "kexec_file_load": (320, 294),
    "kexec_load": (246, 104),
    "keyctl": (250, 219),
    "landlock_add_rule": (445, 445),
    "landlock_create_ruleset": (444, 444),
    "landlock_restrict_self": (446, 446),
    "lchown": (94, None),
    "lookup_dcookie": (212, 18),
    "lremovexattr": (198, 15),
    "lsetxattr": (189, 6),
    "memfd_create": (319, 279),
    "memfd_secret": (447, 447),
    "migrate_pages": (256, 238),
    "modify_ldt": (154, None),
    "mount": (165, 40),
    "mount_setattr": (442, 442),
    "move_mount": (429, 429),
    "move_pages": (279, 239),
    "mq_open": (240, 180),
    "msgget": (68, 186),
    "name_to_handle_at": (303, 264),
    "open": (2, None),
    "open_by_handle_at": (304, 265),
    "open_tree": (428, 428),
    "open_tree_attr": (467, 467),
    "openat": (257, 56),
    "openat2": (437, 437),
    "perf_event_open": (298, 241),
    "pidfd_getfd": (438, 438),
    "pivot_root": (155, 41),
    "prctl": (157, 167),
    "prlimit64": (302, 261),
    "process_madvise": (440, 440),
    "process_mrelease": (448, 448),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "ptrace": (101, 117),
    "quotactl": (179, 60),
    "quotactl_fd": (443, 443),
    "reboot": (169, 142),
    "removexattr": (197, 14),
    "removexattrat": (466, 466),
    "request_key": (249, 218),
    "seccomp": (317, 277),
    "semget": (64, 190),
    "setdomainname": (171, 162),
    "sethostname": (170, 161),
    "setns": (308, 268),
    "settimeofday": (164, 170),
    "setxattr": (188, 5),
    "setxattrat": (463, 463),
    "shmat": (30, 196),
    "shmget": (29, 194),
    "socket": (41, 198),
    "socketpair": (53, 199),
    "swapoff": (168, 225),
    "swapon": (167, 224),
    "syslog": (103, 116),
    "truncate": (76, 45),
    "umount2": (166, 39),
    "unshare": (272, 97),
    "uselib": (134, None),
    "userfaultfd": (323, 282),
    "utime": (132, None),
    "utimensat": (280, 88),
    "utimes": (235, None),
    "vhangup": (153, 58),
}
_ARCHITECTURES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}
_EPERM, _EACCES, _ENOSYS = 1, 13, 38


def _architecture() -> tuple[int, int]:
    """Column of `_NUMBERS` and the kernel's audit code of this machine."""
    known = _ARCHITECTURES.get(platform.machine())
    if sys.platform != "linux" or known is None or sys.maxsize < 2**32:
        raise SandboxError("a sandbox needs Linux on x86_64 or aarch64")
    return known


def _number(name: str) -> int | None:
    return _NUMBERS[name][_architecture()[0]]


@functools.cache
def _libc() -> ctypes.CDLL:
    libc = ctypes.CDLL(None, use_errno=True)
    libc.syscall.restype = ctypes.c_long
    return libc


def _syscall(name: str, *arguments: int | str | Path | bytes | None) -> int:
    """Call the kernel; an error is an OSError that names the call."""
    values: list[object] = [ctypes.c_long(_number(name) or -1)]
    for argument in arguments:
        if isinstance(argument, str | Path):
            argument = os.fsencode(argument)
        values.append(
            ctypes.c_char_p(argument)
            if isinstance(argument, bytes | None)
            else ctypes.c_ulong(argument & (2**64 - 1))
        )
    result = int(_libc().syscall(*values))
    if result < 0:
        code = ctypes.get_errno()
        on = next((f" {a}" for a in arguments if isinstance(a, str | Path) and a), "")
        raise OSError(code, f"{name}{on}: {os.strerror(code)}")
    return result


def _prctl(option: int, *arguments: int) -> int:
    return _syscall("prctl", option, *(*arguments, 0, 0, 0, 0)[:4])


_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_SET_KEEPCAPS = 1, 4, 8
_PR_SET_SECCOMP, _PR_CAPBSET_DROP, _PR_SET_NO_NEW_PRIVS, _PR_CAP_AMBIENT = 22, 24, 38, 47
_CAP_DAC_READ_SEARCH, _CAP_SETPCAP, _CAP_SYS_ADMIN = 2, 8, 21


# ---------------------------------------------------------------- seccomp


def _names(text: str) -> list[str]:
    return text.split()


_REFUSED = _names("""
    acct add_key adjtimex bpf chroot clock_adjtime clock_settime delete_module fanotify_init
    finit_module fsconfig fsmount fsopen fspick init_module io_uring_enter io_uring_register
    io_uring_setup ioperm iopl kcmp kexec_file_load kexec_load keyctl lookup_dcookie migrate_pages
    modify_ldt mount mount_setattr move_mount move_pages mq_open msgget name_to_handle_at
    open_by_handle_at open_tree open_tree_attr perf_event_open pidfd_getfd pivot_root
    process_madvise process_mrelease process_vm_readv process_vm_writev ptrace quotactl
    quotactl_fd reboot request_key seccomp semget setdomainname sethostname setns settimeofday
    shmat shmget swapoff swapon syslog umount2 unshare uselib userfaultfd vhangup
""")
# libraries go on without these; memfd: memory that no limit counts
_UNKNOWN = ("clone3", "memfd_create", "memfd_secret")
# Landlock does not see attributes. Modes and times: said to be done, since shutil.copy insists
_PRETENDED = _names("""
    chmod fchmod fchmodat fchmodat2 futimesat utime utimensat utimes
""")
_REFUSED_OUTSIDE_NAMESPACES = _names("""
    chown fchown fchownat file_setattr fremovexattr fsetxattr lchown lremovexattr lsetxattr
    removexattr removexattrat setxattr setxattrat socket
""")
_NEW_NAMESPACES = 0x7E020000
_TIOCSTI, _TIOCLINUX = 0x5412, 0x541C
_SOCKET_KIND, _DATAGRAM, _RAW = 0xF, 2, 3
_ANY = 0xFFFFFFFF


class _Filter:
    """A seccomp program: by default everything is allowed, other architectures are killed."""

    _LOAD, _EQUAL, _AT_LEAST, _AND, _RETURN = 0x20, 0x15, 0x35, 0x54, 0x06
    _KILL, _ERRNO, _ALLOW = 0x80000000, 0x00050000, 0x7FFF0000

    def __init__(self) -> None:
        column, audit = _architecture()
        self.program: list[tuple[int, int, int, int]] = []
        self._add(self._LOAD, 4)
        self._add(self._EQUAL, audit, 1, 0)
        self._add(self._RETURN, self._KILL)
        self._add(self._LOAD, 0)
        if column == 0:  # the x32 ABI shares x86_64's audit code
            self._add(self._AT_LEAST, 0x40000000, 0, 1)
            self._add(self._RETURN, self._KILL)

    def _add(self, code: int, value: int, yes: int = 0, no: int = 0) -> None:
        self.program.append((code, yes, no, value))

    def refuse(self, names: Iterable[str], code: int) -> None:
        """Answer these calls with an errno; 0 says done and does nothing."""
        for number in filter(None, map(_number, names)):
            self._add(self._EQUAL, number, 0, 1)
            self._add(self._RETURN, self._ERRNO | code)

    def refuse_if(self, name: str, place: int, mask: int, value: int, equal: bool = True) -> None:
        """Refuse a call whose argument at that place, masked, equals (or does not) the value."""
        number = _number(name)
        if number is None:
            return
        self._add(self._EQUAL, number, 0, 5)
        self._add(self._LOAD, 16 + 8 * place)  # its lower half: both machines are little-endian
        self._add(self._AND, mask)
        self._add(self._EQUAL, value, int(not equal), int(equal))
        self._add(self._RETURN, self._ERRNO | _EACCES)
        self._add(self._LOAD, 0)

    def load(self) -> None:
        """Put the filter on this process and all that it will start; no_new_privs is set."""
        self._add(self._RETURN, self._ALLOW)
        code = b"".join(struct.pack("=HBBI", *each) for each in self.program)
        kept = ctypes.create_string_buffer(code, len(code))
        fields = struct.pack("@HP", len(self.program), ctypes.addressof(kept))
        program = ctypes.create_string_buffer(fields, len(fields))
        _prctl(_PR_SET_SECCOMP, 2, ctypes.addressof(program))


def _load_filter(mode: Mode) -> None:
    filter_ = _Filter()
    filter_.refuse(_REFUSED, _EPERM)
    filter_.refuse(_UNKNOWN, _ENOSYS)
    filter_.refuse_if("clone", 0, _NEW_NAMESPACES, 0, equal=False)
    filter_.refuse_if("ioctl", 1, _ANY, _TIOCSTI)
    filter_.refuse_if("ioctl", 1, _ANY, _TIOCLINUX)
    filter_.refuse_if("prlimit64", 0, _ANY, 0, equal=False)
    filter_.refuse_if("socketpair", 0, _ANY, socket.AF_UNIX, equal=False)
    if mode is Mode.namespaces:
        filter_.refuse_if("socket", 0, _ANY, socket.AF_UNIX, equal=False)
    else:
        # no path and no address of this machine's own sockets: connected pairs only
        filter_.refuse(_REFUSED_OUTSIDE_NAMESPACES, _EPERM)
        filter_.refuse(_PRETENDED, 0)
        filter_.refuse_if("socketpair", 1, _SOCKET_KIND, _DATAGRAM)
        filter_.refuse_if("socketpair", 1, _SOCKET_KIND, _RAW)
        filter_.refuse_if("prctl", 0, _ANY, _PR_SET_PDEATHSIG)
    if mode is Mode.landlock and _landlock_abi() < 3:  # its rules do not cover truncation
        filter_.refuse(["truncate"], _EACCES)
        filter_.refuse(["openat2"], _ENOSYS)
        for name, place in (("open", 1), ("openat", 2)):
            filter_.refuse_if(name, place, os.O_ACCMODE | os.O_TRUNC, os.O_RDONLY | os.O_TRUNC)
    filter_.load()


# ---------------------------------------------------------------- privileges and limits


def _status(field: str) -> str:
    with open("/proc/self/status") as lines:
        return next(line.split(":", 1)[1].strip() for line in lines if line.startswith(field + ":"))


def _capable(capability: int) -> bool:
    return bool(int(_status("CapEff"), 16) >> capability & 1)


def _drop_privileges(uid: int | None, kept: int = 0) -> None:
    """Become `uid` for good, without capabilities but those of the mask `kept`."""
    if _capable(_CAP_SETPCAP):
        for capability in range(int(Path("/proc/sys/kernel/cap_last_cap").read_text()) + 1):
            if not kept >> capability & 1:
                _prctl(_PR_CAPBSET_DROP, capability)
    if uid is not None:
        _prctl(_PR_SET_KEEPCAPS, int(kept != 0))
        os.setgroups([])
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)
    header = struct.pack("=Ii", 0x20080522, 0)
    _syscall("capset", header, struct.pack("=6I", kept, kept, kept, 0, 0, 0))
    for capability in range(kept.bit_length()):
        if kept >> capability & 1:
            _prctl(_PR_CAP_AMBIENT, 2, capability)
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)
    held = {_status(name) for name in ("CapInh", "CapPrm", "CapEff", "CapAmb")}
    if any(int(each, 16) != kept for each in held) or 0 in os.getresuid():
        raise SandboxError(f"privileges remain: {sorted(held)}, uids {os.getresuid()}")


def _tasks_of(uid: int) -> int:
    """Processes and threads that a user already runs: RLIMIT_NPROC counts them too."""
    tasks = 0
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if folder.stat().st_uid == uid:
                tasks += len(os.listdir(folder / "task"))
    return tasks


def _set_limits(confinement: Confinement, tasks: int) -> None:
    """`tasks`: how many the kernel already counts for this user."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    limits = {
        resource.RLIMIT_AS: pages * resource.getpagesize() + confinement.memory_bytes,
        resource.RLIMIT_NPROC: confinement.processes + tasks,
        resource.RLIMIT_FSIZE: confinement.file_bytes,
        resource.RLIMIT_NOFILE: confinement.open_files,
        resource.RLIMIT_CPU: confinement.seconds,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_MEMLOCK: 0,
        resource.RLIMIT_MSGQUEUE: 0,
    }
    for name, value in limits.items():
        _, hard = resource.getrlimit(name)
        if hard != resource.RLIM_INFINITY:
            value = min(value, hard)
        resource.setrlimit(name, (value, value))


def _close_descriptors(kept: Iterable[int]) -> None:
    """Close all but these; 0 to 2 become /dev/null. No folder may be kept: it opens a way out."""
    kept = set(kept)
    for descriptor in kept:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise SandboxError("a folder's descriptor cannot be kept")
    null = os.open("/dev/null", os.O_RDWR)
    for descriptor in range(3):
        os.dup2(null, descriptor)
    for descriptor in map(int, os.listdir("/proc/self/fd")):
        if descriptor > 2 and descriptor not in kept:
            with contextlib.suppress(OSError):
                os.close(descriptor)


def _forget_environment() -> dict[str, str]:
    """Empty the environment, also the strings that /proc/self/environ shows; give the harmless."""
    kept = {name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ}
    for name in list(os.environ):
        del os.environ[name]
    _libc().clearenv()
    fields = Path("/proc/self/stat").read_text().rpartition(")")[2].split()
    start, end = int(fields[47]), int(fields[48])
    if 0 < start < end:
        ctypes.memset(start, 0, end - start)
    return kept


def _set_environment(kept: dict[str, str], private: Path) -> None:
    """A minimal environment around the private folder, whose `work` becomes the directory."""
    folders = dict.fromkeys((str(Path(sys.executable).parent), f"{sys.prefix}/bin"))
    os.environ.update(
        kept
        | {f"{name}_NUM_THREADS": "1" for name in _ONE_THREAD}
        | {
            "HOME": str(private / "home"),
            "LANG": "C.UTF-8",
            "PATH": ":".join([*folders, "/usr/local/bin", "/usr/bin", "/bin"]),
            "PYTHONDONTWRITEBYTECODE": "1",
            "TMPDIR": str(private / "tmp"),
            "USER": "student",
        }
    )
    if site.ENABLE_USER_SITE:
        os.environ["PYTHONUSERBASE"] = site.getuserbase()
    tempfile.tempdir = None
    os.chdir(private / "work")


# ---------------------------------------------------------------- what may be read


def _wanted() -> Iterator[Path]:
    """All that Python, its packages and its subprocesses need, where they look for it."""
    prefixes = [sys.prefix, sys.base_prefix, sys.exec_prefix, sys.base_exec_prefix]
    for prefix in dict.fromkeys(map(Path, [*prefixes, "/usr", "/usr/local"])):
        yield from (prefix / part for part in _PREFIX_PARTS)
    yield from (Path("/", part) for part in ("bin", "lib", "lib32", "lib64", "sbin"))
    yield from (Path("/etc", part) for part in _ETC)
    if site.ENABLE_USER_SITE:
        yield Path(site.getusersitepackages())
    for name in _PACKAGES:
        spec = importlib.util.find_spec(name)
        yield from map(Path, spec.submodule_search_locations or () if spec else ())
    link = Path(sys.executable)
    while link.is_symlink():
        link = link.parent / link.readlink()
        yield link


@functools.cache
def readable() -> dict[Path, Path]:
    """What a confined process may read: where, and what really lies there.

    A path below another one is left out. Call it once before forking: it takes milliseconds.
    """
    places: dict[Path, Path] = {}
    for path in _wanted():
        if not path.exists():
            continue
        paths = [path]
        if (path.parent / _HIDDEN).is_dir() and path.name == "share":
            paths = [child for child in path.iterdir() if child.name != Path(_HIDDEN).name]
        for each in paths:
            real = each.resolve()
            places[Path(os.path.normpath(each))] = places[real] = real
    return {
        place: real
        for place, real in sorted(places.items())
        if not any(
            above in places and (places[above] / place.relative_to(above)).resolve() == real
            for above in place.parents
        )
    }


def _others_may_read(path: Path) -> bool:
    """May any user whatsoever reach and read it?"""
    real = path.resolve()
    return bool(real.stat().st_mode & stat.S_IROTH) and all(
        above.stat().st_mode & stat.S_IXOTH for above in real.parents
    )


def _reachable() -> bool:
    """Can an unprivileged user run this interpreter (which may lie below root's home)?"""
    return all(map(_others_may_read, (Path(sys.executable), Path(os.__file__))))


def regular_files(folder: Path) -> Iterator[tuple[Path, Path]]:
    """Regular files below a folder, with their relative path; links are not followed."""

    def stop(problem: OSError) -> None:
        raise problem

    for root, folders, names in os.walk(folder, onerror=stop):
        folders.sort()
        for name in sorted(names):
            path = Path(root, name)
            if stat.S_ISREG(path.lstat().st_mode):
                yield path, path.relative_to(folder)


def _make_private(private: Path, uid: int | None) -> None:
    for name in ("home", "tmp", "work"):
        _make_folder(private / name, uid)


def _make_folder(path: Path, uid: int | None) -> None:
    path.mkdir(mode=0o700, exist_ok=True)
    if uid is not None:
        os.chown(path, uid, uid)


def _parents_of(path: Path, below: Path, uid: int | None) -> None:
    """Make the folders between `below` and a file, writable for the student."""
    for above in reversed(path.relative_to(below).parents[:-1]):
        _make_folder(below / above, uid)


def _write(target: Path, content: bytes, uid: int | None) -> None:
    """Lay a file that the student may change: the cells that wrote it will run again."""
    target.write_bytes(content)
    target.chmod(0o644)
    if uid is not None:
        os.chown(target, uid, uid)


# ---------------------------------------------------------------- namespaces

_NEWNS, _NEWUTS, _NEWIPC, _NEWUSER, _NEWPID, _NEWNET = (
    0x00020000,
    0x04000000,
    0x08000000,
    0x10000000,
    0x20000000,
    0x40000000,
)
_ALL_NAMESPACES = _NEWNS | _NEWUTS | _NEWIPC | _NEWPID | _NEWNET
_MS_NOSUID, _MS_NODEV, _MS_NOEXEC, _MS_REC = 2, 4, 8, 0x4000
_MS_BIND, _MS_PRIVATE = 0x1000, 0x40000
_ATTR_RDONLY, _ATTR_NOSUID, _ATTR_NODEV, _ATTR_NOEXEC = 1, 2, 4, 8
_AT_FDCWD, _AT_EMPTY_PATH, _AT_RECURSIVE, _MNT_DETACH = -100, 0x1000, 0x8000, 2
_OPEN_TREE_CLONE = 1
_NEW_ROOT = Path("/tmp")
_PRIVATE = Path("/private")


class _Tree:
    """A copy of a mount, not yet attached anywhere, read-only."""

    def __init__(self, source: Path, attributes: int = _ATTR_NODEV) -> None:
        self.is_folder = source.is_dir()
        flags = _OPEN_TREE_CLONE | os.O_CLOEXEC | _AT_RECURSIVE
        self.descriptor = _syscall("open_tree", _AT_FDCWD, source, flags)
        _set_mount(self.descriptor, _ATTR_RDONLY | _ATTR_NOSUID | attributes)

    def attach(self, target: Path) -> None:
        target.parent.mkdir(parents=True, exist_ok=True)
        if self.is_folder:
            target.mkdir(exist_ok=True)
        else:
            target.touch()
        _syscall("move_mount", self.descriptor, "", _AT_FDCWD, target, 4)
        os.close(self.descriptor)


def _set_mount(descriptor: int, attributes: int, clear: int = 0) -> None:
    flags = _AT_EMPTY_PATH | _AT_RECURSIVE
    fields = struct.pack("=4Q", attributes, clear, 0, 0)
    _syscall("mount_setattr", descriptor, "", flags, fields, len(fields))


def _seal_mount(path: Path, attributes: int) -> None:
    """Make the mount at a path read-only."""
    descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
    fields = struct.pack("=4Q", _ATTR_RDONLY | attributes, 0, 0, 0)
    _syscall("mount_setattr", descriptor, "", _AT_EMPTY_PATH, fields, len(fields))
    os.close(descriptor)


def _mount(kind: str, target: Path, options: str = "", flags: int = _MS_NOSUID | _MS_NODEV) -> None:
    target.mkdir(parents=True, exist_ok=True)
    _syscall("mount", kind, target, kind, flags, options.encode())


def _build_root(confinement: Confinement) -> None:
    """A new root that holds what `readable` lists, the student's files and private space."""
    uid, root = confinement.uid, _NEW_ROOT
    _syscall("mount", "none", Path("/"), None, _MS_REC | _MS_PRIVATE, None)
    trees = [(_Tree(source), place) for place, source in readable().items()]
    trees += [(_Tree(Path(each), _ATTR_NOEXEC), Path(each)) for each in _DEVICES]
    files = [(path.read_bytes(), place) for path, place in regular_files(confinement.files)]
    _mount("tmpfs", root, "size=1m,mode=0755")
    space = f"size={confinement.disk_bytes},nr_inodes=16384,mode=0700"
    _mount("tmpfs", root / "private", space + f",uid={_id(uid)},gid={_id(uid)}")
    work = root / "private/work"
    _make_private(root / "private", uid)
    _make_folder(root / "private/shm", uid)
    for target, name in ((root / "tmp", "tmp"), (root / "dev/shm", "shm")):
        target.mkdir(parents=True)
        _syscall("mount", root / "private" / name, target, None, _MS_BIND, None)
    for tree, place in trees:
        tree.attach(root / place.relative_to("/"))
    for content, place in files:
        _parents_of(work / place, work, uid)
        _write(work / place, content, uid)
    os.symlink("/proc/self/fd", root / "dev/fd")
    os.chdir(root)
    os.mkdir("old")
    _syscall("pivot_root", ".", "old")
    os.chdir("/")


def _id(uid: int | None) -> int:
    return os.getuid() if uid is None else uid


def _close_root(own_users: bool) -> None:
    """As a process of the new namespaces: mount their /proc, close what leads outside."""
    proc = Path("/proc")
    _mount("proc", proc, "", _MS_NOSUID | _MS_NODEV | _MS_NOEXEC)
    if own_users:  # these are the new user namespace's own
        for limit in proc.glob("sys/user/max_*_namespaces"):
            limit.write_text("0")
    # whatever happens to run out of memory, this goes first
    Path(proc, "self/oom_score_adj").write_text("1000")
    _mount("tmpfs", proc / "1", "size=4k,mode=0555")
    _seal_mount(proc, 0)
    # only now: without a /proc in sight the kernel mounts none for an ordinary user
    _syscall("umount2", "/old", _MNT_DETACH)
    os.rmdir("/old")
    _seal_mount(Path("/"), _ATTR_NOSUID | _ATTR_NODEV)


def _own_user_namespace(uid: int, gid: int) -> None:
    # forked from a zygote that is not dumpable: its own /proc would be root's
    _prctl(_PR_SET_DUMPABLE, 1)
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{uid} {uid} 1")
    Path("/proc/self/gid_map").write_text(f"{gid} {gid} 1")


def _enter_namespaces(confinement: Confinement, kept: list[int], variables: dict[str, str]) -> None:
    """Return in the student's process only; the calling process supervises it and exits."""
    own_users = not _capable(_CAP_SYS_ADMIN)
    if own_users and confinement.uid is not None:
        _drop_privileges(confinement.uid)
        confinement = _without_uid(confinement)
        _prctl(_PR_SET_DUMPABLE, 1)
    users = (os.getuid(), os.getgid())
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    _syscall("unshare", _ALL_NAMESPACES | (_NEWUSER if own_users else 0))
    if own_users:
        _own_user_namespace(*users)
    socket.sethostname("sandbox")
    _build_root(confinement)
    init, life = _spawn_init(kept)
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    # forks of a large process are what all this costs: there is only this one
    student = os.fork()
    if student:
        theirs.close()
        _supervise(student, init, ours, kept)
    try:
        os.close(life)
        ours.close()
        os.setsid()
        _close_root(own_users)
        _drop_privileges(confinement.uid)
        _prctl(_PR_SET_DUMPABLE, 1)  # it is forgotten when the user changes
        _set_limits(confinement, tasks=2 if own_users else 0)
        _set_environment(variables, _PRIVATE)
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        _load_filter(Mode.namespaces)
        theirs.send(b"ok")
        theirs.close()
    except BaseException as problem:
        with contextlib.suppress(OSError):
            theirs.send(f"{problem}".encode()[:4000])
        os._exit(1)


def _spawn_init(kept: list[int]) -> tuple[int, int]:
    """Start process 1, within the new root; give its number and the pipe that it lives by.

    It is `cat`: it waits for the supervisor to die, and the kernel then ends all inside. Ignored
    in a process 1, SIGCHLD reaps orphans; no signal from inside reaches it.
    """
    cat = shutil.which("cat", path="/usr/bin:/bin:/usr/local/bin")
    if cat is None:
        raise SandboxError("there is no `cat` in /usr/bin to be process 1")
    end, life = os.pipe()
    before = signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    actions = [(os.POSIX_SPAWN_DUP2, end, 0), *((os.POSIX_SPAWN_CLOSE, each) for each in kept)]
    try:
        init = os.posix_spawn(cat, [cat], {}, file_actions=actions, setsigmask=[])
    finally:
        signal.signal(signal.SIGCHLD, before)
        os.close(end)
    return init, life


def _without_uid(confinement: Confinement) -> Confinement:
    fields = {name: getattr(confinement, name) for name in confinement.__dataclass_fields__}
    return Confinement(**fields | {"uid": None})


def _default_signals() -> None:
    for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
        with contextlib.suppress(OSError):
            signal.signal(number, signal.SIG_DFL)


def _exit_status(status: int) -> int:
    """As a shell says it: 128 and the signal for what a signal ended."""
    code = os.waitstatus_to_exitcode(status)
    return code if code >= 0 else 128 - code


def _supervise(student: int, init: int, reports: socket.socket, kept: list[int]) -> None:
    """Outside the namespace of processes: pass SIGINT on, and exit as the student did."""
    report = reports.recv(4096)
    if report != b"ok":
        os.kill(init, signal.SIGKILL)
        os.waitpid(student, 0)
        raise SandboxError(report.decode(errors="replace") or "the student's process died")
    _default_signals()
    # a handle, since the number may be another's by then
    handle = os.pidfd_open(student)
    signal.signal(signal.SIGINT, lambda *_: _pass_on(handle))
    signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGINT])
    reports.close()
    for descriptor in kept:
        os.close(descriptor)
    _, status = os.waitpid(student, 0)
    os.kill(init, signal.SIGKILL)
    os.waitpid(init, 0)  # it ends when all inside have ended
    os._exit(_exit_status(status))


def _pass_on(handle: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        signal.pidfd_send_signal(handle, signal.SIGINT)


# ---------------------------------------------------------------- Landlock

_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1, 2, 4, 8
_TRUNCATE, _IOCTL_DEV = 1 << 14, 1 << 15
_ON_FILES = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE | _IOCTL_DEV
_READ = _EXECUTE | _READ_FILE | _READ_DIR
# first ABI version with so many file rights
_FILE_RIGHTS = {1: 13, 2: 14, 3: 15, 5: 16}


@functools.cache
def _landlock_abi() -> int:
    """The kernel's version of Landlock; 0 where there is none."""
    try:
        return _syscall("landlock_create_ruleset", None, 0, 1)
    except OSError:
        return 0


class _Landlock:
    """A ruleset that handles all that this kernel's version can."""

    def __init__(self) -> None:
        abi = _landlock_abi()
        if abi < 1:
            raise SandboxError("this kernel has no Landlock, or it is switched off")
        self.rights = (1 << max(n for since, n in _FILE_RIGHTS.items() if since <= abi)) - 1
        network = 3 if abi >= 4 else 0  # TCP bind and connect
        scoped = 3 if abi >= 6 else 0  # abstract sockets and signals of processes outside
        fields = struct.pack("=3Q", self.rights, network, scoped)
        size = 24 if abi >= 6 else 16 if abi >= 4 else 8
        self.ruleset = _syscall("landlock_create_ruleset", fields[:size], size, 0)

    def allow(self, path: Path, rights: int) -> None:
        try:
            descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
        except FileNotFoundError:
            return
        if not stat.S_ISDIR(os.fstat(descriptor).st_mode):
            rights &= _ON_FILES
        fields = struct.pack("=Qi", rights & self.rights, descriptor)
        _syscall("landlock_add_rule", self.ruleset, 1, fields, 0)
        os.close(descriptor)

    def enforce(self) -> None:
        """For this process and all that it will start; no_new_privs is set."""
        _syscall("landlock_restrict_self", self.ruleset, 0)
        os.close(self.ruleset)


def _landlock_rules(private: Path) -> _Landlock:
    rules = _Landlock()
    rules.allow(private, rules.rights)
    for real in dict.fromkeys(readable().values()):
        rules.allow(real, _READ)
    for device in _DEVICES:
        rules.allow(Path(device), _READ_FILE | _WRITE_FILE)
    # its own entry only: the others' hold command lines
    rules.allow(Path("/proc", str(os.getpid())), _READ_FILE | _READ_DIR)
    for name in ("cpuinfo", "meminfo", "stat", "filesystems", "sys/vm/overcommit_memory"):
        rules.allow(Path("/proc", name), _READ_FILE)
    return rules


def _enter_folder(confinement: Confinement, variables: dict[str, str]) -> Path:
    """Confine this very process, by Landlock or by neither; give its private folder."""
    mode, uid, kept = confinement.mode, confinement.uid, 0
    if uid is not None and not _reachable():
        if mode is not Mode.landlock:
            raise SandboxError(f"only root can reach the interpreter {sys.executable}")
        kept = 1 << _CAP_DAC_READ_SEARCH  # to search folders; what opens, Landlock decides
    private = confinement.scratch or Path(tempfile.mkdtemp(prefix="ecole-sandbox-"))
    private = private.resolve()
    if uid is not None:
        os.chown(private, uid, uid)
    _make_private(private, uid)
    work = private / "work"
    for path, place in regular_files(confinement.files):
        _parents_of(work / place, work, uid)
        _write(work / place, path.read_bytes(), uid)
    rules = _landlock_rules(private) if mode is Mode.landlock else None
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")
    os.setsid()
    _drop_privileges(uid, kept)
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    # what Landlock keeps apart already may stay visible to the grader's own measurements
    _prctl(_PR_SET_DUMPABLE, int(rules is not None))
    _set_limits(confinement, tasks=_tasks_of(os.getuid()) if uid is None else 0)
    _set_environment(variables, private)
    if rules is not None:
        rules.enforce()
    _load_filter(mode)
    return private


# ---------------------------------------------------------------- the doors


def confine(confinement: Confinement, keep_fds: Iterable[int]) -> Path:
    """Confine the calling process, a fresh single-threaded fork that holds no secret.

    In the mode `namespaces` the caller becomes a supervisor that never returns: it exits with
    the student's status (128 + N for a signal N), passes SIGINT on to the student, and when it
    is killed everything inside dies. In the other modes the calling process itself returns,
    and whoever forked it ends what it may leave behind.

    Args:
        confinement: mode and limits.
        keep_fds: the only descriptors that stay open, beside 0 to 2 on /dev/null; no folders.

    Returns:
        The private working directory, already the current one.

    Raises:
        SandboxError: the mode cannot be entered, or not wholly; the process must exit then.
    """
    _architecture()
    if (confinement.uid is None) != (os.geteuid() != 0) or confinement.uid == 0:
        raise SandboxError("root needs an unprivileged uid, and only root can choose one")
    if not confinement.files.is_dir():
        raise SandboxError(f"no folder of files: {confinement.files}")
    kept = sorted(set(keep_fds) - {0, 1, 2})
    collects = gc.isenabled()
    gc.disable()  # a collection would copy the whole of the parent's memory
    try:
        readable()
        _close_descriptors(kept)
        variables = _forget_environment()
        if confinement.mode is Mode.namespaces:
            _enter_namespaces(confinement, kept, variables)
            return _PRIVATE / "work"
        return _enter_folder(confinement, variables) / "work"
    except OSError as problem:
        raise SandboxError(f"{confinement.mode}: {problem.strerror or problem}") from problem
    finally:
        if collects:
            gc.enable()


@functools.cache
def _trial(mode: Mode) -> str:
    """Try a mode in a throw-away process; give what went wrong, or nothing."""
    try:
        _architecture()
    except SandboxError as problem:
        return str(problem)
    command = [sys.executable, "-m", __name__, str(mode)]
    with tempfile.TemporaryDirectory(prefix="ecole-trial-", ignore_cleanup_errors=True) as folder:
        try:
            done = subprocess.run(
                [*command, folder],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=_TRY_SECONDS,
            )
        except (OSError, subprocess.TimeoutExpired) as problem:
            return str(problem)
    if done.returncode == 0 and done.stdout.strip() == "confined":
        return ""
    return (done.stderr.strip().splitlines() or ["it died"])[-1]


def best_mode() -> Mode:
    """The strongest mode that this machine can enter, really tried once.

    The environment variable ECOLE_SANDBOX may name a weaker one.
    """
    allowed = list(Mode)
    asked = os.environ.get("ECOLE_SANDBOX")
    if asked:
        if asked not in allowed:
            raise SandboxError(f"ECOLE_SANDBOX is {asked!r}, not one of: {', '.join(allowed)}")
        allowed = allowed[allowed.index(Mode(asked)) :]
    return next((mode for mode in allowed if mode is Mode.none or not _trial(mode)), Mode.none)


def why_not(mode: Mode) -> str:
    """Why this machine cannot enter a mode; empty when it can."""
    return _trial(mode)


def describe() -> list[tuple[str, str]]:
    """What this machine can do, for `ecole doctor`: pairs of a name and a sentence."""
    lines = [("sandbox", str(best_mode()))]
    for mode in Mode:
        problem = _trial(mode)
        lines.append((f"mode {mode}", f"no: {problem}" if problem else "yes"))
    try:
        _architecture()
    except SandboxError:
        return lines
    abi = _landlock_abi()
    lines.append(("Landlock", f"ABI {abi}" if abi else "no"))
    actions = Path("/proc/sys/kernel/seccomp/actions_avail")
    lines.append(
        ("seccomp", "yes" if actions.exists() and "errno" in actions.read_text() else "no")
    )
    most = Path("/proc/sys/user/max_user_namespaces")
    count = most.read_text().strip() if most.exists() else "0"
    lines.append(("user namespaces", f"at most {count}" if count != "0" else "no"))
    lines.append(("uid", f"{os.geteuid()}" + (" (root)" if os.geteuid() == 0 else "")))
    return lines


def _try(mode: Mode, folder: Path) -> None:
    """Enter a mode and say so through the only descriptor that is kept."""
    say = os.dup(1)
    (folder / "files").mkdir()
    (folder / "private").mkdir(mode=0o700)
    if os.geteuid() == 0:
        folder.chmod(0o711)
    uid = _NOBODY if os.geteuid() == 0 else None
    limits = Confinement(mode, folder / "files", uid, scratch=folder / "private")
    try:
        error = os.dup(2)
        confine(limits, [say, error])
    except SandboxError as problem:
        os.write(error, f"{problem}\n".encode())
        os._exit(1)
    os.write(say, b"confined\n")
    os._exit(0)


if __name__ == "__main__":
    _try(Mode(sys.argv[1]), Path(sys.argv[2]))
