"""A class in JupyterHub, from release to feedback, as an instructor and students live it."""

from __future__ import annotations

import contextlib
import html
import json
import os
import pwd
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import nbformat
import psutil
import pytest
import zmq
from nbgrader.api import Gradebook
from playwright.sync_api import Browser, FrameLocator, Locator, expect

from autograder.authoring.checks.specimens import submit as answered
from autograder.authoring.masters import assignment
from autograder.authoring.specimens import Specimen, read_specimens

from .running_hub import NEEDED, RunningHub, as_account, hub_of, marks_of, recorded

pytest.importorskip("jupyterhub", reason="the extra `hub` is not installed (make test does)")
pytestmark = NEEDED

FRENCH, ENGLISH = "essai-fr", "trial-en"
WORK = "w01-pathways"
PLAN = f"""
courses:
  {FRENCH}:
    lang: fr
    instructors: [essai-prof, essai-prof-2]
    students: [essai-a, essai-b]
  {ENGLISH}:
    lang: en
    instructors: [trial-prof]
    students: [trial-a]
"""
SHOTS = os.environ.get("ECOLE_SCREENSHOTS")
"""A folder for a screenshot of each step, for who wants to look."""
_PATIENCE = 120_000


@pytest.fixture(scope="module")
def hub() -> Iterator[RunningHub]:
    """A hub with two courses, started as an instructor starts it."""
    yield from hub_of(PLAN)


class Person:
    """Someone at a browser."""

    def __init__(self, browser: Browser, hub: RunningHub, name: str) -> None:
        self.hub, self.name = hub, name
        context = browser.new_context(viewport={"width": 1400, "height": 900})
        # formgrader's pages ask a distant machine for MathJax
        context.route(lambda url: not url.startswith(hub.address), lambda route: route.abort())
        self.page = context.new_page()
        self.page.set_default_timeout(_PATIENCE)
        self.page.goto(f"{hub.address}/hub/login")
        self.page.fill("#username_input", name)
        self.page.fill("#password_input", hub.passwords[name])
        self.page.click("#login_submit")
        self.menu_bar.wait_for()

    @property
    def menu_bar(self) -> Locator:
        return self.page.locator("#jp-MainMenu")

    def menu(self, command: str) -> None:
        """Choose an entry of the menu Nbgrader."""
        self.menu_bar.get_by_text("Nbgrader").click()
        self.page.locator(f'.lm-Menu-item[data-command="nbgrader:{command}"]').click()

    def formgrader(self) -> FrameLocator:
        self.menu("open-formgrader")
        return self.page.frame_locator('iframe[src*="/formgrader"]')

    def see(self, step: str) -> None:
        """Keep a screenshot of a step."""
        if SHOTS:
            self.page.screenshot(path=str(Path(SHOTS, f"{step}.png")))

    def home(self) -> Path:
        return self.hub.root / "homes" / self.name

    def api(self, method: str, path: str, data: object = None) -> object:
        """Ask the person's own server, as the page does."""
        cookies = self.page.context.cookies(f"{self.hub.address}/user/{self.name}/")
        token = next(each["value"] for each in cookies if each["name"] == "_xsrf")
        answer = self.page.request.fetch(
            f"{self.hub.address}/user/{self.name}/{path}",
            method=method,
            data=data if data is None else json.dumps(data),
            headers={"X-XSRFToken": token, "Content-Type": "application/json"},
        )
        assert answer.ok, f"{path}: {answer.status} {answer.text()[:500]}"
        return answer.json() if answer.text() else None


@pytest.fixture(scope="module")
def log_in(chromium: Browser, hub: RunningHub) -> Callable[[str], Person]:
    """Who logs in stays logged in for the tests that follow."""
    people: dict[str, Person] = {}

    def logged(name: str) -> Person:
        if name not in people:
            people[name] = Person(chromium, hub, name)
        return people[name]

    return logged


