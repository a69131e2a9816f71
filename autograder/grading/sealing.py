"""What the examiner has to know of a released notebook, found with the reference solution."""

import copy
import hashlib
from collections import OrderedDict
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
from autograder.examiner.processes import zygote_for
from autograder.grading.execution import Job, execute
from autograder.grading.marking import failure_message
from autograder.notebooks import from_json, to_json

_KEPT = 32
# with the process that its rehearsal warmed
_found: OrderedDict[str, tuple[dict[str, Any], int]] = OrderedDict()


def sealing_of(source: NotebookNode, template: Job) -> dict[str, Any]:
    """`metadata.ecole` for a submission: answers, imports, and the tests that cannot be sealed.

    The assignment is rehearsed once for the same source, files, limits and secret, as long as
    the process that this warmed lives: formgrader's button and `ecole grade --watch` ask for
    each submission.

    A test that the reference solution passes in the candidate's process but not sealed is
    unsealable: it will run unsealed in its fork, and be counted.

    Args:
        source: the course's source notebook, with its solutions.
        template: files, limits and secret to run the reference with.
    """
    key = _key(source, template)
    imports = imports_of(source)
    # also: a zygote belongs to the thread that starts it, and workers' threads end
    zygote = zygote_for(imports).process.pid
    known, warmed = _found.pop(key, ({}, 0))
    if zygote != warmed:
        known = _sealing(source, template)
        warmed = zygote_for(imports).process.pid
    if not known.get("unsealed"):  # a test may have failed for once, on a busy machine
        _found[key] = known, warmed
    while len(_found) > _KEPT:
        _found.popitem(last=False)
    return copy.deepcopy(known)


def _key(source: NotebookNode, template: Job) -> str:
    rest = [to_json(source), template.limits, template.exam_secret, template.given_files]
    sha = hashlib.sha256(repr([template.engine, *rest]).encode())
    for name, data in sorted(template.files.items()):
        sha.update(name.encode() + b"\0" + hashlib.sha256(data).digest())
    return sha.hexdigest()


def _sealing(source: NotebookNode, template: Job) -> dict[str, Any]:
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
