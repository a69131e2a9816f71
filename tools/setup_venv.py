#!/usr/bin/env python3
"""Build `.venv` at the root of the repository, or bring it up to date.

    python3 tools/setup_venv.py [EXTRA ...]

The core is always installed; an EXTRA is a name of [project.optional-dependencies] in
pyproject.toml. A stamp in `.venv` makes an unchanged set-up cost one start of Python.

Standard library only, and readable by Python 3.6: whoever has an old `python3` must meet a
message, not a SyntaxError.
"""

import argparse
import contextlib
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from typing import Dict, Iterator, List, Optional, Set, Tuple

OLDEST = (3, 11)
NEWEST = (3, 14)  # the newest that every dependency is known to publish wheels for

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PYPROJECT = os.path.join(ROOT, "pyproject.toml")
VENV = os.path.join(ROOT, ".venv")
PYTHON = os.path.join(VENV, "bin", "python")
STAMP = os.path.join(VENV, "ecole-setup.json")

# Variables that would send pip's work, or Python's imports, out of the virtual environment.
STRAY_VARIABLES = (
    "PIP_PREFIX",
    "PIP_ROOT",
    "PIP_TARGET",
    "PIP_USER",
    "PYTHONHOME",
    "PYTHONPATH",
    "__PYVENV_LAUNCHER__",
)

# Says its version before it can fail on what some systems package apart.
PROBE = """
import sys
print("%d %d" % sys.version_info[:2])
sys.stdout.flush()
import ensurepip, venv
print("venv")
"""

# Package managers other than apt, in the order in which they are looked for.
MANAGERS = (
    ("brew", "brew install python@3.13"),
    ("dnf", "sudo dnf install python3.12"),
    ("zypper", "sudo zypper install python311"),
    ("pacman", "sudo pacman -S python"),
    ("apk", "sudo apk add python3"),
    ("conda", "conda env create -f environment.yml"),
    ("mamba", "mamba env create -f environment.yml"),
)


class SetupError(Exception):
    """What went wrong and what mends it, in the reader's language."""


def tr(fr: str, en: str) -> str:
    """Return the French or the English text, by the locale of the terminal."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if os.environ.get(name):
            return fr if os.environ[name].startswith("fr") else en
    return en


def say(text: str) -> None:
    """Write one message on stderr, where no encoding can make it fail."""
    sys.stderr.write("setup: " + text + "\n")
    sys.stderr.flush()


def environment() -> Dict[str, str]:
    """Return the caller's environment without what would lead pip or Python astray."""
    return {name: value for name, value in os.environ.items() if name not in STRAY_VARIABLES}


def run(*command: str, stdout: Optional[int] = None) -> int:
    """Run a command at the root of the repository; return its exit status."""
    return subprocess.call(
        list(command), cwd=ROOT, env=environment(), stdin=subprocess.DEVNULL, stdout=stdout
    )


def output_of(*command: str) -> List[str]:
    """Return the lines that a command prints, whatever its status; none if it does not start."""
    try:
        done = subprocess.run(
            list(command),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            universal_newlines=True,
            env=environment(),
            timeout=60,
        )
    except (OSError, subprocess.TimeoutExpired):
        return []
    return done.stdout.splitlines()


def refuse_windows() -> None:
    """Raise SetupError on Windows outside WSL."""
    if sys.platform in ("win32", "cygwin", "msys"):
        raise SetupError(
            tr(
                "Windows seul ne suffit pas : il faut WSL. Dans PowerShell, lancez la commande "
                "suivante, puis clonez le dépôt et recommencez dans Ubuntu :\n    wsl --install",
                "plain Windows will not do: WSL is needed. In PowerShell, run the command below, "
                "then clone the repository and start again inside Ubuntu:\n    wsl --install",
            )
        )


# Which Python -------------------------------------------------------------------------------


def probe(python: str) -> Tuple[Tuple[int, int], bool]:
    """Return an interpreter's (major, minor), (0, 0) if it does not run, and if it has venv."""
    lines = output_of(python, "-c", PROBE)
    match = re.match(r"(\d+) (\d+)$", lines[0]) if lines else None
    if match is None:
        return (0, 0), False
    return (int(match.group(1)), int(match.group(2))), "venv" in lines[1:]


