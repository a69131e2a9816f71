"""The sealed examiner: what tests may do with answers, and what answers may not do to tests."""

import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import nbformat
import psutil
import pytest
from conftest import graded
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_notebook
from papermill.engines import papermill_engines

from autograder.examiner import answers
from autograder.examiner.answers import answers_of, imports_of

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the examiner needs Linux")

IMPORTS = "import numpy as np\nimport pandas as pd\nfrom sklearn.linear_model import Ridge"


def notebook_of(*cells: tuple[str, str]) -> NotebookNode:
    """A notebook of ("given" | "solution" | "test", source) cells."""
    notebook = new_notebook()
    for number, (kind, source) in enumerate(cells):
        settings: dict[str, Any] = {"given": {"locked": True}, "solution": {"solution": True}}.get(
            kind, {"grade": True, "locked": True, "points": 1}
        )
        notebook.cells.append(graded(new_code_cell(source), f"{kind}{number}", **settings))
    return notebook


def run(
    notebook: NotebookNode, reference: NotebookNode | None = None, **options: Any
) -> list[NotebookNode]:
    """Execute; the test cells."""
    told = notebook if reference is None else reference
    notebook.metadata["papermill"] = {}
    notebook.metadata["ecole"] = {"answers": answers_of(told), "imports": [IMPORTS]}
    papermill_engines.execute_notebook_with_engine(
        "examiner", notebook, kernel_name="python3", progress_bar=False, cell_seconds=10, **options
    )
    return [cell for cell in notebook.cells if cell.metadata["nbgrader"]["grade"]]


def outcome(cell: NotebookNode) -> tuple[str, str]:
    """State of a test, and its error."""
    errors = [f"{o.ename}: {o.evalue}" for o in cell.outputs if o.output_type == "error"]
    return cell.metadata.ecole.execution.state, "".join(errors)


