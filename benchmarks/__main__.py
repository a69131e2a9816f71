"""`python -m benchmarks`: measure, write results.json, write the tables of BENCHMARKS.md."""

import json
import os
import platform
import sys
import tempfile
import time
from datetime import date
from importlib.metadata import version
from itertools import accumulate
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape

from autograder.grading.batch import usable_processors
from benchmarks.metering import BenchError, new_group
from benchmarks.rounds import PLANS, Bench, Plan, estimate
from benchmarks.tables import check_page, write_tables

HERE = Path(__file__).resolve().parent
console = Console()


def main(
    assignments: Annotated[
        list[str] | None, typer.Option(help="Only this assignment (repeat).")
    ] = None,
    rounds: Annotated[int | None, typer.Option(min=1, help="At most so many rounds.")] = None,
    students: Annotated[
        tuple[int, int], typer.Option(min=1, help="Students of the two classes.")
    ] = (24, 240),
    minutes: Annotated[float, typer.Option(help="No second round that would end later.")] = 19,
    memory: Annotated[bool, typer.Option(help="Sample memory, in runs apart.")] = True,
    output: Annotated[Path, typer.Option(help="Results file.")] = HERE / "results.json",
    page: Annotated[Path, typer.Option(help="Page whose tables are replaced.")] = HERE
    / "BENCHMARKS.md",
) -> None:
    """Measure on this machine and write the results and their tables."""
    if sys.platform != "linux":
        raise typer.BadParameter("the examiner and these measures need Linux")
    if students[0] >= students[1]:
        raise typer.BadParameter("the second class must be the larger one", param_hint="students")
    check_page(page)
    sizes = dict(zip(("small", "large"), students, strict=True))
    plans = _plans(assignments, rounds)
    expected = [estimate(plan, sizes) / 60 for plan in plans]
    console.print(f"{len(plans)} assignment(s), about {sum(expected):.0f} minutes", highlight=False)
    shares = [minutes * part / sum(expected) for part in accumulate(expected)]
    try:
        results = _measure(list(zip(plans, shares, strict=True)), sizes, memory)
    except BenchError as error:
        Console(stderr=True).print(f"[red]error:[/] {escape(str(error))}", highlight=False)
        raise typer.Exit(1) from error
    output.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    write_tables(page, results)
    console.print(f"{page}: tables of {results['seconds'] / 60:.1f} minutes", highlight=False)


def _plans(names: list[str] | None, rounds: int | None) -> list[Plan]:
    known = {plan.name: plan for plan in PLANS}
    unknown = set(names or ()) - set(known)
    if unknown:
        raise typer.BadParameter(f"no {sorted(unknown)}; there is: {', '.join(known)}")
    return [known[name].at_most(rounds) for name in names or known]


def _measure(
    plans: list[tuple[Plan, float]], sizes: dict[str, int], memory: bool
) -> dict[str, Any]:
    """All results; each plan comes with the minutes after which it begins no further round."""
    started = time.perf_counter()
    measured = {}
    with tempfile.TemporaryDirectory(prefix="ecole-bench-") as folder, console.status("") as status:
        for plan, until in plans:

            def say(line: str, name: str = plan.name) -> None:
                minutes = (time.perf_counter() - started) / 60
                console.print(f"{minutes:5.1f} min  {name}: {line}", highlight=False)
                status.update(f"measuring {name}: leave this machine alone")

            place, deadline = Path(folder, plan.name), started + 60 * until
            measured[plan.name] = Bench(plan, sizes, place, say, deadline, memory).run()
    return {
        "date": date.today().isoformat(),
        "command": "make bench",
        "seconds": time.perf_counter() - started,
        "machine": _machine(),
        "cpu_from": _counted_from(),
        "students": sizes,
        "assignments": measured,
    }


def _counted_from() -> str:
    group = new_group()
    group.close()
    return group.source


def _machine() -> dict[str, str | int]:
    return {
        "cores": usable_processors(),
        "arch": platform.machine(),
        "kernel": ".".join(os.uname().release.split("-")[0].split(".")[:2]),
        "python": platform.python_version(),
        **{name: version(name) for name in ("nbgrader", "papermill", "pandas", "scikit-learn")},
    }


if __name__ == "__main__":
    typer.run(main)
