"""The exchange with one inbox a student: nothing lost, nothing read, nothing believed."""

import asyncio
import fcntl
import io
import json
import logging
import os
import resource
import shutil
import socket
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from exchange_hub import ROOT, Hub, as_user, in_child, mount_small_disk
from jupyter_server.serverapp import ServerApp
from nbgrader.api import Gradebook
from nbgrader.apps import NbGraderApp
from nbgrader.apps.api import NbGraderAPI
from traitlets.config import Config

from autograder.errors import EcoleError
from autograder.grading import feedback, grade, open_course
from autograder.hub.exchange import exchange_traits
from autograder.hub.exchange_layout import Account, exchange_faults, prepare_exchange
from autograder.hub.server import Assignments

several_accounts = pytest.mark.skipif(
    not ROOT, reason="NOT CHECKED HERE: needs root, to act as several accounts"
)


@pytest.fixture
def make_hub(released_course: Path) -> Iterator[Callable[..., Hub]]:
    """`make_hub("ada", "bob")`; not below pytest's own folder, which is closed to others."""
    tops = []

    def make(*names: str) -> Hub:
        top = Path(tempfile.mkdtemp(prefix="ecole-exchange-"))
        tops.append(top)
        hub = Hub(top, list(names))
        hub.make(released_course)
        return hub

    yield make
    for top in tops:
        shutil.rmtree(top, ignore_errors=True)


@pytest.fixture
def hub(make_hub: Callable[..., Hub]) -> Hub:
    return make_hub("ada", "bob")


def notebook_of(folder: Path) -> str:
    return (folder / "small.ipynb").read_text()


def submissions(hub: Hub, student: str) -> list[Path]:
    return sorted(hub.inbox(student).glob("[!.]*"))


def cached(hub: Hub, student: str) -> list[Path]:
    return sorted((hub.home(student) / "cache" / "small").glob("[!.]*"))


def leftovers(folder: Path) -> list[str]:
    return [name for name in os.listdir(folder) if name.endswith((".partial", ".old"))]


def plant(hub: Hub, student: str, files: dict[str, str], name: str | None = None) -> Path:
    """A submission that the student writes by hand, later than any other."""
    name = name or f"{student}+small+2050-01-01 00:00:00.000000 UTC+x"
    place = hub.inbox(student) / name

    def body() -> None:
        place.mkdir()
        for file, text in files.items():
            (place / file).parent.mkdir(parents=True, exist_ok=True)
            (place / file).write_text(text)
        place.chmod(0o770)
        for path in place.rglob("*"):
            path.chmod(0o770)

    hub.as_student(student, body)
    return place


# ---------------------------------------------------------------- the usual way


def test_a_submission_goes_from_home_to_feedback(hub: Hub) -> None:
    assert hub.submit("ada") is None
    assert hub.collect() == []
    assert notebook_of(hub.collected("ada")) == notebook_of(hub.work("ada"))
    stamp = (hub.collected("ada") / "timestamp.txt").read_text()
    assert cached(hub, "ada")[0].name == f"ada+small+{stamp}"
    assert (cached(hub, "ada")[0] / "timestamp.txt").read_text() == stamp

    grade(open_course(hub.course), "small")
    feedback(hub.course, "small")
    for page in (hub.course / "feedback").rglob("*.html"):
        page.chmod(0o600)  # as a careful umask would leave it
    if ROOT:
        subprocess.run(["chown", "-R", f"{hub.account.uid}", str(hub.course)], check=True)
    assert hub.as_account(lambda: hub.run("ReleaseFeedback", hub.staff())) is None
    listed = hub.as_account(lambda: hub.run("List", _inbound(hub.staff())))
    assert [each["student_id"] for each in listed] == ["ada"]
    assert listed[0]["submissions"][0]["has_exchange_feedback"]

    body = lambda: hub.run("FetchFeedback", hub.pupil("ada"))  # noqa: E731
    assert hub.as_student("ada", body) is None
    assert (hub.work("ada") / "feedback" / stamp / "small.html").read_text().startswith("<!DOCTYPE")


def _inbound(config: Config) -> Config:
    config.ExchangeList.inbound = True
    return config


