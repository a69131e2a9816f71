"""Grade an assignment's mutants: which faults do its tests not see?

Each mutant is a student of a temporary cohort, graded by `autograder.grading.grade`. It is killed
when it loses any point of a tested cell, or ends in another state than the reference. What most
mutants need is one question: they are graded first on the notebook cut after the tests of their
question, without the tests of earlier ones (a fault in a later cell cannot fail them, and each
test costs a fork); those that survive are graded on the whole. One exam secret is used:
`ecole check` is what grades under five.
"""

import hashlib
import json
import math
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import nbformat
import yaml
from nbformat import NotebookNode
from pydantic import AfterValidator, Field, RootModel

from autograder.authoring.checks.cache import CACHE, code_digest
from autograder.authoring.course_files import Strict, Words, dotted, read_course_file
from autograder.authoring.masters import Master
from autograder.authoring.mutants import Key, Mutant, handed_in, make_mutants
from autograder.authoring.specimens import Specimen
from autograder.authoring.translation import Lang
from autograder.errors import EcoleError
from autograder.grading import SubmissionResult, grade, open_course, release
from autograder.grading.cohort import create_cohort
from autograder.grading.course import Course

THRESHOLD = 0.9
"""The share of mutants, equivalent ones aside, that an assignment's tests must kill."""

_SECRET = "exam secret number 1"
_LANG: Lang = "fr"

Outcome = Literal["killed", "stopped", "survived"]
"""killed: lost a point · stopped: out of time, or its process died · survived: neither."""
OnResult = Callable[[SubmissionResult, int, int], None]


def _a_sentence(reason: str) -> str:
    if len(reason.split()) < 5 or not reason.endswith((".", "!", "?")):
        raise ValueError("too short; write a sentence that says why no behaviour changes")
    return reason


class Equivalent(Strict):
    """A mutant that its author found no fault at all, and why."""

    grade_id: Words
    original: Words
    mutated: Words
    occurrence: Annotated[int, Field(ge=1)] = 1
    reason: Annotated[Words, AfterValidator(_a_sentence)]

    @property
    def key(self) -> Key:
        """The key of the mutant it speaks of."""
        return self.grade_id, self.original, self.mutated, self.occurrence


class _Equivalents(RootModel[list[Equivalent]]):
    """`equivalent_mutants.yml`."""


@dataclass(frozen=True)
class MutationReport:
    """What became of the mutants of one assignment.

    Attributes:
        outcomes: each mutant, in the order of the notebook, and how it ended.
        equivalents: keys of the survivors that their author explained.
    """

    assignment: str
    outcomes: list[tuple[Mutant, Outcome]]
    equivalents: frozenset[Key]

    @property
    def survivors(self) -> list[Mutant]:
        """Those that no test sees and nobody explained."""
        return [
            mutant
            for mutant, outcome in self.outcomes
            if outcome == "survived" and mutant.key not in self.equivalents
        ]

    @property
    def judged(self) -> int:
        """How many are not equivalent."""
        return len(self.outcomes) - len(self.equivalents)

    @property
    def score(self) -> float:
        """Killed mutants among those that are not equivalent; 1 where there is none."""
        return 1 - len(self.survivors) / self.judged if self.judged else 1.0

    @property
    def sufficient(self) -> bool:
        """Are enough of them killed?"""
        return self.score >= THRESHOLD

    def of_question(self, grade_id: str) -> Counter[str]:
        """How many mutants of one solution cell ended how: outcomes, and `equivalent`."""
        return Counter(
            "equivalent" if mutant.key in self.equivalents else outcome
            for mutant, outcome in self.outcomes
            if mutant.grade_id == grade_id
        )

    @property
    def questions(self) -> list[str]:
        """The solution cells that have mutants, in their order."""
        return list(dict.fromkeys(mutant.grade_id for mutant, _ in self.outcomes))


