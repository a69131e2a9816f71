"""Where the examiner's time goes: one batch, nothing at the same time, each stage with timers.

`python -m benchmarks.stages COURSE ASSIGNMENT [CPU_STAT]` grades the class and writes its record;
it prints seconds by stage. The timers are put around the package's functions from here: they
and the lack of overlap make the whole slower than `ecole grade`, whose totals are timed apart.
"""

import functools
import json
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from benchmarks.metering import cpu_seconds

Seconds = dict[str, float | None]


@dataclass
class Stage:
    """Totals of one stage: wall and CPU seconds, without those of the stages inside it."""

    calls: int = 0
    wall: float = 0.0
    cpu: float = 0.0


@dataclass
class Clock:
    """Timers of stages that may lie inside one another.

    Attributes:
        cpu_stat: `cpu.stat` of the cgroup that this process runs in; empty: no CPU seconds.
        fixed: stages while the batch is being opened.
        marginal: the other ones.
    """

    cpu_stat: str = ""
    fixed: dict[str, Stage] = field(default_factory=dict)
    marginal: dict[str, Stage] = field(default_factory=dict)
    _inside: list[list[float]] = field(default_factory=list)
    _opening: int = 0

    def now(self) -> tuple[float, float]:
        """Wall and CPU seconds from now on are differences to these."""
        return time.perf_counter(), cpu_seconds(self.cpu_stat) if self.cpu_stat else 0.0

    @contextmanager
    def stage(self, label: str, *, opening: bool = False) -> Iterator[None]:
        """Time a stage; `opening`: all inside it is paid once a batch."""
        self._opening += opening
        totals = self.fixed if self._opening else self.marginal
        stage = totals.setdefault(label, Stage())
        self._inside.append([0.0, 0.0])
        wall, cpu = self.now()
        try:
            yield
        finally:
            spent = [after - before for after, before in zip(self.now(), (wall, cpu), strict=True)]
            inner = self._inside.pop()
            stage.calls += 1
            stage.wall += spent[0] - inner[0]
            stage.cpu += spent[1] - inner[1]
            if self._inside:
                self._inside[-1] = [a + b for a, b in zip(self._inside[-1], spent, strict=True)]
            self._opening -= opening

    def wrap(self, owner: Any, name: str, label: str, *, opening: bool = False) -> None:
        """Time each call of `owner.name` from now on."""
        function: Callable[..., Any] = getattr(owner, name)

        @functools.wraps(function)
        def timed(*args: Any, **kwargs: Any) -> Any:
            with self.stage(label, opening=opening):
                return function(*args, **kwargs)

        setattr(owner, name, timed)


class AtOnce(Executor):
    """An executor that runs what it is given before it returns: stages never overlap."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Run, then return a finished future."""
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future


def main(course: Path, assignment: str, cpu_stat: str) -> dict[str, Any]:
    """Grade with timers, then write the record; seconds by stage (see `_summary`)."""
    clock = Clock(cpu_stat)
    began = time.perf_counter() - (time.time() - psutil.Process().create_time())
    _put_timers(clock)
    from autograder.cli import grade as _command  # noqa: F401  what `ecole grade` imports
    from autograder.examiner.processes import close_zygotes
    from autograder.grading import grade

    wall, cpu = clock.now()
    clock.fixed = {"start, imports": Stage(1, wall - began, cpu), **clock.fixed}
    batch = grade(course, assignment, engine="examiner", executor=AtOnce(), workers=1)
    with clock.stage("end", opening=True):
        close_zygotes()
    wall, cpu = clock.now()
    with clock.stage("record"):
        _write_record(batch, course)
    record = clock.marginal.pop("record")
    graded = len(batch.submissions)
    return {"students": graded, **_summary(clock, wall - began, cpu), "record": _row(record, clock)}


def _put_timers(clock: Clock) -> None:
    import papermill.engines  # noqa: F401  before the engines that it loads

    from autograder.examiner import engine
    from autograder.grading import batch, steps

    clock.wrap(steps.Steps, "__init__", "gradebook, assignment", opening=True)
    clock.wrap(steps.Steps, "prepare", "prepare (read, sanitise)")
    clock.wrap(batch, "execute", "hand over (files, JSON)")
    clock.wrap(engine, "zygote_for", "zygote (imports)")
    clock.wrap(engine.Session, "__init__", "fork the candidate")
    clock.wrap(engine.Session, "_run_candidate", "candidate's cells")
    clock.wrap(engine.Session, "_freeze", "freeze before tests")
    clock.wrap(engine.Session, "_run_examiner", "tests")
    clock.wrap(engine.Session, "close", "end the candidate")
    clock.wrap(steps.Steps, "record", "write the marks")


def _write_record(batch: Any, course: Path) -> None:
    from autograder.reporting import write_record

    write_record(batch, course / "batches")


def _summary(clock: Clock, wall: float, cpu: float) -> dict[str, Any]:
    """Stages of the fixed and of the marginal cost, totals in seconds, and what is in none."""
    stages = [*clock.fixed.values(), *clock.marginal.values()]
    rest = Stage(1, wall - sum(s.wall for s in stages), cpu - sum(s.cpu for s in stages))
    return {
        "fixed": {label: _row(stage, clock) for label, stage in clock.fixed.items()},
        "marginal": {label: _row(stage, clock) for label, stage in clock.marginal.items()},
        "elsewhere": _row(rest, clock),
    }


def _row(stage: Stage, clock: Clock) -> Seconds:
    return {"wall": stage.wall, "cpu": stage.cpu if clock.cpu_stat else None}


if __name__ == "__main__":
    course, assignment, *rest = sys.argv[1:]
    print(json.dumps(main(Path(course).resolve(), assignment, rest[0] if rest else "")))
