"""Pages that act, names that lead elsewhere, metadata that steer the grader."""

from collections.abc import Callable
from typing import Any

from attack import Attack, active, gained, gained_or_disturbed, tests_of
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell
from outcome import Outcome


def _poison(
    name: str,
    wants: str,
    code: str = "",
    success: Callable[[Outcome], bool] = active,
    **more: Any,
) -> Attack:
    cells = {"clamp": code} if code else {}
    return Attack(name, "poisoning", wants, success, cells, **more)


def _every_test(change: Callable[[NotebookNode], None]) -> Callable[[NotebookNode], None]:
    def edit(notebook: NotebookNode) -> None:
        for cell in tests_of(notebook):
            change(cell)

    return edit


def _remove_tests(notebook: NotebookNode) -> None:
    notebook.cells = [cell for cell in notebook.cells if cell not in tests_of(notebook)]


def _retype(cell: NotebookNode) -> None:
    cell.cell_type = "markdown"
    for key in ("outputs", "execution_count"):
        cell.pop(key, None)


def _duplicate(notebook: NotebookNode) -> None:
    for cell in tests_of(notebook):
        copy = NotebookNode(cell)
        copy["id"] = cell["id"][::-1]
        copy["source"] = "2.0"
        notebook.cells.append(copy)


def _other_kernel(notebook: NotebookNode) -> None:
    notebook.metadata["kernelspec"] = {
        "name": "../../../../evil",
        "language": "bash",
        "display_name": "<script>",
    }
    notebook.metadata["language_info"] = {"name": "bash", "file_extension": "/../../x.sh"}


def _markdown(text: str) -> Callable[[NotebookNode], None]:
    def edit(notebook: NotebookNode) -> None:
        cell = NotebookNode(cell_type="markdown", source=text, metadata={}, id="poison")
        notebook.cells.insert(1, cell)

    return edit


def _attachments(notebook: NotebookNode) -> None:
    image = {"image/png": "aGVyZQ=="}
    names = ("../../../@MARK@x.png", "/tmp/@MARK@y.png", "@COURSE@/@MARK@z.png")
    _markdown("![x](attachment:../../../@MARK@x.png)")(notebook)
    notebook.cells[1]["attachments"] = dict.fromkeys(names, image)
    notebook.cells[1].metadata["filename"] = "../../../@MARK@name"


_SHOWN = "from IPython.display import display, HTML, SVG, Markdown\n"


def _steering(notebook: NotebookNode) -> None:
    notebook.metadata["papermill"] = {"parameters": {"seed": 0}, "engine": "nbclient"}
    notebook.metadata["ecole"] = {
        "limits": {"cell_seconds": 9999},
        "answers": [],
        "submission": {"state": "graded", "fingerprint": "x", "seconds": 0},
    }
    cell = new_code_cell("import builtins; builtins.abs = lambda x: 0")
    cell.metadata["tags"] = ["parameters", "injected-parameters"]
    # poses as the locked cell of that name
    cell.metadata["nbgrader"] = dict(tests_of(notebook)[0].metadata["nbgrader"])
    cell.metadata["nbgrader"].update(grade_id="imports", grade=False)
    notebook.cells.insert(0, cell)


