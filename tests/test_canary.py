"""Nothing that a candidate can reach holds a canary of the course, of the grader or of a classmate.

Each place that students must not see holds a text of one form, made anew at each run. A student
whose submission is `canary_search.py` looks for that form in all that a process can look at: while
the cells run, and again inside the functions that the hidden tests call. Under the engine
`jupyter` the same search finds all of them.
"""

import json
import os
import re
import secrets
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
import pytest
from canary_search import DIGITS, START
from conftest import cell_of, graded, question
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_notebook
from papermill.engines import papermill_engines

from autograder.examiner import sandbox
from autograder.examiner.answers import imports_of
from autograder.examiner.processes import close_zygotes
from autograder.examiner.sandbox import Mode
from autograder.examiner.shared import close_unused
from autograder.grading import Batch, grade, open_course, release

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="the examiner needs Linux"),
    pytest.mark.xdist_group("canary"),
]

NAME = "hunt"
SECONDS = 40
CONFIG = f"""
c = get_config()
c.CourseDirectory.course_id = "hunt"
c.Cohort.lang = "en"
c.Execute.timeout = {SECONDS}
c.Cohort.submission_seconds = {4 * SECONDS}
"""
SEARCH = Path(__file__).with_name("canary_search.py").read_text(encoding="utf-8")
# what a student may see, and by which ways a search that works meets it
SEEN = {"given-file": {"files"}, "given-cell": {"history", "objects"}, "own": {"memory"}}
UNSEEN = (
    "hidden-test",
    "hidden-comment",
    "last-test",
    "solution",
    "other-source",
    "exam-secret",
    "gradebook",
    "classmate",
    "graded-classmate",
    "environment",
    "argument",
    "home",
)
# where anyone would look first
KNOWN = ("/tmp", "/var", "/run", "/etc", "/home", "/root", "/opt", "/srv", "/dev/shm", "/sys")


@dataclass
class Hunt:
    """A released course, a canary in each place, and what is true of them all."""

    root: Path
    canaries: dict[str, str]

    @property
    def course(self) -> Path:
        return self.root / "course"

    @property
    def home(self) -> Path:
        return self.root / "home"

    def named(self, report: dict[str, Any]) -> dict[str, list[str]]:
        """By place: the ways by which a search found its canary."""
        places = {canary: place for place, canary in self.canaries.items()}
        return {places.get(canary, canary): ways for canary, ways in report["found"].items()}


def source_notebook(canaries: dict[str, str]) -> NotebookNode:
    """Two questions whose functions the hidden tests call, one of them in the very last cell."""

    def hidden(name: str, call: str) -> str:
        return (
            f"### BEGIN HIDDEN TESTS\n# {canaries[name]}\n"
            f"expected = {canaries['hidden-test']!r}\n"
            f"report = {call}()\nassert report == '', report\n### END HIDDEN TESTS"
        )

    notebook = new_notebook()
    notebook.metadata["kernelspec"] = {"name": "python3", "language": "python", "display_name": "P"}
    notebook.cells = [
        graded(new_code_cell(f"GIVEN = {canaries['given-cell']!r}"), "given", locked=True),
        *question(
            "first",
            f"def first():\n    return ''  # {canaries['solution']}",
            hidden("hidden-comment", "first"),
            1,
        ),
        *question("second", "def second():\n    return ''", hidden("last-test", "second"), 1),
    ]
    return notebook


