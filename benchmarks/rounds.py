"""Run the variants one after the other, round after round, and keep what each took."""

import json
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import median
from typing import Any

from autograder.grading.batch import usable_processors
from benchmarks.classes import Marks, copy_class, make_class, marks_of
from benchmarks.metering import BenchError, Measured, measure, new_group

_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
REPOSITORY = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Plan:
    """How one assignment is measured.

    Attributes:
        rounds: rounds of the examiner and the limit.
        slow_rounds: the first rounds, which have every variant.
        watched: students in the runs that sample memory and stages.
        cells: about how many seconds a notebook's cells take, for the estimate alone.
    """

    name: str
    rounds: int
    slow_rounds: int
    watched: int
    cells: float

    def at_most(self, rounds: int | None) -> "Plan":
        """The same with no more rounds than that."""
        most = rounds or self.rounds
        slow = min(self.slow_rounds, most)
        return replace(self, rounds=min(self.rounds, most), slow_rounds=slow)


@dataclass(frozen=True)
class Variant:
    """One thing that is measured, in a process of its own, on a class of `size`."""

    name: str
    size: str
    slow: bool = False


PLANS = (
    Plan("light", rounds=3, slow_rounds=2, watched=24, cells=0.02),
    Plan("w02-laboratory-export", rounds=2, slow_rounds=1, watched=12, cells=0.4),
    Plan("heavy", rounds=1, slow_rounds=1, watched=6, cells=1.2),
)
VARIANTS = (
    Variant("stock", "small", slow=True),
    Variant("jupyter", "small", slow=True),
    Variant("examiner", "small"),
    Variant("examiner-large", "large"),
    Variant("limit", "small"),
)
# seconds, for the estimate alone: a kernel's start and imports, a batch's, the examiner's own
_KERNEL, _BATCH, _SEALING = 2.4, 4.5, 0.15
# name, engine, workers (stock nbgrader has one), at most so many students: a kernel's memory
# does not depend on how many came before
_WATCHED_RUNS = (
    ("stock", "stock", None, 2),
    ("jupyter-2", "jupyter", 2, 2),
    ("examiner-1", "examiner", 1, 24),
    ("examiner-2", "examiner", 2, 24),
)


@dataclass
class Bench:
    """One assignment at work: its class of `large` students in `folder`, the marks seen so far.

    Attributes:
        until: when no further round may end later, by `time.perf_counter`.
    """

    plan: Plan
    sizes: dict[str, int]
    folder: Path
    say: Callable[[str], None]
    until: float
    sample_memory: bool = True
    marks: Marks = field(default_factory=dict)

    def run(self) -> dict[str, Any]:
        """Everything about this assignment, as plain data for the results file."""
        self.say("preparing the class")
        self.course = make_class(self.folder / "class", self.plan.name, self.sizes["large"])
        # first what is not timed: it leaves files in the system's cache for all alike
        runs = _WATCHED_RUNS if self.sample_memory else ()
        memory = {run[0]: self._watch(*run) for run in runs}
        stages = self._stages()
        return {"rounds": list(self._rounds()), "memory": memory, "stages": stages}

    def _rounds(self) -> Iterator[dict[str, Any]]:
        """The first round, and those that end in time if they are as much slower than estimated."""
        slower = 0.0
        for number in range(self.plan.rounds):
            expected = round_seconds(self.plan, self.sizes, number)
            began = time.perf_counter()
            if began + slower * expected > self.until:
                self.say(f"no time for round {number + 1}")
                return
            yield {variant.name: self._variant(variant) for variant in _order(number, self.plan)}
            slower = (time.perf_counter() - began) / expected

    def _variant(self, variant: Variant) -> dict[str, float]:
        students = self.sizes[variant.size]
        with self._fresh(students) as course:
            if variant.name == "limit":
                return self._limit(course)
            engine = variant.name.removesuffix("-large")
            done = measure(_command(engine, self.plan.name), course, _environment(course))
            self._same_marks(course, variant.name)
        self._tell(variant.name, students, done)
        return {"students": students, "wall": done.wall, "cpu": done.cpu}

    def _limit(self, course: Path) -> dict[str, float]:
        done = self._module("limit", course)
        seconds = json.loads(done.output)
        self._tell("limit", len(seconds["wall"]), done)
        return {
            "students": len(seconds["wall"]),
            "wall": sum(seconds["wall"]),
            "cpu": sum(seconds["cpu"]),
            "median_wall": median(seconds["wall"]),
            "median_cpu": median(seconds["cpu"]),
        }

    def _watch(self, name: str, engine: str, workers: int | None, most: int) -> int | None:
        """Peak of the sum of proportional set sizes, in bytes."""
        students = min(most, self._watched())
        with self._fresh(students) as course:
            command = _command(engine, self.plan.name, workers)
            done = measure(command, course, _environment(course), memory=True)
            self._same_marks(course, name)
        self._tell(f"memory, {name}", students, done)
        return done.peak_bytes

    def _stages(self) -> dict[str, Any]:
        with self._fresh(self._watched()) as course:
            done = self._module("stages", course)
            self._same_marks(course, "stages")
        self._tell("stages, record", self._watched(), done)
        found: dict[str, Any] = json.loads(done.output)
        return found

    def _module(self, name: str, course: Path) -> Measured:
        group = new_group()
        command = [sys.executable, "-m", f"benchmarks.{name}", str(course), self.plan.name]
        environment = _environment(course)
        if name == "limit":
            environment |= dict.fromkeys(_THREADS, "1")  # as in the examiner
        else:
            command.append(group.cpu_stat())
        return measure(command, REPOSITORY, environment, group=group)

    def _watched(self) -> int:
        return min(self.plan.watched, self.sizes["small"])

    @contextmanager
    def _fresh(self, students: int) -> Iterator[Path]:
        """A course directory for one run, never graded before, removed after it."""
        place = self.folder / "run"
        try:
            yield copy_class(self.course, place, students)
        finally:
            shutil.rmtree(place, ignore_errors=True)

    def _same_marks(self, course: Path, variant: str) -> None:
        """Every variant gives a student the same marks, or nothing measured here means anything.

        Raises:
            BenchError: marks differ from those that another variant gave.
        """
        found = marks_of(course)
        differing = {
            key for key, points in found.items() if key in self.marks and self.marks[key] != points
        }
        students = {path.name for path in (course / "submitted").iterdir()}
        missing = students - {student for student, _ in found}
        missing |= _without_mark(found)
        if differing or missing:
            raise BenchError(
                f"{self.plan.name}: {variant} gives other marks than the variants before it: "
                f"{sorted(differing)[:10]}, no marks for {sorted(missing)[:10]}"
            )
        self.marks |= found

    def _tell(self, variant: str, students: int, done: Measured) -> None:
        memory = f", {done.peak_bytes / 1e6:.0f} MB" if done.peak_bytes else ""
        self.say(f"{variant} × {students}: {done.wall:.1f} s, CPU {done.cpu:.1f} s{memory}")


