"""`ecole check` on what must be executed: lessons run, specimens get the marks they state."""

from pathlib import Path

import pytest
from planted import HEADER, code, pair
from typer.testing import CliRunner

from autograder import cli
from autograder.authoring.checks import lessons as lesson_checks
from autograder.authoring.checks.lessons import VERSIONS, check_lesson
from autograder.authoring.checks.pages import read_page
from autograder.authoring.checks.specimens import SECRETS, check_assignment
from autograder.authoring.masters import REPOSITORY, Master, assignments, lessons

MASTER = """---
jupytext:
  text_representation: {extension: .md, format_name: myst, format_version: 0.13}
kernelspec: {display_name: Python 3, language: python, name: python3}
---

```{code-cell} ipython3
:tags: [author]

from autograder.authoring import t
```

```{code-cell} ipython3
---
nbgrader: {schema_version: 3, grade: false, grade_id: imports, locked: true, solution: false}
---
from health_datasets import exam_seed
```

```{code-cell} ipython3
---
nbgrader: {schema_version: 3, grade: false, grade_id: double, locked: false, solution: true}
---
def double(x):
    ### BEGIN SOLUTION
    return 2 * x
    ### END SOLUTION
```

```{code-cell} ipython3
---
nbgrader: {schema_version: 3, grade: true, grade_id: test, locked: true, points: 3, solution: false}
---
assert double(2) == 4, t(fr="deux fois deux", en="twice two")
### BEGIN HIDDEN TESTS
n = 3 + exam_seed("double") % 1000
assert double(n) == 2 * n, t(fr=f"double({n}) est faux", en=f"double({n}) is wrong")
### END HIDDEN TESTS
```
"""
SPECIMENS = {
    "trap": ("trap", "{test: 0}", "def double(x):\n    return 4"),
    "sum": ("right", "{}", "def double(x):\n    return x + x"),
    "empty": ("empty", "{}", ""),
}


@pytest.fixture
def small_master(tmp_path: Path) -> Master:
    """A small assignment whose specimens get what they state."""
    folder = tmp_path / "assignments" / "w99-double"
    (folder / "specimens").mkdir(parents=True)
    (folder / "w99-double.md").write_text(MASTER)
    for name, (kind, marks, answer) in SPECIMENS.items():
        write_specimen(folder, name, kind, marks, answer)
    (tmp_path / "course").mkdir()
    for name in ("glossary.yml", "syllabus.yml"):
        (tmp_path / "course" / name).write_bytes((REPOSITORY / "course" / name).read_bytes())
    return assignments(tmp_path)[0]


def write_specimen(
    folder: Path, name: str, kind: str, marks: str, answer: str, extra: str = ""
) -> None:
    header = f"# kind: {kind}\n# why: a specimen of this test\n# marks: {marks}\n{extra}"
    cell = f"\n# %% double\n{answer}\n" if answer else ""
    (folder / "specimens" / f"{name}.py").write_text(f"# ---\n{header}# ---\n{cell}")


def findings(master: Master) -> str:
    page = read_page(master, master.path.parents[2])
    found = check_assignment(page, secrets=("a", "b"), use_cache=False)
    return "\n".join(str(each) for each in found)


def edit(master: Master, old: str, new: str) -> None:
    text = master.path.read_text()
    assert old in text
    master.path.write_text(text.replace(old, new))


def test_specimens_that_get_their_marks(small_master: Master) -> None:
    assert findings(small_master) == ""


def test_each_specimen_that_does_not_is_named(small_master: Master) -> None:
    folder = small_master.path.parent
    write_specimen(folder, "caught", "wrong", "{test: 3}", "def double(x):\n    return 0")
    write_specimen(folder, "not_caught", "wrong", "{test: 0}", "def double(x):\n    return x * 2")
    write_specimen(folder, "refused", "right", "{}", "def double(x):\n    return 1")
    write_specimen(folder, "of_nothing", "wrong", "{tset: 0}", "def double(x):\n    return 0")
    write_specimen(
        folder,
        "mute",
        "wrong",
        "{test: 0}",
        "def double(x):\n    return 4",
        '# message: {test: "72"}\n',
    )
    write_specimen(folder, "crash", "wrong", "{test: 0}", "import os\nos._exit(1)")
    found = findings(small_master).splitlines()
    folder_name = "assignments/w99-double/specimens"
    for start, rule in (
        (f"{folder_name}/caught.py:4: test: got 0, stated 3 (deux fois deux)", "specimen-marks"),
        (f"{folder_name}/not_caught.py:4: test: got 3, stated 0", "wrong-not-caught"),
        (f"{folder_name}/refused.py:1: test: got 0, stated 3 (deux fois deux)", "right-loses"),
        (f"{folder_name}/of_nothing.py:4: states marks for 'tset'", "specimen-test"),
        (f"{folder_name}/mute.py:4: test: no '72' in the message", "specimen-message"),
        (f"{folder_name}/crash.py:1: state killed instead of graded", "specimen-state"),
    ):
        lines = [line for line in found if line.startswith(start)]
        assert len(lines) == 1, (start, found)
        assert lines[0].endswith(f"[{rule}]")
    assert "trap" not in str(found) and "empty" not in str(found)


