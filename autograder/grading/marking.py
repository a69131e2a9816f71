"""From executed cells to marks: nbgrader's rules, without what cheats or punishes by accident."""

import ast
import math
import re

from nbformat import NotebookNode
from nbgrader.utils import determine_grade, is_grade, is_solution

from autograder.examiner.answers import parse
from autograder.grading.results import EXECUTED, CellResult, CellState
from autograder.notebooks import without_controls

_NUMPY_SCALAR = re.compile(r"np\.(?:float|int|uint)\d+\((.*)\)")
_MESSAGE_CHARACTERS = 2000


def settle_outputs(notebook: NotebookNode) -> None:
    """Make the outputs of test cells say what nbgrader should read in them.

    nbgrader gives 0 for any text on stderr, takes the first result it meets for the partial
    credit, and full marks for a negative one. Here a warning costs nothing (it is shown as
    ordinary output), only the value of the test cell's own last expression is partial credit,
    and it is clipped to [0, points].
    """
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            _make_harmless(output)
    python = notebook.metadata.get("kernelspec", {}).get("language", "python") == "python"
    for cell in notebook.cells:
        if cell.cell_type == "code" and is_grade(cell) and not is_solution(cell):
            _settle(cell, python)


def _make_harmless(output: NotebookNode) -> None:
    """Take out of an output's text what would steer a terminal or a page."""
    if output.output_type == "stream":
        output.text = without_controls(output.text, colours=True)
    elif output.output_type == "error":
        output.ename = without_controls(output.ename)
        output.evalue = without_controls(output.evalue)
        output.traceback = [without_controls(line, colours=True) for line in output.traceback]


def _settle(cell: NotebookNode, python: bool) -> None:
    state = cell.metadata.get("ecole", {}).get("execution", {}).get("state")
    results = [output for output in cell.outputs if output.output_type == "execute_result"]
    counts = results[-1:] if state == "ok" and (not python or ends_in_expression(cell)) else []
    points = float(cell.metadata["nbgrader"]["points"])
    for output in cell.outputs:
        if output.output_type == "stream" and output.name == "stderr":
            output.name = "stdout"
        if output.output_type == "execute_result":
            if any(output is each for each in counts):
                _clip(output, points)
            else:
                output.output_type = "display_data"
                output.pop("execution_count", None)
    if state == "ok":
        # an error that was only displayed did not stop the test
        cell.outputs = [output for output in cell.outputs if output.output_type != "error"]


def ends_in_expression(cell: NotebookNode) -> bool:
    """Does the cell's source end in an expression whose value Jupyter displays?"""
    source = cell.source.rstrip()
    if source.endswith(";"):
        return False
    try:
        body = parse(source).body
    except SyntaxError:  # magics
        return True
    return bool(body) and isinstance(body[-1], ast.Expr)


def _clip(output: NotebookNode, points: float) -> None:
    text = str(output.data.get("text/plain", "")).strip()
    numpy_scalar = _NUMPY_SCALAR.fullmatch(text)
    try:
        value = float(numpy_scalar[1] if numpy_scalar else text)
    except ValueError:
        return
    value = 0.0 if math.isnan(value) else min(max(value, 0.0), points)
    output.data["text/plain"] = repr(value)


def cell_results(name: str, notebook: NotebookNode) -> list[CellResult]:
    """One result a graded cell of an executed (and settled) notebook, in its order."""
    return [_result(name, cell) for cell in notebook.cells if is_grade(cell)]


def _result(name: str, cell: NotebookNode) -> CellResult:
    execution = cell.metadata.get("ecole", {}).get("execution", {})
    tested = cell.cell_type == "code" and not is_solution(cell)
    state: CellState = execution.get("state", "not-run") if cell.cell_type == "code" else "ok"
    points, max_points = determine_grade(cell)
    return CellResult(
        notebook=name,
        grade_id=cell.metadata["nbgrader"]["grade_id"],
        state=state,
        points=points if tested and state in EXECUTED else None,
        max_points=max_points,
        manual=not tested,
        seconds=execution.get("seconds", 0.0),
        sealed=execution.get("sealed", False),
        message=failure_message(cell),
        lines=execution.get("lines", []),
    )


def failure_message(cell: NotebookNode) -> str | None:
    """The error that a code cell ended in, as one text without terminal colours."""
    if cell.cell_type != "code":
        return None
    for output in cell.outputs:
        if output.output_type == "error":
            value = without_controls(output.evalue).strip()
            text = value if output.ename == "AssertionError" else f"{output.ename}: {value}"
            return text.strip(": ")[:_MESSAGE_CHARACTERS] or output.ename
    return None


def all_executed(results: list[CellResult]) -> bool:
    """Has every cell that tests mark an execution record?"""
    return all(result.manual or result.state in EXECUTED for result in results)