@pytest.fixture(scope="module")
def hunt(tmp_path_factory: pytest.TempPathFactory) -> Hunt:
    """The course, with a canary in each place but for those of the grader's own process."""
    root = tmp_path_factory.mktemp("canary")
    canaries = {place: START + secrets.token_hex(DIGITS // 2) for place in (*SEEN, *UNSEEN)}
    hunt = Hunt(root, canaries)
    (hunt.course / "source" / NAME).mkdir(parents=True)
    (hunt.course / "source/other").mkdir()
    (hunt.course / "nbgrader_config.py").write_text(CONFIG)
    secret = hunt.course / "exam-secret"
    secret.touch(0o600)
    secret.write_text(canaries["exam-secret"])
    (hunt.course / "source" / NAME / "data.csv").write_text(f"a;b\n1;{canaries['given-file']}\n")
    nbformat.write(source_notebook(canaries), hunt.course / "source" / NAME / f"{NAME}.ipynb")
    other = new_notebook(cells=[new_code_cell(f"# {canaries['other-source']}")])
    nbformat.write(other, hunt.course / "source/other/other.ipynb")
    release(open_course(hunt.course), NAME)
    hand_in(hunt, "classmate", {"first": _CLASSMATE.format(canary=canaries["classmate"])})
    earlier = hunt.course / "autograded/graduate" / NAME / f"{NAME}.ipynb"
    earlier.parent.mkdir(parents=True)
    earlier.write_text(canaries["graded-classmate"])
    with sqlite3.connect(hunt.course / "gradebook.db") as database:
        database.execute(
            "insert into student (id, email) values ('absent', ?)", [canaries["gradebook"]]
        )
    database.close()
    hunt.home.mkdir()
    (hunt.home / ".netrc").write_text(f"machine hospital password {canaries['home']}\n")
    return hunt


# it is there, with its memory and its file, while the other one searches
_CLASSMATE = """
import time
kept = "{canary}"
open("mine.txt", "w").write(kept)
time.sleep(4)
def first():
    return kept
"""

# a cell so small that it overwrites little of what was freed before it ran
_EARLY = """
import json, re
with open("/proc/self/maps") as lines, open("/proc/self/mem", "rb", 0) as memory:
    size, found = 0, {}
    for line in lines:
        addresses, rights, _, device, *_ = line.split()
        if rights[0] == "r" and device == "00:00" and "[v" not in line:
            start, end = (int(each, 16) for each in addresses.split("-"))
            memory.seek(start)
            read = memory.read(end - start)
            size += len(read)
            for each in re.findall(b"canary_7f3" + b"_[0-9a-f]{16}", read):
                found[each.decode()] = ["memory"]
    del read
print(json.dumps({"found": found, "counts": {"memory bytes": size}}))
"""

# the student's own canary comes into being when the cell runs: memory alone holds it
_SEARCHER = """
OWN = START + "".join(reversed({own!r}))
def first():
    return told({tops!r}, {processes!r}, {whole!r})
print(first())
"""


def hand_in(hunt: Hunt, student: str, answers: dict[str, str], early: str = "") -> None:
    """The released notebook with these answers, and a cell of the student's before all others."""
    path = hunt.course / "release" / NAME / f"{NAME}.ipynb"
    notebook = nbformat.read(path, as_version=4)
    for grade_id, source in answers.items():
        cell_of(notebook, grade_id).source = source
    if early:
        notebook.cells.insert(0, new_code_cell(early))
    folder = hunt.course / "submitted" / student / NAME
    folder.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, folder / f"{NAME}.ipynb")


@pytest.fixture
def neighbour(hunt: Hunt) -> Iterator[int]:
    """A process of the grader's with a canary among its arguments."""
    command = [sys.executable, "-c", "input()", hunt.canaries["argument"]]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as process:
        yield process.pid
        process.kill()


@dataclass
class Told:
    """What the searches of one grading reported, by when they ran.

    `early` and `cell` ran among the cells, `frozen` in the copy that served the first hidden
    test, `last` in the process that served the last one.
    """

    batch: Batch
    reports: dict[str, dict[str, Any]]


def searched(hunt: Hunt, engine: str, neighbour: int, monkeypatch: pytest.MonkeyPatch) -> Told:
    """Grade the class, one of whom searches."""
    monkeypatch.setenv("GRADER_TOKEN", hunt.canaries["environment"])
    monkeypatch.setenv("HOME", str(hunt.home))
    sealed = engine == "examiner"
    # the student knows every path; where there is no sandbox, no more than the course is read
    tops = [str(hunt.root), *((os.getcwd(), *KNOWN) if sealed else ())]
    own = hunt.canaries["own"].removeprefix(START)[::-1]
    processes = None if sealed else [neighbour]
    code = _SEARCHER.format(own=own, tops=tops, processes=processes, whole=sealed)
    hand_in(hunt, "searcher", {"first": SEARCH + code, "second": "second = first"}, _EARLY)
    _end_all()  # a zygote that is there already would not have heard of this environment
    try:
        batch = grade(hunt.course, NAME, engine=engine, workers=2, force=True)
    finally:
        _end_all()
    path = hunt.course / "autograded/searcher" / NAME / f"{NAME}.ipynb"
    cells = nbformat.read(path, as_version=4).cells
    path.unlink()
    places = {"early": 0, "cell": 2, "frozen": 3, "last": 5}
    reports = {when: _report(cells[place]) for when, place in places.items()}
    assert all(reports.values()), [cell.outputs for cell in cells]
    return Told(batch, reports)


def _end_all() -> None:
    close_unused()
    close_zygotes()


def _report(cell: NotebookNode) -> Any:
    """What a search told in the outputs of a cell, or in the message of a failed test."""
    text = "".join(each.get("text", "") + each.get("evalue", "") for each in cell.outputs)
    match = re.search(r"\{.*\}", text)
    return json.loads(match[0]) if match else None


def _too_little(when: str, counts: dict[str, int]) -> dict[str, int]:
    """What a search saw so little of that it means nothing."""
    least = {"memory bytes": 20_000_000}
    if when != "early":
        least |= {"environment": 5, "objects": 5000, "history": 10, "files read": 10}
    if when == "cell":  # under Landlock a copy has no entry of /proc any more
        least |= {"descriptors": 4, "processes": 10, "cmdline": 1, "environ": 1, "status": 1}
    return {name: counts.get(name, 0) for name in least if counts.get(name, 0) < least[name]}


@pytest.mark.parametrize("mode", [Mode.namespaces, Mode.landlock])
def test_a_search_of_everything_finds_nothing(
    hunt: Hunt, neighbour: int, mode: Mode, monkeypatch: pytest.MonkeyPatch
) -> None:
    if problem := sandbox.why_not(mode):
        pytest.skip(f"mode {mode} on this machine: {problem}")
    monkeypatch.setenv("ECOLE_SANDBOX", mode)
    told = searched(hunt, "examiner", neighbour, monkeypatch)
    graded_ones = [each for each in told.batch.submissions if each.cells]
    assert {each.sandbox for each in graded_ones} == {mode}
    assert all(cell.sealed for each in graded_ones for cell in each.cells)
    for when, report in told.reports.items():
        found = hunt.named(report)
        assert set(found) <= set(SEEN), f"{when}: {found}"
        if when != "early":
            blind = {place: ways for place, ways in SEEN.items() if not ways <= {*found[place]}}
            assert not blind, f"{when}: the search does not see what it should: {found}"
        assert not _too_little(when, report["counts"]), f"{when}: {report['counts']}"
        assert not report["counts"].get("late"), f"{when}: cut short, {report['counts']}"


def test_the_same_search_finds_everything_without_a_seal(
    hunt: Hunt, neighbour: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = searched(hunt, "jupyter", neighbour, monkeypatch)
    in_cell = hunt.named(told.reports["cell"])
    assert {*UNSEEN, *SEEN} <= set(in_cell)
    ways = {"environment": {"environment", "processes", "memory"}, "argument": {"processes"}}
    for place in UNSEEN:
        assert ways.get(place, {"files"}) <= {*in_cell[place]}, place
    for when, places in {
        "frozen": ["hidden-test", "hidden-comment"],
        "last": ["hidden-test", "last-test"],
    }.items():
        found = hunt.named(told.reports[when])
        for place in places:
            assert {"history", "objects", "memory"} <= {*found[place]}, f"{when}: {place}"


_GRADE = "import sys; from autograder.grading import grade; grade(*sys.argv[1:3])"


def test_a_grading_that_has_ended_leaves_no_canary_in_the_temporary_folder(
    hunt: Hunt, tmp_path: Path
) -> None:
    if problem := sandbox.why_not(Mode.landlock):  # in namespaces there is no such folder
        pytest.skip(f"mode landlock on this machine: {problem}")
    course = Path(shutil.copytree(hunt.course, tmp_path / "course"))
    shutil.rmtree(course / "submitted")
    shutil.copytree(course / "release" / NAME, course / "submitted/honest" / NAME)
    folder = tmp_path / "temporary"
    folder.mkdir()
    environment = os.environ | {"TMPDIR": str(folder), "ECOLE_SANDBOX": "landlock"}
    subprocess.run([sys.executable, "-c", _GRADE, course, NAME], env=environment, check=True)
    left = [path for path in folder.rglob("*") if path.is_file()]
    holding = [path for path in left if START.encode() in path.read_bytes()]
    assert not holding, [str(path.relative_to(folder)) for path in holding]


def test_import_statements_of_hidden_tests_stay_unseen() -> None:
    canary = START + secrets.token_hex(DIGITS // 2)
    # many: what is freed is overwritten soon, but not all of it
    imports = "\n".join(f"import json as {canary}_{number}" for number in range(300))
    notebook = new_notebook()
    notebook.cells = question("first", _EARLY, f"{imports}\nassert True", 1)
    notebook.metadata["papermill"] = {}
    notebook.metadata["ecole"] = {"answers": None, "imports": imports_of(notebook)}
    try:
        papermill_engines.execute_notebook_with_engine(
            "examiner", notebook, kernel_name="python3", progress_bar=False
        )
    finally:
        _end_all()
    report = _report(notebook.cells[0])
    assert report["counts"]["memory bytes"] > 20_000_000
    assert canary not in report["found"]