def answers_of(specimen: str, hub: RunningHub, tmp_path: Path) -> str:
    """The released notebook, answered as a specimen answers it, as JSON."""
    released = hub.course(FRENCH) / "release" / WORK
    answered(stated(specimen), assignment(WORK), released, tmp_path / specimen, "fr")
    return (tmp_path / specimen / WORK / f"{WORK}.ipynb").read_text(encoding="utf-8")


def line_of(frame: FrameLocator, cell: str, text: str) -> Locator:
    """The line of one of formgrader's tables whose cell of that class holds a text."""
    return frame.locator("tr").filter(has=frame.locator(f"td.{cell}", has_text=text))


def press(frame: FrameLocator, button: Locator) -> None:
    """Press a button of formgrader's, read that it went well, close what it says."""
    button.click()
    said = frame.locator(".modal-dialog").last
    expect(said).to_contain_text("Success", timeout=_PATIENCE)
    said.get_by_role("button", name="OK").click()
    expect(frame.locator(".modal-dialog")).to_have_count(0)


def assignments(person: Person, status: str) -> Locator:
    """A student's list of released, fetched or submitted assignments, opened if need be."""
    found = person.page.locator(f"#{status}_assignments_list")
    if not found.is_visible():
        person.menu("open-assignment-list")
    found.locator(".list_loading").wait_for(state="hidden")
    return found


def hand_in(student: Person, notebook: str) -> None:
    """Save an answered notebook, then press Submit."""
    save(student, notebook)
    listed = assignments(student, "submitted").locator(".list_item")
    before = listed.count()
    assignments(student, "fetched").get_by_role("button", name="Submit").click()
    expect(listed).not_to_have_count(before, timeout=_PATIENCE)


def save(student: Person, notebook: str) -> None:
    """Save an answered notebook as JupyterLab does."""
    place = f"api/contents/{WORK}/{WORK}.ipynb"
    content = {"type": "notebook", "format": "json", "content": json.loads(notebook)}
    student.api("PUT", place, content)


def validate(student: Person) -> Locator:
    """Open the assignment's notebook, press Validate: what it says."""
    student.page.goto(
        f"{student.hub.address}/user/{student.name}/lab/tree/{WORK}/{WORK}.ipynb?reset"
    )
    student.page.locator("jp-button.validate-button").click()
    said = student.page.locator("#validation-message")
    said.wait_for()
    return said


def stated(specimen: str) -> Specimen:
    """A specimen of the assignment, with the marks it states."""
    return next(each for each in read_specimens(assignment(WORK)) if each.name == specimen)


def by_hand(hub: RunningHub) -> list[float]:
    """The points that a person gave, in the gradebook of the French course."""
    with Gradebook(f"sqlite:///{hub.course(FRENCH) / 'gradebook.db'}", FRENCH) as gradebook:
        return [
            grade.manual_score
            for row in gradebook.assignment_submissions(WORK)
            for each in row.notebooks
            for grade in each.grades
            if grade.manual_score is not None
        ]


def typed(score: Locator, points: str) -> bool:
    """Type points as often as needed: the page takes the focus away once it has loaded."""
    for text in ("", points):
        score.fill(text)
        score.blur()
    score.page.wait_for_timeout(1000)
    return True


def wait_until(true: Callable[[], bool], hub: RunningHub) -> None:
    """Wait as long as a slow machine may need."""
    deadline = time.monotonic() + _PATIENCE / 1000
    while not true():
        assert time.monotonic() < deadline, hub.said()
        time.sleep(0.5)


def wait_for_marks(hub: RunningHub, expected: dict[str, float]) -> None:
    """Wait until the gradebook holds these marks."""
    wait_until(lambda: recorded(hub, FRENCH, WORK) == expected, hub)


