"""Faults in the assertions of tests and checks."""

from planted import Planted, code
from planted_graded import OfAssignment, a_test, given, solution
from planted_markers import BEGIN_HIDDEN, END_HIDDEN, hiding

SAID = 't(fr="faux", en="wrong")'

PLANTED = {
    "assert-message": [
        OfAssignment(
            fault=a_test(f"assert x, {SAID}\nassert isinstance(x, int) ⟵"),
            near_miss=a_test(f"assert x, {SAID}") + given("def f(x):\n    assert x"),
            says=("`assert isinstance(x, int)` has no message",),
        ),
        OfAssignment(
            fault=hiding("for y in x:", "    assert y == 1 ⟵", first=f"assert x, {SAID}"),
            near_miss=hiding(f"assert y, {SAID}", first=f"assert x, {SAID}"),
            says=("`assert y == 1` has no message",),
        ),
        Planted(
            fault=code("assert x ⟵", ":tags: [check]"),
            near_miss=code(f"assert x, {SAID}", ":tags: [check]") + code("assert x"),
            says=("`assert x` has no message",),
        ),
    ],
    "assert-language": [
        OfAssignment(
            fault=a_test('assert x, "x is wrong" ⟵'),
            near_miss=a_test(
                f"assert x, {SAID}\nwhy = {SAID}\nassert y, why\nassert z, why.format(z=z)"
            ),
            says=("'x is wrong' is not in both languages",),
        ),
        OfAssignment(
            fault=a_test('why = f"{x} ?"\nassert x, why ⟵'),
            near_miss=a_test('assert x, t(fr=f"{x} ?", en=f"{x}?")'),
            says=("the message why is not",),
        ),
        OfAssignment(
            fault=a_test('assert x, str("x is wrong") ⟵'),
            near_miss=a_test(f"assert x, str({SAID})"),
            says=("str('x is wrong') is not in both languages",),
        ),
    ],
    "assert-twice": [
        OfAssignment(
            fault=a_test(f"assert x, {SAID}\nassert y, {SAID} ⟵"),
            near_miss=a_test(f'assert x, {SAID}\nassert y, t(fr="faux ici", en="wrong here")')
            + a_test(f"assert x, {SAID}", "other"),
            says=("the fr message 'faux' is also that of the assertion at line",),
        ),
        OfAssignment(
            fault=a_test(f'assert x, {SAID}\nassert y, t(fr="autre", en="wrong") ⟵'),
            near_miss=a_test(f"for x in y:\n    assert x, {SAID}"),
            says=("the en message 'wrong'",),
        ),
    ],
    "except-all": [
        OfAssignment(
            fault=a_test("try:\n    f()\nexcept: ⟵\n    pass"),
            near_miss=a_test("try:\n    f()\nexcept Exception:\n    pass"),
            says=("`except:` swallows", "catch Exception at most"),
        ),
        OfAssignment(
            fault=given("try:\n    f()\nexcept (ValueError, BaseException): ⟵\n    pass"),
            near_miss=given("try:\n    f()\nexcept BaseException:\n    print()\n    raise"),
            says=("`except (ValueError, BaseException):`",),
        ),
        OfAssignment(
            fault=a_test("try:\n    f()\nexcept KeyboardInterrupt: ⟵\n    pass"),
            near_miss=solution("try:\n    f()\nexcept:\n    pass"),
            says=("`except KeyboardInterrupt:`",),
        ),
    ],
    "exam-seed": [
        OfAssignment(
            fault=a_test(f"assert x\n{BEGIN_HIDDEN} ⟵\nassert f(2021)\n{END_HIDDEN}")
            + given("seed = exam_seed('a')"),
            near_miss=hiding("assert f(2021)")
            + a_test(f"assert x\n{BEGIN_HIDDEN}\nhd.exam_seed('a')\n{END_HIDDEN}", "other"),
            says=("no hidden test of the assignment calls exam_seed()",),
        ),
    ],
}