def test_a_right_answer_that_a_test_refuses_is_found_in_the_reference(small_master: Master) -> None:
    edit(small_master, "assert double(2) == 4", "assert double(2) == 5")
    assert "w99-double.md:34, cell 4: reference: test: got 0, stated 3" in findings(small_master)


def test_marks_that_change_with_the_exam_secret(small_master: Master) -> None:
    """A hidden case that only some draws hold; a case that every draw holds is no fault."""
    edit(small_master, "n = 3 + exam_seed", "n = 3 + exam_seed('draw') % 2 + 0 * exam_seed")
    folder = small_master.path.parent
    write_specimen(
        folder, "odd", "wrong", "{test: 0}", "def double(x):\n    return 2 * x - (x == 3)"
    )
    found = check_assignment(
        read_page(small_master, folder.parents[1]), secrets=tuple("abcdefgh"), use_cache=False
    )
    (finding,) = [each for each in found if each.rule == "marks-by-secret"]
    assert finding.path.endswith("specimens/odd.py")
    assert "marks change with the exam secret" in finding.problem


def test_a_hidden_test_that_no_specimen_fails(small_master: Master) -> None:
    """Each hidden assertion is somebody's: one that only follows another is named."""
    edit(
        small_master,
        "### END HIDDEN TESTS",
        'assert double(0) == 0, t(fr="zéro", en="zero")\n### END HIDDEN TESTS',
    )
    found = findings(small_master)
    assert "w99-double.md:38, cell 4: no specimen fails the hidden test `double(0) == 0`" in found
    write_specimen(
        small_master.path.parent,
        "zero",
        "wrong",
        "{test: 0}",
        "def double(x):\n    return 2 * x or None",
    )
    assert findings(small_master) == ""


def test_a_test_that_nobody_fails(small_master: Master) -> None:
    edit(small_master, "assert double(2) == 4", "assert double(2) or 4")
    edit(small_master, "assert double(n) == 2 * n", "assert double(n) or n")
    folder = small_master.path.parent
    write_specimen(folder, "trap", "wrong", "{}", "def double(x):\n    return 4")
    assert "w99-double.md:34, cell 4: no specimen loses a point in test" in findings(small_master)


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        (
            "assert double(2) == 4",
            "import sys\nassert sys.modules['__main__'].double(2) == 4",
            "[unsealable]",
        ),
        (
            "### END HIDDEN TESTS\n```\n",
            "### END HIDDEN TESTS\nkept = 3\n```\n\n```{code-cell} ipython3\nprint(kept)\n```\n",
            "a later cell reads kept, which only a test cell defines",
        ),
    ],
)
def test_a_test_that_cannot_be_sealed(
    small_master: Master, old: str, new: str, reason: str
) -> None:
    edit(small_master, old, new)
    found = findings(small_master)
    assert "w99-double.md:34, cell 4: test cannot be sealed: " in found
    assert reason in found


def test_a_specimen_for_a_cell_that_is_no_more(small_master: Master) -> None:
    edit(small_master, "grade_id: double,", "grade_id: twice,")
    result = CliRunner().invoke(cli.app, ["check", str(small_master.path.parents[2])])
    assert result.exit_code == 1
    assert "no solution cell 'double' in the assignment; there is: twice" in result.output


def lesson(folder: Path, cells: str) -> Master:
    path = folder / "01-planted.md"
    path.write_text(HEADER + cells, encoding="utf-8")
    return Master(path, "lesson")


def run_lesson(folder: Path, cells: str) -> list[str]:
    page = read_page(lesson(folder, cells), folder)
    return [
        str(finding)
        for version in VERSIONS
        for finding in check_lesson(page, version, use_cache=False)
    ]


