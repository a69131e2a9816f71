"""Masters in JupyterLab: opening one as a notebook and saving it loses and adds nothing."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from jupyter_core.paths import jupyter_path
from jupytext import TextFileContentsManager
from jupytext_config.labconfig import LabConfig
from typer.testing import CliRunner

from autograder import cli
from autograder.authoring import labconfig
from autograder.authoring.masters import REPOSITORY, assignments, lessons
from autograder.authoring.skeleton import TEMPLATES

MASTERS = [master.path for master in (*lessons(), *assignments())]
# what opens as a notebook by the same double click
PAGES = [*REPOSITORY.glob("*.md"), *REPOSITORY.glob("course/*/*/README.md")]
REMEDY = "save it once in `ecole author`, or: jupytext --from md:myst --to md:myst --output F F"


def in_jupyterlab(path: Path, folder: Path) -> tuple[TextFileContentsManager, Path, Any]:
    """The file in a folder of its own, opened as JupyterLab's server opens it."""
    copy = folder / path.name
    copy.write_bytes(path.read_bytes())
    manager = TextFileContentsManager(root_dir=str(folder))
    return manager, copy, manager.get(path.name, content=True, type="notebook")


def name(path: Path) -> str:
    return path.relative_to(REPOSITORY).as_posix()


@pytest.mark.parametrize("path", [*MASTERS, *PAGES], ids=name)
def test_opening_and_saving_changes_no_byte(path: Path, tmp_path: Path) -> None:
    manager, copy, model = in_jupyterlab(path, tmp_path)
    manager.save(model, copy.name)
    assert copy.read_text("utf-8") == path.read_text("utf-8"), REMEDY


@pytest.mark.parametrize("path", MASTERS, ids=name)
def test_what_jupyterlab_adds_stays_out(path: Path, tmp_path: Path) -> None:
    manager, copy, model = in_jupyterlab(path, tmp_path)
    notebook = model["content"]
    # as seen after running a notebook in JupyterLab 4.6 with nbgrader's toolbar open
    notebook["metadata"]["language_info"] = {
        "codemirror_mode": {"name": "ipython", "version": 3},
        "file_extension": ".py",
        "name": "python",
        "pygments_lexer": "ipython3",
        "version": "3.11.7",
    }
    notebook["metadata"]["widgets"] = {"state": {}}
    notebook["metadata"]["celltoolbar"] = "Create Assignment"
    for number, cell in enumerate(notebook["cells"]):
        cell["id"] = f"cell-{number}"
        cell["metadata"] |= {
            "editable": True,
            "deletable": False,
            "slideshow": {"slide_type": ""},
            "trusted": True,
            "collapsed": False,
            "scrolled": True,
            "jupyter": {"source_hidden": True, "outputs_hidden": False},
            "execution": {"iopub.execute_input": "2026-11-22T10:00:00Z"},
        }
        if cell["cell_type"] == "code":
            cell["execution_count"] = number
            cell["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "7,2 h\n"}]
    manager.save(model, copy.name)
    assert copy.read_text("utf-8") == path.read_text("utf-8")


@pytest.mark.parametrize("master", assignments(), ids=lambda master: master.name)
def test_points_set_in_the_toolbar_change_one_line(master: Any, tmp_path: Path) -> None:
    manager, copy, model = in_jupyterlab(master.path, tmp_path)
    before = copy.read_text("utf-8").splitlines()
    cell = next(
        cell
        for cell in model["content"]["cells"]
        if cell["cell_type"] == "code" and cell["metadata"].get("nbgrader", {}).get("grade")
    )
    # the toolbar writes its keys anew, in this order
    keys = ("grade", "grade_id", "locked", "points", "schema_version", "solution", "task")
    nbgrader = cell["metadata"]["nbgrader"] | {"points": 7}
    cell["metadata"]["nbgrader"] = {key: nbgrader[key] for key in keys}
    manager.save(model, copy.name)
    changed = [
        pair
        for pair in zip(before, copy.read_text("utf-8").splitlines(), strict=True)
        if pair[0] != pair[1]
    ]
    assert [after for _, after in changed] == ["  points: 7"]


@pytest.mark.parametrize("path", MASTERS, ids=name)
def test_masters_begin_alike(path: Path) -> None:
    header = (TEMPLATES / "header.j2").read_text("utf-8")
    assert path.read_text("utf-8").startswith(header), "the header is that of templates/header.j2"


def test_jupyterlab_has_what_an_author_needs() -> None:
    folders = [Path(folder, "labextensions") for folder in jupyter_path()]
    for extension in ("@jupyter/nbgrader", "jupyterlab-jupytext"):
        assert any((folder / extension / "package.json").is_file() for folder in folders)


def test_ecole_author_opens_the_repository_with_a_double_click_on_masters(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    started: list[list[str]] = []
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("JUPYTER_CONFIG_PATH", "/mine")
    monkeypatch.setattr(os, "execv", lambda path, arguments: started.append(arguments))
    assert CliRunner().invoke(cli.app, ["author"]).exit_code == 0
    assert f"--ServerApp.root_dir={REPOSITORY}" in started[0]
    ours, theirs = os.environ["JUPYTER_CONFIG_PATH"].split(os.pathsep)
    assert theirs == "/mine"
    settings = Path(ours, labconfig.__name__.rpartition(".")[2], "default_setting_overrides.json")
    expected = LabConfig(settings_file=tmp_path / "none").set_default_viewers(["markdown"])
    assert expected.config.items() <= json.loads(settings.read_text("utf-8")).items()