PASSING = {
    "a number": ("x = 3", "assert x == 3 and type(x) is int"),
    "a frame": (
        "import pandas as pd\nframe = pd.DataFrame({'a': [1, None], 'b': ['x', 'y']})",
        "import pandas as pd\nassert isinstance(frame, pd.DataFrame)\n"
        "assert frame.a.isna().sum() == 1 and list(frame.b) == ['x', 'y']",
    ),
    "a function": (
        "def double(x):\n    return 2 * x",
        "assert double(4) == 8 and callable(double)",
    ),
    "keywords and defaults": (
        "def f(a, *, b=2):\n    return a * b",
        "import inspect\nassert f(3, b=5) == 15 and f(3) == 6\n"
        "assert list(inspect.signature(f).parameters) == ['a', 'b']\n"
        "assert 'return a * b' in inspect.getsource(f)",
    ),
    "an argument changed in place": (
        "def add(items):\n    items.append(9)\n    return items",
        "mine = [1]\nassert add(mine) is mine and mine == [1, 9]",
    ),
    "an array changed in place": (
        "def clear(values):\n    values[0] = 0",
        "import numpy as np\nvalues = np.arange(3) + 1\nclear(values)\n"
        "assert values.tolist() == [0, 2, 3]",
    ),
    "a callback": (
        "def apply(f, xs):\n    return [f(x) for x in xs]",
        "seen = []\ndef spy(x):\n    seen.append(x)\n    return -x\n"
        "assert apply(spy, [1, 2]) == [-1, -2] and seen == [1, 2]",
    ),
    "a function of the library as argument": (
        "def use(f):\n    return f([1, 2, 3])",
        "import numpy as np\nassert use(np.sum) == 6 and use(len) == 3",
    ),
    "an exception": (
        "def f(x):\n    raise ValueError('negative')",
        "try:\n    f(1)\nexcept ValueError as error:\n    assert str(error) == 'negative'\n"
        "else:\n    assert False",
    ),
    "an exception of the answer": (
        "class Refused(ValueError):\n    pass\ndef f(x):\n    raise Refused('no')",
        "import pytest\nwith pytest.raises(Refused):\n    f(1)\n"
        "with pytest.raises(ValueError):\n    f(1)",
    ),
    "a class": (
        "class Ward:\n    def __init__(self, beds):\n        self.beds = beds\n"
        "    def __len__(self):\n        return self.beds\n"
        "    def __eq__(self, other):\n        return len(self) == len(other)\n"
        "    def __contains__(self, bed):\n        return bed < self.beds",
        "ward = Ward(3)\nassert ward.beds == 3 and len(ward) == 3\nward.beds = 4\n"
        "assert len(ward) == 4 and ward == Ward(4) and not ward == Ward(5)\n"
        "assert 2 in ward and 7 not in ward and isinstance(ward, Ward)\n"
        "assert hasattr(ward, 'beds') and not hasattr(ward, 'doors')",
    ),
    "a generator": (
        "def count(n):\n    yield from range(n)",
        "assert list(count(3)) == [0, 1, 2] and sum(count(4)) == 6",
    ),
    "a context manager": (
        "import contextlib\nlog = []\n@contextlib.contextmanager\ndef opened(name):\n"
        "    log.append(name)\n    yield name\n    log.append('closed')",
        "with opened('file') as name:\n    assert name == 'file'",
    ),
    "a random generator as argument": (
        "def draw(rng):\n    return float(rng.normal())",
        "import numpy as np\n"
        "assert draw(np.random.default_rng(3)) == np.random.default_rng(3).normal()",
    ),
    "a fitted model as argument": (
        "def predict(model, rows):\n    return model.predict(rows)",
        "from sklearn.linear_model import Ridge\nmodel = Ridge().fit([[0.0], [1.0]], [0.0, 1.0])\n"
        "assert (predict(model, [[0.5]]) == model.predict([[0.5]])).all()",
    ),
    "an object of the test's own as argument": (
        "def beds(ward):\n    return ward.beds + ward.free() + sum(1 for _ in ward)",
        "class Ward:\n    beds = 3\n    def free(self):\n        return 1\n"
        "    def __iter__(self):\n        return iter('ab')\nassert beds(Ward()) == 6",
    ),
    "a generator as argument": (
        "def total(values):\n    return sum(values)",
        "assert total(x * x for x in [3, 4]) == 25",
    ),
    "a model": (
        "from sklearn.linear_model import Ridge\nmodel = Ridge().fit([[0.0], [1.0]], [0.0, 1.0])",
        "from sklearn.linear_model import Ridge\nassert isinstance(model, Ridge)\n"
        "assert model.predict([[1.0]]).shape == (1,) and model.coef_[0] > 0",
    ),
    "a file": (
        "open('made.txt', 'w').write('by the student')",
        "assert open('made.txt').read() == 'by the student'",
    ),
    "an answer taken away": (
        "def square(x):\n    return x * x\ndef total(xs):\n    return sum(square(x) for x in xs)",
        "original = square\ndel square\ntry:\n    total([1])\nexcept NameError:\n    pass\n"
        "else:\n    assert False, 'total must use square'\nfinally:\n    square = original\n"
        "assert total([1, 2]) == 5",
    ),
}


@pytest.mark.parametrize("name", PASSING)
def test_what_a_test_may_do(name: str) -> None:
    solution, test = PASSING[name]
    (cell,) = run(notebook_of(("solution", solution), ("test", test)))
    assert outcome(cell) == ("ok", "")
    assert cell.metadata.ecole.execution.sealed


