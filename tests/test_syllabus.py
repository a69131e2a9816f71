"""The seven months and the words of the course: what is in the repository, and what is refused."""

from __future__ import annotations

import copy
import importlib.util
import io
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from PIL import Image
from rich.console import Console
from typer.testing import CliRunner

from autograder import cli
from autograder.authoring.course_files import folded
from autograder.authoring.glossary import read_glossary
from autograder.authoring.masters import REPOSITORY, lessons
from autograder.authoring.syllabus import Syllabus, read_syllabus
from autograder.authoring.syllabus_tree import syllabus_tree
from autograder.errors import EcoleError

Data = dict[str, Any]
W02 = "course/m1-hospital-and-data/w02-python-for-health"
OWN: dict[str, Data] = {
    name: yaml.safe_load((REPOSITORY / "course" / name).read_text("utf-8"))
    for name in ("syllabus.yml", "glossary.yml")
}


class Copy:
    """A copy of what the syllabus speaks of, that a test may spoil."""

    def __init__(self, root: Path) -> None:
        self.root = root
        shutil.copytree(REPOSITORY / "course", root / "course")
        for folder in (REPOSITORY / "assignments").glob("w*"):
            self.write(f"assignments/{folder.name}/{folder.name}.md")
        self.syllabus: Data = copy.deepcopy(OWN["syllabus.yml"])
        self.terms: list[Data] = copy.deepcopy(OWN["glossary.yml"]["terms"])

    def week(self, number: int) -> Data:
        """The module of a week."""
        month = self.syllabus["months"][(number - 1) // 4]
        module: Data = month["modules"][(number - 1) % 4]
        return module

    def write(self, path: str, text: str = "…\n") -> None:
        """Put a file, with its folders."""
        (self.root / path).parent.mkdir(parents=True, exist_ok=True)
        (self.root / path).write_text(text, "utf-8")

    def finish_week_2(self) -> None:
        """Write what week 2 lacks, and say so."""
        for lesson, name in zip(
            self.week(2)["lessons"],
            ("01-values-and-types.md", "02-units.md", "03-tests.md"),
            strict=True,
        ):
            self.write(f"{W02}/{name}")
            lesson["file"] = name
        self.week(2)["state"] = "ready"

    def read(self) -> None:
        """Write both files as they stand now (JSON is YAML), and read them."""
        for name, content in (("syllabus", self.syllabus), ("glossary", {"terms": self.terms})):
            text = json.dumps(content, default=str, ensure_ascii=False)
            self.write(f"course/{name}.yml", text)
        read_glossary(self.root)
        read_syllabus(self.root)


@pytest.fixture
def spoilt(tmp_path: Path) -> Copy:
    """A fresh copy, to be spoilt."""
    return Copy(tmp_path)


def _swap_weeks(it: Copy) -> None:
    modules = it.syllabus["months"][2]["modules"]
    modules[0], modules[1] = modules[1], modules[0]


def _uncover(it: Copy) -> None:
    it.week(27)["competencies"].remove("C21")


def _ready_without(path: str) -> Callable[[Copy], None]:
    def spoil(it: Copy) -> None:
        it.finish_week_2()
        (it.root / path).unlink()

    return spoil


def _ready_without_a_lesson(it: Copy) -> None:
    it.finish_week_2()
    del it.week(2)["lessons"][2]["file"]
    (it.root / W02 / "03-tests.md").unlink()


SYLLABUS_FAULTS: dict[str, tuple[Callable[[Copy], object], str]] = {
    "weeks out of order": (_swap_weeks, "week 10: week 9 is awaited here"),
    "a week twice": (lambda it: it.week(7).update(week=6), "week 6: week 7 is awaited here"),
    "a week missing": (lambda it: it.syllabus["months"][6]["modules"].pop(), "27 modules"),
    "a month missing": (lambda it: it.syllabus["months"].pop(), "months 1 to 7 come each once"),
    "no title": (lambda it: it.week(2).pop("title"), "week 2, title: missing; add it"),
    "no English": (lambda it: it.week(3)["title"].pop("en"), "week 3, title.en: missing"),
    "empty French": (
        lambda it: it.week(3)["objectives"][1].update(fr="  "),
        "week 3, objectives.2.fr: empty",
    ),
    "a field unknown": (
        lambda it: it.week(4).update(tilte="x"),
        "week 4, tilte: unknown; remove it",
    ),
    "a state unknown": (lambda it: it.week(4).update(state="started"), "week 4, state: "),
    "two lessons": (lambda it: it.week(5)["lessons"].pop(), "week 5, lessons: "),
    "other points": (
        lambda it: it.week(5)["assignment"].update(points=10),
        "week 5, assignment.points: ",
    ),
    "no verb": (
        lambda it: it.week(6)["objectives"][0].update(fr="la notion de ressource"),
        "week 6, objectives.1.fr: 'la' is no infinitive",
    ),
    "a competency unknown": (
        lambda it: it.week(8)["competencies"].append("C22"),
        "week 8, competencies: 'C22' is unknown",
    ),
    "a theme unknown": (lambda it: it.week(8).update(themes=["T4"]), "week 8, themes: 'T4' is"),
    "a competency uncovered": (_uncover, "no module covers C21"),
    "a later prerequisite": (
        lambda it: it.week(9).update(prerequisites=[9]),
        "week 9, prerequisites: 9 is no earlier week",
    ),
    "a folder twice": (
        lambda it: it.week(11).update(folder=it.week(10)["folder"]),
        "modules, folder: 'w10-calibration-and-decision' is there 2 times",
    ),
    "an assignment twice": (
        lambda it: it.week(12)["assignment"].update(name=it.week(2)["assignment"]["name"]),
        "assignment.name: 'w02-laboratory-export' is there 2 times",
    ),
    "a lesson twice": (
        lambda it: it.week(12)["lessons"][1].update(slug="time-series"),
        "week 12, lessons: 'time-series' is there 2 times",
    ),
    "a folder of another week": (
        lambda it: it.week(12).update(folder="w13-emergency-flow"),
        "week 12, folder: 'w13-emergency-flow' must begin with w12-",
    ),
    "a folder in French letters": (
        lambda it: it.week(12).update(folder="w12-été"),
        "week 12, folder: ",
    ),
    "ready without README": (_ready_without(f"{W02}/README.md"), f"no {W02}/README.md"),
    "ready without assignment": (
        _ready_without("assignments/w02-laboratory-export/w02-laboratory-export.md"),
        "week 2, state: ready, but there is no assignments/w02-laboratory-export/",
    ),
    "ready without a lesson": (_ready_without_a_lesson, "week 2, lessons.3: the module is ready"),
    "a lesson that is not there": (
        _ready_without(f"{W02}/02-units.md"),
        "week 2, lessons.2.file: no 02-units.md in w02-python-for-health",
    ),
    "a lesson of another name": (
        lambda it: it.week(2)["lessons"][0].update(file="01-values.md"),
        "week 2, lessons.1.file: '01-values.md' must be '01-values-and-types.md'",
    ),
    "a lesson unnamed": (lambda it: it.write(f"{W02}/04-more.md"), f"{W02}/04-more.md: on disk"),
    "a module unnamed": (
        lambda it: it.write("course/m1-hospital-and-data/w01-other/README.md"),
        "course/m1-hospital-and-data/w01-other: on disk",
    ),
    "a month unnamed": (lambda it: it.write("course/m8-x/README.md"), "course/m8-x: on disk"),
    "an assignment unnamed": (
        lambda it: it.write("assignments/w03-other/w03-other.md"),
        "assignments/w03-other: on disk",
    ),
}

GLOSSARY_FAULTS: dict[str, tuple[Callable[[Copy], object], str]] = {
    "French twice": (
        lambda it: it.terms.insert(1, it.terms[0] | {"en": "other"}),
        "term 'abstention', fr: 'abstention' is also that of 'abstention'",
    ),
    "English twice": (
        lambda it: it.terms[1].update(en=it.terms[0]["en"].upper()),
        "en: 'ABSTENTION' is also that of 'abstention'",
    ),
    "an abbreviation twice": (
        lambda it: [term.update(abbr_fr="XX") for term in it.terms[:2]],
        "abbr_fr: 'XX' is also that of 'abstention'",
    ),
    "out of order": (lambda it: it.terms.append(it.terms.pop(0)), "term 'abstention': stands"),
    "no English definition": (
        lambda it: it.terms[0]["definition"].pop("en"),
        "term 'abstention', definition.en: missing; add it",
    ),
    "a field unknown": (lambda it: it.terms[0].update(de="x"), "term 'abstention', de: unknown"),
    "to avoid and to use": (
        lambda it: it.terms[0].update(avoid_fr=["abstention"]),
        "term 'abstention', avoid_fr: 'abstention' is the term itself",
    ),
    "to avoid and to accept": (
        lambda it: it.terms[0].update(also_en=["refusal"], avoid_en=["refusal"]),
        "term 'abstention', avoid_en: 'refusal' is the term itself",
    ),
}


def test_the_repository_s_own_files_are_valid() -> None:
    syllabus = read_syllabus()
    assert [module.week for module in syllabus.modules] == list(range(1, 29))
    assert len(syllabus.certification.competencies) == 21
    terms = read_glossary().terms
    assert len(terms) >= 150
    assert not {word for term in terms for word in term.avoid_fr} & {term.fr for term in terms}


def test_every_lesson_on_disk_is_named() -> None:
    named = {
        f"{month.folder}/{module.folder}/{lesson.file}"
        for month in read_syllabus().months
        for module in month.modules
        for lesson in module.lessons
        if lesson.file
    }
    course = REPOSITORY / "course"
    assert named == {master.path.relative_to(course).as_posix() for master in lessons()}


@pytest.mark.parametrize("fault", SYLLABUS_FAULTS)
def test_a_faulty_syllabus_is_refused(fault: str, spoilt: Copy) -> None:
    spoil, message = SYLLABUS_FAULTS[fault]
    spoil(spoilt)
    with pytest.raises(EcoleError) as error:
        spoilt.read()
    assert str(spoilt.root / "course" / "syllabus.yml") in str(error.value)
    assert message in str(error.value)


@pytest.mark.parametrize("fault", GLOSSARY_FAULTS)
def test_a_faulty_glossary_is_refused(fault: str, spoilt: Copy) -> None:
    spoil, message = GLOSSARY_FAULTS[fault]
    spoil(spoilt)
    with pytest.raises(EcoleError) as error:
        spoilt.read()
    assert str(spoilt.root / "course" / "glossary.yml") in str(error.value)
    assert message in str(error.value)


def test_near_misses_pass(spoilt: Copy) -> None:
    spoilt.finish_week_2()
    spoilt.week(9)["prerequisites"] = [8]
    spoilt.week(10)["lessons"][0]["slug"] = "time-series"  # another week's slug
    spoilt.week(12)["competencies"].append("C21")
    spoilt.write(f"{W02}/notes.md")
    spoilt.write("course/README.md")
    spoilt.terms[0]["avoid_en"] = ["abstaining"]
    spoilt.read()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("months: [", "not YAML"),
        ("months: []\nmonths: []", "'months' is said twice"),
        ("[]", "the whole file: "),
        ("months: 3", "months: "),
        ("months: [3]", "months.1: "),
    ],
)
def test_a_file_that_is_no_syllabus_is_refused(spoilt: Copy, text: str, message: str) -> None:
    spoilt.write("course/syllabus.yml", text)
    with pytest.raises(EcoleError, match=r"syllabus\.yml") as error:
        read_syllabus(spoilt.root)
    assert message in str(error.value)