def mutate_assignment(
    master: Master,
    *,
    workers: int | None = None,
    use_cache: bool = True,
    on_result: OnResult | None = None,
) -> MutationReport:
    """Make an assignment's mutants, grade them, and set the explained ones apart.

    How an unchanged assignment's mutants ended is not asked again (`use_cache`): the key covers
    the master, the code that mutates and grades, and its versions.

    Args:
        on_result: called after each execution: its result, number done, number foreseen.

    Raises:
        EcoleError: the reference does not get all points; a solution cell is no plain Python;
            `equivalent_mutants.yml` is faulty, or an entry's mutant does not exist or is killed.
    """
    solved = master.build(_LANG)
    mutants = make_mutants(solved)
    explained = read_equivalents(master, mutants)
    done = CACHE / f"{_cache_key(master)}.json"
    outcomes = _cached(done, mutants) if use_cache else None
    if outcomes is None:
        outcomes = _grade_all(master, solved, mutants, workers, on_result)
        done.parent.mkdir(exist_ok=True)
        done.write_text(json.dumps(outcomes), encoding="utf-8")
    by_key = {mutant.key: outcomes[mutant.id] for mutant in mutants}
    killed = [each for each in explained if by_key[each.key] != "survived"]
    _refuse(_equivalents_file(master), killed, "its mutant is killed by the tests")
    return MutationReport(
        assignment=master.name,
        outcomes=[(mutant, outcomes[mutant.id]) for mutant in mutants],
        equivalents=frozenset(each.key for each in explained),
    )


def read_equivalents(master: Master, mutants: Iterable[Mutant]) -> list[Equivalent]:
    """What the author of an assignment explained in `equivalent_mutants.yml`, beside the master.

    Raises:
        EcoleError: the file is faulty, holds an entry twice, or one that is none of `mutants`.
    """
    path = _equivalents_file(master)
    if not path.exists():
        return []
    read = read_course_file(path, _Equivalents, lambda data, location: dotted(location)).root
    times = Counter(each.key for each in read)
    _refuse(path, [each for each in read if times[each.key] > 1], "there twice")
    known = {mutant.key for mutant in mutants}
    _refuse(path, [each for each in read if each.key not in known], "there is no such mutant")
    return read


def as_entries(mutants: Iterable[Mutant]) -> str:
    """Entries of `equivalent_mutants.yml`, ready to paste; their reasons are to be written."""
    entries = []
    for mutant in mutants:
        entry: dict[str, str | int] = {
            "grade_id": mutant.grade_id,
            "original": mutant.original,
            "mutated": mutant.mutated,
        }
        if mutant.occurrence > 1:
            entry["occurrence"] = mutant.occurrence
        entries.append(entry | {"reason": ""})
    return yaml.dump(entries, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=10_000)


class _Dumper(yaml.SafeDumper):
    """YAML that writes a text of several lines as a block."""


def _represent(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _represent)


def _equivalents_file(master: Master) -> Path:
    return master.path.parent / "equivalent_mutants.yml"


def _refuse(path: Path, entries: Iterable[Equivalent], why: str) -> None:
    faults = [
        f"{path}: {each.grade_id}, {each.mutated!r}: {why}; remove this entry" for each in entries
    ]
    if faults:
        raise EcoleError("\n".join(faults))


# grading


def _grade_all(
    master: Master,
    solved: NotebookNode,
    mutants: list[Mutant],
    workers: int | None,
    on_result: OnResult | None,
) -> dict[str, Outcome]:
    """How each mutant ended, by its id."""
    parts = {
        grade_id: _cut(solved, grade_id)
        for grade_id in dict.fromkeys(each.grade_id for each in mutants)
    }
    notebooks = {
        f"{master.name}-{grade_id}": part for grade_id, part in parts.items() if part is not None
    }
    with tempfile.TemporaryDirectory(prefix="ecole-mutate-") as folder:
        root = create_cohort(Path(folder, "cohort"), _LANG, {master.name: solved, **notebooks})
        (root / "exam-secret").write_text(_SECRET, encoding="utf-8")
        report = _progress(len(mutants), on_result)
        trial = _Trial(open_course(root), handed_in(solved), workers, report)
        trial.bound_time(master.name)
        outcomes: dict[str, Outcome] = {}
        for name in notebooks:
            chosen = [each for each in mutants if f"{master.name}-{each.grade_id}" == name]
            outcomes |= trial.grade(name, chosen)
        left = [each for each in mutants if outcomes.get(each.id, "survived") == "survived"]
        return outcomes | trial.grade(master.name, left)


def _progress(foreseen: int, on_result: OnResult | None) -> OnResult:
    """Count the executions of several batches as one."""
    results: list[SubmissionResult] = []

    def count(result: SubmissionResult, done: int, total: int) -> None:
        results.append(result)
        if on_result:
            on_result(result, len(results), max(foreseen, len(results) + total - done))

    return count


