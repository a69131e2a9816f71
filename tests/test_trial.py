"""`ecole try`: the learner's own notebook gets the marks a class would, and learns no test."""

import html
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest
from typer.testing import CliRunner

from autograder import cli
from autograder.authoring.checks.specimens import submit
from autograder.authoring.masters import assignment
from autograder.authoring.specimens import Specimen, read_specimens
from autograder.errors import EcoleError
from autograder.examiner import sandbox
from autograder.learning import Workspace, prepare_workspace, try_assignment
from autograder.learning.progress import read_progress

W02 = "w02-laboratory-export"
NOTEBOOK = f"assignments/{W02}/{W02}.ipynb"
MASTER = assignment(W02)
SPECIMENS = {specimen.name: specimen for specimen in read_specimens(MASTER)}
POINTS = {
    cell.metadata.nbgrader.grade_id: cell.metadata.nbgrader.points
    for cell in MASTER.build("fr").cells
    if cell.cell_type == "code" and cell.metadata.get("nbgrader", {}).get("grade")
}

Home = Callable[[str], Workspace]


@pytest.fixture
def home(delivered_workspace: Path, tmp_path: Path) -> Home:
    """`home("trap_month_first")`: a workspace whose assignment is answered by that specimen."""

    def answered(specimen: str) -> Workspace:
        root = Path(shutil.copytree(delivered_workspace, tmp_path / "home"))
        released = root / ".ecole/built/assignments" / W02
        submit(SPECIMENS[specimen], MASTER, released, root / "assignments", "fr")
        return Workspace(root, "fr")

    return answered


def stated(specimen: Specimen) -> float:
    """What a specimen says it gets."""
    rest = 0.0 if specimen.kind == "empty" else None
    return sum(
        specimen.marks.get(name, points if rest is None else rest)
        for name, points in POINTS.items()
    )


@pytest.mark.parametrize(
    ("mode", "specimen"), [("landlock", "right_plain_python"), ("none", "trap_month_first")]
)
def test_marks_are_the_specimen_s_in_each_sandbox(
    home: Home, monkeypatch: pytest.MonkeyPatch, mode: str, specimen: str
) -> None:
    problem = sandbox.why_not(sandbox.Mode(mode))
    if problem:
        pytest.skip(problem)
    monkeypatch.setenv("ECOLE_SANDBOX", mode)
    trial = try_assignment("w02", home(specimen))
    assert (trial.state, trial.score) == ("graded", stated(SPECIMENS[specimen]))
    assert trial.max_score == sum(POINTS.values())
    assert (trial.sealed, trial.sandbox) == (True, mode)
    assert any("ATTENTION" in line for line in trial.lines) == (mode == "none")


