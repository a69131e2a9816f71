"""`make bench` on a class of 2 and 4: it runs, and its tables hold what it measured.

How long anything takes is not looked at: this machine may be doing something else.
"""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "benchmarks" / "BENCHMARKS.md"

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="the examiner needs Linux"),
    pytest.mark.xdist_group("bench"),  # measured once
]


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of BENCHMARKS.md with the tables of a small run, results.json beside it."""
    copy = Path(shutil.copy(PAGE, tmp_path_factory.mktemp("bench")))
    output = copy.with_name("results.json")
    command = [sys.executable, "-m", "benchmarks", "--assignments", "light", "--rounds", "1"]
    command += ["--students", "2", "4", "--no-memory"]
    command += ["--output", str(output), "--page", str(copy)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return copy


@pytest.fixture(scope="module")
def results(page: Path) -> dict[str, Any]:
    """What the run wrote."""
    found: dict[str, Any] = json.loads(page.with_name("results.json").read_text("utf-8"))
    return found


def row(page: Path, start: str) -> list[str]:
    """The cells of the table row that begins so, after its first one."""
    lines = [line for line in page.read_text("utf-8").splitlines() if line.startswith(start)]
    assert len(lines) == 1, lines
    return [cell.strip() for cell in lines[0].strip("|").split("|")][1:]


def test_every_variant_was_measured_once(results: dict[str, Any]) -> None:
    assert results["students"] == {"small": 2, "large": 4}
    assert results["cpu_from"] in ("cgroup", "rusage")
    (measured,) = results["assignments"].values()
    (one,) = measured["rounds"]
    assert {name: each["students"] for name, each in one.items()} == {
        "stock": 2,
        "jupyter": 2,
        "examiner": 2,
        "examiner-large": 4,
        "limit": 2,
    }
    assert all(each["wall"] > 0 and each["cpu"] > 0 for each in one.values())


def test_stages_of_a_batch_are_told_apart(results: dict[str, Any]) -> None:
    (measured,) = results["assignments"].values()
    stages = measured["stages"]
    assert {"start, imports", "zygote (imports)"} <= set(stages["fixed"])
    assert {"candidate's cells", "tests", "write the marks"} <= set(stages["marginal"])
    assert stages["record"]["wall"] > 0
    timed = [*stages["fixed"].values(), *stages["marginal"].values()]
    assert all(each["wall"] >= 0 for each in timed)
    assert (stages["record"]["cpu"] is None) == (results["cpu_from"] == "rusage")


NESTED = """
from benchmarks.stages import Clock
hands = iter([(0, 0), (1, 0), (5, 2), (7, 3)])
Clock.now = lambda _: next(hands)
clock = Clock()
with clock.stage("outer"), clock.stage("inner"):
    pass
for stage in clock.marginal.values():
    print(stage.wall, stage.cpu)
"""


def test_a_stage_is_timed_without_those_inside_it() -> None:
    command = [sys.executable, "-c", NESTED]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "3.0 1.0\n4.0 2.0\n"


def test_the_tables_hold_the_ratios(page: Path, results: dict[str, Any]) -> None:
    (measured,) = results["assignments"].values()
    (one,) = measured["rounds"]
    ratio = one["stock"]["wall"] / one["examiner"]["wall"]
    assert row(page, "| stock, 2 / examiner, 2 | wall") == ["wall", f"{ratio:.1f}"]
    target, found = row(page, "| 2: times faster than stock")
    assert target == "≥ 10 (light)" and re.fullmatch(rf"{ratio:.2f} [✓✗]", found)
    slope = (one["examiner-large"]["cpu"] - one["examiner"]["cpu"]) / 2
    assert row(page, "| marginal, CPU s a submission") == [f"{slope:.3f}"]


def test_only_the_results_of_the_page_are_replaced(page: Path) -> None:
    around = [re.split("<!-- results: .*? -->", path.read_text("utf-8")) for path in (PAGE, page)]
    assert [len(parts) for parts in around] == [3, 3]
    assert around[0][::2] == around[1][::2]
    assert "Measured on" in around[1][1] and str(ROOT) not in around[1][1]


# a grandchild whom nobody waits for: it holds 50 MB and uses half a second of CPU
ORPHAN = """
import os, time
if os.fork() == 0:
    if os.fork() == 0:
        held = bytearray(b"x") * 50_000_000
        while time.process_time() < 0.5:
            pass
    os._exit(0)
os.wait()
print("done")
time.sleep(1)
"""
# in a process of its own: without cgroups it adopts the orphans
MEASURE = """
import json, sys
from pathlib import Path
from benchmarks.metering import ProcessTree, measure, new_group
for group in (new_group, ProcessTree):
    done = measure([sys.executable, "-c", sys.argv[1]], Path.cwd(), group=group(), memory=True)
    print(json.dumps([done.cpu, done.peak_bytes, done.output]))
"""


def test_processes_that_lost_their_parent_are_counted() -> None:
    command = [sys.executable, "-c", MEASURE, ORPHAN]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    for line in done.stdout.splitlines():
        cpu, peak, output = json.loads(line)
        assert cpu >= 0.5 and peak > 50e6 and output == "done\n"