def _cut(solved: NotebookNode, grade_id: str) -> NotebookNode | None:
    """The notebook up to the tests of one question, without earlier ones.

    None where the question has no test of its own, or the assignment no other test.
    """
    cut = nbformat.from_dict(solved)
    marks = [cell.metadata.get("nbgrader", {}) for cell in cut.cells]
    start = next(place for place, mark in enumerate(marks) if mark.get("grade_id") == grade_id)
    later = (place for place, mark in enumerate(marks) if place > start and mark.get("solution"))
    end = next(later, len(marks))
    tests = [
        place for place, mark in enumerate(marks) if mark.get("grade") and not mark.get("solution")
    ]
    own = [place for place in tests if start < place < end]
    if not own or own == tests:
        return None
    left_out = set(tests) - set(own)
    cut.cells = [cut.cells[place] for place in range(own[-1] + 1) if place not in left_out]
    return cut


class _Trial:
    """The temporary class: the reference, then mutants, on the whole notebook or on a cut one."""

    def __init__(
        self,
        course: Course,
        answers: Mapping[str, str],
        workers: int | None,
        on_result: OnResult,
    ) -> None:
        self.course = course
        self.answers = answers
        self.workers = workers
        self.on_result = on_result

    def bound_time(self, assignment: str) -> None:
        """Give each mutant a few times what the reference takes on the whole notebook.

        Raises:
            EcoleError: the reference does not get all points.
        """
        reference = self._grade(assignment, [])["reference"]
        if not _full(reference):
            raise EcoleError(
                f"{assignment}: the reference solution does not get all its points, so no mutant "
                f"can be told from it; run `ecole check {assignment}`"
            )
        # an endless loop takes this long in each test that meets it
        self.course.config.Execute.timeout = math.ceil(2 + 5 * reference.seconds)
        self.course.cohort.submission_seconds = 4 + 10 * reference.seconds

    def grade(self, assignment: str, mutants: list[Mutant]) -> dict[str, Outcome]:
        """How mutants ended, by their id; nothing where the notebook was cut too short."""
        if not mutants:
            return {}
        results = self._grade(assignment, mutants)
        if not _full(results["reference"]):
            return {}
        return {each.id: _outcome(results[each.id]) for each in mutants}

    def _grade(self, assignment: str, mutants: list[Mutant]) -> dict[str, SubmissionResult]:
        folder = release(self.course, assignment)
        notebook = nbformat.read(folder / f"{assignment}.ipynb", as_version=4)
        there = {cell.metadata.get("nbgrader", {}).get("grade_id") for cell in notebook.cells}
        cells = {name: code for name, code in self.answers.items() if name in there}
        self._submit(notebook, assignment, "reference", cells)
        for each in mutants:
            self._submit(notebook, assignment, each.id, {**cells, each.grade_id: each.source})
        batch = grade(
            self.course,
            assignment,
            workers=self.workers,
            students=["reference", *(each.id for each in mutants)],
            on_result=self.on_result,
        )
        return {result.student: result for result in batch.submissions}

    def _submit(
        self, notebook: NotebookNode, assignment: str, student: str, cells: dict[str, str]
    ) -> None:
        answer = Specimen(name=student, kind="wrong", why="a mutant of the reference", cells=cells)
        folder = self.course.step("submitted", student, assignment)
        folder.mkdir(parents=True, exist_ok=True)
        nbformat.write(answer.apply(notebook), folder / f"{assignment}.ipynb")


def _full(result: SubmissionResult) -> bool:
    """Was it graded without losing a point?"""
    tested = [cell for cell in result.cells if not cell.manual]
    return result.state == "graded" and all(cell.points == cell.max_points for cell in tested)


def _outcome(result: SubmissionResult) -> Outcome:
    if result.state != "graded":
        return "stopped"
    return "survived" if _full(result) else "killed"


def _cached(path: Path, mutants: list[Mutant]) -> dict[str, Outcome] | None:
    """Outcomes that an earlier run left; None where there are none or half of them."""
    try:
        outcomes: dict[str, Outcome] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return outcomes if outcomes.keys() == {mutant.id for mutant in mutants} else None


def _cache_key(master: Master) -> str:
    return hashlib.sha256(b"mutate" + code_digest() + master.path.read_bytes()).hexdigest()
