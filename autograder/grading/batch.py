"""Grade a batch: nbgrader's sanitising, papermill's execution in workers, one writer."""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ThreadPoolExecutor, wait
from contextlib import nullcontext
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from platform import python_version
from time import perf_counter

from autograder.grading.cohort import nbgrader_log
from autograder.grading.course import Course, open_course
from autograder.grading.execution import Executed, default_engine, execute
from autograder.grading.gradebook import BatchGradebook
from autograder.grading.results import Batch, SubmissionResult
from autograder.grading.steps import Prepared, Steps, raise_if_disk_full

_VERSIONED = ("ecole-ia-sante", "nbgrader", "papermill", "nbclient", "ipykernel", "pandas", "numpy")


def grade(
    course: Course | Path | str,
    assignment: str,
    *,
    engine: str | None = None,
    executor: Executor | None = None,
    workers: int | None = None,
    students: Iterable[str] = (),
    force: bool = False,
    on_result: Callable[[SubmissionResult, int, int], None] | None = None,
) -> Batch:
    """Grade every submission of an assignment; each ends with a state, none stops the others.

    Args:
        course: an nbgrader course directory (any, not only a cohort of this course).
        assignment: its name; it must have been released there.
        engine: papermill engine that executes; it must leave `metadata.ecole.execution`.
            By default the sealed `examiner` on Linux, `jupyter` elsewhere.
        executor: where submissions run (`distributed.Client(...).get_executor()`, say);
            by default `workers` threads of this process, each waiting on a process.
        workers: how many at once by default; the number of usable processors.
        students: only these; by default all who submitted, and all whom the gradebook knows.
        force: grade again what has not changed since it was graded.
        on_result: called in this process after each submission: result, number done, total.

    Returns:
        the batch, submissions sorted by student.

    Raises:
        EcoleError: the assignment is not released, the gradebook stays locked, the disk is
            full. What was graded before is recorded; running again continues.
    """
    course = course if isinstance(course, Course) else open_course(course)
    started, clock = datetime.now(UTC), perf_counter()
    workers = workers or usable_processors()
    engine = engine or default_engine()
    with course.lock(), nbgrader_log(), Steps(course, assignment, engine) as steps:
        chosen = list(students) or _everyone(course, steps.gradebook, assignment)
        results: list[SubmissionResult] = []
        pool = nullcontext(executor) if executor else ThreadPoolExecutor(workers, "ecole")
        with pool as running:
            for result in _stream(steps, running, chosen, force, 2 * workers):
                results.append(result)
                if on_result:
                    on_result(result, len(results), len(chosen))
        return Batch(
            assignment=assignment,
            course=course.name,
            lang=course.cohort.lang,
            started=started,
            seconds=perf_counter() - clock,
            engine=steps.engine,
            workers=workers,
            limits=steps.limits,
            exam_secret_sha256=steps.secret_digest,
            versions=_versions(),
            submissions=sorted(results, key=lambda result: result.student),
        )


def usable_processors() -> int:
    """Processors that this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # macOS
        return os.cpu_count() or 1


def _everyone(course: Course, gradebook: BatchGradebook, assignment: str) -> list[str]:
    enrolled = {student.id for student in gradebook.students}
    return sorted(enrolled.union(course.submitted_students(assignment)))


def _stream(
    steps: Steps, executor: Executor, students: list[str], force: bool, window: int
) -> Iterator[SubmissionResult]:
    """Prepare, execute and record, with at most `window` submissions in flight."""
    waiting = deque(students)
    flying: dict[Future[Executed], Prepared] = {}
    try:
        while waiting or flying:
            while waiting and len(flying) < window:
                prepared = steps.prepare(waiting.popleft(), force)
                if isinstance(prepared, SubmissionResult):
                    yield prepared
                else:
                    flying[executor.submit(execute, prepared.job)] = prepared
            for future in wait(flying, return_when=FIRST_COMPLETED).done:
                yield steps.record(flying.pop(future), _outcome(future))
    finally:
        for future in flying:
            future.cancel()


def _outcome(future: Future[Executed]) -> Executed:
    try:
        return future.result()
    except OSError as error:
        raise_if_disk_full(error)
        return Executed({}, 0.0, failure=str(error)[:500])
    except Exception as error:  # a worker lost with its machine, say: this submission alone fails
        return Executed({}, 0.0, failure=f"{type(error).__name__}: {error}"[:500])


def _versions() -> dict[str, str]:
    found = {"python": python_version()}
    for name in _VERSIONED:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "not installed"
    return found
