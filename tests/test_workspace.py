"""The self-learner's workspace brings what is new and never touches the learner's work."""

import json
from pathlib import Path

import nbformat
import pytest

from autograder.authoring import workspace
from autograder.authoring.masters import REPOSITORY
from autograder.authoring.workspace import prepare_workspace
from autograder.errors import EcoleError


def test_neither_solutions_nor_hidden_tests(tmp_path: Path) -> None:
    delivery = prepare_workspace(tmp_path / "home", "fr")
    assert delivery.written and not delivery.kept
    notebooks = list((tmp_path / "home").rglob("*.ipynb"))
    assert {path.relative_to(tmp_path / "home").parts[0] for path in notebooks} == {
        "course",
        "assignments",
    }
    for path in notebooks:
        notebook = nbformat.read(path, as_version=4)
        assert not any("solution" in c.metadata.get("tags", []) for c in notebook.cells)
        text = "\n".join(cell.source for cell in notebook.cells)
        assert "BEGIN SOLUTION" not in text and "HIDDEN TESTS" not in text


@pytest.fixture
def versions(monkeypatch: pytest.MonkeyPatch) -> dict[str, bytes]:
    """What the course delivers, for a test to change."""
    files = {"course/one.ipynb": b"one, v1", "course/two.ipynb": b"two, v1"}
    monkeypatch.setattr(workspace, "_fresh_notebooks", lambda folder, lang: files)
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


def test_files_that_were_there_before_are_kept(tmp_path: Path, versions: dict[str, bytes]) -> None:
    home = tmp_path / "home"
    (home / "course").mkdir(parents=True)
    (home / "course/one.ipynb").write_bytes(b"something of mine")
    prepare_workspace(home, "fr")
    assert (home / "course/one.ipynb").read_bytes() == b"something of mine"


def test_a_broken_list_of_deliveries_costs_nothing(
    tmp_path: Path, versions: dict[str, bytes]
) -> None:
    home = tmp_path / "home"
    prepare_workspace(home, "fr")
    (home / ".ecole/delivered.json").write_text("{")
    (home / "course/one.ipynb").write_bytes(b"my answers")
    prepare_workspace(home, "fr")
    assert (home / "course/one.ipynb").read_bytes() == b"my answers"
    assert json.loads((home / ".ecole/delivered.json").read_text())["lang"] == "fr"


def test_the_other_language_goes_elsewhere(tmp_path: Path, versions: dict[str, bytes]) -> None:
    prepare_workspace(tmp_path / "home", "fr")
    with pytest.raises(EcoleError, match="choose another folder"):
        prepare_workspace(tmp_path / "home", "en")


def test_the_repository_stays_clean() -> None:
    with pytest.raises(EcoleError, match="outside it"):
        prepare_workspace(REPOSITORY / "mine", "fr")
