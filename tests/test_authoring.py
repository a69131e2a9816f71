"""Masters become notebooks of one language; specimens are read and applied."""

from pathlib import Path

import nbformat
import pytest

from autograder.authoring.lessons import build_lessons
from autograder.authoring.masters import REPOSITORY, Master, assignments, lessons
from autograder.authoring.specimens import read_specimen, read_specimens
from autograder.authoring.translation import LANGS, Lang, t, translate
from autograder.errors import EcoleError

HEADER = """---
jupytext:
  text_representation: {extension: .md, format_name: myst, format_version: 0.13}
kernelspec: {display_name: Python 3, language: python, name: python3}
---

"""


def write_master(path: Path, body: str) -> Master:
    path.write_text(HEADER + body, encoding="utf-8")
    return Master(path, "lesson")


@pytest.mark.parametrize(
    ("source", "french", "english"),
    [
        ('print(t(fr="âge", en="age"))', 'print("âge")', 'print("age")'),
        (
            "x = 'é'; y = t(en='a', fr='à') + 'ü'",
            "x = 'é'; y = 'à' + 'ü'",
            "x = 'é'; y = 'a' + 'ü'",
        ),
        ('t(fr=["a", "b"], en=["c", "d"])[0]', '["a", "b"][0]', '["c", "d"][0]'),
        ('f(t(fr=f"{n} lits", en=f"{n} beds"))', 'f(f"{n} lits")', 'f(f"{n} beds")'),
        ("assert x == 't(fr=1)'", "assert x == 't(fr=1)'", "assert x == 't(fr=1)'"),
        ("start(x)", "start(x)", "start(x)"),
    ],
)
def test_t_is_replaced_by_the_literal(source: str, french: str, english: str) -> None:
    assert translate(source, "fr") == french
    assert translate(source, "en") == english


def test_a_text_over_several_lines_stays_one_expression() -> None:
    source = 'assert x, t(\n    fr="un "\n       "deux",\n    en="one",\n)'
    french = translate(source, "fr")
    with pytest.raises(AssertionError, match=r"^un deux$"):
        exec(french, {"x": False})


def test_magics_are_left_alone() -> None:
    assert translate("%time start(1)", "fr") == "%time start(1)"


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ('t(fr="a")', "exactly fr=… and en=…"),
        ('t("a", "b")', "exactly fr=… and en=…"),
        ('t(fr="a", en=text)', "must be a literal, not text"),
        ("f\"{t(fr='a', en='b')}\"", "inside an f-string"),
        ('%time t(fr="a", en="b")', "plain Python"),
    ],
)
def test_a_faulty_t_is_refused_with_its_line(source: str, message: str) -> None:
    with pytest.raises(EcoleError, match=message) as error:
        translate(source, "fr", "lesson.md, cell 3")
    assert "lesson.md, cell 3, line 1" in str(error.value)


def test_t_itself_follows_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    assert t(fr="oui", en="yes") == "oui"
    monkeypatch.setenv("ECOLE_LANG", "en")
    assert t(fr="oui", en="yes") == "yes"


LESSON = """+++ {"lang": "fr"}

# Titre

+++ {"lang": "en"}

# Title

```{code-cell} ipython3
:tags: [author]

from autograder.authoring import t
```

```{code-cell} ipython3
:tags: [exercise]

answer = None
```

```{code-cell} ipython3
:tags: [solution]

answer = 42
```

```{code-cell} ipython3
:tags: [check]

print(t(fr="juste", en="right") if answer == 42 else t(fr="à vous", en="your turn"))
```
"""


def test_a_lesson_is_built_in_one_language(tmp_path: Path) -> None:
    master = write_master(tmp_path / "01-x.md", LESSON)
    teacher = master.build("en")
    learner = master.build("fr", solutions=False)
    assert [cell.source for cell in teacher.cells][:3] == [
        "# Title",
        "answer = None",
        "answer = 42",
    ]
    assert [cell.source for cell in learner.cells] == [
        "# Titre",
        "answer = None",
        'print("juste" if answer == 42 else "à vous")',
    ]
    assert learner.metadata.ecole.lang == "fr"
    assert nbformat.writes(learner) == nbformat.writes(master.build("fr", solutions=False))


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("# no language\n", "without its language"),
        ('+++ {"lang": "fr"}\n\nun\n\n+++ {"lang": "fr"}\n\ndeux\n', "its English is missing"),
        ('+++ {"lang": "en"}\n\none\n', "without its French"),
        ('+++ {"lang": "fr"}\n\nun\n', "its English is missing"),
        (
            '+++ {"lang": "fr"}\n\nun\n\n```{code-cell} ipython3\n1\n```\n\n'
            '+++ {"lang": "en"}\n\none\n',
            "its English is missing",
        ),
    ],
)
def test_cells_without_their_pair_are_refused(tmp_path: Path, body: str, message: str) -> None:
    with pytest.raises(EcoleError, match=message):
        write_master(tmp_path / "x.md", body).build("fr")