def candidates() -> Iterator[str]:
    """Yield interpreters to try: the one at work, then python3.14 to python3.11 in PATH."""
    names = [getattr(sys, "_base_executable", None), sys.executable]
    names += [shutil.which("python3.%d" % minor) for minor in range(NEWEST[1], OLDEST[1] - 1, -1)]
    for name in names:
        # an interpreter inside .venv would be deleted by the rebuild that it runs
        if name and not os.path.abspath(name).startswith(VENV + os.sep):
            yield name


def apt_knows() -> List[str]:
    """Return the python3.N packages that this machine's apt can install, newest first."""
    known = output_of("apt-cache", "pkgnames", "python3.")
    names = ["python3.%d" % minor for minor in range(NEWEST[1], OLDEST[1] - 1, -1)]
    return [name for name in names if name in known]


def command_for_python() -> str:
    """Return the one command (or page) that gives this machine a recent enough Python."""
    for name in apt_knows():
        return "sudo apt install {0} {0}-venv".format(name)
    for program, command in MANAGERS:
        if shutil.which(program):
            return command
    return "https://www.python.org/downloads/"


def choose_python() -> str:
    """Return an interpreter that can build `.venv`.

    Raises SetupError, naming the one command that mends it, when there is none.
    """
    found = []
    for python in candidates():
        version, has_venv = probe(python)
        if version >= OLDEST and has_venv:
            return python
        found.append(version)
    newest = max(found) if found else (0, 0)
    numbers = {"oldest": "%d.%d" % OLDEST, "found": "%d.%d" % newest}
    if newest < OLDEST:
        raise SetupError(
            tr(
                "il faut Python {oldest} ou plus récent (trouvé : {found}). Installez-le, "
                "puis relancez la même commande :\n    {command}",
                "Python {oldest} or newer is needed (found: {found}). Install it, "
                "then run the same command again:\n    {command}",
            ).format(command=command_for_python(), **numbers)
        )
    with_apt = "sudo apt install python{found}-venv".format(**numbers)
    raise SetupError(
        tr(
            "Python {found} est là, mais sans son module venv. Installez-le, "
            "puis relancez la même commande :\n    {command}",
            "Python {found} is here, but without its venv module. Install it, "
            "then run the same command again:\n    {command}",
        ).format(command=with_apt if shutil.which("apt-get") else command_for_python(), **numbers)
    )


# The stamp ----------------------------------------------------------------------------------


class Stamp:
    """What `.venv` was last built for. `pyproject` is empty while pip is at work."""

    def __init__(self, root: str = "", pyproject: str = "", extras: Tuple[str, ...] = ()) -> None:
        self.root = root
        self.pyproject = pyproject
        self.extras = frozenset(extras)

    @classmethod
    def read(cls) -> Optional["Stamp"]:
        """Return the stamp in `.venv`, or None when it is absent or unreadable."""
        try:
            with open(STAMP, encoding="utf-8") as handle:
                content = json.load(handle)
            return cls(content["root"], content["pyproject"], tuple(content["extras"]))
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def write(self) -> None:
        """Replace the stamp in `.venv`, whole or not at all."""
        content = {"root": self.root, "pyproject": self.pyproject, "extras": sorted(self.extras)}
        with open(STAMP + ".new", "w", encoding="utf-8") as handle:
            json.dump(content, handle, indent=1)
        os.replace(STAMP + ".new", STAMP)


def read_pyproject() -> str:
    """Return the text of pyproject.toml."""
    with open(PYPROJECT, encoding="utf-8") as handle:
        return handle.read()


def known_extras(pyproject: str) -> Set[str]:
    """Return the names under [project.optional-dependencies] (tomllib is newer than 3.6)."""
    _, _, section = pyproject.partition("\n[project.optional-dependencies]\n")
    return set(re.findall(r"^([\w-]+) *=", section.partition("\n[")[0], re.MULTILINE))


# The environment ----------------------------------------------------------------------------


def created_with() -> str:
    """Return the "3.N" that pyvenv.cfg says `.venv` was made with, or an empty string."""
    try:
        with open(os.path.join(VENV, "pyvenv.cfg"), encoding="utf-8") as handle:
            match = re.search(r"^version(?:_info)? *= *(\d+\.\d+)", handle.read(), re.MULTILINE)
    except OSError:
        return ""
    return match.group(1) if match else ""


def works(stamp: Optional[Stamp]) -> bool:
    """Say whether `.venv` can be kept: same place, its interpreter still there, pip in it."""
    if stamp is not None and stamp.root != ROOT:
        return False  # scripts and the editable install hold absolute paths
    version = created_with()
    if not version or tuple(map(int, version.split("."))) < OLDEST:
        return False
    # after an upgrade of the system, bin/python may have become another version
    return output_of(PYTHON, "-c", "import pip, sys; print('%d.%d' % sys.version_info[:2])") == [
        version
    ]