POISONING: list[Attack] = [
    _poison(
        "script-in-html",
        "a script in the feedback, from an HTML output",
        _SHOWN
        + """\
display(HTML('<script>window.x="@MARK@"</script>'
             '<img src=x onerror="x=`@MARK@`">'
             '<iframe srcdoc="@MARK@"></iframe>'))""",
    ),
    _poison(
        "script-in-svg",
        "a script in the feedback, from an SVG output",
        _SHOWN
        + """\
display({'image/svg+xml': '<svg xmlns="http://www.w3.org/2000/svg" '
         'onload="x=`@MARK@`"><script>x="@MARK@"</script></svg>',
         'text/plain': 'x'}, raw=True)""",
    ),
    _poison(
        "script-in-javascript",
        "a script in the feedback, from a JavaScript output",
        """\
from IPython.display import display, Javascript
display(Javascript('x="@MARK@"'))""",
    ),
    _poison(
        "script-in-markdown",
        "a script in the feedback, from a Markdown cell and a Markdown output",
        _SHOWN + "display(Markdown('<img src=x onerror=\"x=`@MARK@`\">'))",
        edits=_markdown(
            """\
[click](javascript:x='@MARK@')

<svg onload="x='@MARK@'">

<a href="java\x09script:'@MARK@'">here</a>"""
        ),
    ),
    _poison(
        "script-in-an-image",
        "a script in the feedback, from the base64 text of an image",
        _SHOWN
        + """\
display({'image/png': 'x"><script>x="@MARK@"</script>',
         'image/jpeg': 'x" onerror="@MARK@'}, raw=True,
        metadata={'image/png': {'width': '1" onload="@MARK@'}})""",
    ),
    _poison(
        "script-in-latex",
        "a script in the feedback, from a LaTeX output",
        """\
from IPython.display import display, Latex
display(Latex('<script>x="@MARK@"</script>$x$'))""",
    ),
    _poison(
        "script-in-a-message",
        "a script in the feedback, from the message of an error in a test",
        """\
class Odd(Exception):
    pass
Odd.__name__ = Odd.__qualname__ = '<script>x="@MARK@"</script>'
def clamp(*args):
    raise Odd('<script>x="@MARK@"</script><img src=x onerror="@MARK@">')""",
    ),
    _poison(
        "style-over-the-marks",
        "a style or a form in the feedback that hides its marks",
        _SHOWN
        + """\
display(HTML('<style>/*@MARK@*/ .panel {display: none}</style>'
             '<form action="@MARK@"><input name=password></form>'
             '<meta http-equiv=refresh content="0;url=@MARK@">'))""",
    ),
    _poison(
        "script-in-metadata",
        "a script in the feedback, from the notebook's title, authors and widget state",
        edits=lambda notebook: notebook.metadata.update(
            title="</title><script>x='poisoned'</script>",
            authors=[{"name": "<script>x='poisoned'</script>"}],
            widgets={
                "application/vnd.jupyter.widget-state+json": {
                    "state": {"x": "</script><script>x='poisoned'</script>"},
                    "version_major": 2,
                    "version_minor": 0,
                }
            },
        ),
        success=lambda outcome: "<script>x='poisoned'" in outcome.feedback,
    ),
    _poison(
        "control-characters",
        "a terminal or a page confused by ANSI and control characters in a message",
        """\
NASTY = '\\x1b[2J\\x1b]0;owned\\x07\\x1b[31m\\x9b31m\\x08\\x00\\u202e passed'
def clamp(*args):
    raise ValueError(NASTY)
print(NASTY)""",
        lambda outcome: outcome.controls(),
    ),
    Attack(
        "path-traversal",
        "poisoning",
        "files outside its folder, by the names of files and attachments",
        lambda outcome: outcome.left(),
        {
            "clamp": """\
for name in ('..\\\\..\\\\@MARK@a', '%2e%2e%2f@MARK@b', '@MARK@\\nc',
             '-rf @MARK@', '\\u202e@MARK@e', '~', '$(touch @MARK@f)'):
    open(name, 'w').write('here')
try:
    os.rename('@MARK@\\nc', '../../../@MARK@g')
except OSError:
    pass
clamp = None"""
        },
        edits=_attachments,
    ),
    _poison(
        "skipped-tests",
        "marks by tags that make the executor skip its test cells",
        edits=_every_test(
            lambda cell: cell.metadata.update(
                tags=["skip-execution", "papermill-error-cell-tag", "raises-exception", "injected"]
            )
        ),
        success=gained,
    ),
    _poison(
        "other-kernel",
        "to choose the kernel that runs its notebook",
        edits=_other_kernel,
        success=gained_or_disturbed,
    ),
    _poison(
        "more-points",
        "a hundred points a question, and tests that count as written answers",
        edits=_every_test(
            lambda cell: cell.metadata["nbgrader"].update(
                points=100, solution=True, locked=False, checksum="0" * 32
            )
        ),
        success=gained,
    ),
    _poison("deleted-tests", "marks by deleting the tests", edits=_remove_tests, success=gained),
    _poison(
        "retyped-tests",
        "marks by turning the test cells into text",
        edits=_every_test(_retype),
        success=gained,
    ),
    _poison(
        "rewritten-tests",
        "marks by rewriting the test cells",
        edits=_every_test(lambda cell: cell.update(source="2.0")),
        success=gained,
    ),
    _poison(
        "duplicated-tests",
        "marks by second copies of the test cells",
        edits=_duplicate,
        success=gained,
    ),
    _poison(
        "parameters",
        "the grader's settings, by metadata and cells that steer papermill and the engine",
        edits=_steering,
        success=gained,
    ),
]