def hidden_lines(hub: RunningHub) -> list[str]:
    """The lines of the hidden tests that a student was not given elsewhere."""
    source = nbformat.read(hub.course(FRENCH) / "source" / WORK / f"{WORK}.ipynb", 4)
    release = nbformat.read(hub.course(FRENCH) / "release" / WORK / f"{WORK}.ipynb", 4)
    given = "\n".join(cell.source for cell in release.cells)
    found: list[str] = []
    for cell in source.cells:
        inside = False
        for line in cell.source.splitlines():
            if "HIDDEN TESTS" in line:
                inside = "BEGIN" in line
            elif inside and len(line.strip()) > 25 and line.strip() not in given:
                found.append(line.strip())
    assert found
    return found


def test_each_finds_their_place_in_their_language(
    log_in: Callable[[str], Person], hub: RunningHub
) -> None:
    for name, course, word in (
        ("essai-prof", FRENCH, "Fichier"),
        ("trial-prof", ENGLISH, "File"),
        ("essai-a", None, "Fichier"),
        ("trial-a", None, "File"),
    ):
        person = log_in(name)
        person.see(f"first-{name}")
        place = f"/user/{name}/" if course is None else f"/services/{course}/"
        assert place in person.page.url
        expect(person.menu_bar).to_contain_text(word)
        # it would open a port, to the whole machine, that executes code as this person
        expect(person.page.locator('[data-id="jp-debugger-sidebar"]')).to_have_count(0)
        if course is None:
            lessons = list(person.home().glob("course/*/*/*.ipynb"))
            assert len(lessons) >= 12, "the lessons appear by themselves"


def test_from_release_to_feedback(
    log_in: Callable[[str], Person], hub: RunningHub, tmp_path: Path
) -> None:
    """The whole journey; each step leaves a picture where ECOLE_SCREENSHOTS says."""
    teacher, right, wrong = log_in("essai-prof"), log_in("essai-a"), log_in("essai-b")

    # released
    frame = teacher.formgrader()
    work = line_of(frame, "name", WORK)
    teacher.see("02-formgrader")
    press(frame, work.locator("td.assign a"))
    press(frame, work.locator("td.release a"))
    teacher.see("03-released")

    # fetched, answered, validated, submitted; submitted again
    for student, specimen in ((right, "right_comprehensions"), (wrong, "wrong_by_patient")):
        assignments(student, "released").get_by_role("button", name="Fetch").click()
        assignments(student, "fetched").get_by_role("button", name="Submit").wait_for()
        student.see(f"04-fetched-{student.name}")
        assert "HIDDEN TESTS" not in (student.home() / WORK / f"{WORK}.ipynb").read_text("utf-8")
        hand_in(student, answers_of(specimen, hub, tmp_path))
        student.see(f"05-submitted-{student.name}")
    hand_in(right, answers_of("right_from_the_end", hub, tmp_path))
    said = validate(right)
    expect(said).to_have_class(re.compile("validation-success"))
    right.see("06-validated-right")
    said = validate(wrong)
    expect(said).to_have_class(re.compile("validation-failed"))
    wrong.see("06-validated-wrong")

    # graded as they arrived
    marks = {"essai-a": 18.0, "essai-b": marks_of(stated("wrong_by_patient"), WORK)}
    wait_for_marks(hub, marks)
    # collected and graded again, by hand
    teacher.page.reload()
    frame = teacher.formgrader()
    work = line_of(frame, "name", WORK)
    press(frame, work.locator("td.collect a"))
    work.locator("td.num-submissions a").click()
    submission = line_of(frame, "student-id", "essai-b")
    press(frame, submission.locator("td.autograde a"))
    teacher.see("07-graded")
    wait_for_marks(hub, marks)

    # the written answer, marked by hand
    teacher.page.goto(f"{hub.address}/services/{FRENCH}/formgrader/gradebook/{WORK}/{WORK}")
    teacher.page.get_by_role("link", name="Submission #1").click()
    scores = teacher.page.locator("input.score")
    # the page knows the marks now
    expect(scores.first).to_have_attribute("placeholder", re.compile("."), timeout=_PATIENCE)
    wait_until(lambda: typed(scores.last, "1.5") and 1.5 in by_hand(hub), hub)
    scores.last.scroll_into_view_if_needed()
    teacher.see("08-written-answer")

    # feedback
    teacher.page.goto(f"{hub.address}/services/{FRENCH}/lab?reset")
    frame = teacher.formgrader()
    work = line_of(frame, "name", WORK)
    press(frame, work.locator("td.generate-feedback a"))
    press(frame, work.locator("td.release-feedback a"))
    teacher.see("09-feedback-released")
    for student in (right, wrong):
        student.page.goto(f"{hub.address}/user/{student.name}/lab?reset")
        assignments(student, "submitted").get_by_role("button", name="Fetch Feedback").click()
        student.page.get_by_text("view feedback").first.wait_for()
        student.page.get_by_text("view feedback").first.click()
        student.page.wait_for_timeout(5000 if SHOTS else 0)
        student.see(f"10-feedback-{student.name}")
    pages = list(wrong.home().glob(f"{WORK}/feedback/*/*.html"))
    assert pages
    text = pages[0].read_text(encoding="utf-8")
    message = next(iter(stated("wrong_by_patient").message.values()))
    assert message in text, "the message that teaches"
    # a page colours its code: words stand in tags of their own
    shown = html.unescape(re.sub(r"<[^>]*>", "", text))
    for line in hidden_lines(hub):
        assert line not in shown, "no hidden test"


