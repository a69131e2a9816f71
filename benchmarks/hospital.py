"""`python -m benchmarks.hospital`: what the virtual hospital costs, table by table.

Each size is a process of its own that draws the hospital and reads its tables one after the
other, in the order of the catalogue; the clinical texts and what comes of them come last. A
table's seconds hold those of the tables that it needs and that nobody has read before. Peak
memory is the process's largest resident size so far.
"""

import json
import os
import platform
import sys
from datetime import date
from importlib.metadata import version
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from autograder.grading.batch import usable_processors
from benchmarks.metering import measure

PAGE = Path(__file__).with_name("HOSPITAL.md")
TARGET_PATIENTS, TARGET_SECONDS, TARGET_MEGABYTES = 100_000, 30, 2000
console = Console(highlight=False)

Run = dict[str, Any]


def main(
    patients: Annotated[
        list[int] | None, typer.Option(min=1, help="Patients (repeat); 1,000, 10,000, 100,000.")
    ] = None,
    rounds: Annotated[int, typer.Option(min=1, help="The median of so many runs.")] = 3,
    most_texts: Annotated[
        int, typer.Option(help="Reports are written up to so many patients.")
    ] = 10_000,
    seed: Annotated[int, typer.Option(help="Seed of the hospital.")] = 1,
    page: Annotated[Path, typer.Option(help="Where the tables are written.")] = PAGE,
) -> None:
    """Measure the hospital on this machine and write the page."""
    sizes = sorted(set(patients or (1_000, 10_000, 100_000)))
    results = {}
    for size in sizes:
        runs = [_run(size, seed, size <= most_texts) for _ in range(rounds)]
        results[size] = sorted(runs, key=lambda run: run["seconds"])[len(runs) // 2]
        console.print(
            f"{size:,} patients: {results[size]['seconds']:.2f} s, "
            f"{results[size]['peak'] / 1e6:.0f} MB"
        )
    page.write_text(render(results, rounds, seed), encoding="utf-8")
    console.print(f"{page} written")


def _run(patients: int, seed: int, texts: bool) -> Run:
    words = [str(patients), str(seed), str(int(texts))]
    command = [sys.executable, "-m", "benchmarks.hospital_tables", *words]
    told = measure(command, Path.cwd(), dict(os.environ))
    found: Run = json.loads(told.output)
    return found


def render(results: dict[int, Run], rounds: int, seed: int) -> str:
    """Return the page of these results, by number of patients."""
    sizes = list(results)
    heads = "".join(f" {size:,} |" for size in sizes)
    lines = [
        "# What the virtual hospital costs",
        "",
        "```",
        "python -m benchmarks.hospital     # Linux, about three minutes: writes this page",
        "```",
        "",
        f"{date.today().isoformat()}, {usable_processors()} cores ({platform.machine()}), Python "
        f"{platform.python_version()}, pandas {version('pandas')}, numpy {version('numpy')}. One "
        f"site, 730 days, seed {seed}; the median run of {rounds}. Each run is a fresh process; "
        "imports are not in the seconds, and are in the memory.",
        "",
        f"Target: {TARGET_PATIENTS:,} patients with all tables but reports in at most "
        f"{TARGET_SECONDS} s and {TARGET_MEGABYTES:,} MB, cost linear in patients.",
        "",
        "## All tables but the texts",
        "",
        f"| patients |{heads}",
        f"| --- |{' ---: |' * len(sizes)}",
        _line("seconds", [f"{results[size]['seconds']:.2f}" for size in sizes]),
        _line("peak memory, MB", [_megabytes(results[size]["peak"]) for size in sizes]),
        _line("of which imports, MB", [_megabytes(results[size]["imported"]) for size in sizes]),
        _line("ms a patient", [f"{1000 * results[size]['seconds'] / size:.3f}" for size in sizes]),
        _line("seconds, to a size before", _ratios(results, "seconds")),
        _line("patients, to a size before", _ratios(results, "")),
        "",
        *_verdict(results),
        "",
        "## Table by table",
        "",
        "Seconds, and megabytes of the frame; a table's seconds hold those of what it needs and "
        "nobody has read before.",
        "",
        f"| table |{heads} rows, at most |",
        f"| --- |{' ---: |' * (len(sizes) + 1)}",
        _line("people, stays, units drawn", [*(f"{results[s]['facts']:.2f} s" for s in sizes), ""]),
    ]
    names = dict.fromkeys(name for run in results.values() for name in run["tables"])
    for name in names:
        found = [results[size]["tables"].get(name) for size in sizes]
        cells = [
            "—" if one is None else f"{one['seconds']:.2f} s, {_megabytes(one['bytes'])} MB"
            for one in found
        ]
        rows = max(one["rows"] for one in found if one is not None)
        lines.append(_line(f"`{name}`", [*cells, f"{rows:,}"]))
    return "\n".join(lines) + "\n"


def _line(head: str, cells: list[str]) -> str:
    return f"| {head} | {' | '.join(cells)} |"


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.0f}" if size >= 1e7 else f"{size / 1e6:.1f}"


def _ratios(results: dict[int, Run], what: str) -> list[str]:
    values = [results[size][what] if what else size for size in results]
    pairs = pairwise(values)
    return ["—", *(f"× {after / before:.1f}" for before, after in pairs)]


def _verdict(results: dict[int, Run]) -> list[str]:
    if TARGET_PATIENTS not in results:
        return []
    run = results[TARGET_PATIENTS]
    held = run["seconds"] <= TARGET_SECONDS and run["peak"] <= 1e6 * TARGET_MEGABYTES
    return [
        f"{TARGET_PATIENTS:,} patients: {run['seconds']:.1f} s, {_megabytes(run['peak'])} MB: "
        f"the target is {'held' if held else 'missed'}."
    ]


if __name__ == "__main__":
    typer.run(main)
