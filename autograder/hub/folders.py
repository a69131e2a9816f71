"""Copy a folder that somebody else may be changing, within limits, and put it in place whole.

Nothing here follows a link, opens what is no regular file, or waits for a file: each folder and
file is opened below the descriptor of its parent.
"""

import ctypes
import errno
import os
import secrets
import shutil
import stat
import time
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
"""Errors that mean: no room (a disk, a quota, a limit)."""

DEPTH = 20
"""Folders below one another that a submission may have."""

FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
"""How a folder is opened: never through a link."""

_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_CHUNK = 1 << 20
_TICK_SECONDS = 0.02  # file systems stamp files by the kernel's tick, 10 ms at most
_AT_FDCWD = -100
_RENAME_EXCHANGE = 2

Reason = Literal[
    "changed", "crossing", "link", "name", "no-access", "owner", "special", "too-big", "too-deep",
    "too-large", "too-many",
]  # fmt: skip


class Refused(Exception):
    """A folder that cannot be copied whole."""

    def __init__(self, reason: Reason, path: str = "") -> None:
        self.reason = reason
        self.path = path
        super().__init__(f"{reason}: {shown(path)}")


@dataclass(frozen=True)
class Limits:
    """What a copied folder may hold: bytes of all files, bytes of one, files and folders."""

    all_bytes: int
    file_bytes: int
    entries: int


@dataclass(frozen=True)
class Rules:
    """How a folder is copied.

    `ignored(name, is_folder)` says what is left out silently; `own_names` are names at the top
    that the copy writes itself; `owner` the uid that everything must belong to, if any.
    """

    limits: Limits
    file_mode: int
    folder_mode: int
    ignored: Callable[[str, bool], bool] = lambda name, is_folder: False
    own_names: frozenset[str] = frozenset()
    owner: int | None = None


@dataclass
class Copied:
    """What a copy holds, what was left out (path and reason), when any of it last changed (s)."""

    bytes: int = 0
    entries: int = 0
    changed: float = 0
    left_out: list[tuple[str, Reason]] = field(default_factory=list)


@contextmanager
def opened(path: str | Path, parent: int | None = None) -> Iterator[int]:
    """The descriptor of a folder, closed afterwards; a link is refused (OSError)."""
    descriptor = os.open(path, FOLDER, dir_fd=parent)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def shown(name: str) -> str:
    """A file's name as a terminal or a log may show it, whatever its bytes."""
    text = name.encode("utf-8", "backslashreplace").decode()
    return "".join(c if _harmless(c) else c.encode("unicode_escape").decode() for c in text)


def copy_folder(source: int, target: int, rules: Rules) -> Copied:
    """Copy what lies in the folder `source` (a descriptor) into the empty folder `target`.

    Links, special files, files above the limit and names with control characters are left out.
    All is written to the disk before this returns.

    Raises:
        Refused: over a limit, another's file, unreadable, or changed meanwhile.
        OSError: the target cannot be written.
    """
    copy = _Copy(rules, os.fstat(source).st_dev)
    copy.folder(source, target, "", 0)
    copy.copied.left_out.sort()
    return copy.copied


class _Copy:
    def __init__(self, rules: Rules, device: int) -> None:
        self.rules = rules
        self.device = device
        self.copied = Copied()

    def folder(self, source: int, target: int, path: str, depth: int) -> None:
        if depth > DEPTH:
            raise Refused("too-deep", path)
        self._belongs(os.fstat(source), path)
        with _reading(path), os.scandir(source) as entries:
            names = self._bounded(entries, path)
        for name in names:
            if depth or name not in self.rules.own_names:
                self._entry(source, target, name, f"{path}/{name}" if path else name, depth)
        # only now: a chmod by somebody outside the group would end the group's inheritance
        os.fchmod(target, self.rules.folder_mode)
        flush_folder(target)

    def _bounded(self, entries: Iterator[os.DirEntry[str]], path: str) -> list[str]:
        names = []
        for entry in entries:
            self.copied.entries += 1
            if self.copied.entries > self.rules.limits.entries:
                raise Refused("too-many", path)
            names.append(entry.name)
        return sorted(names)

    def _entry(self, source: int, target: int, name: str, path: str, depth: int) -> None:
        with _reading(path):
            status = os.stat(name, dir_fd=source, follow_symlinks=False)
        kind = stat.S_IFMT(status.st_mode)
        if self.rules.ignored(name, kind == stat.S_IFDIR):
            return
        if not all(map(_harmless, name)):
            self._leave_out(path, "name")
        elif kind == stat.S_IFDIR:
            with _reading(path):
                inner = os.open(name, FOLDER, dir_fd=source)
            try:
                os.mkdir(name, 0o700, dir_fd=target)
                with opened(name, target) as copy:
                    self.folder(inner, copy, path, depth + 1)
            finally:
                os.close(inner)
        elif kind == stat.S_IFREG:
            self._file(source, target, name, path)
        else:
            self._leave_out(path, "link" if kind == stat.S_IFLNK else "special")

    def _file(self, source: int, target: int, name: str, path: str) -> None:
        with _reading(path):
            descriptor = os.open(name, _FILE, dir_fd=source)
        try:
            status = _settled(descriptor)
            if not stat.S_ISREG(status.st_mode):
                return self._leave_out(path, "special")
            self._belongs(status, path)
            if status.st_size > self.rules.limits.file_bytes:
                return self._leave_out(path, "too-big")
            self.copied.bytes += status.st_size
            if self.copied.bytes > self.rules.limits.all_bytes:
                raise Refused("too-large", path)
            with _writing(target, name, self.rules.file_mode) as copy:
                _pour(descriptor, copy, status.st_size, path)
            if _state(os.fstat(descriptor)) != _state(status):
                raise Refused("changed", path)
        finally:
            os.close(descriptor)

    def _belongs(self, status: os.stat_result, path: str) -> None:
        if self.rules.owner is not None and status.st_uid != self.rules.owner:
            raise Refused("owner", path)
        if status.st_dev != self.device:
            raise Refused("crossing", path)
        self.copied.changed = max(self.copied.changed, status.st_ctime)

    def _leave_out(self, path: str, reason: Reason) -> None:
        self.copied.left_out.append((path, reason))