def test_a_trial_tells_by_question_and_keeps_progress(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = home("trap_month_first")
    secret = secret_lines(workspace)
    monkeypatch.chdir(workspace.root / "assignments")
    monkeypatch.setattr(cli.console, "width", 200)
    done = CliRunner().invoke(cli.app, ["try", "w02", "--no-open"])
    assert done.exit_code == 0, done.output
    assert "la version enregistrée à" in done.output
    assert "3. Une date dans trois écritures" in done.output and "1/3" in done.output
    assert "que vient d'abord, en France ?" in done.output
    assert "Total par les tests : 16/18" in done.output and "à la main /2" in done.output
    (record,) = read_progress(workspace)[0].trials
    assert (record.score, record.max_score) == (16, 18)
    marks = {question.title[:1]: question for question in record.questions}
    assert (marks["3"].points, marks["3"].competencies) == (1.0, ["C3"])
    assert "16/18" in (workspace.root / "Bienvenue.md").read_text(encoding="utf-8")
    page = (workspace.root / "feedback" / f"{W02}.html").read_text(encoding="utf-8")
    assert "<dt>Rendu par</dt><dd>vous</dd>" in page
    assert learned(workspace, secret) == {}


def test_where_there_is_no_examiner_it_says_so_aloud(home: Home) -> None:
    workspace = home("empty")
    secret = secret_lines(workspace)
    trial = try_assignment(workspace.root / NOTEBOOK, engine="jupyter")
    assert (trial.state, trial.score, trial.sealed) == ("graded", 0.0, False)
    assert any("ATTENTION, sans bac à sable" in line for line in trial.lines)
    assert any("pas encore de réponse" in question.message for question in trial.questions)
    assert trial.page is not None and trial.page.is_file()
    assert learned(workspace, secret) == {}


def secret_lines(workspace: Workspace) -> set[str]:
    """The lines of solutions and hidden tests that no file of the workspace holds yet."""
    regions = re.compile(r"### BEGIN (SOLUTION|HIDDEN TESTS)\n(.*?)### END \1", re.DOTALL)
    lines = {
        line.strip()
        for cell in MASTER.build("fr").cells
        for _, region in regions.findall(cell.source)
        for line in region.splitlines()
        # a message is what a failing test says: learners read it
        if len(line.strip()) > 15 and not line.strip().startswith(('"', "'", "f'", 'f"'))
    }
    known = "\n".join(texts(workspace).values())
    secret = {line for line in lines if line not in known}
    assert len(secret) > 50
    return secret


def learned(workspace: Workspace, secret: set[str]) -> dict[str, set[str]]:
    """The secret lines that a file of the workspace holds now."""
    found = {
        name: {line for line in secret if line in text} for name, text in texts(workspace).items()
    }
    return {name: lines for name, lines in found.items() if lines}


def texts(workspace: Workspace) -> dict[str, str]:
    """Every file of the workspace as one reads it: notebooks by cell, pages without their tags."""
    found = {}
    for path in workspace.root.rglob("*"):
        if path.is_file():
            text = path.read_text(encoding="utf-8", errors="replace")
            if path.suffix == ".ipynb":
                cells = nbformat.reads(text, as_version=4).cells
                text += "\n".join(cell.source for cell in cells)
            # a page colours its code: words stand in tags of their own
            shown = html.unescape(re.sub(r"<[^>]*>", "", text))
            found[path.relative_to(workspace.root).as_posix()] = f"{text}\n{shown}"
    return found


def test_a_process_that_dies_says_what_to_do(home: Home) -> None:
    workspace = home("empty")
    path = workspace.root / NOTEBOOK
    notebook = nbformat.read(path, as_version=4)
    notebook.cells.insert(0, nbformat.v4.new_code_cell("import os\nos._exit(1)"))
    notebook.metadata["ecole"]["digest"] = "that of an older version"
    nbformat.write(notebook, path)
    trial = try_assignment("w02", workspace)
    assert (trial.state, trial.score) == ("killed", None)
    assert "redémarrez le noyau" in trial.lines[0]
    assert trial.outdated and any(".new.ipynb" in line for line in trial.lines)
    assert read_progress(workspace)[0].best(W02) is None


@pytest.mark.parametrize("content", [b"", b"{", b"[1]", b'{"nbformat": 9}', None])
def test_a_notebook_that_cannot_be_read_says_what_to_do(home: Home, content: bytes | None) -> None:
    workspace = home("empty")
    path = workspace.root / NOTEBOOK
    path.unlink()
    if content is None:
        path.symlink_to(workspace.root / "Bienvenue.md")
    else:
        path.write_bytes(content)
    trial = try_assignment("w02", workspace)
    assert (trial.state, trial.score, trial.page) == ("unreadable", None, None)
    assert "ecole learn" in trial.lines[0]


def test_a_missing_notebook_is_brought_back(home: Home) -> None:
    workspace = home("empty")
    shutil.rmtree(workspace.root / "assignments")
    trial = try_assignment("w02", workspace)
    assert trial.state == "missing" and "ecole learn" in trial.lines[0]
    assert read_progress(workspace)[0].trials == []
    prepare_workspace(workspace.root, "fr")
    assert (workspace.root / NOTEBOOK).is_file()


@pytest.mark.parametrize("name", ["w99", "statistics", "../w02", "elsewhere.ipynb"])
def test_an_unknown_assignment_is_named(home: Home, name: str) -> None:
    with pytest.raises(EcoleError, match=r"pas de devoir|notebook d'un devoir"):
        try_assignment(name, home("empty"))


def test_a_foreign_folder_is_no_workspace(tmp_path: Path) -> None:
    with pytest.raises(EcoleError, match="ecole learn"):
        try_assignment("w02", tmp_path)


def test_in_a_notebook_every_word_is_escaped(home: Home) -> None:
    workspace = home("empty")
    (workspace.root / NOTEBOOK).write_bytes(b"{")
    trial = try_assignment("w02", workspace)
    trial.remarks.append("<script>alert(1)</script>")
    shown = trial._repr_html_()
    assert "<script>" not in shown and "&lt;script&gt;" in shown
