"""`ecole check`: specimens get the marks they state, or it says which does not."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from autograder import cli
from autograder.authoring.checks.specimens import check_assignment
from autograder.authoring.masters import Master, assignments

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
    for name, (kind, marks, code) in SPECIMENS.items():
        write_specimen(folder, name, kind, marks, code)
    return assignments(tmp_path)[0]


def write_specimen(
    folder: Path, name: str, kind: str, marks: str, code: str, extra: str = ""
) -> None:
    header = f"# kind: {kind}\n# why: a specimen of this test\n# marks: {marks}\n{extra}"
    cell = f"\n# %% double\n{code}\n" if code else ""
    (folder / "specimens" / f"{name}.py").write_text(f"# ---\n{header}# ---\n{cell}")


def findings(master: Master) -> str:
    found = check_assignment(master, secrets=("a", "b"), use_cache=False)
    return "\n".join(str(each) for each in found)


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
    found = findings(small_master)
    assert "specimen caught, secret 1: test: got 0, stated 3" in found
    assert "specimen not_caught, secret 2: test: got 3, stated 0" in found
    assert "specimen refused, secret 1: test: got 0, stated 3" in found
    assert "specimen of_nothing, secret 1: states marks for 'tset'" in found
    assert "specimen mute, secret 1: test: no '72' in" in found
    assert "specimen crash, secret 1: state killed instead of graded" in found
    assert "trap" not in found and "empty" not in found


def test_what_a_specimen_states_is_judged_by_its_kind(small_master: Master) -> None:
    folder = small_master.path.parent
    (folder / "specimens" / "trap.py").unlink()
    write_specimen(folder, "sum", "right", "{test: 1}", "def double(x):\n    return x + x")
    write_specimen(folder, "shy", "wrong", "{}", "def double(x):\n    return 0")
    found = findings(small_master)
    assert "no specimen of kind trap" in found
    assert "specimen sum: a right specimen states no marks" in found
    assert "specimen shy: states no marks: which test catches it?" in found


@pytest.mark.parametrize("master", assignments(), ids=lambda master: master.name)
def test_every_specimen_of_the_course_gets_the_marks_it_states(master: Master) -> None:
    """Five exam secrets, as `ecole check` does; an unchanged assignment is not graded again."""
    result = CliRunner().invoke(cli.app, ["check", master.name])
    assert result.exit_code == 0, result.output
