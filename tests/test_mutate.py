"""`ecole mutate`: which small faults of the reference solution do an assignment's tests not see?"""

import json
from pathlib import Path

import pytest
from conftest import graded
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_notebook
from typer.testing import CliRunner

from autograder import cli
from autograder.authoring import masters, mutation
from autograder.authoring.masters import Master, assignments
from autograder.authoring.mutants import Mutant, make_mutants
from autograder.authoring.mutation import (
    MutationReport,
    as_entries,
    mutate_assignment,
    read_equivalents,
)
from autograder.errors import EcoleError

HEADER = """---
jupytext:
  text_representation: {extension: .md, format_name: myst, format_version: 0.13}
kernelspec: {display_name: Python 3, language: python, name: python3}
---
"""


def cell(code: str, **nbgrader: object) -> str:
    metadata = json.dumps({"schema_version": 3, "grade": False, "solution": False} | nbgrader)
    return f"\n```{{code-cell}} ipython3\n---\nnbgrader: {metadata}\n---\n{code}\n```\n"


def answer_cell(name: str, code: str) -> str:
    body = f"def {name}(x):\n    ### BEGIN SOLUTION\n{code}\n    ### END SOLUTION"
    return cell(body, grade_id=name, solution=True, locked=False)


def checking_cell(name: str, code: str) -> str:
    return cell(code, grade_id=name, grade=True, locked=True, points=1)


MASTER = "".join(
    (
        HEADER,
        # without its break it never ends; without its loop it is as right as before
        answer_cell("double", "    while True:\n        break\n    return 2 * x"),
        checking_cell("test_double", "assert double(5) == 10"),
        # nothing is asked at the bound
        answer_cell("is_adult", "    return x >= 18"),
        checking_cell("test_is_adult", "assert is_adult(40) and not is_adult(3)"),
        # its own test is weak, the next question's is not, and needs what this one binds
        answer_cell("price", "    return x * 10"),
        checking_cell("test_price", "EXPECTED = 31\nassert price(3) > 0"),
        answer_cell("bill", "    return price(x) + 1"),
        checking_cell("test_bill", "assert bill(3) == EXPECTED"),
    )
)
SEEN = (
    HEADER + answer_cell("half", "    return x / 2") + checking_cell("test", "assert half(6) == 3")
)


def write_master(root: Path, text: str) -> Master:
    folder = root / "assignments" / "w99-small"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "w99-small.md").write_text(text)
    return assignments(root)[0]