def test_nbgraders_own_commands(hub: Hub) -> None:
    """`nbgrader fetch_assignment`, `submit`, `collect` and `list --inbound`, as their accounts."""

    def nbgrader(config: Config, *words: str, at: Path) -> Callable[[], str]:
        def body() -> str:
            os.chdir(at)
            os.environ.update(HOME=str(at), JUPYTER_CONFIG_PATH=str(at / "config"))
            (at / "config").mkdir(exist_ok=True)
            (at / "config" / "nbgrader_config.json").write_text(json.dumps(config))
            sys.stderr = io.StringIO()
            with suppress(SystemExit):
                NbGraderApp.launch_instance([*words])
            return sys.stderr.getvalue()

        return body

    for words in (["fetch_assignment", "small"], ["submit", "small"]):
        hub.as_student("ada", nbgrader(hub.pupil("ada"), *words, at=hub.home("ada")))
    hub.as_account(nbgrader(hub.staff(), "collect", "small", "--update", at=hub.course))
    assert notebook_of(hub.collected("ada")) == notebook_of(hub.work("ada"))
    listed = nbgrader(hub.staff(), "list", "--inbound", at=hub.course)
    assert "small ada small" in hub.as_account(listed)
    (hub.inbox("ada")).chmod(0)
    if ROOT:
        again = nbgrader(hub.pupil("ada"), "submit", "small", at=hub.home("ada"))
        assert "Tell your instructor" in hub.as_student("ada", again)


