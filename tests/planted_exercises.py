"""Faults in the exercises of lessons."""

from planted import Planted, code, pair
from planted_graded import OfAssignment

STUB = 'def mean(values):\n    """Return the mean."""\n    return None'
SOLUTION = 'def mean(values):\n    """Return the mean."""\n    return sum(values) / len(values)'
CHECK = 'assert mean([1, 3]) == 2, t(fr="faux", en="wrong")'


def stub(source: str = STUB) -> str:
    return code(source, ":tags: [exercise]")


def answer(source: str = SOLUTION) -> str:
    return code(source, ":tags: [solution]")


def check(source: str = CHECK) -> str:
    return code(source, ":tags: [check]")


WHOLE = stub() + answer() + check()

PLANTED = {
    "cell-tag": [
        Planted(
            fault=code("x = 1 ⟵", ":tags: [exercice]"),
            near_miss=code("x = 1", ":tags: [predict]") + code("y = 1", ":tags: [parameters]"),
            says=("the tag 'exercice' is unknown",),
        ),
    ],
    "exercise-order": [
        Planted(
            fault=stub("def f(x): ⟵\n    return None") + check("f(1)"),
            near_miss=WHOLE + pair("Un texte.", "A text.") + WHOLE,
            says=("tagged exercise stands among exercise, check", "three adjacent code cells"),
        ),
        Planted(
            fault=stub()
            + pair("Un texte.", "A text.")
            + answer("def f(x): ⟵\n    return 1")
            + check(),
            near_miss=WHOLE,
            says=("tagged solution stands among markdown, solution, check",),
        ),
        Planted(
            fault=WHOLE + answer("x = 1 ⟵"),
            near_miss=WHOLE,
            says=("tagged solution stands among check, solution",),
        ),
        Planted(
            fault='+++ {"lang": "fr", "tags": ["exercise"]}\n\nUn texte. ⟵\n',
            near_miss=pair("Un texte.", "A text."),
            says=("tagged exercise",),
        ),
        OfAssignment(
            fault=answer("x = 1 ⟵"),
            near_miss=code("x = 1"),
            says=("tagged solution in an assignment",),
        ),
    ],
    "exercise-answered": [
        Planted(
            fault=stub(SOLUTION.replace("mean(values):", "mean(values): # ⟵", 1))
            + answer(SOLUTION.replace("Return", "Give") + "  # so it is")
            + check(),
            near_miss=WHOLE,
            says=("the same code as its solution",),
        ),
    ],
    "exercise-names": [
        Planted(
            fault=stub() + answer(SOLUTION + "\nhelper = mean") + check("assert helper ⟵"),
            near_miss=code("helper = max") + stub() + answer() + check("assert helper(mean)"),
            says=("reads 'helper', which only the solution binds",),
        ),
        Planted(
            fault=stub() + answer() + check("assert mena ⟵"),
            near_miss=WHOLE,
            says=("reads 'mena', which nothing before it binds",),
        ),
    ],
    "exercise-solution": [
        Planted(
            fault=stub(f"limit = 3\n{STUB}")
            + answer("def mean(values): ⟵\n    return 1")
            + check(),
            near_miss=stub() + answer("def known(x):\n    return x\n\n\n" + SOLUTION) + check(),
            says=("the exercise binds 'limit', the solution does not",),
        ),
    ],
    "exercise-left": [
        Planted(
            fault=WHOLE + code("best = 1\nreturn sum(values) / len(values) ⟵"),
            near_miss=code("print(1)") + WHOLE + code("print(sum(values))\nreturn None"),
            says=("`return sum(values) / len(values)` is a line of the solution (cell 2)",),
        ),
        Planted(
            fault=WHOLE + pair("Il fallait :\n\n`return sum(values) / len(values)`, ⟵", "So."),
            near_miss=WHOLE + pair("La somme, puis `len(values)`.", "So."),
            says=("is a line of the solution",),
        ),
        Planted(
            fault=stub(
                STUB.replace("return None", "# return sum(values) / len(values) ⟵\n    pass")
            )
            + answer()
            + check(),
            near_miss=WHOLE,
            says=("is a line of the solution",),
        ),
    ],
}