def test_no_file_at_all_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(EcoleError, match=r"glossary\.yml: cannot be read .* clone"):
        read_glossary(tmp_path)


def test_accents_ligatures_and_capitals_do_not_count_in_the_order() -> None:
    assert sorted(["œil", "odeur", "État", "étage"], key=folded) == [
        "étage",
        "État",
        "odeur",
        "œil",
    ]


@pytest.mark.parametrize(
    ("arguments", "shown", "absent"),
    [
        (
            ["--month", "1"],
            [
                "Mois 1 · L'hôpital et ses données",
                "semaine 2 · Python pour la santé (T1, 35 h)",
                "✓ Valeurs et types",
                "✓ devoir (20 points) : Nettoyer un export de laboratoire",
            ],
            ["Mois 2", "semaines 29–30", "Week"],
        ),
        (
            ["--lang", "en"],
            [
                "Month 1 · The hospital and its data",
                "✓ Values and types",
                "week 5 · French hospital data and claims (T1, T3, 35 h)",
                "✓ assignment (20 points): Cleaning a laboratory export",
                "Mid-term jury.",
                "· weeks 29–30 · Projects and jury (T1, T2, T3, 70 h)",
            ],
            ["semaine", "Mois"],
        ),
    ],
)
def test_the_command_prints_the_months(
    arguments: list[str], shown: list[str], absent: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cli.console, "width", 120)
    result = CliRunner().invoke(cli.app, ["syllabus", *arguments])
    assert result.exit_code == 0, result.output
    for text in shown:
        assert text in result.output
    for text in absent:
        assert text not in result.output