EVIL = (
    "class Evil:\n"
    "    def __eq__(self, other): return True\n"
    "    def __ne__(self, other): return False\n"
    "    def __lt__(self, other): return True\n"
    "    __le__ = __gt__ = __ge__ = __contains__ = __lt__\n"
    "    def __sub__(self, other): return 0.0\n"
    "    __rsub__ = __add__ = __radd__ = __abs__ = __mul__ = lambda self, *a: self\n"
    "    def __bool__(self): return True\n"
    "    def __repr__(self): return '100'\n"
    "    def __hash__(self): return 0\n"
)
FORGED = {
    "equal to everything": ("def f(x):\n    return Evil()", "assert f(3) == 9"),
    "different from nothing": ("def f(x):\n    return Evil()", "assert not (f(3) != 9)"),
    "close to everything": ("def f(x):\n    return Evil()", "assert abs(f(3) - 9) < 1e-9"),
    "holds everything": ("def f(x):\n    return Evil()", "assert 9 in f(3)"),
    "in a list": ("def f(x):\n    return [Evil()]", "assert f(3) == [9]"),
    "a class for a function": (
        "class f(Evil):\n    def __init__(self, x): pass",
        "assert f(3) == 9",
    ),
    "a class for a number": (
        "class Meta(type):\n    def __eq__(self, other): return True\n"
        "    def __hash__(self): return 0\nclass f(metaclass=Meta): pass",
        "assert f == 9",
    ),
    "its own shape as a mark": ("def f(x):\n    return Evil()", "f(3)"),
    "a shadowed builtin": (
        "import builtins\nbuiltins.sum = lambda *a: 9\nsum = builtins.sum\ndef f(x):\n    return 0",
        "assert sum([f(3)]) == 9",
    ),
    "a patched module": (
        "import numpy as np, numpy.testing\nnumpy.testing.assert_allclose = lambda *a, **k: None\n"
        "np.isclose = lambda *a: True\ndef f(x):\n    return 0",
        "import numpy as np\nassert np.isclose(f(3), 9)\nnp.testing.assert_allclose(f(3), 9)",
    ),
    "a process that ends well": ("def f(x):\n    import os\n    os._exit(0)", "assert f(3) == 9"),
    "an exit": ("def f(x):\n    raise SystemExit(0)", "assert f(3) == 9"),
    "attributes without end": (
        "class Deep:\n    def __getattr__(self, name): return Deep()\ndef f(x):\n    return Deep()",
        "value = f(3)\nfor _ in range(50):\n    value = value.next\nassert value == 9",
    ),
}


@pytest.mark.parametrize("name", FORGED)
def test_what_an_answer_cannot_make_a_test_believe(name: str) -> None:
    solution, test = FORGED[name]
    reference = notebook_of(("solution", "def f(x):\n    return x * x"), ("test", test))
    (cell,) = run(notebook_of(("solution", EVIL + solution), ("test", test)), reference)
    assert outcome(cell)[0] == "error"


@pytest.mark.parametrize(
    ("answer", "test"),
    [
        (
            "def total(values):\n    return values.gi_frame.f_globals['expected']",
            "expected = sum(x * x for x in [3, 4])\n"
            "assert total(x * x for x in [3, 4]) == expected",
        ),
        (
            "def total(key):\n    return key.__globals__['expected']",
            "expected = 7\nassert total(lambda row: row) == expected",
        ),
        (
            "def total(key):\n    return key.func_globals",
            "class Key:\n    def __call__(self): return 1\nassert total(Key()) == 1",
        ),
        (
            "def total(base):\n    base.execute(\"attach 'planted.db' as planted\")\n"
            "    base.execute('create table planted.t (x)')\n    return 1",
            "import os, sqlite3\nbase = sqlite3.connect(':memory:')\n"
            "try:\n    total(base)\nfinally:\n    planted = os.path.exists('planted.db')\n"
            "    assert not planted, 'planted'",
        ),
    ],
    ids=["a generator's frame", "a function's globals", "an attribute", "a connection"],
)
def test_what_a_test_passes_does_not_lead_into_the_examiner(answer: str, test: str) -> None:
    tests = run(notebook_of(("solution", answer), ("test", test)))
    state, error = outcome(tests[0])
    assert state == "error" and "planted" not in error


def test_a_random_generator_is_a_copy_and_no_way_into_the_examiner_s_memory() -> None:
    answer = (
        "def state(rng):\n    return rng.bit_generator.ctypes.state_address\n"
        "import numpy as np\nown = state(np.random.default_rng(1))"
    )
    test = (
        "import numpy as np\nrng = np.random.default_rng(3)\n"
        "assert state(rng) != rng.bit_generator.ctypes.state_address"
    )
    assert outcome(run(notebook_of(("solution", answer), ("test", test)))[0]) == ("ok", "")


def test_hidden_inputs_are_not_seen_by_later_cells() -> None:
    keep = "seen = []\ndef f(x):\n    seen.append(x)\n    open('seen.txt', 'a').write(str(x))"
    show = "import os\nprint(seen, os.path.exists('seen.txt'))"
    notebook = notebook_of(("solution", keep), ("test", "f(123456)"))
    notebook.cells.append(graded(new_code_cell(show), "later", solution=True))
    run(notebook)
    assert notebook.cells[-1].outputs[0].text == "[] False\n"