def build() -> None:
    """Create `.venv` afresh, replacing what cannot be used. Raises SetupError."""
    python = choose_python()
    if os.path.lexists(VENV):
        say(tr(".venv est inutilisable : je le refais.", ".venv cannot be used: rebuilding it."))
    if run(python, "-m", "venv", "--clear", "--prompt", "ecole", VENV) != 0:
        raise SetupError(
            tr(
                "impossible de créer .venv (la raison est juste au-dessus). "
                "Vérifiez la place sur le disque et vos droits sur ce dossier, puis relancez.",
                "could not create .venv (the reason is just above). "
                "Check free disk space and your rights on this folder, then run it again.",
            )
        )


def install(extras: Set[str]) -> None:
    """Install the project in editable mode with these extras. Raises SetupError."""
    target = ".[%s]" % ",".join(sorted(extras)) if extras else "."
    say(
        tr(
            "installation de %s dans .venv (quelques minutes la première fois)",
            "installing %s in .venv (a few minutes the first time)",
        )
        % target
    )
    options = ("--disable-pip-version-check", "--no-input")
    if run(PYTHON, "-m", "pip", "install", *options, "--editable", target) == 0:
        return
    message = tr(
        "pip s'est arrêté avant la fin (sa raison est juste au-dessus). Vérifiez le réseau, "
        "ou le proxy (variable HTTPS_PROXY), puis relancez la même commande : elle reprend.",
        "pip stopped before the end (its reason is just above). Check the network, "
        "or the proxy (variable HTTPS_PROXY), then run the same command again: it resumes.",
    )
    version = created_with()
    if version and tuple(map(int, version.split("."))) > NEWEST:
        message += " " + tr(
            "Si des paquets manquent pour Python %s : make … PYTHON=python3.%d après rm -rf .venv",
            "If packages lack for Python %s: make … PYTHON=python3.%d after rm -rf .venv",
        ) % (version, NEWEST[1])
    raise SetupError(message)


def intact() -> bool:
    """Say whether what is installed is complete, without the network."""
    return run(PYTHON, "-m", "pip", "check", stdout=subprocess.DEVNULL) == 0


@contextlib.contextmanager
def one_at_a_time() -> Iterator[None]:
    """Hold off a second set-up of the same folder (`make -j`, two terminals)."""
    import fcntl  # absent on Windows, which has been refused by then

    with open(PYPROJECT, encoding="utf-8") as handle:
        # some network file systems have no locks: better unlocked than stopped
        with contextlib.suppress(OSError):
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def prepare(extras: Set[str]) -> None:
    """Make `.venv` hold the core and at least these extras. Raises SetupError."""
    pyproject = read_pyproject()
    unknown = extras - known_extras(pyproject)
    if unknown:
        raise SetupError("unknown extras: " + ", ".join(sorted(unknown)))
    digest = hashlib.sha256(pyproject.encode("utf-8")).hexdigest()
    stamp = Stamp.read()
    if not works(stamp):
        build()
        stamp = None
    before = stamp or Stamp(ROOT)
    if before.pyproject == digest:
        if extras <= before.extras:
            return
        extras = extras | before.extras
    Stamp(ROOT).write()
    try:
        install(extras)
    except SetupError:
        # pip resolves and downloads before it touches anything: what worked offline still does
        if before.pyproject and intact():
            before.write()
        raise
    Stamp(ROOT, digest, tuple(extras)).write()


def main(arguments: Optional[List[str]] = None) -> int:
    """Run from the command line; return the exit status."""
    parser = argparse.ArgumentParser(description="Build .venv, or bring it up to date.")
    parser.add_argument("extras", nargs="*", metavar="EXTRA", help="e.g. course dev")
    extras = set(parser.parse_args(arguments).extras)
    try:
        refuse_windows()
        with one_at_a_time():
            prepare(extras)
    except SetupError as error:
        say(str(error))
        return 1
    except OSError as error:
        say(tr("arrêt : %s", "stopped: %s") % error)
        return 1
    except KeyboardInterrupt:
        say(
            tr(
                "interrompu. Relancez la même commande : elle reprend.",
                "interrupted. Run the same command again: it resumes.",
            )
        )
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
