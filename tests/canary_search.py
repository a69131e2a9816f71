"""What a student would run who looks for canaries wherever a process can look.

Its text is the first cell of a submission. It knows what a canary looks like, and no canary:
a text of that form that it meets came from somewhere that it could read.
"""

import contextlib
import ctypes
import fcntl
import gc
import json
import linecache
import os
import re
import socket
import stat
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

START, DIGITS = "canary_7f3_", 16
LONGEST = 4 * (len(START) + DIGITS)
CHUNK = 2**20
FILE_BYTES = 64 * 2**20
MEMORY_BYTES = 4 * 2**30
SECONDS = 25
OF_PROCESSES = ("cmdline", "environ", "comm", "status", "maps", "mountinfo", "stat", "net/unix")
# the interpreter, its packages and the system's programs: the same in the sandbox as outside,
# written by whoever installs them, never by a grading; /proc is looked at file by file
PREFIXES = {
    sys.prefix,
    sys.base_prefix,
    sys.exec_prefix,
    sys.base_exec_prefix,
    "/usr",
    "/usr/local",
}
PARTS = ("bin", "include", "lib", "lib32", "lib64", "libexec", "sbin", "share", "src")
SKIPPED = {
    "/proc",
    *(f"/{part}" for part in PARTS),
    *(os.path.join(prefix, part) for prefix in PREFIXES for part in PARTS),
}
# where memory was mapped when the last cell ran: a copy may be refused its own list
MAPS: list[str] = []


def _forms() -> list[tuple[bytes, re.Pattern[bytes]]]:
    """A canary as bytes of one, two and four to a character: how it begins, and all of it."""
    forms = []
    for width in (1, 2, 4):
        zeros = b"\0" * (width - 1)
        start = b"".join(re.escape(bytes([each])) + re.escape(zeros) for each in START.encode())
        digits = b"(?:[0-9a-f]" + re.escape(zeros) + b"){%d}" % DIGITS
        forms.append(
            (START.encode(f"utf-{8 * width}{'-le' * (width > 1)}"), re.compile(start + digits))
        )
    return forms


FORMS = _forms()


def _modules() -> list[Any]:
    return list(sys.modules.values())