ITS_OWN = "AssertionError: look at large values"


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        ("raise ValueError(f'the input was {x}')", "ValueError: […]"),
        ("raise type(f'Saw{x}', (Exception,), {})()", "Exception: […]"),
        ("print(x)", ITS_OWN),
        ("assert False, x", "AssertionError: […]"),
        ("import sys; sys.stderr.write(str(x))", ITS_OWN),
        ("return f'saw {x}'", ITS_OWN),
    ],
)
def test_a_hidden_check_shows_its_own_message_only(body: str, shown: str) -> None:
    test = (
        "### BEGIN HIDDEN TESTS\nassert f(987654) == 1, 'look at large values'\n"
        "### END HIDDEN TESTS"
    )
    notebook = notebook_of(("solution", f"def f(x):\n    {body}"), ("test", test))
    (cell,) = run(notebook)
    assert outcome(cell) == ("error", shown)
    assert "987654" not in str(cell.outputs)


def test_a_test_disturbs_no_other() -> None:
    first = "items.clear()\nstate = 'changed'\nopen('made-by-test.txt', 'w').write('x')"
    second = "import os\nassert items == [1] and not os.path.exists('made-by-test.txt')"
    cells = run(notebook_of(("solution", "items = [1]"), ("test", first), ("test", second)))
    assert [outcome(cell) for cell in cells] == [("ok", ""), ("ok", "")]


def test_what_an_answer_does_to_its_arguments_ends_with_the_test() -> None:
    tests = run(
        notebook_of(
            ("given", "doses = [1, 2, 3]"),
            ("solution", "def empty(values):\n    values.clear()"),
            ("test", "empty(doses)\nassert doses == []"),
            ("test", "assert doses == [1, 2, 3], 'the doses as they were given'"),
        )
    )
    assert [outcome(test) for test in tests] == [("ok", ""), ("ok", "")]


def test_a_file_that_a_test_writes_ends_with_the_test() -> None:
    write = "from pathlib import Path\nPath('note.txt').write_text('1')\nassert answer == 1"
    tests = run(
        notebook_of(
            ("solution", "answer = 1"),
            ("test", write),
            ("test", "assert not __import__('os').path.exists('note.txt'), 'no file'"),
        )
    )
    assert [outcome(test) for test in tests] == [("ok", ""), ("ok", "")]


def test_locked_cells_run_once_for_all_submissions() -> None:
    cells = (
        ("given", "import os\nprocess = os.urandom(8).hex()"),
        ("solution", "answer = 1"),
        ("test", "assert False, process"),
    )
    first, second = (run(notebook_of(*cells))[0] for _ in range(2))
    assert outcome(first) == outcome(second)
    other = run(notebook_of(*cells[:2], ("test", "assert 0, process")))[0]
    assert outcome(other) != outcome(first)


@pytest.mark.parametrize("after", [(), (("solution", "answer = 3"),)], ids=["last", "not last"])
def test_each_test_sees_the_answers_as_they_were_then(after: tuple[tuple[str, str], ...]) -> None:
    tests = run(
        notebook_of(
            ("solution", "answer = 1"),
            ("test", "assert answer == 1\nanswer = 7"),
            ("solution", "answer = answer + 1"),
            ("test", "assert answer == 2, f'the answer is {answer}'"),
            *after,
        )
    )
    assert [outcome(test) for test in tests] == [("ok", ""), ("ok", "")]


def warm_interpreters() -> set[int]:
    found = set()
    for each in psutil.Process().children():
        with suppress(psutil.Error):
            if "autograder.examiner.zygote" in each.cmdline():
                found.add(each.pid)
    return found