EXERCISE = code("def f():\n    return None", ":tags: [exercise]") + code(
    "def f():\n    return 1", ":tags: [solution]"
)
GENTLE = """if f() is None:
    print("à vous")
else:
    assert f() == 1, "no"
"""


def test_a_lesson_without_fault(tmp_path: Path) -> None:
    cells = pair("Un.", "One.") + EXERCISE + code(GENTLE, ":tags: [check]")
    assert run_lesson(tmp_path, cells) == []


def test_a_check_that_raises_on_the_unanswered_stub(tmp_path: Path) -> None:
    found = run_lesson(tmp_path, EXERCISE + code('x = 2\nassert f() == 1, "no"', ":tags: [check]"))
    assert found == [
        "01-planted.md:25, cell 3: the check raises on the unanswered stub: no; test first whether "
        "the stub is unanswered, and print what to do [check-on-stub]"
    ]


def test_a_lesson_that_fails(tmp_path: Path) -> None:
    """The first error is named; what follows from it is not."""
    found = run_lesson(tmp_path, code("x = 1\ny = x / 0") + code("y"))
    assert len(found) == len(VERSIONS)
    assert "01-planted.md:9, cell 1: fails (fr, with solutions): ZeroDivisionError" in found[0]


def test_a_lesson_that_warns(tmp_path: Path) -> None:
    warns = 'import warnings\n\nwarnings.warn("old", DeprecationWarning)'
    found = run_lesson(tmp_path, code(warns))
    assert "01-planted.md:10, cell 1: warns (fr, with solutions): DeprecationWarning" in found[0]
    assert run_lesson(tmp_path, code('print("warning: none")')) == []


def test_a_lesson_that_needs_the_network(tmp_path: Path) -> None:
    fetches = 'from urllib.request import urlopen\n\nurlopen("http://192.0.2.1/", timeout=1)'
    found = run_lesson(tmp_path, code(fetches))
    assert "01-planted.md:10, cell 1: needs the network" in found[0]
    opens = 'from urllib.request import urlopen\n\nurlopen("data:,local").read()'
    assert run_lesson(tmp_path, code(opens)) == []


def test_a_lesson_that_takes_too_long(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lesson_checks, "SECONDS", 0)
    found = run_lesson(tmp_path, code("1"))
    assert "more than 0; shorten it" in found[0]


def test_paths_choose_what_is_checked(small_master: Master, tmp_path: Path) -> None:
    def check(*arguments: str) -> tuple[int, str]:
        result = CliRunner().invoke(cli.app, ["check", "--text", *arguments])
        return result.exit_code, result.output or str(result.exception)

    (tmp_path / "course" / "m1" / "w98").mkdir(parents=True)
    planted = lesson(tmp_path / "course" / "m1" / "w98", '+++ {"lang": "fr"}\n\nSeul.\n')
    assert "its English is missing" in check(str(tmp_path))[1]
    assert "its English is missing" in check(str(planted.path))[1]
    of_master = check(str(small_master.path))
    assert "w99-double.md:" in of_master[1] and "its English is missing" not in of_master[1]
    specimen = small_master.path.parent / "specimens" / "sum.py"
    assert check(str(specimen)) == of_master
    assert "no such file, and no assignment of that name; there is: w" in check("nothing")[1]
    assert (
        "no lesson and no assignment there" in check(str(tmp_path / "course" / "glossary.yml"))[1]
    )
    assert "in no repository of the course" in check("/")[1]
    assert "one repository at a time" in check(str(planted.path), str(lessons()[0].path))[1]


@pytest.mark.parametrize("master", lessons(), ids=lambda master: f"{master.module}/{master.name}")
def test_every_lesson_is_without_fault(master: Master) -> None:
    """Read and executed, as `ecole check` does."""
    result = CliRunner().invoke(cli.app, ["check", str(master.path)])
    assert result.exit_code == 0, result.output


@pytest.mark.parametrize("master", assignments(), ids=lambda master: master.name)
def test_every_specimen_gets_its_marks(master: Master) -> None:
    """Under two exam secrets, a French class and an English one; `make check` takes five."""
    assert check_assignment(read_page(master, REPOSITORY), secrets=SECRETS[:2]) == []


def test_folders_and_documents_are_in_order() -> None:
    result = CliRunner().invoke(cli.app, ["check", "--text"])
    assert result.exit_code == 0, result.output


def test_the_rules_are_listed() -> None:
    shown = CliRunner().invoke(cli.app, ["check", "--rules"]).output
    for name in ("pair-numbers", "built-ruff", "folder-file", "hidden-unproved"):
        assert name in shown