def test_what_is_ready_is_told_from_what_is_to_come(spoilt: Copy) -> None:
    spoilt.finish_week_2()
    spoilt.week(3)["state"] = "planned"
    for lesson in spoilt.week(3)["lessons"]:
        lesson.pop("file", None)
    syllabus = Syllabus.model_validate(spoilt.syllabus)
    console = Console(width=120, record=True, file=io.StringIO())
    console.print(syllabus_tree(syllabus, "fr", month=1, root=spoilt.root))
    text = console.export_text()
    for line in ("✓ semaine 2 ·", "✓ Unités", "· semaine 3 ·", "· Les jointures"):
        assert line in text


def test_a_month_that_does_not_exist_is_refused() -> None:
    assert CliRunner().invoke(cli.app, ["syllabus", "--month", "8"]).exit_code == 2


def _tool() -> Any:
    path = REPOSITORY / "tools" / "draw_syllabus.py"
    specification = importlib.util.spec_from_file_location("draw_syllabus", path)
    assert specification is not None and specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


@pytest.mark.parametrize("lang", ["fr", "en"])
def test_the_figures_are_those_of_the_syllabus(lang: str) -> None:
    tool = _tool()
    with Image.open(tool.picture(lang)) as picture:
        assert picture.width == 2 * tool.WIDTH
        drawn = picture.info.get(tool.DIGEST_KEY)
    assert drawn == tool.digest(), "run: python tools/draw_syllabus.py"
    readme = REPOSITORY / {"fr": "LISEZMOI.md", "en": "README.md"}[lang]
    assert f"](docs/syllabus-{lang}.png)" in readme.read_text("utf-8")
