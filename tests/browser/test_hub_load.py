"""A class submits at once through its own servers, while what arrives is being graded.

`make test-hub` does it with a class of 24 and prints what it took; the suite with a few.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median

import httpx
import nbformat
import psutil
import pytest
from nbformat import NotebookNode

from autograder.authoring.checks.specimens import submit as answered
from autograder.authoring.masters import assignment
from autograder.authoring.specimens import Specimen, read_specimens

from .running_hub import NEEDED, RunningHub, hub_of, marks_of, recorded

pytest.importorskip("jupyterhub", reason="the extra `hub` is not installed (make test does)")
pytestmark = NEEDED

COURSE, WORK = "load-fr", "w01-pathways"
CLASS = [f"load-{number:02}" for number in range(int(os.environ.get("ECOLE_HUB_CLASS", "4")))]
PLAN = f"""
courses:
  {COURSE}:
    lang: fr
    instructors: [load-prof]
    students: [{", ".join(CLASS)}]
"""
ROUNDS = 2
"""The second while what arrived in the first is being graded."""
_STARTING = 4
"""Servers that start at a time."""
_PATIENCE = 600


@pytest.fixture(scope="module")
def hub() -> Iterator[RunningHub]:
    """A hub whose class has nothing to do yet."""
    yield from hub_of(PLAN)


class Student:
    """A student's browser, without its pages."""

    def __init__(self, hub: RunningHub, name: str) -> None:
        self.hub, self.name = hub, name
        self.place = f"{hub.address}/user/{name}/"
        self.client = httpx.Client(follow_redirects=True, timeout=_PATIENCE)
        self.client.get(f"{hub.address}/hub/login")
        form = {"username": name, "password": hub.passwords[name], "_xsrf": self._token("/hub/")}
        self.client.post(f"{hub.address}/hub/login", data=form).raise_for_status()
        self._wait_for_the_server()

    def press(self, action: str) -> None:
        """Press a button of the assignment list."""
        answer = self.client.post(
            f"{self.place}assignments/{action}",
            json={"course_id": COURSE, "assignment_id": WORK},
            headers=self._headers(),
        )
        answer.raise_for_status()
        assert answer.json()["success"], answer.text

    def hand_in(self, notebook: NotebookNode) -> float:
        """Save the assignment's notebook as JupyterLab does, submit it; the seconds it took."""
        started = time.monotonic()
        content = {"type": "notebook", "format": "json", "content": notebook}
        place = f"{self.place}api/contents/{WORK}/{WORK}.ipynb"
        self.client.put(place, json=content, headers=self._headers()).raise_for_status()
        self.press("submit")
        return time.monotonic() - started

    def arrived(self) -> list[list[str]]:
        """The sources of the cells of each submission, in the order of their dates."""
        inbox = self.hub.root / "exchange" / COURSE / "inbound" / self.name
        return [
            sources(nbformat.read(folder / f"{WORK}.ipynb", 4))
            for folder in sorted(inbox.glob("[!.]*"))
        ]

    def _headers(self) -> dict[str, str]:
        return {"X-XSRFToken": self._token(f"/user/{self.name}/")}

    def _token(self, path: str) -> str:
        """The cookie that shows that a request comes from the page of that path."""
        found = [each for each in self.client.cookies.jar if each.name == "_xsrf"]
        return str(next(each.value for each in found if each.path == path))

    def _wait_for_the_server(self) -> None:
        deadline = time.monotonic() + _PATIENCE
        while not str(self.client.get(f"{self.hub.address}/hub/spawn").url).startswith(self.place):
            assert time.monotonic() < deadline, self.hub.said()
            time.sleep(1)


def test_a_class_submits_at_once_while_it_is_graded(
    hub: RunningHub, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for command in ("generate_assignment", "release_assignment"):
        hub.nbgrader(COURSE, command, WORK)
    rounds = [specimens_of_the_class(turn) for turn in range(ROUNDS)]
    notebooks = [[answered_by(each, hub, tmp_path) for each in specimens] for specimens in rounds]
    with ThreadPoolExecutor(_STARTING) as few:
        students = list(few.map(lambda name: Student(hub, name), CLASS))
    took: list[float] = []
    within: list[float] = []
    graded = 0
    with ThreadPoolExecutor(len(CLASS)) as together:
        list(together.map(lambda student: student.press("fetch"), students))
        for handed_in in notebooks:
            started = time.monotonic()
            took += together.map(Student.hand_in, students, handed_in)
            within.append(time.monotonic() - started)
            graded = graded or some_graded(hub)
    for student, *handed_in in zip(students, *notebooks, strict=True):
        assert student.arrived() == [sources(each) for each in handed_in], student.name
    memory = median(memory_of(name) for name in CLASS)
    last = dict(zip(CLASS, (marks_of(each, WORK) for each in rounds[-1]), strict=True))
    seconds = wait_for(hub, last)
    with capsys.disabled():
        print(
            f"\n{len(CLASS)} students, {ROUNDS} submissions each, one after the other: "
            f"a round in {' and '.join(f'{each:.1f}' for each in within)} s; saving and "
            f"submitting {min(took):.2f} / {median(took):.2f} / {max(took):.2f} s (min, median, "
            f"max); of the first round {graded} were graded when the second began; all marks "
            f"{seconds:.0f} s after the second; a student's server holds {memory / 1e6:.0f} MB"
        )


def specimens_of_the_class(turn: int) -> list[Specimen]:
    """What each student hands in at that turn: the assignment's specimens in rotation."""
    found = [each for each in read_specimens(assignment(WORK)) if each.kind != "empty"]
    return [found[(place + turn) % len(found)] for place in range(len(CLASS))]


def answered_by(specimen: Specimen, hub: RunningHub, folder: Path) -> NotebookNode:
    """The released notebook, answered as a specimen answers it."""
    place = folder / specimen.name
    if not place.exists():
        released = hub.course(COURSE) / "release" / WORK
        answered(specimen, assignment(WORK), released, place, "fr")
    return nbformat.read(place / WORK / f"{WORK}.ipynb", 4)


def sources(notebook: NotebookNode) -> list[str]:
    return [cell.source for cell in notebook.cells]


def some_graded(hub: RunningHub) -> int:
    """Wait until students are graded: how many."""
    deadline = time.monotonic() + _PATIENCE
    while not (found := recorded(hub, COURSE, WORK)):
        assert time.monotonic() < deadline, hub.said()
        time.sleep(0.1)
    return len(found)


def memory_of(name: str) -> int:
    """Bytes that a student's processes share with no other."""
    uid = pwd.getpwnam(name).pw_uid
    found = 0
    for process in psutil.process_iter(["uids"]):
        with contextlib.suppress(psutil.Error):
            if process.info["uids"].real == uid:
                found += process.memory_full_info().uss
    return found


def wait_for(hub: RunningHub, expected: dict[str, float]) -> float:
    """Wait until the gradebook holds these marks; how long it took."""
    started = time.monotonic()
    while (found := recorded(hub, COURSE, WORK)) != expected:
        assert time.monotonic() < started + _PATIENCE, f"{found}\n{expected}\n{hub.said()}"
        time.sleep(1)
    return time.monotonic() - started
