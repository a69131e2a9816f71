"""`ecole new module`: a skeleton that runs, in a repository where nothing else has moved."""

import re
import shutil
import warnings
from pathlib import Path

import matplotlib
import matplotlib.pyplot as plt
import pytest

from autograder.authoring.checks.pages import read_page
from autograder.authoring.checks.run import check_text, scope_of
from autograder.authoring.checks.specimens import check_assignment
from autograder.authoring.masters import REPOSITORY, Master, assignment, lessons
from autograder.authoring.skeleton import new_module
from autograder.authoring.syllabus import read_syllabus
from autograder.authoring.translation import LANGS, Lang
from autograder.errors import EcoleError

MODULE = "course/m2-standards-and-quality/w05-french-hospital-data"


def clone(folder: Path) -> Path:
    """The course as planned, before any module of it was written."""
    course = folder / "course"
    course.mkdir()
    shutil.copy(REPOSITORY / "course" / "glossary.yml", course)
    syllabus = (REPOSITORY / "course" / "syllabus.yml").read_text(encoding="utf-8")
    syllabus = re.sub(r"^ +file: .*\n", "", syllabus, flags=re.MULTILINE)
    syllabus = syllabus.replace("state: ready", "state: planned")
    (course / "syllabus.yml").write_text(syllabus, encoding="utf-8")
    return folder


def contents(root: Path) -> dict[str, bytes]:
    files = (path for path in root.rglob("*") if path.is_file())
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in files}


@pytest.fixture(scope="module")
def skeleton(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with the skeleton of week 5."""
    root = clone(tmp_path_factory.mktemp("skeleton"))
    new_module("w05", root)
    return root


def masters(root: Path) -> list[Master]:
    written = [lesson for lesson in lessons(root) if lesson.module.startswith("w05")]
    return [*written, assignment("w05-readmissions", root)]


def test_only_what_must_be_written_is_found(skeleton: Path) -> None:
    found = check_text(scope_of([skeleton]))
    # more specimens are to be written too, and no line can hold their mark
    assert {finding.rule for finding in found} == {"to-write", "specimen-count"}
    found = [finding for finding in found if finding.rule == "to-write"]
    # each mark, in masters, README and specimens, once
    marked = [
        (path, number)
        for path, data in contents(skeleton).items()
        if "w05" in path
        for number, line in enumerate(data.decode().splitlines(), start=1)
        if "À ÉCRIRE" in line or "TO WRITE" in line
    ]
    assert sorted((finding.path, finding.line) for finding in found) == sorted(marked)
    assert len({path for path, _ in marked}) == 8  # nothing is to be written in empty.py


def test_what_the_syllabus_knows_is_filled_in(skeleton: Path) -> None:
    module = read_syllabus(skeleton).modules[4]
    assert [lesson.file for lesson in module.lessons] == [
        "01-pmsi.md",
        "02-snds.md",
        "03-cohorts.md",
    ]
    readme = (skeleton / MODULE / "README.md").read_text(encoding="utf-8")
    second = (skeleton / MODULE / "02-snds.md").read_text(encoding="utf-8")
    for text in (readme, second):
        assert "la semaine 3 (SQL et agrégation)" in text
        assert "week 3 (SQL and aggregation)" in text
    for objective in module.objectives:
        assert f"- {objective.fr}" in readme and f"- {objective.en}" in readme
        verb, _, rest = objective.en.partition(" ")
        assert f"- **{verb}** {rest}" in second
    assert "(#week-5--french-hospital-data-and-claims)" in readme
    assert "la leçon 1" in second and "lesson 3, “Cohorts”" in second


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("solutions", [True, False], ids=["author", "learner"])
def test_a_lesson_runs_without_a_warning(
    skeleton: Path, lang: Lang, solutions: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    matplotlib.use("agg")
    monkeypatch.setattr(plt, "show", lambda: plt.close("all"))
    names: dict[str, object] = {}
    cells = masters(skeleton)[0].build(lang, solutions=solutions).cells
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for cell in cells:
            if cell.cell_type == "code":
                exec(cell.source, names)
    assert names["longest"]([3, 7]) == (7 if solutions else None)  # type: ignore[operator]


def test_specimens_get_the_marks_that_they_state(skeleton: Path) -> None:
    master = assignment("w05-readmissions", skeleton)
    page = read_page(master, skeleton)
    found = check_assignment(page, secrets=["one"], workers=1, use_cache=False)
    assert [str(finding) for finding in found] == []


def test_its_points_add_up(skeleton: Path) -> None:
    cells = assignment("w05-readmissions", skeleton).build("fr").cells
    graded = [cell.metadata["nbgrader"] for cell in cells if "nbgrader" in cell.metadata]
    assert sum(cell.get("points", 0) for cell in graded) == 20
    assert sum(cell["grade"] and not cell["solution"] for cell in graded) == 5


def test_the_syllabus_gains_three_lines_and_nothing_else(tmp_path: Path) -> None:
    root = clone(tmp_path)
    before = contents(root)
    done = new_module("w05", root)
    after = contents(root)
    assert set(after) - set(before) == set(done.written) and len(done.written) == 9
    assert after["course/glossary.yml"] == before["course/glossary.yml"]
    lines = after["course/syllabus.yml"].decode().splitlines(keepends=True)
    added = [f"      file: {name}\n" for name in ("01-pmsi.md", "02-snds.md", "03-cohorts.md")]
    assert [line for line in lines if line in added] == added
    rest = [line for line in lines if line not in added]
    assert "".join(rest).encode() == before["course/syllabus.yml"]


def test_a_module_begun_by_hand_receives_only_what_it_lacks(tmp_path: Path) -> None:
    root = clone(tmp_path)
    new_module("w05", root)
    complete = contents(root)
    written, lacking = f"{MODULE}/01-pmsi.md", f"{MODULE}/02-snds.md"
    (root / written).write_text("what I wrote", encoding="utf-8")
    (root / lacking).unlink()
    syllabus = complete["course/syllabus.yml"].replace(b"      file: 02-snds.md\n", b"")
    (root / "course/syllabus.yml").write_bytes(syllabus)
    assert new_module("w05", root).written == [lacking]
    assert contents(root) == complete | {written: b"what I wrote"}


def test_a_second_call_and_an_author_s_work_change_nothing(tmp_path: Path) -> None:
    root = clone(tmp_path)
    new_module("5", root)
    mine = root / MODULE / "02-snds.md"
    mine.write_text("what I wrote", encoding="utf-8")
    (root / "assignments/w05-readmissions/specimens/wrong.py").unlink()
    before = contents(root)
    done = new_module("w05-french-hospital-data", root)
    assert done.written == [] and mine.relative_to(root).as_posix() in done.kept
    assert contents(root) == before


def test_line_endings_of_the_syllabus_are_kept(tmp_path: Path) -> None:
    root = clone(tmp_path)
    path = root / "course" / "syllabus.yml"
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    new_module("w05", root)
    assert path.read_bytes().count(b"\n") == path.read_bytes().count(b"\r\n")


@pytest.mark.parametrize(
    ("week", "message"),
    [
        ("w29", "week 29 belongs to the project.*from w01 to w28"),
        ("31", "no module '31': choose a week from w01 to w28"),
        ("w00", "no module"),
        ("pmsi", "no module 'pmsi'"),
        ("../w05", "no module"),
    ],
)
def test_a_week_without_a_module_is_refused(tmp_path: Path, week: str, message: str) -> None:
    root = clone(tmp_path)
    before = contents(root)
    with pytest.raises(EcoleError, match=message):
        new_module(week, root)
    assert contents(root) == before