def estimate(plan: Plan, sizes: dict[str, int]) -> float:
    """About how many seconds an assignment takes, all runs together."""
    watched = min(plan.watched, sizes["small"])
    kernels, sealed = 1.5 * min(watched, 2), 2.5 * watched
    watching = kernels * (_KERNEL + plan.cells) + sealed * (_SEALING + plan.cells)
    rounds = sum(round_seconds(plan, sizes, number) for number in range(plan.rounds))
    return 6 * _BATCH + watching + rounds


def round_seconds(plan: Plan, sizes: dict[str, int], number: int) -> float:
    """About how many seconds a round takes."""
    small, cores = sizes["small"], usable_processors()
    kernels, sealed = small + small / cores, (small + sizes["large"]) / cores
    slow = 2 * _BATCH + kernels * (_KERNEL + plan.cells) if number < plan.slow_rounds else 0.0
    return slow + 3 * _BATCH + sealed * (_SEALING + plan.cells) + small * plan.cells


def _without_mark(marks: Marks) -> set[str]:
    """Students without any mark (a question marked by hand has none until a person gives it)."""
    marked = {who for (who, _), points in marks.items() if points is not None}
    return {who for who, _ in marks} - marked


def _order(number: int, plan: Plan) -> Iterator[Variant]:
    """The variants of a round; each round begins with another one."""
    variants = [each for each in VARIANTS if number < plan.slow_rounds or not each.slow]
    turn = number % len(variants)
    yield from variants[turn:] + variants[:turn]


def _command(engine: str, assignment: str, workers: int | None = None) -> list[str]:
    """What a user types in the course directory, without the batch's record."""
    if engine == "stock":
        # a cohort's configuration would have the examiner grade for nbgrader
        stock = "--Autograde.exporter_class=nbconvert.exporters.NotebookExporter"
        return [sys.executable, "-m", "nbgrader", "autograde", assignment, stock]
    command = [sys.executable, "-m", "autograder", "grade", assignment]
    command += ["--engine", engine, "--no-record"]
    return command + (["--workers", str(workers)] if workers else [])


def _environment(course: Path) -> dict[str, str]:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    return os.environ | {"PATH": path, "ECOLE_EXAM_SECRET_FILE": str(course / "exam-secret")}