@pytest.mark.parametrize("master", [*lessons(), *assignments()], ids=lambda master: master.name)
@pytest.mark.parametrize("lang", LANGS)
def test_every_master_of_the_course_is_built(master: Master, lang: Lang) -> None:
    built = master.build(lang)
    nbformat.validate(built)
    text = "\n".join(cell.source for cell in built.cells)
    assert "t(fr=" not in text and "autograder" not in text


def test_lessons_are_written_outside_the_sources(tmp_path: Path) -> None:
    written = build_lessons(tmp_path, "fr")
    assert [path.relative_to(tmp_path).parts[0][:2] for path in written] == ["m1"] * len(written)
    assert len(written) == len(lessons())
    with pytest.raises(EcoleError, match="outside"):
        build_lessons(REPOSITORY / "course" / "built", "fr")


@pytest.mark.parametrize("lesson", lessons(), ids=lambda master: master.name)
def test_a_learner_s_kernel_runs_a_lesson_without_a_warning(lesson: Master) -> None:
    """In a kernel as JupyterLab has it; `ecole check` runs the others in the sandbox."""
    from nbclient import NotebookClient

    notebook = lesson.build("fr", solutions=False)
    NotebookClient(notebook, timeout=60, kernel_name="python3").execute()
    outputs = [out for c in notebook.cells if c.cell_type == "code" for out in c.outputs]
    assert not [out.text for out in outputs if out.get("name") == "stderr"]


SPECIMEN = """# ---
# kind: wrong
# why: a plausible mistake
# marks: {square_test: 0}
# ---

# %% square
def square(x):
    return 2 * x
"""


def test_a_specimen_is_read(tmp_path: Path) -> None:
    path = tmp_path / "doubled.py"
    path.write_text(SPECIMEN)
    specimen = read_specimen(path)
    assert (specimen.name, specimen.kind, specimen.marks) == (
        "doubled",
        "wrong",
        {"square_test": 0},
    )
    assert specimen.cells == {"square": "def square(x):\n    return 2 * x"}


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ("# ---\n# kind", "# kind", "begins with a YAML header"),
        ("kind: wrong", "kind: strange", "header"),
        ("why:", "because:", "header"),
        ("{square_test: 0}", "{square_test: [", "header"),
        ("# %% square", "# %%", "without a grade_id"),
        ("# %% square", "x = 1\n# %% square", "code before"),
    ],
)
def test_a_faulty_specimen_is_refused(
    tmp_path: Path, before: str, after: str, message: str
) -> None:
    path = tmp_path / "faulty.py"
    path.write_text(SPECIMEN.replace(before, after))
    with pytest.raises(EcoleError, match=message):
        read_specimen(path)


def test_a_specimen_for_a_cell_that_no_longer_exists_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "stale.py"
    path.write_text(SPECIMEN)
    master = assignments()[0]
    with pytest.raises(EcoleError, match="no solution cell 'square'"):
        read_specimen(path).apply(master.build("fr"))


@pytest.mark.parametrize("master", assignments(), ids=lambda master: master.name)
def test_assignments_have_the_specimens_of_the_curriculum(master: Master) -> None:
    kinds = [specimen.kind for specimen in read_specimens(master)]
    assert kinds.count("right") >= 2
    assert kinds.count("wrong") >= 6
    assert "trap" in kinds and "empty" in kinds


@pytest.mark.parametrize("master", assignments(), ids=lambda master: master.name)
def test_assignments_are_worth_twenty_points(master: Master) -> None:
    graded = [
        cell.metadata.nbgrader
        for cell in master.build("fr").cells
        if cell.metadata.get("nbgrader", {}).get("grade")
    ]
    assert sum(cell["points"] for cell in graded) == 20
    assert len(graded) >= 6


def test_french_text_is_not_cut_where_french_forbids_it(tmp_path: Path) -> None:
    text = (
        "Vrai ou « faux » ? `a ; b` : 15 524 lits, $a ; b$ ; <span title='a ; b'>oui !</span>\n\n"
        "| un | deux |\n| :--- | ---: |\n| 5 % | [lien](#a_;_b) |\n\n"
        "```python\nx = 1 ; y = 2\n```\n\nFin !"
    )
    body = f'+++ {{"lang": "fr"}}\n\n{text}\n\n+++ {{"lang": "en"}}\n\n{text}\n'
    master = write_master(tmp_path / "page.md", body)
    assert master.build("en").cells[0].source == text
    expected = (
        text.replace("« faux » ?", "«\u00a0faux\u00a0»\u00a0?")
        .replace("` : 15 524", "`\u00a0: 15\u00a0524")
        .replace("b$ ;", "b$\u00a0;")
        .replace("oui !", "oui\u00a0!")
        .replace("5 %", "5\u00a0%")
        .replace("Fin !", "Fin\u00a0!")
    )
    assert master.build("fr").cells[0].source == expected