@pytest.mark.parametrize(
    "form", ["%Y-%m-%d %H:%M:%S.%f %Z", "%Y-%m-%d %H:%M:%S %Z", "%Y-%m-%d %H:%M %Z"]
)
def test_submissions_of_one_moment_keep_their_order(
    hub: Hub, form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stand_still(part: Any) -> None:
        part.timestamp = datetime(2026, 3, 2, 10, tzinfo=UTC).strftime(form)

    monkeypatch.setattr("autograder.hub.exchange.Submit.set_timestamp", stand_still)
    hub.extra.Exchange.timestamp_format = form
    hub.fetch("ada")
    for text in ("first", "second", "third"):
        (hub.work("ada") / "answer.txt").write_text(text)
        assert hub.submit("ada") is None
    stamps = [path.name.split("+")[2] for path in submissions(hub, "ada")]
    assert len(set(stamps)) == 3
    assert hub.collect() == []
    assert (hub.collected("ada") / "answer.txt").read_text() == "third"


def test_one_submission_and_one_collection_at_a_time(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("autograder.hub.inboxes._LOCK_SECONDS", 0.1)
    hub.submit("ada")
    with (hub.inbox("ada") / ".lock").open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert "Another submission of yours is under way" in hub.submit("ada")
    assert len(submissions(hub, "ada")) == len(cached(hub, "ada")) == 1
    assert hub.collect() == []
    hub.submit("bob")
    with (hub.course / ".collect-lock").open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert "Another collection is under way" in hub.collect()
    assert not hub.collected("bob").exists()
    assert hub.collect() == []


def test_update_and_the_due_date_are_nbgraders(hub: Hub) -> None:
    hub.submit("ada")
    (hub.work("ada") / "answer.txt").write_text("early")
    hub.submit("ada")
    with open_course(hub.course).lock():
        early = submissions(hub, "ada")[-1].name.split("+")[2]
    (hub.work("ada") / "answer.txt").write_text("late")
    hub.submit("ada")
    _set_due_date(hub, early)
    assert hub.collect(before_duedate=True) == []
    assert (hub.collected("ada") / "answer.txt").read_text() == "early"
    plain = hub.staff()
    hub.as_account(lambda: hub.run("Collect", plain))
    assert (hub.collected("ada") / "answer.txt").read_text() == "early", "no --update"
    hub.collect()
    assert (hub.collected("ada") / "answer.txt").read_text() == "late"


def _set_due_date(hub: Hub, due: str) -> None:
    with Gradebook(f"sqlite:///{hub.course / 'gradebook.db'}") as gradebook:
        gradebook.update_or_create_assignment("small", duedate=due)


# ---------------------------------------------------------------- who reads what


@several_accounts
def test_a_submission_is_the_students_and_the_courses_alone(hub: Hub) -> None:
    """Whatever the umask (here 077): the course reads and removes, nobody else enters."""
    hub.submit("ada")
    place = submissions(hub, "ada")[0]
    for path in [place, *place.rglob("*")]:
        status = path.stat()
        assert (status.st_uid, status.st_gid) == (hub.students["ada"], hub.account.gid)
        assert stat.S_IMODE(status.st_mode) & 0o777 == (0o770 if path.is_dir() else 0o640)

    def spy() -> list[str]:
        """What bob can open of ada's, knowing every name."""
        found = []
        for path in [hub.inbox("ada"), place, place / "small.ipynb", hub.course, hub.home("ada")]:
            try:
                os.listdir(path) if path.is_dir() else path.read_text()
                found.append(str(path))
            except PermissionError:
                pass
        return found

    assert hub.as_student("bob", spy) == []
    assert as_user(61999, [61999], lambda: os.access(hub.exchange / "small", os.X_OK)) is False
    hub.as_account(lambda: shutil.rmtree(place))
    assert submissions(hub, "ada") == []


@several_accounts
def test_feedback_cannot_be_listed(hub: Hub) -> None:
    folder = hub.exchange / "small" / "feedback"

    def body() -> str:
        try:
            return str(os.listdir(folder))
        except PermissionError:
            return "refused"

    assert hub.as_student("bob", body) == "refused"
    assert hub.as_student("bob", lambda: os.access(folder, os.W_OK)) is False


@several_accounts
def test_a_student_writes_nowhere_but_in_their_inbox(hub: Hub) -> None:
    course = hub.exchange / "small"
    places = [hub.exchange, course, course / "outbound", course / "outbound/small"]
    places += [course / "inbound", course / "feedback", hub.inbox("bob")]
    assert hub.as_student("ada", lambda: [os.access(each, os.W_OK) for each in places]) == (
        [False] * len(places)
    )


# ---------------------------------------------------------------- what a submission may hold


def test_links_and_special_files_stay_behind(hub: Hub) -> None:
    hub.fetch("ada")

    def clutter() -> None:
        work = hub.work("ada")
        (work / "passwords.txt").symlink_to("/etc/passwd")
        (work / "everything").symlink_to("/")
        os.mkfifo(work / "pipe")
        (work / "kept").mkdir()
        (work / "kept" / "data.csv").write_text("a\n")

    hub.as_student("ada", clutter)
    assert hub.submit("ada") is None
    names = {path.name for path in submissions(hub, "ada")[0].rglob("*")}
    assert {"data.csv", "small.ipynb"} <= names
    assert not {"passwords.txt", "everything", "pipe"} & names


def refuse_link(work: Path) -> None:
    (work / "small.ipynb").rename(work.parent / "elsewhere.ipynb")
    (work / "small.ipynb").symlink_to("../elsewhere.ipynb")


def refuse_many(work: Path) -> None:
    for number in range(40):
        (work / f"{number}.txt").write_text("")


def refuse_deep(work: Path) -> None:
    Path(work, *"abcdefghijklmnopqrstuvwxyz").mkdir(parents=True)


def refuse_large(work: Path) -> None:
    (work / "big.bin").write_bytes(bytes(300_000))


def refuse_big_notebook(work: Path) -> None:
    (work / "other.ipynb").write_bytes(bytes(150_000))


@pytest.mark.parametrize(
    ("change", "english", "french"),
    [
        (refuse_link, "“small.ipynb” is a link", "est un lien"),
        (refuse_many, "more than 30 files", "plus de 30 fichiers"),
        (refuse_deep, "more than 20 folders", "plus de 20 dossiers"),
        (refuse_large, "larger than 200 MB", "dépasse"),
        (refuse_big_notebook, "“other.ipynb” is larger", "« other.ipynb » dépasse"),
    ],
)
def test_what_does_not_fit_is_refused_in_the_courses_language(
    hub: Hub, change: Callable[[Path], None], english: str, french: str
) -> None:
    hub.fetch("ada")
    hub.as_student("ada", lambda: change(hub.work("ada")))
    hub.extra.Exchange.max_files = 30
    hub.extra.CourseDirectory.max_dir_size = 200
    hub.extra.CourseDirectory.max_file_size = 100 if change is refuse_big_notebook else 1000
    english = english.replace("200 MB", "0 MB")
    said = hub.submit("ada")
    assert english in said and "Nothing was submitted" in said and str(hub.work("ada")) in said
    hub.lang = "fr"
    said = hub.submit("ada")
    assert french in said and "Rien n'a été rendu" in said
    assert submissions(hub, "ada") == cached(hub, "ada") == []
    assert leftovers(hub.inbox("ada")) == []


def test_a_full_inbox_is_refused_and_another_is_not(hub: Hub) -> None:
    hub.fetch("ada")
    (hub.work("ada") / "data.bin").write_bytes(os.urandom(60_000))
    said = [hub.submit("ada", max_inbox_size=150) for _ in range(4)]
    assert said[0] is None and "Your inbox is full" in said[-1]
    assert len(submissions(hub, "ada")) == len(cached(hub, "ada")) == said.count(None)
    assert hub.submit("bob", max_inbox_size=150) is None


def test_the_last_of_the_disk_is_not_for_students(hub: Hub) -> None:
    disk = os.statvfs(hub.exchange)
    everything = disk.f_blocks * disk.f_frsize // 1000 + 1
    said = hub.submit("ada", min_free_size=everything)
    assert "exchange is full" in said and "Nothing was submitted" in said
    assert submissions(hub, "ada") == cached(hub, "ada") == []


def test_a_disk_that_fills_up_meanwhile_leaves_nothing(hub: Hub) -> None:
    hub.fetch("ada")
    (hub.work("ada") / "data.bin").write_bytes(bytes(400_000))

    submit = lambda: hub.run("Submit", hub.pupil("ada"))  # noqa: E731
    said = hub.as_student("ada", lambda: _with_small_files(submit))
    assert "exchange is full" in said and "Nothing was submitted" in said
    assert submissions(hub, "ada") == cached(hub, "ada") == []
    assert leftovers(hub.inbox("ada")) == []
    assert hub.submit("ada") is None, "and the next one is as if nothing had happened"


@several_accounts
@pytest.mark.parametrize("place", ["exchange", "home"])
def test_a_disk_without_room_says_which(hub: Hub, place: str) -> None:
    """A real file system of 300 kB: of the exchange, of the student's cache."""
    hub.fetch("ada")
    (hub.work("ada") / "data.bin").write_bytes(os.urandom(400_000))
    disk = hub.inbox("ada") if place == "exchange" else hub.home("ada") / "cache"
    hub.as_student("ada", lambda: disk.mkdir(exist_ok=True))
    status = disk.stat()

    def body() -> tuple[Any, list[str]]:
        mount_small_disk(disk, "300k")
        os.chown(disk, status.st_uid, status.st_gid)
        disk.chmod(stat.S_IMODE(status.st_mode))
        said = hub.submit("ada", min_free_size=0)
        return said, [path.name for path in disk.rglob("*") if path.is_dir()]

    said, folders = in_child(body)()
    expected = "exchange is full" if place == "exchange" else "home folder is full"
    assert expected in said and "Nothing was submitted" in said
    assert folders in ([], ["small"])
    assert submissions(hub, "ada") == cached(hub, "ada") == []


def test_a_submission_killed_half_way_is_swept_up(hub: Hub) -> None:
    hub.fetch("ada")
    left = hub.inbox("ada") / ".0123.partial"
    hub.as_student("ada", lambda: (left / "half").mkdir(parents=True))
    assert hub.collect() == [] and not hub.collected("ada").exists()
    assert hub.submit("ada") is None
    assert leftovers(hub.inbox("ada")) == []


def test_without_an_inbox_one_is_told_whom_to_ask(hub: Hub) -> None:
    hub.fetch("ada")
    shutil.rmtree(hub.inbox("ada"))
    assert "Tell your instructor" in hub.submit("ada")


# ---------------------------------------------------------------- what an inbox may hide


def link_to_folder(place: Path) -> None:
    (place / "course").symlink_to(place.parents[4] / "course")


def link_to_secret(place: Path) -> None:
    (place / "small.ipynb").unlink()
    (place / "small.ipynb").symlink_to(place.parents[4] / "course" / "source/small/small.ipynb")


def pipes(place: Path) -> None:
    os.mkfifo(place / "pipe.ipynb")
    for name in ("timestamp.txt", "submission_secret.txt"):
        (place / name).unlink(missing_ok=True)
        os.mkfifo(place / name)


def plug(place: Path) -> None:
    with socket.socket(socket.AF_UNIX) as plug:
        os.chdir(place)
        plug.bind("plug")


def newlines(place: Path) -> None:
    (place / "a\nb\x1b[2J.txt").write_text("x")
    Path(os.fsdecode(os.fsencode(place) + b"/\xff\xfe.txt")).write_text("x")


@pytest.mark.parametrize("attack", [link_to_folder, link_to_secret, pipes, plug, newlines])
def test_hostile_files_are_left_where_they_are(hub: Hub, attack: Callable[[Path], None]) -> None:
    place = plant(hub, "ada", {"small.ipynb": "{}", "timestamp.txt": "never"})
    hub.as_student("ada", lambda: (os.umask(0), attack(place)))
    hub.submit("bob")
    assert hub.collect() == []
    taken = {path.name for path in hub.collected("ada").rglob("*")}
    assert taken <= {"small.ipynb", "timestamp.txt", "submission_secret.txt"}
    for path in hub.collected("ada").rglob("*"):
        assert path.is_file() and not path.is_symlink()
        assert "BEGIN SOLUTION" not in path.read_text()
    assert (hub.collected("ada") / "timestamp.txt").read_text() == "2050-01-01 00:00:00.000000 UTC"
    assert len((hub.collected("ada") / "submission_secret.txt").read_text()) > 100
    assert hub.collected("bob").exists()
    assert hub.as_account(lambda: hub.run("List", _inbound(hub.staff())))


def sparse(place: Path) -> None:
    for number in range(8):
        with (place / f"{number}.bin").open("wb") as file:
            file.truncate(90_000)


def many(place: Path) -> None:
    for number in range(200):
        (place / f"{number}.txt").touch()


def deep(place: Path) -> None:
    os.chdir(place)
    for _ in range(600):
        os.mkdir("d")
        os.chdir("d")


def closed(place: Path) -> None:
    (place / "small.ipynb").chmod(0)


@pytest.mark.parametrize(
    ("attack", "said"),
    [(sparse, "larger than"), (many, "more than 100"), (deep, "more than 20"), (closed, "be read")],
)
def test_a_submission_out_of_bounds_costs_the_others_nothing(
    hub: Hub, attack: Callable[[Path], None], said: str
) -> None:
    if attack is closed and not ROOT:
        pytest.skip("NOT CHECKED HERE: needs root, to act as several accounts")
    hub.submit("ada")
    hub.collect()
    before = (hub.collected("ada") / "timestamp.txt").read_text()
    place = plant(hub, "ada", {"small.ipynb": "{}"})
    hub.as_student("ada", lambda: (os.umask(0), attack(place)))
    hub.submit("bob")
    hub.extra.Exchange.max_files = 100
    hub.extra.CourseDirectory.max_dir_size = 500
    [refused] = hub.collect()
    assert said in refused and "ada" in refused
    assert hub.collected("bob").exists()
    assert (hub.collected("ada") / "timestamp.txt").read_text() == before, "the older one stays"
    assert leftovers(hub.collected("ada").parent) == []


def test_an_inbox_of_countless_names_costs_the_others_nothing(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub.submit("bob")
    flood = lambda: [(hub.inbox("ada") / f"x{number}").mkdir() for number in range(60)]  # noqa: E731
    hub.as_student("ada", flood)
    for module in ("inboxes", "exchange", "exchange_layout"):
        monkeypatch.setattr(f"autograder.hub.{module}.MOST_ENTRIES", 50)
    [refused] = hub.collect()
    assert "inbox of ada" in refused and hub.collected("bob").exists()
    assert "Your inbox is full" in hub.submit("ada")
    assert any("is full" in each and "ada" in each for each in _faults(hub))


def test_the_inbox_says_whose_it_is(hub: Hub) -> None:
    hub.submit("bob")
    forged = "bob+small+2050-01-01 00:00:00.000000 UTC+x"
    plant(hub, "ada", {"small.ipynb": "forged"}, forged)
    plant(hub, "ada", {"small.ipynb": "x"}, "ada+small+99999999999999999999999+x")
    plant(hub, "ada", {"small.ipynb": "x"}, "no name\nat all")
    [refused] = hub.collect()
    assert "inbox of ada" in refused and "3 folder(s)" in refused and "\n" not in refused
    assert notebook_of(hub.collected("bob")) == notebook_of(hub.work("bob"))
    assert not hub.collected("ada").exists()


def test_a_submission_that_is_a_link_is_refused(hub: Hub) -> None:
    name = "ada+small+2050-01-01 00:00:00.000000 UTC+x"
    link = hub.inbox("ada") / name
    hub.as_student("ada", lambda: link.symlink_to(hub.course / "source" / "small"))
    [refused] = hub.collect(check_owner=False)
    assert "ada" in refused
    assert not hub.collected("ada").exists()


@several_accounts
def test_what_belongs_to_another_account_is_refused(hub: Hub) -> None:
    place = plant(hub, "ada", {"small.ipynb": "{}", "inner/file.txt": "x"})
    os.chown(place / "inner/file.txt", hub.students["bob"], -1)
    [refused] = hub.collect()
    assert "another account" in refused and not hub.collected("ada").exists()
    assert hub.collect(check_owner=False) == []


@several_accounts
def test_a_time_before_the_files_were_written_is_said(hub: Hub) -> None:
    plant(hub, "ada", {"small.ipynb": "{}"}, "ada+small+2001-01-01 00:00:00.000000 UTC+x")
    said = hub.as_account(lambda: _log_of(lambda: hub.run("Collect", hub.staff())))
    assert any("2001-01-01 00:00 but was written at" in line for line in said)


def _log_of(body: Callable[[], Any]) -> list[str]:
    said: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: said.append(record.getMessage())  # type: ignore[method-assign]
    logging.getLogger("traitlets").addHandler(handler)
    body()
    return said


def test_a_file_that_changes_while_it_is_copied_is_refused(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = plant(hub, "ada", {"small.ipynb": "a" * 3_000_000})
    hub.submit("bob")
    read = os.read

    def read_and_change(descriptor: int, size: int) -> bytes:
        with (place / "small.ipynb").open("r+") as file:
            file.write("b")
        return read(descriptor, size)

    def body() -> Any:
        monkeypatch.setattr(os, "read", read_and_change)
        return hub.run("Collect", hub.staff())

    [refused] = hub.as_account(body)
    assert "“small.ipynb” changed while" in refused
    assert not hub.collected("ada").exists() and hub.collected("bob").exists()
    assert hub.collect() == [] and hub.collected("ada").exists()


def test_no_link_put_in_place_of_a_folder_is_followed(hub: Hub) -> None:
    """A student swaps a folder, and the submission itself, for links while one collects."""
    place = plant(hub, "ada", {"small.ipynb": "{}", "inner/file.txt": "mine"})
    stop, other = hub.top / "stop", place.with_name("aside")

    def swap() -> None:
        while not stop.exists():
            for path, aside in [(place / "inner", place / "aside"), (place, other)]:
                os.rename(path, aside)
                path.symlink_to(hub.course / "source" / "small")
                path.unlink()
                os.rename(aside, path)

    racing = in_child(lambda: hub.as_student("ada", swap))
    try:
        for _ in range(12):
            hub.collect(check_owner=False)
            taken = {path.name for path in hub.collected("ada").rglob("*")}
            assert "data.csv" not in taken
            shutil.rmtree(hub.collected("ada"), ignore_errors=True)
    finally:
        stop.touch()
        racing()
    hub.collect()
    assert (hub.collected("ada") / "inner" / "file.txt").read_text() == "mine"


def test_a_link_put_in_place_of_a_file_is_refused(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the look at what it is and its opening."""
    place = plant(hub, "ada", {"small.ipynb": "{}"})
    look = os.stat

    def look_and_swap(path: Any, **options: Any) -> os.stat_result:
        found = look(path, **options)
        if path == "small.ipynb":
            (place / path).unlink()
            (place / path).symlink_to(hub.course / "source" / "small" / path)
        return found

    def body() -> Any:
        monkeypatch.setattr(os, "stat", look_and_swap)
        return hub.run("Collect", hub.staff(check_owner=False))

    [refused] = hub.as_account(body)
    assert "ada" in refused and not hub.collected("ada").exists()


@several_accounts
def test_a_full_course_directory_keeps_what_was_collected(hub: Hub) -> None:
    hub.submit("ada")
    hub.collect()
    before = (hub.collected("ada") / "timestamp.txt").read_text()
    (hub.work("ada") / "data.bin").write_bytes(os.urandom(400_000))
    hub.submit("ada")
    submitted = hub.course / "submitted"
    kept = hub.top / "kept"
    shutil.copytree(submitted, kept)

    def body() -> tuple[Any, str, list[str]]:
        mount_small_disk(submitted, "300k")
        shutil.copytree(kept, submitted, dirs_exist_ok=True)
        subprocess.run(["chown", "-R", f"{hub.account.uid}", str(submitted)], check=True)
        said = hub.collect()
        folder = hub.collected("ada")
        return said, (folder / "timestamp.txt").read_text(), leftovers(folder.parent)

    said, stamp, left = in_child(body)()
    assert "No room left" in said and "Nothing is lost" in said
    assert stamp == before and left == []
    assert hub.collect() == []
    assert (hub.collected("ada") / "data.bin").exists()


def test_a_replacement_that_was_killed_is_mended(hub: Hub) -> None:
    hub.submit("ada")
    hub.collect()
    folder = hub.collected("ada")
    folder.rename(folder.with_name(".small.old"))
    (folder.parent / ".small.0123.partial").mkdir()
    hub.collect()
    assert folder.exists() and leftovers(folder.parent) == []


def test_a_release_or_a_fetch_without_room_changes_nothing(hub: Hub) -> None:
    released = hub.exchange / "small" / "outbound" / "small"
    before = notebook_of(released)
    (hub.course / "release" / "small" / "data.bin").write_bytes(bytes(300_000))
    again = hub.staff()
    again.ExchangeReleaseAssignment.force = True
    said = hub.as_account(lambda: _with_small_files(lambda: hub.run("ReleaseAssignment", again)))
    assert "nothing has changed for the students" in said
    assert notebook_of(released) == before and os.listdir(released.parent) == ["small"]
    assert hub.as_account(lambda: hub.run("ReleaseAssignment", again)) is None
    assert (released / "data.bin").exists() and os.listdir(released.parent) == ["small"]

    fetch = lambda: hub.run("FetchAssignment", hub.pupil("ada"))  # noqa: E731
    assert "could not be copied" in hub.as_student("ada", lambda: _with_small_files(fetch))
    assert os.listdir(hub.home("ada")) == []
    hub.fetch("ada")


def _with_small_files(body: Callable[[], Any]) -> Any:
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
    return body()


def test_formgraders_buttons(hub: Hub) -> None:
    """Release (already done: refused) and collect, as formgrader calls them."""
    hub.submit("ada")

    def body() -> tuple[set[str], dict[str, Any], dict[str, Any]]:
        formgrader = NbGraderAPI(config=hub.staff())
        released = formgrader.get_released_assignments()
        return released, formgrader.release_assignment("small"), formgrader.collect("small")

    released, again, collected = hub.as_account(body)
    assert released == {"small"}
    assert not again["success"] and "is released already" in again["error"]
    assert collected["success"] and hub.collected("ada").exists()


# ---------------------------------------------------------------- a whole class at once


def test_a_class_submits_at_once_while_it_is_collected(make_hub: Callable[..., Hub]) -> None:
    names = [f"s{number:02}" for number in range(24)]
    hub = make_hub(*names)
    for name in names:
        shutil.copytree(hub.exchange / "small/outbound/small", hub.work(name))
    stop = hub.top / "stop"

    def hand_in(name: str) -> Callable[[], list[Any]]:
        def body() -> list[Any]:
            said = []
            for turn in range(3):
                for half in ("one", "two"):
                    (hub.home(name) / "small" / f"{half}.txt").write_text(f"{turn}" * 5000)
                said.append(hub.run("Submit", hub.pupil(name)))
            return said

        return body

    def gather() -> list[str]:
        """Collect in a loop; what is wrong with what one finds collected."""
        wrong, last = [], dict.fromkeys(names, "")
        while True:
            ended = stop.exists()
            wrong += hub.run("Collect", hub.staff(update=True))
            for name in names:
                folder = hub.collected(name)
                if folder.exists():
                    one, two = (folder / "one.txt").read_text(), (folder / "two.txt").read_text()
                    stamp = (folder / "timestamp.txt").read_text()
                    if one != two or len(one) != 5000 or stamp < last[name]:
                        wrong.append(f"{name}: torn or out of order")
                    last[name] = stamp
            if ended:
                return wrong

    for name in names:
        if ROOT:
            subprocess.run(
                ["chown", "-R", f"{hub.students[name]}", str(hub.work(name))], check=True
            )
    gathering = in_child(lambda: hub.as_account(gather))
    handing = [in_child(lambda name=name: hub.as_student(name, hand_in(name))) for name in names]
    assert [wait() for wait in handing] == [[None] * 3] * 24
    stop.touch()
    assert gathering() == []
    for name in names:
        assert len(submissions(hub, name)) == 3
        assert (hub.collected(name) / "one.txt").read_text() == "2" * 5000


# ---------------------------------------------------------------- folders and faults


def test_a_prepared_exchange_has_no_fault_but_its_disk(hub: Hub) -> None:
    hub.submit("ada")
    before = {path: path.lstat() for path in hub.exchange.rglob("*")}
    hub.prepare()
    after = {path: path.lstat() for path in hub.exchange.rglob("*")}
    assert {path: (each.st_mode, each.st_uid, each.st_gid) for path, each in before.items()} == {
        path: (each.st_mode, each.st_uid, each.st_gid) for path, each in after.items()
    }
    said = _faults(hub)
    assert all("quota" in each or "same uid" in each for each in said)
    if not ROOT:
        assert any("same uid" in each for each in said)


def _faults(hub: Hub, **limits: Any) -> list[str]:
    where = (hub.exchange, "small", hub.account, hub.class_gid, hub.students)
    return exchange_faults(*where, **limits)


def test_faults_come_with_the_command_that_mends_them(hub: Hub) -> None:
    hub.submit("bob")
    hub.inbox("ada").chmod(0o777)
    (hub.exchange / "small" / "feedback").chmod(0o755)
    hub.exchange.chmod(0o777)
    (hub.exchange / "small/inbound/ada+small+2026-01-01 10:00:00 UTC").mkdir()
    said = _faults(hub, max_inbox_size=1)
    assert any(each.endswith(f"chmod 2770 {hub.inbox('ada')}") for each in said)
    assert any(each.endswith(f"chmod 711 {hub.exchange}/small/feedback") for each in said)
    assert any(each.endswith(f"chmod 755 {hub.exchange}") for each in said)
    assert any("is full" in each and "bob" in each for each in said)
    assert any("will not be collected" in each for each in said)
    hub.prepare()
    said = _faults(hub)
    assert not any("chmod" in each for each in said)
    shutil.rmtree(hub.inbox("bob"))
    assert any("missing" in each and "bob" in each for each in _faults(hub))
    assert "manque" in str(_faults(hub, lang="fr"))


@several_accounts
def test_faults_say_who_owns_what_wrongly(hub: Hub) -> None:
    os.chown(hub.inbox("ada"), hub.students["bob"], hub.account.gid)
    [said] = [each for each in _faults(hub) if "chown" in each]
    assert said.endswith(f"chown -h {hub.students['ada']}:{hub.account.gid} {hub.inbox('ada')}")


@several_accounts
def test_root_follows_no_link_of_a_student_or_of_the_course(hub: Hub) -> None:
    """Neither chmod nor chown through what others may put into the exchange."""
    target = hub.top / "roots-own"
    target.mkdir(mode=0o700)
    hub.as_student("ada", lambda: (hub.inbox("ada") / "trap").symlink_to(target))
    hub.prepare()
    assert _faults(hub)
    hub.inbox("ada").rename(hub.top / "gone")
    hub.as_account(lambda: hub.inbox("ada").symlink_to(target))
    with pytest.raises(EcoleError, match="could not be prepared"):
        hub.prepare()
    assert (target.stat().st_uid, stat.S_IMODE(target.stat().st_mode)) == (0, 0o700)
    assert any(f"{hub.inbox('ada')} is missing or no folder" in each for each in _faults(hub))


@several_accounts
def test_an_inbox_goes_to_nobody_else_with_what_it_holds(hub: Hub) -> None:
    hub.submit("ada")
    where = (hub.exchange, "small", hub.account, hub.class_gid)
    with pytest.raises(EcoleError, match="move that folder away"):
        prepare_exchange(*where, {"ada": 61900})
    assert hub.inbox("ada").stat().st_uid == hub.students["ada"]


def test_an_exchange_of_nbgraders_own_is_adopted(hub: Hub) -> None:
    flat = "ada+small+2026-01-01 10:00:00.000000 UTC+x"
    place = plant(hub, "ada", {"small.ipynb": "{}"}, flat)
    place.rename(hub.exchange / "small/inbound" / flat)
    (hub.exchange / "small/inbound").chmod(0o2733)
    hub.prepare()
    assert hub.collect() == []
    assert notebook_of(hub.collected("ada")) == "{}"


@pytest.mark.parametrize("name", ["", ".", "a/b", "a+b", "a\nb"])
def test_names_that_would_lead_elsewhere_are_refused(hub: Hub, name: str) -> None:
    with pytest.raises(EcoleError, match="cannot be a name"):
        prepare_exchange(hub.exchange, "small", hub.account, hub.class_gid, {name: os.getuid()})


# ---------------------------------------------------------------- what the assignment list says


@pytest.fixture
def manager(hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Assignments:
    """The assignment list of a student's server, on a hub of one account."""
    me = Account(os.getuid(), os.getgid())
    exchange = tmp_path / "exchange"
    prepare_exchange(exchange, "small", me, me.gid, {"ada": me.uid})
    shutil.copytree(hub.exchange / "small/outbound/small", exchange / "small/outbound/small")
    (tmp_path / "home").mkdir()
    config = Config(exchange_traits(exchange))
    config.CourseDirectory.student_id = "ada"
    config.Cohort.lang = "fr"
    config.Exchange.cache = str(tmp_path / "cache")
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "nbgrader_config.json").write_text(json.dumps(config))
    monkeypatch.setenv("JUPYTER_CONFIG_PATH", str(tmp_path / "config"))
    monkeypatch.chdir(tmp_path)
    manager = Assignments()
    manager.root_dir = str(tmp_path / "home")
    return manager


def test_the_list_fetches_submits_and_lists(manager: Assignments) -> None:
    assert manager.fetch_assignment("small", "small")["success"]
    assert manager.submit_assignment("small", "small")["success"]
    listed = manager.list_assignments(course_id="small")
    assert [each["status"] for each in listed["value"]] == ["fetched", "submitted"]


def test_a_failure_is_a_sentence(manager: Assignments, tmp_path: Path) -> None:
    manager.fetch_assignment("small", "small")
    shutil.rmtree(tmp_path / "exchange/small/inbound/ada")
    here = Path.cwd()
    said = manager.submit_assignment("small", "small")
    assert not said["success"] and "Traceback" not in said["value"]
    assert "équipe enseignante" in " ".join(said["value"].split())
    assert max(map(len, said["value"].splitlines())) < 200
    assert Path.cwd() == here


def test_a_fetch_that_fails_is_said_once_in_the_list(manager: Assignments) -> None:
    manager.fetch_assignment("small", "small")
    assert not manager.fetch_assignment("small", "nothing of the kind")["success"]
    said = manager.list_assignments(course_id="small")
    assert not said["success"] and "introuvable" in said["value"]
    assert manager.list_assignments(course_id="small")["success"]


def test_an_unforeseen_failure_shows_no_traceback(
    manager: Assignments, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(self: object) -> None:
        raise ValueError("inner workings")

    manager.fetch_assignment("small", "small")
    for part in ("Submit", "List"):
        monkeypatch.setattr(f"autograder.hub.exchange.{part}.start", fail)
    for said in (manager.submit_assignment("small", "small"), manager.list_assignments("small")):
        assert "inner workings" not in said["value"] and "Votre travail" in said["value"]


def test_the_extension_takes_nbgraders_place(tmp_path: Path) -> None:
    """In a real server, where extensions load in the order of their names."""
    names = ["nbgrader.server_extensions.assignment_list", "autograder.hub.server"]

    def body() -> tuple[str, str]:
        os.environ.update(JUPYTER_CONFIG_DIR=str(tmp_path), JUPYTER_NO_CONFIG="1")
        app = ServerApp(jpserver_extensions=dict.fromkeys(names, True), root_dir=str(tmp_path))
        app.initialize(["--port=0", "--allow-root"], new_httpserver=False)
        asyncio.run(app.extension_manager.start_all_extensions())
        manager = app.web_app.settings["assignment_list_manager"]
        return type(manager).__module__, manager.root_dir

    assert in_child(body)() == ("autograder.hub.server", str(tmp_path))