@pytest.mark.parametrize(
    ("spoils", "replaced"),
    [
        ("x = 1", False),
        (
            "import threading\n"
            "threading.Thread(target=threading.Event().wait, daemon=True).start()",
            True,
        ),
        ("import sys\nsys.kept = open('kept.txt', 'w')", True),
        ("raise SystemExit(3)", True),
        # a time zone is among what a candidate's environment keeps
        ("import os\nos.chdir('/')\nos.environ['TZ'] = 'Asia/Tokyo'", False),
    ],
    ids=["nothing", "a thread", "an open file", "an exit", "a changed environment"],
)
def test_locked_cells_that_would_spoil_the_warm_interpreter(spoils: str, replaced: bool) -> None:
    ask = "import os, threading\nanswer = (threading.active_count(), os.environ.get('TZ'))"
    check = f"assert answer == (1, {os.environ.get('TZ')!r}), answer"
    asking = (("solution", ask), ("test", check))
    run(notebook_of(*asking))
    before = warm_interpreters()
    cells = (("given", spoils), ("solution", "answer = 1"), ("test", "assert answer == 1, 'one'"))
    run(notebook_of(*cells), rehearsal=True)
    after = warm_interpreters()
    assert len(after) == len(before) and (after != before) == replaced
    for _ in range(2):
        assert outcome(run(notebook_of(*asking))[0]) == ("ok", "")


@pytest.mark.parametrize(
    ("limit", "asks"),
    [
        ({"open_files": 64}, "files = [open('/dev/null') for _ in range(80)]"),
        ({"memory_bytes": 100_000_000}, "block = bytearray(300_000_000)"),
        ({"file_bytes": 100_000}, "open('big', 'wb').write(bytes(200_000))"),
        (
            {"processes": 8},
            "import threading\nfor _ in range(12):\n"
            "    threading.Thread(target=threading.Event().wait, daemon=True).start()",
        ),
    ],
    ids=["files", "memory", "file", "threads"],
)
def test_limits_are_options(limit: dict[str, int], asks: str) -> None:
    cells = (("solution", asks), ("solution", "answer = 1"), ("test", "assert answer == 1"))
    beyond, within = notebook_of(*cells), notebook_of(*cells)
    assert outcome(run(beyond, **limit)[0]) == outcome(run(within)[0]) == ("ok", "")
    assert beyond.cells[0].metadata.ecole.execution.state == "error"
    assert within.cells[0].metadata.ecole.execution.state == "ok"