def read_text(folder: int, name: str, most: int) -> str | None:
    """The text of a small regular file; None for anything else, or more than `most` bytes."""
    try:
        descriptor = os.open(name, _FILE, dir_fd=folder)
    except OSError:
        return None
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return None
        data = os.read(descriptor, most + 1)
        return data.decode() if len(data) <= most else None
    except (OSError, UnicodeDecodeError):
        return None
    finally:
        os.close(descriptor)


def write_text(folder: int, name: str, text: str, mode: int) -> None:
    """Write a small new file into a folder, on the disk when this returns."""
    with _writing(folder, name, mode) as descriptor:
        _write(descriptor, text.encode())


@dataclass
class Measure:
    """What lies in a folder: bytes on the disk, files and folders; `whole`: all was counted."""

    bytes: int = 0
    entries: int = 0
    whole: bool = True


def measure(folder: int, most: int) -> Measure:
    """Count what lies below a folder (a descriptor), at most `most` entries of it."""
    found = Measure()
    _measure(folder, most, DEPTH + 4, found)
    return found


def _measure(folder: int, most: int, depth: int, found: Measure) -> None:
    with os.scandir(folder) as entries:
        for entry in entries:
            found.entries += 1
            if found.entries > most:
                found.whole = False
                return
            try:
                status = entry.stat(follow_symlinks=False)
                found.bytes += status.st_blocks * 512
                if not stat.S_ISDIR(status.st_mode):
                    continue
                if not depth:
                    found.whole = False
                    continue
                with opened(entry.name, folder) as inner:
                    _measure(inner, most, depth - 1, found)
            except FileNotFoundError:
                continue
            except OSError:
                found.whole = False


@contextmanager
def making(place: Path, prefix: str) -> Iterator[Path]:
    """An empty folder beside `place`, under a name that no listing shows; gone afterwards."""
    partial = place.parent / f"{prefix}{secrets.token_hex(6)}.partial"
    partial.mkdir(mode=0o700)
    try:
        yield partial
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def remove_leftovers(folder: Path, prefix: str) -> None:
    """Remove what a copy that was killed left behind; the caller holds the folder's lock."""
    for name in os.listdir(folder):
        if name.startswith(prefix) and name.endswith(".partial"):
            shutil.rmtree(folder / name, ignore_errors=True)


def put_in_place(new: Path, place: Path) -> None:
    """Give the folder `new` the name `place` at one stroke; what stood there goes afterwards.

    Where the file system cannot exchange two names, `mend_place` repairs an interrupted one.
    """
    try:
        os.rename(new, place)
    except OSError:
        if not os.path.lexists(place):
            raise
        if _exchange(new, place):
            _remove(new)
        else:
            old = _old(place)
            os.rename(place, old)
            os.rename(new, place)
            _remove(old)
    with opened(place.parent) as parent:
        flush_folder(parent)


def flush_folder(folder: int) -> None:
    """Have a folder's names on the disk; some network file systems know no such request."""
    try:
        os.fsync(folder)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise


def mend_place(place: Path) -> None:
    """Finish what a killed `put_in_place` began."""
    old = _old(place)
    if os.path.lexists(old):
        if os.path.lexists(place):
            _remove(old)
        else:
            os.rename(old, place)


def _old(place: Path) -> Path:
    return place.with_name(f".{place.name}.old")


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()


def _exchange(one: Path, other: Path) -> bool:
    """Exchange two names atomically; False where the system or the file system cannot."""
    rename = getattr(ctypes.CDLL(None), "renameat2", None)
    if rename is None:
        return False
    names = os.fsencode(one), os.fsencode(other)
    return rename(_AT_FDCWD, names[0], _AT_FDCWD, names[1], _RENAME_EXCHANGE) == 0


def _harmless(character: str) -> bool:
    return unicodedata.category(character) not in ("Cc", "Cf", "Cs", "Zl", "Zp")


def _settled(descriptor: int) -> os.stat_result:
    """The status of a file, once a further change would show in its times."""
    status = os.fstat(descriptor)
    if 0 <= time.time() - status.st_ctime < _TICK_SECONDS:
        time.sleep(_TICK_SECONDS)
        status = os.fstat(descriptor)
    return status


def _state(status: os.stat_result) -> tuple[int, int, int]:
    return status.st_size, status.st_mtime_ns, status.st_ctime_ns


@contextmanager
def _reading(path: str) -> Iterator[None]:
    """What fails on the side of the source is the source's fault, not the disk's."""
    try:
        yield
    except FileNotFoundError as error:
        raise Refused("changed", path) from error
    except OSError as error:
        raise Refused("no-access", path) from error


@contextmanager
def _writing(folder: int, name: str, mode: int) -> Iterator[int]:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(name, flags, 0o600, dir_fd=folder)
    try:
        yield descriptor
        os.fchmod(descriptor, mode)  # whatever the umask
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _pour(source: int, target: int, size: int, path: str) -> None:
    """Copy `size` bytes; a source with fewer or more is being changed."""
    left = size
    while left:
        with _reading(path):
            data = os.read(source, min(left, _CHUNK))
        if not data:
            raise Refused("changed", path)
        left -= len(data)
        _write(target, data)


def _write(target: int, data: bytes) -> None:
    while data:
        data = data[os.write(target, data) :]