def test_a_student_sees_no_one_else_s_work(
    log_in: Callable[[str], Person], hub: RunningHub
) -> None:
    """Files by the machine's own rules, pages by the hub's."""
    exchange, homes = hub.root / "exchange", hub.root / "homes"
    closed = [
        exchange / FRENCH / "inbound" / "essai-b",
        homes / "essai-b",
        homes / FRENCH,
        exchange / ENGLISH,
        hub.root / "hub",
        hub.root / "passwords.txt",
    ]
    for path in closed:
        assert not may_read("essai-a", path), path
    assert may_read("essai-a", exchange / FRENCH / "inbound" / "essai-a")
    assert not may_read("trial-a", exchange / FRENCH)
    assert not may_read("essai-prof", exchange / ENGLISH)
    for name, course in (("essai-a", FRENCH), ("trial-a", FRENCH), ("trial-prof", FRENCH)):
        answer = log_in(name).page.request.get(f"{hub.address}/services/{course}/lab")
        assert answer.status == 403, (name, course)
    other = log_in("essai-prof-2")
    assert f"/services/{FRENCH}/" in other.page.url, "a second instructor, the same course"


def test_a_student_hears_nothing_of_another_s_kernel(
    log_in: Callable[[str], Person], hub: RunningHub
) -> None:
    """Its ports are open to the whole machine; whoever has its key hears it, nobody else."""
    student = log_in("essai-b")
    kernel = student.api("POST", "api/kernels", {"name": "python3"})
    assert isinstance(kernel, dict)
    (written,) = student.home().rglob(f"kernel-{kernel['id']}.json")
    assert not may_read("essai-a", written)
    ports = json.loads(written.read_text())
    with zmq.Context() as context:
        with_key, without = (listener(context, ports, key=key) for key in (True, False))
        student.api("POST", f"api/kernels/{kernel['id']}/restart")
        assert with_key.poll(_PATIENCE), "a kernel says that it starts"
        assert not without.poll(0)
        for socket in (with_key, without):
            socket.close(linger=0)
    student.api("DELETE", f"api/kernels/{kernel['id']}")


def listener(
    context: zmq.Context[zmq.Socket[bytes]], ports: dict[str, Any], *, key: bool
) -> zmq.Socket[bytes]:
    """A socket that subscribes to all that a kernel says."""
    socket = context.socket(zmq.SUB)
    if key:
        socket.curve_publickey, socket.curve_secretkey = zmq.curve_keypair()
        socket.curve_serverkey = ports["curve_publickey"].encode()
    socket.subscribe(b"")
    socket.connect(f"tcp://{ports['ip']}:{ports['iopub_port']}")
    return socket