_UID = """
import sys
sys.path.insert(0, sys.argv[1])
from test_examiner import notebook_of, run, outcome
cells = ("solution", "import os\\nuid = os.getuid()"), ("test", "assert not uid, f'{uid}'")
print(outcome(run(notebook_of(*cells))[0])[1].rpartition(" ")[2])
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives each candidate a user of its own")
def test_two_grading_processes_share_no_user() -> None:
    # a limit of processes counts by user, and the end of a candidate may kill by user
    command = [sys.executable, "-c", _UID, str(Path(__file__).parent)]
    uids = [int(subprocess.check_output(command, text=True)) for _ in range(2)]
    assert abs(uids[0] - uids[1]) >= 1000 and 0 not in uids


def test_a_test_out_of_time_costs_itself_only() -> None:
    notebook = notebook_of(
        ("solution", "def f(x):\n    while x: pass\n    return 1"),
        ("test", "assert f(1) == 1"),
        ("test", "assert f(0) == 1"),
    )
    notebook.metadata["ecole"] = {}
    cells = run(notebook)
    assert [outcome(cell)[0] for cell in cells] == ["timeout", "ok"]


def test_an_unsealed_test_runs_in_a_fork_and_is_counted() -> None:
    notebook = notebook_of(("solution", "x = [1]"), ("test", "get_ipython(); x.append(2)"))
    told = answers_of(notebook)
    notebook.metadata.update(papermill={}, ecole={"answers": told, "unsealed": ["test1"]})
    notebook.cells.append(graded(new_code_cell("print(x)"), "later", solution=True))
    papermill_engines.execute_notebook_with_engine(
        "examiner", notebook, kernel_name="python3", progress_bar=False
    )
    assert outcome(notebook.cells[1]) == ("ok", "")
    assert not notebook.cells[1].metadata.ecole.execution.sealed
    assert notebook.cells[2].outputs[0].text == "[1]\n"


def test_outputs_are_those_of_a_kernel() -> None:
    sources = [
        "print('out'); import sys; print('err', file=sys.stderr); 6 * 7",
        "import asyncio\nawait asyncio.sleep(0)\n'awaited'",
        "%time 1 + 1",
        "import matplotlib.pyplot as plt\nplt.plot([1, 2]);",
        "import pandas as pd\npd.DataFrame({'a': [1]})",
        "1 / 0",
        "input('name?')",
    ]
    notebook = new_notebook(cells=[new_code_cell(source) for source in sources])
    notebook.metadata["papermill"] = {}
    papermill_engines.execute_notebook_with_engine(
        "examiner", notebook, kernel_name="python3", progress_bar=False
    )
    nbformat.validate(notebook)
    first, awaited, timed, figure, frame, error, asked = notebook.cells
    assert {output.get("name"): output.get("text") for output in first.outputs[:2]} == {
        "stdout": "out\n",
        "stderr": "err\n",
    }
    assert first.outputs[2].data["text/plain"] == "42"
    assert awaited.outputs[0].data["text/plain"] == "'awaited'"
    assert timed.outputs[-1].data["text/plain"] == "2"
    assert "image/png" in figure.outputs[0].data
    assert "<table" in frame.outputs[0].data["text/html"]
    assert error.outputs[0].ename == "ZeroDivisionError"
    assert asked.outputs[-1].output_type == "error"


def test_the_secret_reaches_the_tests_alone() -> None:
    look = "import os\nfound = os.environ.get('ECOLE_EXAM_SECRET_FILE')"
    check = (
        "import os\nassert found is None\n"
        "assert open(os.environ['ECOLE_EXAM_SECRET_FILE']).read() == 'secret of this class'"
    )
    notebook = notebook_of(("solution", look), ("test", check))
    (cell,) = run(notebook, exam_secret=b"secret of this class")
    assert outcome(cell) == ("ok", "")


def test_a_candidate_that_breaks_its_socket_is_killed_alone() -> None:
    code = (
        "import os\nfor fd in range(3, 50):\n    try: os.write(fd, b'x' * 500)\n"
        "    except OSError: pass"
    )
    notebook = notebook_of(("solution", code), ("solution", "x = 1"), ("test", "assert x == 1"))
    (cell,) = run(notebook)
    states = [each.metadata.ecole.execution.state for each in notebook.cells]
    assert states == ["killed", "not-run", "not-run"]
    assert not cell.outputs


def test_answers_are_read_from_the_reference() -> None:
    source = (
        "import os\nclass Ward: pass\ndef f(): pass\nx, (y, *z) = 1, (2, 3)\nframe['a'] = 1\n"
        "axes.set_title('t')\ndel gone\nfor i in x: pass\nprint(x)\nobj.attribute.deep = 2"
    )
    told = answers_of(notebook_of(("solution", source)))
    assert told is not None
    assert set(told["solution0"]["names"]) == {
        *("Ward", "f", "x", "y", "z", "frame", "axes", "gone", "i", "obj"),
    }
    assert told["solution0"]["classes"] == ["Ward"]
    assert answers_of(notebook_of(("given", "x = 1"), ("solution", ""))) is None


def test_imports_are_those_of_the_course_s_cells() -> None:
    notebook = notebook_of(
        ("given", "import os"), ("solution", "from math import pi"), ("test", "import secret")
    )
    notebook.cells.append(new_code_cell("import antigravity"))
    assert imports_of(notebook) == ["import os", "from math import pi"]


@pytest.mark.parametrize(
    ("cells", "needed"),
    [
        ((("test", "helper = 1"), ("test", "assert helper")), {"helper"}),
        ((("test", "helper = 1"), ("solution", "helper + 1")), {"helper"}),
        ((("test", "helper = 1"), ("test", "helper = 2\nassert helper")), set()),
        ((("test", "table = 1"), ("solution", "def f(table):\n    return table")), set()),
        ((("given", "helper = 0"), ("test", "helper = 1"), ("test", "helper")), set()),
    ],
)
def test_a_notebook_that_needs_what_a_test_defines(
    cells: tuple[tuple[str, str], ...], needed: set[str]
) -> None:
    assert answers.tests_define_what_others_need(notebook_of(*cells).cells) == needed


def test_papermill_s_command_line_can_use_it(tmp_path: Path) -> None:
    import subprocess

    nbformat.write(new_notebook(cells=[new_code_cell("6 * 7")]), tmp_path / "in.ipynb")
    command = [sys.executable, "-m", "papermill", "--engine", "examiner", "-k", "python3"]
    command += ["in.ipynb", "out.ipynb"]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    done = nbformat.read(tmp_path / "out.ipynb", as_version=4)
    assert done.cells[0].outputs[0].data["text/plain"] == "42"
