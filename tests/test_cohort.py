"""A cohort is an nbgrader course directory in one language; releasing hides what must be."""

import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbgrader.dbutil import _temp_alembic_ini
from typer.testing import CliRunner

from autograder import cli
from autograder.authoring.cohort import cohort
from autograder.errors import EcoleError
from autograder.grading import open_course, release

NAME = "w02-laboratory-export"


@pytest.fixture(scope="module")
def french(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = cohort(tmp_path_factory.mktemp("cohort") / "promotion", "fr")
    release(open_course(root), NAME)
    return root


def test_a_cohort_is_a_course_directory(french: Path) -> None:
    course = open_course(french)
    assert (course.name, course.cohort.lang) == ("promotion", "fr")
    assert (french / "source" / NAME / f"{NAME}.ipynb").exists()
    secret = french / "exam-secret"
    assert stat.S_IMODE(secret.stat().st_mode) == 0o600
    assert len(secret.read_text().strip()) == 64


def test_a_release_holds_neither_solutions_nor_hidden_tests(french: Path) -> None:
    source = nbformat.read(french / "source" / NAME / f"{NAME}.ipynb", as_version=4)
    text = (french / "release" / NAME / f"{NAME}.ipynb").read_text(encoding="utf-8")
    for marker in ("BEGIN SOLUTION", "HIDDEN TESTS", "exam_seed("):
        assert marker in "\n".join(cell.source for cell in source.cells)
        assert marker not in text
    assert "VOTRE CODE ICI" in text and "VOTRE RÉPONSE ICI" in text


def test_a_new_gradebook_is_nbgrader_s_and_needs_no_activated_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    root = cohort(tmp_path / "c", "en")
    release(open_course(root), NAME)
    with sqlite3.connect(root / "gradebook.db") as gradebook:
        ((version,),) = gradebook.execute("SELECT version_num FROM alembic_version").fetchall()
    with _temp_alembic_ini("sqlite://") as settings:
        command = [sys.executable, "-m", "alembic", "-c", settings, "heads"]
        said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert said.split() == [version, "(head)"]


def test_two_cohorts_have_two_secrets(french: Path, tmp_path: Path) -> None:
    other = cohort(tmp_path / "other", "fr")
    assert (other / "exam-secret").read_bytes() != (french / "exam-secret").read_bytes()


def test_a_refresh_keeps_secret_configuration_and_edits(tmp_path: Path) -> None:
    root = cohort(tmp_path / "c", "en")
    secret = (root / "exam-secret").read_bytes()
    with (root / "nbgrader_config.py").open("a") as config:
        config.write("# mine\n")
    path = root / "source" / NAME / f"{NAME}.ipynb"
    cohort(root, "en")
    assert (root / "exam-secret").read_bytes() == secret
    assert (root / "nbgrader_config.py").read_text().endswith("# mine\n")
    notebook = nbformat.read(path, as_version=4)
    notebook.cells[0].source = "my own introduction"
    nbformat.write(notebook, path)
    with pytest.raises(EcoleError, match="edited here"):
        cohort(root, "en")
    assert nbformat.read(path, as_version=4).cells[0].source == "my own introduction"


def test_a_second_language_is_refused(french: Path, tmp_path: Path) -> None:
    with pytest.raises(EcoleError, match="one cohort, one language"):
        cohort(french, "en")
    english = cohort(tmp_path / "en", "en")
    foreign = (english / "source" / NAME / f"{NAME}.ipynb").read_bytes()
    intruder = french / "source" / "intruder"
    intruder.mkdir()
    (intruder / "intruder.ipynb").write_bytes(foreign)
    with pytest.raises(EcoleError, match="one cohort, one language"):
        release(open_course(french), "intruder")
    assert not (french / "release" / "intruder").exists()


def test_a_folder_with_something_else_in_it_is_refused(tmp_path: Path) -> None:
    (tmp_path / "thesis.docx").write_text("years of work")
    with pytest.raises(EcoleError, match="empty or new folder"):
        cohort(tmp_path, "fr")
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.docx"]


def test_an_unknown_assignment_lists_those_there_are(french: Path) -> None:
    with pytest.raises(EcoleError, match=NAME):
        release(open_course(french), "w99-nothing")


def test_the_command_says_what_is_wrong_without_a_traceback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["ecole", "release", NAME])
    with pytest.raises(SystemExit) as exit_:
        cli.main()
    assert exit_.value.code == 1
    assert "is no course directory" in " ".join(capsys.readouterr().err.split())


def test_the_commands_of_a_new_cohort(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = CliRunner().invoke
    root = tmp_path / "promo"
    made = run(cli.app, ["cohort", str(root), "--lang", "en"])
    assert made.exit_code == 0 and NAME in made.output
    monkeypatch.chdir(root)
    assert run(cli.app, ["release", NAME]).exit_code == 0
    assert (root / "release" / NAME / f"{NAME}.ipynb").exists()
    built = run(cli.app, ["build", "--lang", "en", "--output", str(tmp_path / "out")])
    assert built.exit_code == 0
    assert list((tmp_path / "out" / "en").rglob("*.ipynb"))


def test_a_release_that_nbgrader_refuses_says_why(tmp_path: Path) -> None:
    root = cohort(tmp_path / "c", "fr")
    path = root / "source" / NAME / f"{NAME}.ipynb"
    notebook = nbformat.read(path, as_version=4)
    tests = [cell for cell in notebook.cells if "BEGIN HIDDEN TESTS" in cell.source]
    tests[0].source = tests[0].source.replace("### END HIDDEN TESTS", "")
    nbformat.write(notebook, path)
    with pytest.raises(EcoleError, match="hidden test"):
        release(open_course(root), NAME)
