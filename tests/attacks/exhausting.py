"""Time, memory, disk, processes; a grader that hangs. All of it bounded."""

from collections.abc import Callable
from typing import Any

from attack import Attack, disturbed, gained_or_disturbed, said_or_disturbed, swollen
from outcome import Outcome


def _exhausting(
    name: str,
    wants: str,
    cells: dict[str, str] | str,
    success: Callable[[Outcome], bool] = gained_or_disturbed,
    **more: Any,
) -> Attack:
    cells = {"clamp": cells} if isinstance(cells, str) else cells
    return Attack(name, "exhausting", wants, success, cells, **more)


EXHAUSTING: list[Attack] = [
    _exhausting(
        "fork-bomb",
        "300 processes at once (it stops there, and after 4 seconds)",
        """\
import mmap, struct, time
board = mmap.mmap(-1, 4096)
ends = time.monotonic() + 4
for place in range(300):
    try:
        child = os.fork()
    except OSError:
        break
    if child == 0:
        board[place] = 1
        time.sleep(max(0, ends - time.monotonic()))
        os._exit(0)
time.sleep(1)
count = sum(board[:300])
loot('forked-300' if count == 300 else f'forked {count}')""",
        said_or_disturbed("forked-300"),
    ),
    _exhausting(
        "fork-bomb-exponential",
        "to fill the process table (sealed only; at most 400 processes, for 4 seconds)",
        """\
import mmap, resource, time
resource.setrlimit(resource.RLIMIT_NPROC,
    (min(400, resource.getrlimit(resource.RLIMIT_NPROC)[0] % 2**31),) * 2)
board = mmap.mmap(-1, 4096)
ends = time.monotonic() + 4
root = os.getpid()
while sum(board[:400]) < 400 and time.monotonic() < ends:
    try:
        child = os.fork()
    except OSError:
        time.sleep(0.05)
        continue
    if child == 0:
        board[os.getpid() % 400] = 1
if os.getpid() != root:
    os._exit(0)
loot('forked-200' if sum(board[:400]) >= 200 else f'forked {sum(board[:400])}')""",
        said_or_disturbed("forked-200"),
        only_sealed=True,
    ),
    _exhausting(
        "threads",
        "400 threads at once",
        """\
import threading, time
stop = threading.Event()
made = 0
try:
    for _ in range(400):
        threading.Thread(target=stop.wait, args=(4,), daemon=True).start()
        made += 1
except RuntimeError:
    pass
stop.set()
loot('threads-400' if made == 400 else f'threads {made}')""",
        said_or_disturbed("threads-400"),
    ),
    _exhausting(
        "memory-hog",
        "3 GB of memory",
        """\
import mmap
held = []
try:
    for _ in range(24):
        block = bytearray(128 * 2**20)
        block[::4096] = b'x' * (len(block) // 4096)
        held.append(block)
except MemoryError:
    pass
size = len(held)
del held[:]
loot('took-3-gigabytes' if size == 24 else f'took {size}')""",
        said_or_disturbed("took-3-gigabytes"),
    ),
    _exhausting(
        "memory-shared",
        "3 GB of memory that no limit of a process counts (shared, memfd, /dev/shm)",
        """\
import mmap
size = 0
held = []
chunk = b'x' * 2**20
try:
    for _ in range(8):
        board = mmap.mmap(-1, 2**27)
        board[::4096] = b'x' * (len(board) // 4096)
        held.append(board)
        size += 128
except (OSError, MemoryError, ValueError):
    pass
try:
    file = os.memfd_create('hog')
    for _ in range(1024):
        size += os.write(file, chunk) // 2**20
except OSError:
    pass
try:
    path = '/dev/shm/@MARK@hog'
    with open(path, 'wb', 0) as shm:
        os.unlink(path)
        for _ in range(1024):
            size += shm.write(chunk) // 2**20
except OSError:
    pass
loot('took-3-gigabytes' if size >= 3000 else f'took {size} MB')
del held[:]
os.close(file)""",
        said_or_disturbed("took-3-gigabytes"),
    ),
    _exhausting(
        "memory-by-children",
        "3 GB of memory, spread over processes",
        """\
import time
read, write = os.pipe()
children = []
for _ in range(6):
    try:
        child = os.fork()
    except OSError:
        break
    if child == 0:
        try:
            block = bytearray(512 * 2**20)
            block[::4096] = b'x' * (len(block) // 4096)
            os.write(write, b'x')
            time.sleep(9)
        finally:
            os._exit(0)
    children.append(child)
os.set_blocking(read, False)
told = 0
ends = time.monotonic() + 8
while told < 6 and time.monotonic() < ends:
    try:
        told += len(os.read(read, 99))
    except OSError:
        time.sleep(0.05)
held = [os.waitpid(child, os.WNOHANG)[0] for child in children].count(0)
for child in children:
    try:
        os.kill(child, 9)
        os.waitpid(child, 0)
    except OSError:
        pass
loot('took-3-gigabytes' if told == 6 and held == 6 else f'took {told} {held}')""",
        said_or_disturbed("took-3-gigabytes"),
    ),
    _exhausting(
        "disk",
        "400 MB of disk, in files of 10 MB",
        """\
size = 0
try:
    for number in range(40):
        with open(f'big{number}', 'wb', 0) as file:
            for _ in range(10):
                size += file.write(b'x' * 2**20)
except OSError:
    pass
import glob
for name in glob.glob('big*'):
    os.unlink(name)
loot('wrote-400-megabytes' if size >= 400 * 2**20 else f'wrote {size}')""",
        said_or_disturbed("wrote-400-megabytes"),
    ),
    _exhausting(
        "huge-file",
        "one sparse file of 2 GB that the grader may copy",
        {
            "summary": """\
summary = {'n': -1}
try:
    with open('summary.json', 'wb') as file:
        file.truncate(2**31)
    loot('made-2-gigabytes')
except OSError:
    pass
"""
        },
        said_or_disturbed("made-2-gigabytes"),
    ),
    _exhausting(
        "many-files",
        "20,000 files that the grader may copy",
        {
            "summary": """\
os.makedirs('many', exist_ok=True)
made = 0
try:
    for number in range(20000):
        open(f'many/{number}', 'w').close()
        made += 1
except OSError:
    pass
summary = {'n': -1}"""
        },
        disturbed,
    ),
    _exhausting(
        "special-files",
        "a grader that waits for ever at a named pipe put in the place of an answer file",
        {
            "summary": """\
os.mkfifo('summary.json')
os.mkfifo('statistics.py')
os.makedirs('deep' + '/x' * 400, exist_ok=True)
os.symlink('loop', 'loop')
summary = {'n': -1}"""
        },
    ),
    _exhausting(
        "output",
        "40 MB of output in one line, kept in the notebook and the feedback",
        """\
for _ in range(40):
    sys.stdout.write('x' * 2**20)
    sys.stdout.flush()
""",
        swollen,
    ),
    _exhausting(
        "output-displays",
        "10,000 displayed objects of 4 kB, kept in the notebook and the feedback",
        """\
from IPython.display import display, HTML
for number in range(10000):
    display(HTML(f'<b>{number}</b>' + 'x' * 4000))""",
        swollen,
    ),
    _exhausting(
        "error-message",
        "40 MB in the message of an error",
        {
            "clamp": "def clamp(*args):\n    raise ValueError('x' * 40 * 2**20)",
            "rate": "raise ValueError('x' * 40 * 2**20)",
        },
        swollen,
    ),
    _exhausting(
        "descriptors-open",
        "5,000 open files",
        """\
held = []
try:
    for _ in range(5000):
        held.append(os.open('/dev/null', os.O_RDONLY))
except OSError:
    pass
count = len(held)
for each in held:
    os.close(each)
loot('opened-many' if count > 1000 else f'opened {count}')""",
        said_or_disturbed("opened-many"),
    ),
    _exhausting(
        "descriptors-closed",
        "a grader that waits for ever for a process that closed all its descriptors",
        "os.closerange(0, 4096)",
    ),
    _exhausting(
        "recursion",
        "the grader's stack, by answers nested 200,000 deep and endless recursion",
        {
            "summary": """\
summary = {'n': []}
for _ in range(200_000):
    summary = {'n': [summary]}
""",
            "rate": """\
sys.setrecursionlimit(10**9)
class Deep:
    def __repr__(self):
        return repr([self])
def rate(events, days):
    return repr(Deep())""",
        },
    ),
    _exhausting(
        "segmentation-fault",
        "marks, or a stop of the batch, by a segmentation fault",
        "import ctypes\nctypes.string_at(0)",
    ),
    _exhausting(
        "segmentation-fault-when-tested",
        "marks, or a stop of the batch, by a segmentation fault inside a test",
        {
            "rate": """\
import ctypes
def rate(events, days):
    ctypes.string_at(0)"""
        },
    ),
    _exhausting(
        "huge-answer",
        "the grader's memory, by answers of 800 MB and of ten million names",
        {
            "clamp": "def clamp(value, low, high):\n    return b'x' * (800 * 2**20)",
            "summary": "summary = dict.fromkeys(range(3_000_000), 'x')",
            "rate": """\
def rate(events, days):
    return np.broadcast_to(np.float64(1), (2**40,))""",
        },
    ),
    _exhausting(
        "endless-answer",
        "a grader that never stops reading an endless answer",
        {
            "clean": """\
import time
ENDS = time.monotonic() + 120
class Endless(list):
    def __iter__(self):
        while time.monotonic() < ENDS:
            yield 1
    def __len__(self):
        return 2**62
class Frame(pd.DataFrame):
    index = columns = property(lambda self: Endless())
    shape = property(lambda self: (2**62, 2))
def clean(frame):
    return Frame({'ward': ['A', 'C'], 'beds': [4.0, 6.0]})""",
            "summary": """\
import time
ENDS = time.monotonic() + 120
class Loop(dict):
    def __eq__(self, other):
        while time.monotonic() < ENDS:
            pass
    def items(self):
        while time.monotonic() < ENDS:
            yield 'n', 1
    __iter__ = items
summary = Loop(n=4)
summary['self'] = summary""",
        },
    ),
    _exhausting(
        "ignored-interrupts",
        "a grader that waits for a cell which ignores interruptions",
        """\
import signal, time
for number in (signal.SIGINT, signal.SIGTERM, signal.SIGALRM, signal.SIGXCPU):
    signal.signal(number, signal.SIG_IGN)
ends = time.monotonic() + 300
while time.monotonic() < ends:
    try:
        time.sleep(0.2)
    except BaseException:
        pass""",
    ),
    _exhausting(
        "busy-in-c",
        "a grader that waits for a computation in C which cannot be interrupted",
        {"rate": "def rate(events, days):\n    return sum(range(10**11))"},
    ),
    _exhausting(
        "stopped-process",
        "a grader that waits for a process which stopped itself",
        "import signal\nos.kill(os.getpid(), signal.SIGSTOP)",
    ),
    _exhausting(
        "killed-parents",
        "to stop the batch by killing the process that started its own",
        """\
import signal
parent = os.getppid()
if parent > 1:
    try:
        os.kill(parent, signal.SIGKILL)
        loot('killed-it')
    except OSError:
        pass""",
        lambda outcome: outcome.disturbed() or outcome.state == "failed",
    ),
]