@pytest.fixture(scope="module", autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> None:
    """These tests leave nothing in the repository, and grade the small assignment once."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(mutation, "CACHE", tmp_path_factory.mktemp("cache") / "kept")
        yield


@pytest.fixture
def small(tmp_path: Path) -> Master:
    return write_master(tmp_path, MASTER)


@pytest.fixture
def report(small: Master) -> MutationReport:
    return mutate_assignment(small)


def mutated(mutants: list[Mutant]) -> set[str]:
    return {mutant.mutated for mutant in mutants}


def explain(master: Master, entries: str) -> None:
    (master.path.parent / "equivalent_mutants.yml").write_text(entries)


def explained(mutants: list[Mutant]) -> str:
    return as_entries(mutants).replace("''", "The loop ends at once, with or without it.")


def test_faults_that_no_test_sees_survive(report: MutationReport) -> None:
    bound = {"return x > 18", "return x >= 19", "return x >= 17"}
    assert mutated(report.survivors) == bound | {"pass", "while False:"}
    assert report.score == pytest.approx(1 - 5 / len(report.outcomes))
    assert not report.sufficient


def test_an_endless_loop_is_stopped_and_counts_as_seen(report: MutationReport) -> None:
    counts = report.of_question("double")
    assert counts["stopped"] == 1 and counts["survived"] == 2 and counts["killed"] > 4


def test_a_later_question_s_test_kills_too(report: MutationReport) -> None:
    by_text = {mutant.mutated: outcome for mutant, outcome in report.outcomes}
    assert by_text["return x * 11"] == "killed"
    assert report.of_question("price")["survived"] == 0


def test_what_is_explained_does_not_count(small: Master, report: MutationReport) -> None:
    loops = [mutant for mutant in report.survivors if mutant.grade_id == "double"]
    explain(small, explained(loops))
    again = mutate_assignment(small)
    assert again.of_question("double")["equivalent"] == 2
    assert again.score == pytest.approx(1 - 3 / (len(report.outcomes) - 2))
    explain(small, explained(report.survivors))
    assert mutate_assignment(small).score == 1


def test_an_entry_of_a_killed_mutant_is_to_be_removed(
    small: Master, report: MutationReport
) -> None:
    killed = [mutant for mutant, outcome in report.outcomes if outcome == "killed"]
    explain(small, explained(killed[:1]))
    with pytest.raises(EcoleError, match="is killed by the tests; remove this entry"):
        mutate_assignment(small)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("x > 18", "x > 81"), "'return x > 81': there is no such mutant; remove this entry"),
        (("The loop ends at once, with or without it.", "Same."), r"1\.reason: .*a sentence"),
        (("reason:", "because:"), "because: unknown"),
    ],
)
def test_an_entry_that_explains_nothing_is_refused(
    small: Master, report: MutationReport, change: tuple[str, str], message: str
) -> None:
    bound = next(each for each in report.survivors if each.mutated == "return x > 18")
    explain(small, explained([bound]).replace(*change))
    with pytest.raises(EcoleError, match=message):
        mutate_assignment(small)


def test_an_entry_there_twice_is_refused(small: Master, report: MutationReport) -> None:
    explain(small, explained(report.survivors[:1]) * 2)
    with pytest.raises(EcoleError, match="there twice"):
        mutate_assignment(small)


def test_what_is_unchanged_is_not_graded_again(tmp_path: Path) -> None:
    def graded_now(master: Master, use_cache: bool = True) -> int:
        results: list[tuple[int, int]] = []
        mutate_assignment(
            master, use_cache=use_cache, on_result=lambda _, *count: results.append(count)
        )
        assert not results or results[-1][0] == results[-1][1]
        return len(results)

    master = write_master(tmp_path, SEEN)
    assert graded_now(master) > 3
    assert graded_now(master) == 0
    # with another test other mutants may survive
    assert graded_now(write_master(tmp_path, SEEN.replace("half(6) == 3", "half(8) == 4"))) > 3


def test_without_a_right_reference_nothing_is_judged(tmp_path: Path) -> None:
    master = write_master(tmp_path, SEEN.replace("half(6) == 3", "half(6) == 4"))
    with pytest.raises(EcoleError, match="reference solution does not get all its points"):
        mutate_assignment(master)


def test_the_command_shows_survivors_and_says_what_to_paste(
    small: Master, report: MutationReport, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(masters, "REPOSITORY", small.path.parents[2])
    result = CliRunner().invoke(cli.app, ["mutate", "w99-small"])
    assert result.exit_code == 1
    assert "-    return x >= 18\n+    return x > 18\n" in result.output
    assert as_entries(report.survivors) in result.output
    explain(small, explained(report.survivors))
    result = CliRunner().invoke(cli.app, ["mutate"])
    assert result.exit_code == 0, result.output
    judged = len(report.outcomes) - 5
    assert f"100.0% of {judged} mutants killed, 5 equivalent ones aside" in result.output


@pytest.mark.parametrize("master", assignments(), ids=lambda master: master.name)
def test_every_explained_mutant_of_the_course_is_there(master: Master) -> None:
    """Whether they survive is for `ecole mutate` to say: that takes a minute."""
    read_equivalents(master, make_mutants(master.build("fr")))


# the mutants themselves


def notebook(source: str) -> NotebookNode:
    made = new_notebook()
    made.cells = [
        new_code_cell("import pandas as pd"),
        graded(new_code_cell(source), "answer", solution=True),
    ]
    return made


def of(source: str) -> set[str]:
    return mutated(make_mutants(notebook(source)))


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("y = x < 3", {"y = x <= 3", "y = x > 3", "y = x < 4", "y = x < 2"}),
        ("y = x not in z", {"y = x in z"}),
        ("y = a - b", {"y = a + b", "y = b - a", "y = a", "y = b"}),
        ("y += z", {"y -= z", "y = z"}),
        ("y = (a == 1) & ~b", {"y = (a == 1) | ~b", "y = (a == 1) & b", "y = a == 1", "y = ~b"}),
        ("y = a and not b", {"y = a or not b", "y = a and b", "y = a", "y = not b"}),
        ("if a:\n    y = 1", {"if True:", "if False:"}),
        ("y = [a for a in b if a]", {"y = [a for a in b if True]"}),
        ("y = True", {"y = False"}),
        ('y = f(z, "%d/%m")', {'y = f(z, "%m/%d")', 'y = f("%d/%m", z)', "y = f(z)"}),
        (
            'y = a.merge(b, how="left")',
            {'y = a.merge(b, how="inner")', 'y = a.merge(b, how="outer")', "y = a.merge(b)"},
        ),
        ('y = a.duplicated(keep="first")', {'y = a.duplicated(keep="last")', "y = a.duplicated()"}),
        (
            "y = a.sort_values(b, ascending=False)",
            {"y = a.sort_values(b, ascending=True)", "y = a"},
        ),
        ('y = a["b"].str.strip()', {'y = a["b"]', 'y = a["b"].str.lstrip()'}),
        ("y = a.drop_duplicates().copy()", {"y = a.copy()", "y = a.drop_duplicates()"}),
        (
            'y = a.groupby("b")["c"].mean()',
            {'y = a["c"].mean()', 'y = a.groupby("b")["c"].median()'},
        ),
        ("y = sorted(set(z))", {"y = set(z)", "y = sorted(z)"}),
        ("y = max(z)", {"y = min(z)"}),
        ("y = [1, 2, 3]", {"y = [2, 3]", "y = [1, 3]", "y = [1, 2]", "y = [2, 1, 3]"}),
        ("for y in (a, b):\n    f(y)", {"for y in (a,):", "for y in (b,):", "for y in (b, a):"}),
        ('y = {"é": a, "b": c}', {'y = {"b": c}', 'y = {"é": a}'}),
    ],
)
def test_each_kind_of_fault(source: str, expected: set[str]) -> None:
    assert expected <= of(source)


def test_what_no_student_is_asked_for_is_left_alone() -> None:
    source = '''
def scale(x, factor=2):
    """Return 3 times x."""
    ### BEGIN SOLUTION
    import math
    if math.isnan(x):
        raise ValueError(f"{x} is no number" + "!")
    ### END SOLUTION
    return pd.Series(x) * 7
'''
    assert of(source) == {"if True:", "if False:", "pass"}


def test_what_behaves_as_the_reference_is_not_made() -> None:
    # folded when compiled: 2 * 3 and 3 * 2, 6 - 0 and 6 + 0
    assert "y = 3 * 2" not in of("y = 2 * 3")
    assert not of("y = 6 - 0") & {"y = 6 + 0", "y = 6"}
    texts = [mutant.source for mutant in make_mutants(notebook("y = a[0]\nz = a[0]"))]
    assert len(texts) == len(set(texts))


def test_a_mutant_keeps_its_name_when_something_else_is_edited() -> None:
    def ids(source: str) -> dict[str, str]:
        return {mutant.mutated: mutant.id for mutant in make_mutants(notebook(source))}

    before = ids("def f(x):\n    return x > 3")
    after = ids("def f(x):\n    x = abs(x)  # whatever the sign\n    return x > 3")
    assert before.items() <= after.items()


def test_the_same_fault_at_two_places_has_two_names() -> None:
    found = make_mutants(notebook("y = f(a)\nz = 1\ny = f(a)\nz = 2"))
    twins = [mutant for mutant in found if mutant.original == "y = f(a)"]
    assert [mutant.occurrence for mutant in twins] == [1, 2]
    assert len({mutant.id for mutant in twins}) == 2
    assert as_entries(twins).count("occurrence: 2") == 1


def test_a_solution_that_is_no_plain_python_is_named() -> None:
    with pytest.raises(EcoleError, match="solution cell answer, line 1: no plain Python"):
        make_mutants(notebook("%matplotlib inline"))
