"""The feedback page in a browser: on a desk, on a phone, in the dark, inside JupyterLab."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from playwright.sync_api import Page

from autograder.grading import feedback, grade, open_course, release

PHONE = {"width": 390, "height": 844}
CONFIG = 'c = get_config()\nc.CourseDirectory.course_id = "page"\nc.Cohort.lang = "fr"\n'
ROLES = ("grade", "solution", "locked", "task")

OpenPage = Callable[..., Page]


def _cell(cell: nbformat.NotebookNode, grade_id: str, **settings: object) -> nbformat.NotebookNode:
    metadata = {"schema_version": 3, "grade_id": grade_id} | dict.fromkeys(ROLES, False)
    cell.metadata["nbgrader"] = metadata | settings
    return cell


def _source() -> nbformat.NotebookNode:
    test = {"grade": True, "locked": True}
    notebook = new_notebook()
    notebook.metadata["kernelspec"] = {"name": "python3", "language": "python", "display_name": "P"}
    notebook.cells = [
        new_markdown_cell("# Le devoir\n\n| a | b |\n|--|--|\n| $x^2$ | 2 |"),
        new_markdown_cell("## 1. Juste (1 point)"),
        _cell(new_code_cell("### BEGIN SOLUTION\nx = 1\n### END SOLUTION"), "x", solution=True),
        _cell(new_code_cell("assert x == 1, 'x vaut 1'"), "x_test", points=1, **test),
        new_markdown_cell("## 2. Faux (2 points)"),
        _cell(new_code_cell("### BEGIN SOLUTION\ny = 2\n### END SOLUTION"), "y", solution=True),
        _cell(new_code_cell("assert y == 2, 'y vaut 2'"), "y_test", points=2, **test),
        new_markdown_cell("## 3. À la main (1 point)"),
        _cell(new_markdown_cell("ici"), "z", grade=True, solution=True, points=1),
    ]
    return notebook


# what makes a page wide, long and badly described
_STUDENT = """
import pandas as pd
from IPython.display import HTML, display
display(pd.DataFrame({f"column_{n}": ["value"] * 3 for n in range(40)}))
display(HTML("<h1>Title</h1><img src='x.png'><h4>Skipped</h4>"))
print("a line that is long " * 40)
print("\\n".join("\\x1b[31mred\\x1b[0m \\x1b[38;5;226myellow\\x1b[0m" for _ in range(30)))
y = 3
1 / 0
"""


@pytest.fixture(scope="module")
def feedback_page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page with a right answer, a wrong one, one that waits, and outputs of all sorts."""
    root = tmp_path_factory.mktemp("page") / "course"
    (root / "source/page").mkdir(parents=True)
    (root / "nbgrader_config.py").write_text(CONFIG)
    nbformat.write(_source(), root / "source/page/page.ipynb")
    release(open_course(root), "page")
    notebook = nbformat.read(root / "release/page/page.ipynb", as_version=4)
    answers = {"x": "x = 1", "y": _STUDENT, "z": "# Ma réponse\n\n###### Fin ![](plot.png)"}
    for cell in notebook.cells:
        grade_id = cell.metadata.get("nbgrader", {}).get("grade_id")
        cell.source = answers.get(grade_id, cell.source)
    (root / "submitted/ada/page").mkdir(parents=True)
    nbformat.write(notebook, root / "submitted/ada/page/page.ipynb")
    grade(root, "page")
    (path,) = feedback(root, "page")
    return path


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_has_no_fault(
    open_page: OpenPage, axe: Callable[[Page], list[str]], feedback_page: Path, scheme: str
) -> None:
    page = open_page(feedback_page, color_scheme=scheme, bypass_csp=True)
    page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
    assert axe(page) == []


def test_it_fits_a_phone(open_page: OpenPage, feedback_page: Path) -> None:
    page = open_page(feedback_page, viewport=PHONE)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def test_its_policy_lets_its_own_style_apply(open_page: OpenPage, feedback_page: Path) -> None:
    complaints: list[str] = []
    page = open_page("about:blank")
    page.on("console", lambda message: complaints.append(message.text))
    page.goto(feedback_page.as_uri())
    assert page.evaluate("getComputedStyle(document.body).margin") == "0px"
    assert complaints == []


@pytest.fixture
def host(tmp_path: Path) -> Iterator[str]:
    """The address of an empty page: the page around JupyterLab's viewer."""
    (tmp_path / "index.html").write_text("<!DOCTYPE html><title>Host</title>")
    handler = partial(SimpleHTTPRequestHandler, directory=str(tmp_path))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


# what JupyterLab 4's HTML viewer does with a file: a base, no doctype, a frame without scripts
_JUPYTERLAB = """
async html => {
    const text = new DOMParser().parseFromString(html, "text/html");
    let base = text.querySelector("base");
    if (!base) {
        base = text.createElement("base");
        text.head.insertBefore(base, text.head.firstChild);
    }
    base.href = location.href + "files/page.html";
    base.target = "_self";
    const blob = new Blob([text.documentElement.innerHTML], {type: "text/html"});
    const frame = document.createElement("iframe");
    frame.sandbox = "allow-same-origin";
    frame.src = URL.createObjectURL(blob);
    document.body.append(frame);
    await new Promise(resolve => frame.onload = resolve);
    const shown = frame.contentDocument;
    shown.querySelector("table.questions a").click();
    await new Promise(resolve => setTimeout(resolve, 200));
    const colour = element => getComputedStyle(shown.querySelector(element)).color;
    return {
        address: frame.contentDocument && frame.contentWindow.location.href,
        target: shown.querySelector(":target")?.className,
        language: shown.body.lang,
        colours: [colour("body"), colour("table.marks td")],
    };
}
"""


def test_in_jupyterlab_s_viewer_links_stay_within_the_page(
    open_page: OpenPage, feedback_page: Path, host: str
) -> None:
    page = open_page(host, color_scheme="dark")
    seen = page.evaluate(_JUPYTERLAB, feedback_page.read_text(encoding="utf-8"))
    assert seen["address"].startswith("blob:") and seen["target"] == "cell graded"
    assert seen["language"] == "fr"
    assert seen["colours"][0] == seen["colours"][1]
