"""A hub's plan, what students receive, what whoever starts it reads; the rest is in a browser."""

from pathlib import Path

import nbformat
import pytest
from nbgrader.api import Gradebook
from typer.testing import CliRunner

from autograder import cli
from autograder.errors import EcoleError
from autograder.hub.enrol import enrol
from autograder.hub.lessons import deliver_lessons, write_lessons
from autograder.hub.plan import class_of, read_plan, write_trial_plan
from autograder.hub.start import find_proxy

COURSE = "courses:\n  ia:\n    lang: fr\n    instructors: [prof]\n    students: [ada, bob]\n"


def plan_of(folder: Path, text: str) -> Path:
    (folder / "hub.yml").write_text(text, encoding="utf-8")
    return folder


def test_a_plan_says_who_is_where(tmp_path: Path) -> None:
    plan = read_plan(plan_of(tmp_path, COURSE))
    assert plan.students == {"ada": "ia", "bob": "ia"}
    assert plan.instructors == {"prof": ["ia"]}
    assert plan.people == ["ada", "bob", "prof"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (COURSE.replace("ada", "Ada Lovelace"), "use lower case letters, digits and hyphens"),
        (COURSE.replace("bob", "ada"), "ada is a student 2 times"),
        (COURSE.replace("bob", "prof"), "prof is both student and instructor"),
        (COURSE.replace("bob", "ia"), "ia is both a course and a person"),
        (COURSE.replace("bob", "ia-class"), "are the hub's own"),
        (COURSE.replace("  ia:", "  proxy:"), "the hub's own name"),
        (COURSE.replace("lang: fr", "lang: de"), "courses.ia.lang"),
        (COURSE.replace("[prof]", "[]"), "courses.ia.instructors"),
        (COURSE + "    teachers: [x]\n", "courses.ia.teachers: unknown"),
        (COURSE + "exchange: {inbox_mb: 0}\n", "exchange.inbox_mb"),
        ("courses: {}\n", "courses"),
        ("courses: [\n", "not YAML"),
    ],
)
def test_a_faulty_plan_is_refused_with_its_place(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(EcoleError, match=r"hub\.yml") as refused:
        read_plan(plan_of(tmp_path, text))
    assert said in str(refused.value)


def test_a_missing_plan_says_what_writes_one(tmp_path: Path) -> None:
    with pytest.raises(EcoleError, match=f"`ecole hub {tmp_path}` writes one"):
        read_plan(tmp_path)


def test_the_plan_to_begin_with_is_a_plan_and_is_never_replaced(tmp_path: Path) -> None:
    written = write_trial_plan(tmp_path, "fr", 3).read_text("utf-8")
    (name,) = read_plan(tmp_path).courses
    assert len(read_plan(tmp_path).students) == 3
    assert class_of(name) == f"{name}-class"
    write_trial_plan(tmp_path, "en", 9)
    assert (tmp_path / "hub.yml").read_text("utf-8") == written


def test_a_faulty_plan_stops_the_command_with_a_sentence(tmp_path: Path) -> None:
    plan_of(tmp_path, COURSE.replace("bob", "prof"))
    result = CliRunner().invoke(cli.app, ["hub", str(tmp_path), "--no-start"])
    assert result.exit_code == 1
    assert "prof is both student and instructor" in str(result.exception)


def test_students_are_enrolled_once_and_keep_their_names(small_course: Path) -> None:
    assert enrol(small_course, ["ada", "bob"]) == ["ada", "bob"]
    with Gradebook(f"sqlite:///{small_course / 'gradebook.db'}", small_course.name) as gradebook:
        gradebook.update_or_create_student("ada", last_name="Durand", first_name="Ada")
    assert enrol(small_course, ["ada", "bob", "eve"]) == ["eve"]
    with Gradebook(f"sqlite:///{small_course / 'gradebook.db'}", small_course.name) as gradebook:
        assert gradebook.find_student("ada").last_name == "Durand"


def test_lessons_appear_and_a_student_s_own_are_left(tmp_path: Path) -> None:
    shared, home = tmp_path / "shared", tmp_path / "home"
    write_lessons(shared, "fr", 1)
    first = deliver_lessons(shared, home, "fr")
    lessons = [name for name in first if name.endswith(".ipynb")]
    assert lessons and all("/w01-" in name for name in lessons)
    assert set(first) - {*lessons} == {
        "datasets/cards/movement-messages.md",
        "datasets/cards/virtual-hospital.md",
    }
    lesson = home / lessons[0]
    notebook = nbformat.read(lesson, 4)
    notebook.cells[-1].source += "\nmes notes"
    nbformat.write(notebook, lesson)
    mine = lesson.read_bytes()
    assert deliver_lessons(shared, home, "fr") == []
    write_lessons(shared, "fr", 2)
    second = deliver_lessons(shared, home, "fr")
    assert {name.split("/")[2][:3] for name in second if name.endswith(".ipynb")} == {"w02"}
    newer = nbformat.read(shared / lessons[0], 4)
    newer.cells[0].source += "\nnouveau"
    nbformat.write(newer, shared / lessons[0])
    (beside,) = deliver_lessons(shared, home, "fr")
    assert beside.endswith(".new.ipynb")
    assert lesson.read_bytes() == mine


def test_lessons_of_later_weeks_are_taken_back_from_the_shelf_only(tmp_path: Path) -> None:
    shared, home = tmp_path / "shared", tmp_path / "home"
    write_lessons(shared, "en", 2)
    delivered = deliver_lessons(shared, home, "en")
    write_lessons(shared, "en", 1)
    assert not list(shared.glob("course/*/w02-*/*.ipynb"))
    assert all((home / name).is_file() for name in delivered)


def test_no_node_is_said_with_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(EcoleError, match="apt install nodejs npm"):
        find_proxy(tmp_path / "proxy", lambda line: None)
