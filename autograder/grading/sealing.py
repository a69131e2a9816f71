"""What the examiner has to know of a released notebook, found with the reference solution."""

from dataclasses import replace
from typing import Any

import nbformat
from nbformat import NotebookNode

from autograder.examiner.answers import (
    answers_of,
    imports_of,
    is_test,
    tests_define_what_others_need,
)
from autograder.grading.execution import Job, execute
from autograder.grading.marking import failure_message
from autograder.notebooks import from_json, to_json


def sealing_of(source: NotebookNode, template: Job) -> dict[str, Any]:
    """`metadata.ecole` for a submission: answers, imports, and the tests that cannot be sealed.

    A test that the reference solution passes in the candidate's process but not sealed is
    unsealable: it will run unsealed in its fork, and be counted.

    Args:
        source: the course's source notebook, with its solutions.
        template: files, limits and secret to run the reference with.
    """
    known: dict[str, Any] = {"answers": answers_of(source), "imports": imports_of(source)}
    if known["answers"] is None:
        return known
    failing = _names(_failing_tests(source, known, template))
    if failing:
        known["unsealed"] = failing
        still = _names(_failing_tests(source, known, template))
        known["unsealed"] = [grade_id for grade_id in failing if grade_id not in still]
    return known


def why_unsealable(source: NotebookNode, limits: dict[str, float]) -> dict[str, str]:
    """Why tests that pass beside the reference solution do not pass apart from it, by grade_id."""
    needed = tests_define_what_others_need(source.cells)
    if needed:
        reason = f"a later cell reads {', '.join(sorted(needed))}, which only a test cell defines"
        return {
            cell.metadata["nbgrader"]["grade_id"]: reason for cell in source.cells if is_test(cell)
        }
    known = {"answers": answers_of(source), "imports": imports_of(source)}
    template = Job("reference", {}, {}, "examiner", limits)
    return {
        cell.metadata["nbgrader"]["grade_id"]: failure_message(cell) or "no reason was given"
        for cell in _failing_tests(source, known, template)
    }


def _failing_tests(
    source: NotebookNode, known: dict[str, Any], template: Job
) -> list[NotebookNode]:
    """The tests that the reference solution does not pass, executed."""
    notebook = nbformat.from_dict(source)
    notebook.metadata["ecole"] = known
    job = replace(template, notebooks={"reference": to_json(notebook)}, rehearsal=True)
    done = from_json(execute(job).notebooks["reference"])
    return [
        cell
        for cell in done.cells
        if is_test(cell) and cell.metadata["ecole"]["execution"]["state"] != "ok"
    ]


def _names(cells: list[NotebookNode]) -> list[str]:
    return [cell.metadata["nbgrader"]["grade_id"] for cell in cells]