def test_a_full_exchange_refuses_in_a_sentence_and_nothing_is_lost(
    log_in: Callable[[str], Person], hub: RunningHub, tmp_path: Path
) -> None:
    """After the journey; full is what the instructor keeps free of the exchange's disk."""
    student = log_in("essai-b")
    student.page.goto(f"{hub.address}/user/essai-b/lab?reset")
    inbox = hub.root / "exchange" / FRENCH / "inbound" / "essai-b"
    before = sorted(inbox.iterdir())
    hub.prepare(PLAN + "exchange: {free_mb: 1000000000}\n")
    save(student, answers_of("right_from_the_end", hub, tmp_path))
    submit = assignments(student, "fetched").get_by_role("button", name="Submit")
    submit.click()
    said = student.page.locator("#submission-message")
    expect(said).to_contain_text("L'espace d'échange du cours est plein", timeout=_PATIENCE)
    expect(said).to_contain_text("votre travail est toujours")
    student.see("11-exchange-full")
    student.page.get_by_role("button", name="OK").click()
    assert sorted(inbox.iterdir()) == before
    hub.prepare(PLAN)
    submit.click()
    wait_until(lambda: len(list(inbox.iterdir())) > len(before), hub)
    wait_until(lambda: recorded(hub, FRENCH, WORK)["essai-b"] == 18.0, hub)


def test_a_killed_hub_finds_the_students_at_work(
    log_in: Callable[[str], Person], hub: RunningHub
) -> None:
    student = log_in("trial-a")
    before = server_of(student)
    note = {"type": "file", "format": "text", "content": "during"}
    hub.kill()
    student.api("PUT", "api/contents/note.txt", note)
    hub.start()
    assert server_of(student) == before, "the same server, with what it computes"
    student.api("PUT", "api/contents/note.txt", note | {"content": "after"})
    assert (student.home() / "note.txt").read_text() == "after"
    student.page.goto(f"{hub.address}/user/trial-a/lab?reset")
    student.menu_bar.wait_for()
    teacher = log_in("trial-prof")
    teacher.page.goto(f"{hub.address}/services/{ENGLISH}/lab?reset")
    teacher.menu_bar.wait_for()


def test_a_killed_grading_service_catches_up(
    log_in: Callable[[str], Person], hub: RunningHub, tmp_path: Path
) -> None:
    """After the journey: its two students hand in again while the service is being killed."""
    for process in grading_services(hub):
        process.kill()
    for name in ("essai-a", "essai-b"):
        student = log_in(name)
        student.page.goto(f"{hub.address}/user/{name}/lab?reset")
        hand_in(student, answers_of("right_comprehensions", hub, tmp_path))
        for process in grading_services(hub):
            process.kill()
    wait_for_marks(hub, {"essai-a": 18.0, "essai-b": 18.0})


def may_read(account: str, path: Path) -> bool:
    """May an account of the hub list that folder, or read that file?"""
    assert path.exists(), "nobody may read what is not there"
    command = ["ls", str(path)] if path.is_dir() else ["cat", str(path)]
    done = as_account(account, command)
    return done.returncode == 0


def server_of(person: Person) -> list[int]:
    """The processes of a person's own server."""
    uid = pwd.getpwnam(person.name).pw_uid
    return sorted(
        process.pid
        for process in psutil.process_iter(["uids", "cmdline"])
        if process.info["uids"].real == uid
        and "jupyterhub.singleuser" in (process.info["cmdline"] or ())
    )


def grading_services(hub: RunningHub) -> list[psutil.Process]:
    """The processes of `ecole grade --watch` on the French course."""
    folder = str(hub.course(FRENCH))
    found = []
    for process in psutil.process_iter(["cmdline"]):
        with contextlib.suppress(psutil.Error):
            if "--watch" in (process.info["cmdline"] or ()) and process.cwd() == folder:
                found.append(process)
    return found
