"""Faults in nbgrader's markers."""

from planted import Planted, code, pair
from planted_graded import OfAssignment, a_test, given, solution

BEGIN, END = "### BEGIN SOLUTION", "### END SOLUTION"
BEGIN_HIDDEN, END_HIDDEN = "### BEGIN HIDDEN TESTS", "### END HIDDEN TESTS"


def answered(*lines: str) -> str:
    """A solution cell whose region holds these lines."""
    return solution("\n".join([BEGIN, *lines, END]))


def hiding(*lines: str, first: str = "assert x") -> str:
    """A test cell that begins with `first` and hides these lines."""
    return a_test("\n".join([first, BEGIN_HIDDEN, *lines, END_HIDDEN]))


def spelling(line: str, *says: str, near_miss: str) -> Planted:
    """A line meant as a marker, and one that is not."""
    return OfAssignment(
        fault=a_test(f"assert x\n{line} ⟵\nassert y"),
        near_miss=a_test(f"assert x\n{near_miss}\nassert y"),
        says=(f"{line!r}", *says),
    )


PLANTED = {
    "marker-spelling": [
        spelling(
            "# BEGIN HIDDEN TEST",
            "nbgrader does not see it",
            f"write `{BEGIN_HIDDEN}`",
            near_miss=BEGIN_HIDDEN,
        ),
        spelling("###BEGIN HIDDEN TESTS", "the house's tools do not see it", near_miss=END_HIDDEN),
        spelling("### begin hidden tests", near_miss="# hidden tests draw other cases"),
        spelling("### BEGIN HIDEN TESTS", near_miss="# the end of the test data"),
        spelling("### END HIDDEN_TESTS", near_miss="# the solution begins with a table"),
        spelling("### BEGIN TESTS", near_miss="# begin with the tests of the first question"),
        spelling("## BEGIN HIDDEN TEST", near_miss="begin_hidden_tests = 1"),
        spelling("## END HIDDEN TEST", near_miss="# I begin a hidden test"),
        spelling("# End of solution", f"write `{END}`", near_miss="# end of file"),
        OfAssignment(
            fault=pair("### Begin solution ⟵", "Text."),
            near_miss=pair("### Une solution", "The words BEGIN SOLUTION open it."),
            says=("'### Begin solution'",),
        ),
    ],
    "marker-open": [
        OfAssignment(
            fault=solution(f"{BEGIN} ⟵\nx = 1"),
            near_miss=answered("x = 1") + hiding("assert y"),
            says=("`### BEGIN SOLUTION` is never closed",),
        ),
        OfAssignment(
            fault=a_test(f"assert x\n{BEGIN_HIDDEN} ⟵\nassert y\n{END}"),
            near_miss=a_test(f"assert x\n{BEGIN_HIDDEN}\nassert y\n{END_HIDDEN}"),
            says=("`### BEGIN HIDDEN TESTS` is never closed",),
        ),
    ],
    "marker-closed": [
        OfAssignment(
            fault=solution(f"{BEGIN}\nx = 1\n{END}\ny = 2\n{END} ⟵"),
            near_miss=solution(f"{BEGIN}\nx = 1\n{BEGIN}\ny = 2\n{END}"),
            says=("`### END SOLUTION` closes nothing", "is released"),
        ),
    ],
    "marker-nested": [
        OfAssignment(
            fault=solution(f"{BEGIN}\nx = 1\n{BEGIN} ⟵\ny = 2\n{END}"),
            near_miss=solution(f"{BEGIN}\nx = 1\n{END}\n{BEGIN}\ny = 2\n{END}\n{END}"),
            says=("still open",),
        ),
        OfAssignment(
            fault=a_test(f"{BEGIN_HIDDEN}\n{BEGIN} ⟵\nx\n{END}\n{END_HIDDEN}"),
            near_miss=hiding("x"),
            says=("`### BEGIN SOLUTION` stands in a region",),
        ),
    ],
    "solution-place": [
        Planted(
            fault=code(f"{BEGIN} ⟵\nx = 1\n{END}", ":tags: [exercise]"),
            near_miss=code("x = 1", ":tags: [solution]"),
            says=("in a lesson",),
        ),
        OfAssignment(
            fault=given(f"{BEGIN} ⟵\nx = 1\n{END}"),
            near_miss=answered("x = 1"),
            says=("in cell given: nbgrader refuses",),
        ),
        OfAssignment(
            fault=pair(f"{BEGIN} ⟵\n\nx\n\n{END}", "x"),
            near_miss=pair("Une solution.", "A solution."),
            says=("in a markdown cell without grade_id",),
        ),
    ],
    "solution-region": [
        OfAssignment(
            fault=solution("x = 1 ⟵"),
            near_miss=answered("x = 1") + given("y = 1"),
            says=("no solution region", "a stub alone"),
        ),
    ],
    "solution-empty": [
        OfAssignment(
            fault=solution(f"def f(x):\n    {BEGIN} ⟵\n    # the answer\n    {END}\n    return x"),
            near_miss=solution(f"def f(x):\n    {BEGIN}\n    return x\n    {END}"),
            says=("holds no code",),
        ),
    ],
    "solution-outside": [
        OfAssignment(
            fault=solution(f"def f(x):\n    {BEGIN}\n    total = x\n    {END}\n    return total ⟵"),
            near_miss=solution(
                f"def f(x):\n    y = 0\n    {BEGIN}\n    y += x\n    {END}\n    return y"
            )
            + solution(f"{BEGIN}\nmodel = fit()\n{END}\nprint(model)", "other"),
            says=("f reads 'total', which only the solution region binds",),
        ),
    ],
    "hidden-place": [
        OfAssignment(
            fault=solution(f"x = 1\n{BEGIN_HIDDEN} ⟵\nassert x\n{END_HIDDEN}"),
            near_miss=hiding("assert x"),
            says=("hidden tests in cell solution",),
        ),
        Planted(
            fault=code(f"{BEGIN_HIDDEN} ⟵\nassert x\n{END_HIDDEN}", ":tags: [check]"),
            near_miss=code("assert x", ":tags: [check]"),
            says=("hidden tests in a lesson",),
        ),
    ],
    "hidden-missing": [
        OfAssignment(
            fault=a_test("assert x ⟵"),
            near_miss=hiding("assert x"),
            says=("the test test has no hidden tests",),
        ),
    ],
    "visible-missing": [
        OfAssignment(
            fault=a_test(f"{BEGIN_HIDDEN} ⟵\nassert x\n{END_HIDDEN}\nassert y").replace(" ⟵", ""),
            near_miss=hiding("assert x", first="for y in x:\n    assert y"),
            says=("asserts nothing before its hidden tests",),
        ),
    ],
}
