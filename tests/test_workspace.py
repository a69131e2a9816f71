"""The self-learner's workspace brings what is new and never touches the learner's work."""

import errno
import json
import os
import re
import shutil
from pathlib import Path

import nbformat
import pytest
from typer.testing import CliRunner

from autograder import cli
from autograder.authoring.masters import REPOSITORY, Master
from autograder.errors import EcoleError
from autograder.learning import delivery as deliveries
from autograder.learning import find_workspace, prepare_workspace, workspace

SHEET = "Corriger mes devoirs.ipynb"


@pytest.fixture(scope="module")
def delivered(delivered_workspace: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace as the course delivers it."""
    home = tmp_path_factory.mktemp("mine") / "home"
    return Path(shutil.copytree(delivered_workspace, home))


def visible(home: Path) -> list[Path]:
    """The notebooks that the learner sees."""
    found = home.rglob("*.ipynb")
    return [path for path in found if ".ecole" not in path.relative_to(home).parts]


def test_neither_solutions_nor_hidden_tests(delivered: Path) -> None:
    tops = {path.relative_to(delivered).parts[0] for path in visible(delivered)}
    assert tops == {"course", "assignments", SHEET}
    for path in delivered.rglob("*.ipynb"):
        notebook = nbformat.read(path, as_version=4)
        assert not any("solution" in c.metadata.get("tags", []) for c in notebook.cells)
        text = "\n".join(cell.source for cell in notebook.cells)
        assert "BEGIN SOLUTION" not in text and "HIDDEN TESTS" not in text


def test_the_cards_that_are_named_are_there(delivered: Path) -> None:
    named = set()
    for path in visible(delivered):
        cells = nbformat.read(path, as_version=4).cells
        named |= set(re.findall(r"datasets/cards/\S+?\.md", "\n".join(c.source for c in cells)))
    assert named
    for path in {*named, *(each.as_posix() for each in delivered.glob("datasets/cards/*.md"))}:
        card = (delivered / path).read_text(encoding="utf-8")
        for target in re.findall(r"\]\(([^):]+)\)", card):
            assert (delivered / path).parent.joinpath(target).is_file(), (path, target)


def test_a_second_run_builds_nothing(delivered: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deliveries, "_release", lambda *_: pytest.fail("released again"))
    monkeypatch.setattr(Master, "build", lambda *_, **__: pytest.fail("built again"))
    before = {path: path.stat().st_mtime_ns for path in visible(delivered)}
    again = prepare_workspace(delivered, "fr")
    assert (again.written, again.kept, again.beside) == ([], [], [])
    assert {path: path.stat().st_mtime_ns for path in visible(delivered)} == before


def test_what_was_built_is_not_taken_at_its_word(delivered: Path) -> None:
    built = next((delivered / ".ecole/built/course").rglob("*.ipynb"))
    built.write_text("something else")
    again = prepare_workspace(delivered, "fr")
    assert (again.written, again.beside) == ([], [])
    nbformat.read(built, as_version=4)


@pytest.fixture
def versions(monkeypatch: pytest.MonkeyPatch) -> dict[str, bytes]:
    """What the course delivers, for a test to change."""
    files = {"course/one.ipynb": b"one, v1", "course/two.ipynb": b"two, v1"}
    monkeypatch.setattr(deliveries, "fresh_files", lambda workspace, manifest: files)
    return files


def test_the_learner_s_work_is_never_overwritten(
    tmp_path: Path, versions: dict[str, bytes]
) -> None:
    home = tmp_path / "home"
    prepare_workspace(home, "fr")
    (home / "course/one.ipynb").write_bytes(b"my answers")
    versions.update({"course/one.ipynb": b"one, v2", "course/two.ipynb": b"two, v2"})
    delivery = prepare_workspace(home, "fr")
    assert (home / "course/one.ipynb").read_bytes() == b"my answers"
    assert (home / "course/one.new.ipynb").read_bytes() == b"one, v2"
    assert (home / "course/two.ipynb").read_bytes() == b"two, v2"
    assert delivery.written == ["course/two.ipynb"]
    assert delivery.kept == ["course/one.ipynb"]


def test_a_newer_version_is_offered_once(tmp_path: Path, versions: dict[str, bytes]) -> None:
    home = tmp_path / "home"
    prepare_workspace(home, "fr")
    (home / "course/one.ipynb").write_bytes(b"my answers")
    assert prepare_workspace(home, "fr").beside == []
    versions["course/one.ipynb"] = b"one, v2"
    assert prepare_workspace(home, "fr").beside == ["course/one.new.ipynb"]
    (home / "course/one.new.ipynb").unlink()
    assert prepare_workspace(home, "fr").beside == []


def test_a_newer_version_that_was_begun_is_work_too(
    tmp_path: Path, versions: dict[str, bytes]
) -> None:
    home = tmp_path / "home"
    prepare_workspace(home, "fr")
    (home / "course/one.ipynb").write_bytes(b"my answers")
    versions["course/one.ipynb"] = b"one, v2"
    prepare_workspace(home, "fr")
    versions["course/one.ipynb"] = b"one, v3"
    assert prepare_workspace(home, "fr").beside == ["course/one.new.ipynb"]
    (home / "course/one.new.ipynb").write_bytes(b"my answers again")
    versions["course/one.ipynb"] = b"one, v4"
    assert prepare_workspace(home, "fr").beside == ["course/one.new-2.ipynb"]
    assert (home / "course/one.new.ipynb").read_bytes() == b"my answers again"


def test_files_that_were_there_before_are_kept(tmp_path: Path, versions: dict[str, bytes]) -> None:
    home = tmp_path / "home"
    (home / "course").mkdir(parents=True)
    (home / "course/one.ipynb").write_bytes(b"something of mine")
    prepare_workspace(home, "fr")
    assert (home / "course/one.ipynb").read_bytes() == b"something of mine"


@pytest.mark.parametrize("broken", ["{", "[]", '{"lang": "fr", "files": 3}', '{"lang": "klingon"}'])
def test_a_broken_list_of_deliveries_costs_nothing(
    tmp_path: Path, versions: dict[str, bytes], broken: str
) -> None:
    home = tmp_path / "home"
    prepare_workspace(home, "fr")
    (home / ".ecole/delivered.json").write_text(broken)
    (home / "course/one.ipynb").write_bytes(b"my answers")
    with pytest.raises(EcoleError, match="ecole learn"):
        find_workspace(home)
    prepare_workspace(home, "fr")
    assert (home / "course/one.ipynb").read_bytes() == b"my answers"
    assert json.loads((home / ".ecole/delivered.json").read_text())["lang"] == "fr"


@pytest.mark.parametrize(("written", "two"), [(0, b"two, v1"), (1, b"two, v2")])
def test_the_list_of_deliveries_is_whole_or_not_at_all(
    tmp_path: Path,
    versions: dict[str, bytes],
    monkeypatch: pytest.MonkeyPatch,
    written: int,
    two: bytes,
) -> None:
    home = tmp_path / "home"
    prepare_workspace(home, "fr")
    before = (home / ".ecole/delivered.json").read_bytes()
    versions["course/two.ipynb"] = b"two, v2"
    room = iter(range(written))

    def full(descriptor: int) -> None:
        if next(room, None) is None:
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(EcoleError, match="disque est plein"):
        prepare_workspace(home, "fr")
    assert (home / ".ecole/delivered.json").read_bytes() == before
    assert (home / "course/two.ipynb").read_bytes() == two
    assert not list(home.rglob("*.ecole-new"))


def test_running_the_sheet_is_no_change_of_it(delivered: Path) -> None:
    sheet = delivered / SHEET
    pristine = sheet.read_bytes()
    notebook = nbformat.read(sheet, as_version=4)
    notebook.cells[-1].outputs = [nbformat.v4.new_output("stream", text="16/18")]
    nbformat.write(notebook, sheet)
    assert prepare_workspace(delivered, "fr").kept == []
    notebook.cells[-1].source = "mine"
    nbformat.write(notebook, sheet)
    assert prepare_workspace(delivered, "fr").kept == [SHEET]
    sheet.write_bytes(pristine)


def test_nothing_is_written_through_a_link(tmp_path: Path, versions: dict[str, bytes]) -> None:
    home, outside = tmp_path / "home", tmp_path / "outside"
    outside.mkdir()
    mine = outside / "mine.txt"
    mine.write_text("mine")
    (home / "course").mkdir(parents=True)
    (home / "course/one.ipynb").symlink_to(mine)
    prepare_workspace(home, "fr")
    assert mine.read_text() == "mine" and (home / "course/one.ipynb").is_symlink()
    other = tmp_path / "other"
    other.mkdir()
    (other / "course").symlink_to(outside)
    with pytest.raises(EcoleError, match="hors de"):
        prepare_workspace(other, "fr")
    assert [path.name for path in outside.iterdir()] == ["mine.txt"]


def test_the_other_language_goes_elsewhere(tmp_path: Path, versions: dict[str, bytes]) -> None:
    prepare_workspace(tmp_path / "home", "fr")
    with pytest.raises(EcoleError, match="choose another folder"):
        prepare_workspace(tmp_path / "home", "en")


def test_the_repository_stays_clean() -> None:
    with pytest.raises(EcoleError, match="outside it"):
        prepare_workspace(REPOSITORY / "mine", "en")


def test_what_cannot_be_a_workspace_says_why(tmp_path: Path, versions: dict[str, bytes]) -> None:
    (tmp_path / "thesis.docx").write_text("years of work")
    with pytest.raises(EcoleError, match="ecole learn DOSSIER"):
        prepare_workspace(tmp_path / "thesis.docx", "fr")
    with pytest.raises(EcoleError, match="ecole learn DIR"):
        prepare_workspace(tmp_path / "thesis.docx" / "below", "en")
    with pytest.raises(EcoleError, match="cannot write in /sys"):
        prepare_workspace("/sys/mine", "en")


def test_the_workspace_is_the_one_that_one_stands_in(
    tmp_path: Path, versions: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LANG", "en_GB.UTF-8")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    with pytest.raises(EcoleError, match="no workspace here"):
        find_workspace()
    with pytest.raises(EcoleError, match="is no workspace"):
        find_workspace(tmp_path)
    french, english = workspace.home_workspace("fr"), workspace.home_workspace("en")
    prepare_workspace(french, "fr")
    assert find_workspace().root == french
    prepare_workspace(english, "en")
    with pytest.raises(EcoleError, match="several workspaces"):
        find_workspace()
    monkeypatch.chdir(english / "course")
    assert (find_workspace().root, find_workspace().lang) == (english, "en")
    assert find_workspace(french).lang == "fr"


def test_learn_says_what_is_new_in_the_learner_s_language(
    tmp_path: Path, versions: dict[str, bytes]
) -> None:
    def learn(lang: str) -> str:
        folder = str(tmp_path / lang)
        done = CliRunner().invoke(cli.app, ["learn", folder, "--lang", lang, "--no-lab"])
        assert done.exit_code == 0, done.output
        return done.output

    assert "reçu : course/one.ipynb" in learn("fr")
    assert "rien de nouveau" in learn("fr")
    assert "received: course/one.ipynb" in learn("en")
    (tmp_path / "fr/course/one.ipynb").write_bytes(b"my answers")
    versions["course/one.ipynb"] = b"one, v2"
    said = learn("fr")
    assert "nouvelle version : course/one.new.ipynb" in said and "recopiez-y vos réponses" in said
