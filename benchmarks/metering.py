"""Wall seconds, CPU seconds and memory of a command and of all that it starts (Linux).

A cgroup v2 of its own counts every process of a command, whoever its parent became and however
it was reaped. Where none can be made, what was waited for is counted (`ProcessTree`).
"""

import contextlib
import ctypes
import itertools
import os
import re
import resource
import subprocess
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import psutil

SAMPLE_SECONDS = 0.2
_END_SECONDS = 10.0
_PR_SET_CHILD_SUBREAPER = 36
_PSS = re.compile(r"^Pss:\s+(\d+) kB", re.MULTILINE)
_numbers = itertools.count(1)


class BenchError(RuntimeError):
    """A measure that cannot be trusted: a command failed, or marks differ."""


@dataclass(frozen=True)
class Measured:
    """What a command took.

    Attributes:
        wall: seconds from its start to its end.
        cpu: user and system seconds of it and of all that it started.
        peak_bytes: greatest sum of proportional set sizes, where memory was sampled.
        output: what it wrote to its standard output.
    """

    wall: float
    cpu: float
    peak_bytes: int | None
    output: str


class ControlGroup:
    """The processes of one command in a cgroup v2 made for it."""

    source = "cgroup"

    def __init__(self) -> None:
        parent = _own_cgroup()
        if parent is None:
            raise OSError("no cgroup v2 is mounted")
        self.folder = parent / f"ecole-bench-{os.getpid()}-{next(_numbers)}"
        self.folder.mkdir()

    def entering(self, command: Sequence[str]) -> list[str]:
        """The command, begun by a shell that enters the group first."""
        return [*self._enter(), *command]

    def cpu_stat(self) -> str:
        """The file that counts the group's CPU microseconds (see `cpu_seconds`)."""
        return str(self.folder / "cpu.stat")

    def pids(self) -> list[int]:
        """Processes now in the group."""
        return [int(line) for line in (self.folder / "cgroup.procs").read_text().split()]

    def close(self) -> float:
        """Wait for the last process, remove the group, return its CPU seconds."""
        deadline = time.monotonic() + _END_SECONDS
        while self.pids() and time.monotonic() < deadline:
            time.sleep(0.01)
        seconds = cpu_seconds(self.cpu_stat())
        for pid in self.pids():
            with contextlib.suppress(psutil.NoSuchProcess):
                psutil.Process(pid).kill()
        while time.monotonic() < deadline + _END_SECONDS:
            with contextlib.suppress(OSError):
                self.folder.rmdir()
                break
            time.sleep(0.01)
        return seconds

    def works(self) -> bool:
        """Can a process enter the group here?"""
        return subprocess.run(self.entering(["true"]), capture_output=True).returncode == 0

    def _enter(self) -> list[str]:
        return ["/bin/sh", "-c", 'echo 0 > "$0" && exec "$@"', str(self.folder / "cgroup.procs")]


class ProcessTree:
    """The processes of one command below this process, which adopts orphans.

    Processes that the kernel reaps by itself (a parent that ignores SIGCHLD) are not counted.
    """

    source = "rusage"

    def __init__(self) -> None:
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        self._before = _children_seconds()

    def entering(self, command: Sequence[str]) -> list[str]:
        """The command itself."""
        return list(command)

    def cpu_stat(self) -> str:
        """No file counts them."""
        return ""

    def pids(self) -> list[int]:
        """All processes below this one: one command runs at a time."""
        return [each.pid for each in psutil.Process().children(recursive=True)]

    def close(self) -> float:
        """Wait for orphans, return the CPU seconds of all that ended."""
        deadline = time.monotonic() + _END_SECONDS
        with contextlib.suppress(ChildProcessError):
            while time.monotonic() < deadline:
                if os.waitpid(-1, os.WNOHANG)[0] == 0:
                    time.sleep(0.01)
        return _children_seconds() - self._before


def new_group() -> ControlGroup | ProcessTree:
    """The best way of counting that this machine allows."""
    with contextlib.suppress(OSError):
        group = ControlGroup()
        if group.works():
            return group
        group.close()
    return ProcessTree()


def measure(
    command: Sequence[str],
    folder: Path,
    environment: dict[str, str] | None = None,
    *,
    group: ControlGroup | ProcessTree | None = None,
    memory: bool = False,
) -> Measured:
    """Run a command to its end in `folder` and count what it took.

    Args:
        memory: also sample its memory, every `SAMPLE_SECONDS` (which costs CPU).

    Raises:
        BenchError: it failed; the end of what it wrote is in the message.
    """
    group = group or new_group()
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as errors:
        started = time.perf_counter()
        process = subprocess.Popen(
            group.entering(command),
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=errors,
        )
        try:
            peak = _peak_bytes(process, group) if memory else None
            status = process.wait()
            wall = time.perf_counter() - started
        finally:
            process.kill()
            cpu = group.close()
        if status != 0:
            said = _text(out)[-1000:] + _text(errors)[-2000:]
            raise BenchError(f"{' '.join(command)}: exit status {status}\n{said}")
        return Measured(wall, cpu, peak, _text(out))


def cpu_seconds(cpu_stat: str) -> float:
    """CPU seconds that a cgroup's `cpu.stat` counts."""
    lines = Path(cpu_stat).read_text().splitlines()
    used = next(line for line in lines if line.startswith("usage_usec"))
    return int(used.split()[1]) / 1e6


def proportional_bytes(pids: Sequence[int]) -> int:
    """Sum of the processes' proportional set sizes: a shared page counts once in all."""
    total = 0
    for pid in pids:
        with contextlib.suppress(OSError):  # it has ended
            found = _PSS.search(Path(f"/proc/{pid}/smaps_rollup").read_text())
            total += 1024 * int(found[1]) if found else 0
    return total


def _peak_bytes(process: subprocess.Popen[bytes], group: ControlGroup | ProcessTree) -> int:
    peak = 0
    while process.poll() is None:
        peak = max(peak, proportional_bytes(group.pids()))
        time.sleep(SAMPLE_SECONDS)
    return peak


def _own_cgroup() -> Path | None:
    """The folder of this process's cgroup v2, where one is mounted."""
    mounts = [line.split() for line in Path("/proc/mounts").read_text().splitlines()]
    mounted = next((fields[1] for fields in mounts if fields[2] == "cgroup2"), None)
    places = Path("/proc/self/cgroup").read_text().splitlines()
    place = next((line[3:] for line in places if line.startswith("0::")), None)
    return Path(mounted, place.lstrip("/")) if mounted and place else None


def _children_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _text(file: IO[str]) -> str:
    file.seek(0)
    return file.read()
