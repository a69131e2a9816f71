"""Faults in where the names that a test reads are bound."""

from planted import code
from planted_graded import OfAssignment, a_test, given, solution
from planted_markers import BEGIN, BEGIN_HIDDEN, END, END_HIDDEN, answered

# what a test may use without binding it elsewhere
ITS_OWN = """\
import math
from statistics import mean as average

def double(x, *, by=2):
    inner = x * by
    return inner

class Case:
    size = 3
    sizes = [size for size in range(3)]

total = sum(y for y in range(3) if (z := y))
with open("f") as file:
    rows = [line for line in file]
try:
    later
except NameError as error:
    print(error, z)
match rows:
    case [head, *rest]:
        print(head, rest)
for name, value in {"a": 1}.items():
    assert double(value) and Case and total and average and math.pi and display, t(
        fr=f"{name} est faux", en=f"{name} is wrong"
    )
lambda w: w
"""

PLANTED = {
    "name-unbound": [
        OfAssignment(
            fault=answered("x = 1") + a_test("assert x\nassert expected == x ⟵"),
            near_miss=answered("x = 1") + given("expected = 2") + a_test("assert expected == x"),
            says=("reads 'expected', which nothing binds",),
        ),
        OfAssignment(
            fault=a_test("print(table) ⟵\ntable = 1"),
            near_miss=a_test(ITS_OWN),
            says=("reads 'table'",),
        ),
        OfAssignment(
            fault=a_test("squares = [n * n for n in range(3)]\nassert n == 2 ⟵"),
            near_miss=a_test("squares = [n * n for n in range(3)]\nassert [n for n in squares]"),
            says=("reads 'n'",),
        ),
        OfAssignment(
            fault=a_test("def check():\n    return missing ⟵\ncheck()"),
            near_miss=a_test("def check():\n    return found\nfound = 1\ncheck()"),
            says=("reads 'missing'",),
        ),
        OfAssignment(
            fault=code("limit = 3", ":tags: [parameters]")
            + a_test(f"assert True\n{BEGIN_HIDDEN}\nassert bound ⟵\n{END_HIDDEN}"),
            near_miss=given("%matplotlib inline\nimport os\nbound = 1")
            + a_test(f"assert os\n{BEGIN_HIDDEN}\nassert bound\n{END_HIDDEN}"),
            says=("reads 'bound'",),
        ),
    ],
    "name-local": [
        OfAssignment(
            fault=solution(f"def f():\n    {BEGIN}\n    limit = 3\n    return limit\n    {END}")
            + a_test("assert f() == limit ⟵"),
            near_miss=answered("limit = 3", "def f():", "    return limit")
            + a_test("assert f() == limit"),
            says=("reads 'limit', which is bound only inside f() of cell 1",),
        ),
    ],
    "name-unlocked": [
        OfAssignment(
            fault=code("table = [1]") + a_test("assert table ⟵"),
            near_miss=given("table = [1]") + a_test("assert table"),
            says=("reads 'table', bound only in cell 1, which a student may change",),
        ),
        OfAssignment(
            fault=code("from os import path", ":tags: [author]") + a_test("assert path ⟵"),
            near_miss=code("from autograder.authoring import t", ":tags: [author]")
            + a_test('assert True, t(fr="oui", en="yes")'),
            says=("reads 'path'",),
        ),
    ],
    "name-later": [
        OfAssignment(
            fault=a_test("assert f(2) ⟵")
            + solution(f"def f(x):\n    {BEGIN}\n    return x\n    {END}"),
            near_miss=solution(f"def f(x):\n    {BEGIN}\n    return x\n    {END}")
            + a_test("assert f(2)")
            + answered("f = None"),
            says=("bound only further down, in cell 2",),
        ),
    ],
    "name-test": [
        OfAssignment(
            fault=a_test("rows = 3\nassert rows", "first") + a_test("assert rows ⟵", "second"),
            near_miss=given("rows = 3")
            + a_test("rows = 4\nassert rows", "first")
            + a_test("assert rows", "second"),
            says=("bound only by another test, first in cell 1",),
        ),
    ],
    "name-hidden": [
        OfAssignment(
            fault=a_test(f"assert True\n{BEGIN_HIDDEN}\npoints = 2\n{END_HIDDEN}\npoints ⟵"),
            near_miss=a_test(
                f"points = 1\nassert True\n{BEGIN_HIDDEN}\npoints = 2\n{END_HIDDEN}\npoints"
            ),
            says=("a visible line of test reads 'points'", "fails for every student"),
        ),
    ],
    "name-star": [
        OfAssignment(
            fault=given("import os\nfrom math import * ⟵"),
            near_miss=given("from math import pi") + code("from math import *"),
            says=("`from math import *` hides which names it binds",),
        ),
    ],
}