class Search:
    """One search; `found` tells by which ways each canary was reached.

    Args:
        tops: folders and files that the student knows of, beside those that it is told of by
            its environment and its descriptors.
        processes: those to look at; None: all, also by guessing their numbers.
        whole: walk from the root of the file system too, and read the memory of any process.
    """

    def __init__(self, tops: Iterable[str], processes: list[int] | None, whole: bool) -> None:
        self.tops = [*(["/"] if whole else []), *tops]
        self.processes = processes
        self.whole = whole
        self.found: dict[str, set[str]] = {}
        self.counts: Counter[str] = Counter()
        self.seen: set[tuple[int, int]] = set()
        self.walked: set[tuple[int, int]] = set()
        self.ends = time.monotonic() + SECONDS

    def run(self) -> dict[str, Any]:
        """Look everywhere; first at what memory that was freed may still hold."""
        ways = (
            self.look_at_memory,
            self.look_at_environment,
            self.look_at_objects,
            self.look_at_history,
            self.look_at_descriptors,
            self.look_at_processes,
            self.look_at_files,
        )
        for look in ways:
            started = time.monotonic()
            look()
            self.counts[f"ms {look.__name__[8:]}"] = int(1000 * (time.monotonic() - started))
        self.counts["late"] = int(time.monotonic() > self.ends)
        found = {canary: sorted(ways) for canary, ways in self.found.items()}
        return {"found": found, "counts": dict(self.counts)}

    def look(self, way: str, data: bytes | str) -> None:
        """Note the canaries in some bytes or text."""
        if isinstance(data, str):
            data = data.encode("utf-8", "surrogatepass")
        self.counts[way] += 1
        for start, form in FORMS:
            place = data.find(start)
            while place >= 0:
                match = form.match(data, place)
                if match:
                    text = match[0].replace(b"\0", b"").decode()
                    self.found.setdefault(text, set()).add(way)
                place = data.find(start, place + 1)

    # what it holds itself

    def look_at_environment(self) -> None:
        for name, value in os.environ.items():
            self.look("environment", f"{name}={value}")

    def look_at_objects(self) -> None:
        """Texts that any object of the interpreter refers to, frames and code included."""
        gc.unfreeze()
        waiting: list[Any] = [*gc.get_objects(), *sys._current_frames().values()]
        frame: Any = sys._getframe()
        while frame:
            waiting += [frame, frame.f_code, frame.f_locals]
            frame = frame.f_back
        known: set[int] = set()
        while waiting:
            self.counts["objects met"] += 1
            for each in gc.get_referents(waiting.pop()):
                kind = type(each)
                if kind in (str, bytes, bytearray):
                    if len(each) >= len(START) + DIGITS:
                        self.look("objects", each)
                elif not gc.is_tracked(each) and id(each) not in known:
                    known.add(id(each))  # code and the like, which refer to texts and to code
                    waiting.append(each)

    def look_at_history(self) -> None:
        texts = [repr(globals().get(name)) for name in ("In", "_ih", "_i", "_ii", "_iii")]
        shell = globals().get("get_ipython", lambda: None)()
        manager = getattr(shell, "history_manager", None)
        texts += [repr(getattr(manager, name, "")) for name in ("input_hist_raw", "output_hist")]
        texts += [repr(linecache.cache), repr(getattr(linecache, "_ipython_cache", ""))]
        texts += [repr(getattr(sys, name, "")) for name in ("argv", "orig_argv", "last_value")]
        for text in texts:
            self.look("history", text)

    def look_at_descriptors(self) -> None:
        """Files that are open, and what waits in sockets."""
        for number in range(1024):
            with contextlib.suppress(OSError):
                kind = os.fstat(number).st_mode
                self.counts["descriptors"] += 1
                if stat.S_ISREG(kind):
                    self.look("descriptors", os.pread(number, FILE_BYTES, 0))
                elif stat.S_ISSOCK(kind):
                    with socket.socket(fileno=os.dup(number)) as mine:
                        self.look(
                            "descriptors", mine.recv(CHUNK, socket.MSG_PEEK | socket.MSG_DONTWAIT)
                        )
                elif stat.S_ISDIR(kind):
                    self.tops.append(f"/proc/self/fd/{number}")

    # processes

    def numbers(self) -> Iterator[int]:
        """Processes to look at; those that /proc does not list may still be there."""
        if self.processes is not None:
            yield from (os.getpid(), *self.processes)
            return
        listed: set[int] = set()
        with contextlib.suppress(OSError):
            listed = {int(name) for name in os.listdir("/proc") if name.isdigit()}
        last = max([os.getpid(), os.getppid(), *listed])
        yield from sorted({*listed, *range(1, 2000), *range(max(1, last - 5000), last + 500)})

    def look_at_processes(self) -> None:
        for number in self.numbers():
            folder = f"/proc/{number}"
            for name in OF_PROCESSES:
                text = self.content(f"{folder}/{name}")
                if text is not None:
                    self.counts[name] += 1
                    self.look("processes", text)
            links = [f"{folder}/cwd", f"{folder}/root", f"{folder}/exe"]
            with contextlib.suppress(OSError):
                links += [f"{folder}/fd/{name}" for name in os.listdir(f"{folder}/fd")]
            for link in links:
                with contextlib.suppress(OSError):
                    self.look("processes", os.readlink(link))
                    if link.endswith(("cwd", "root")) and self.whole:
                        self.tops.append(link)
                    elif "/fd/" in link and stat.S_ISREG(os.stat(link).st_mode):
                        self.look("processes", self.content(link) or b"")

    def content(self, path: str) -> bytes | None:
        """Of a file of /proc, say."""
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        except OSError:
            return None
        found = b""
        with contextlib.suppress(OSError):
            while len(found) < FILE_BYTES and (chunk := os.read(descriptor, CHUNK)):
                found += chunk
        os.close(descriptor)
        return found

    # memory

    def look_at_memory(self) -> None:
        """Its own, and in a sandbox that of any process that it can open."""
        ours = (self.content("/proc/self/maps") or b"").decode().splitlines()
        MAPS[:] = ours or MAPS
        mine = self.opened("/proc/self/mem")
        if mine is None:
            self.through_pipe(MAPS)
        else:
            self.through_file(mine, MAPS)
        for number in self.numbers() if self.whole else ():
            maps = self.content(f"/proc/{number}/maps") if number != os.getpid() else None
            other = self.opened(f"/proc/{number}/mem") if maps else None
            if maps and other is not None:
                self.counts["memory of others"] += 1
                self.through_file(other, maps.decode().splitlines())

    def opened(self, path: str) -> int | None:
        try:
            return os.open(path, os.O_RDONLY)
        except OSError:
            return None

    def ranges(self, maps: list[str]) -> Iterator[tuple[int, int]]:
        """Readable memory; not that of programs and libraries as they lie on the disk."""
        for line in maps:
            addresses, rights, _, device, *_ = line.split()
            start, end = (int(each, 16) for each in addresses.split("-"))
            of_file = device != "00:00" and "w" not in rights
            if "r" in rights and not of_file and "[v" not in line:
                yield start, end

    def through_file(self, memory: int, maps: list[str]) -> None:
        for start, end in self.ranges(maps):
            kept = b""
            for place in range(start, end, CHUNK):
                if self.counts["memory bytes"] > MEMORY_BYTES:
                    break
                try:
                    chunk = os.pread(memory, min(CHUNK, end - place), place)
                except (OSError, OverflowError):
                    break
                self.counts["memory bytes"] += len(chunk)
                self.look("memory", kept + chunk)
                kept = chunk[-LONGEST:]
        os.close(memory)

    def through_pipe(self, maps: list[str]) -> None:
        """The kernel copies from any address to a pipe, or says that nothing is there."""
        libc = ctypes.CDLL(None, use_errno=True)
        libc.write.argtypes = [ctypes.c_int, ctypes.c_void_p, ctypes.c_size_t]
        reading, writing = os.pipe()
        size = fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, 2**19)
        for start, end in self.ranges(maps):
            kept = b""
            for place in range(start, end, size):
                written = libc.write(writing, place, min(size, end - place))
                if written <= 0:
                    break
                chunk = os.read(reading, written)
                self.counts["memory bytes"] += len(chunk)
                self.look("memory", kept + chunk)
                kept = chunk[-LONGEST:]
        os.close(reading)
        os.close(writing)

    # files

    def look_at_files(self) -> None:
        modules = [os.path.dirname(getattr(each, "__file__", "") or "") for each in _modules()]
        values = [os.getcwd(), *sys.path, *os.environ.values(), *modules]
        for value in values if self.whole else ():
            self.tops += [each for each in value.split(os.pathsep) if each.startswith("/")]
        for top in dict.fromkeys(self.tops):
            real = os.path.realpath(top)
            if os.path.isfile(top):
                self.read(top)
            elif not any(real == each or real.startswith(f"{each}/") for each in SKIPPED):
                self.walk(top)

    def walk(self, top: str) -> None:
        for folder, folders, names in os.walk(top):
            with contextlib.suppress(OSError):
                status = os.stat(folder)
                if (status.st_dev, status.st_ino) in self.walked:
                    folders.clear()
                    continue
                self.walked.add((status.st_dev, status.st_ino))
            self.counts["folders"] += 1
            real = os.path.realpath(folder)
            folders[:] = [name for name in folders if os.path.join(real, name) not in SKIPPED]
            for name in names:
                if time.monotonic() > self.ends:
                    return
                self.look("files", name)
                self.read(os.path.join(folder, name))

    def read(self, path: str) -> None:
        """A regular file, once; a link to one counts."""
        with contextlib.suppress(OSError):
            status = os.stat(path)
            if not stat.S_ISREG(status.st_mode) or (status.st_dev, status.st_ino) in self.seen:
                return
            self.seen.add((status.st_dev, status.st_ino))
            descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
            self.counts["files read"] += 1
            kept, left = b"", FILE_BYTES
            with contextlib.suppress(OSError):
                while left > 0 and (chunk := os.read(descriptor, CHUNK)):
                    self.look("files", kept + chunk)
                    kept, left = chunk[-LONGEST:], left - len(chunk)
            os.close(descriptor)


def told(tops: Iterable[str], processes: list[int] | None, whole: bool) -> str:
    """Everything that a search found, as JSON."""
    return json.dumps(Search(tops, processes, whole).run())
