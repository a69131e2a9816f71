"""`ecole hub`: make the folder ready, find the proxy, become JupyterHub."""

import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from autograder.authoring.translation import Lang
from autograder.errors import EcoleError
from autograder.hub.accounts import why_no_accounts
from autograder.hub.layout import prepare
from autograder.hub.paths import Hub, open_hub
from autograder.hub.plan import PLAN, write_trial_plan

_HERE = Path(__file__).resolve().parent
_PROXY = "configurable-http-proxy"
_TRIAL_STUDENTS = 3


def prepare_hub(directory: Path | str, lang: Lang, tell: Callable[[str], None]) -> Hub:
    """Make a hub's folder ready; `hub.yml` is written where there is none.

    Args:
        lang: language of the first course, where there is no `hub.yml` yet.
        tell: prints a line.

    Raises:
        EcoleError: JupyterHub is not installed, the plan is faulty, something is in the way.
    """
    if importlib.util.find_spec("jupyterhub") is None:
        raise EcoleError(
            "JupyterHub is not installed here: `make hub` installs it, or "
            "`python3 tools/setup_venv.py course hub`"
        )
    root = Path(directory).expanduser().resolve()
    try:
        root.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise EcoleError(f"{root}: {error.strerror}; choose a folder that can be written") from None
    if not (root / PLAN).exists():
        tell(f"{write_trial_plan(root, lang, _TRIAL_STUDENTS)}: written, to be completed")
    hub = open_hub(root)
    prepare(hub, tell)
    return hub


def replace_with_hub(hub: Hub, address: str, proxy: list[str]) -> None:
    """Become JupyterHub; does not return.

    Args:
        address: where browsers reach it, `http://127.0.0.1:8000`.
        proxy: see `find_proxy`.
    """
    os.environ["ECOLE_HUB"] = str(hub.root)
    os.umask(0o077)  # its data base, cookie secret and log are for it alone
    os.chdir(hub.own)
    program = [sys.executable, "-m", "jupyterhub", "--config", str(_HERE / "jupyterhub_config.py")]
    os.execv(
        sys.executable,
        [
            *program,
            f"--JupyterHub.bind_url={address}",
            f"--ConfigurableHTTPProxy.command={proxy!r}",
        ],
    )


def summary(hub: Hub, address: str) -> Iterator[str]:
    """What whoever starts the hub must know: address, passwords, what a school must change."""
    trial = hub.plan.platform == "ecole"
    if trial:
        yield f"address     {address}"
        yield f"passwords   {hub.passwords} (readable by {'root' if hub.accounts else 'you'} alone)"
    for name, course in hub.plan.courses.items():
        yield (
            f"{name:<11} {len(course.instructors)} instructor(s), {len(course.students)} "
            f"student(s), cohort in {hub.course(name)}"
        )
    if not trial:
        yield "Ready. The Littlest JupyterHub starts it: sudo tljh-config reload hub"
        return
    if not hub.accounts:
        yield (
            f"NO ISOLATION: {why_no_accounts()}, so everyone's code runs as you and can read "
            "everyone's files. Fit for a look, not for a class."
        )
    yield (
        "A trial on one machine. For a school, change three things: authentication (the school's "
        "own accounts), TLS (https), storage (quotas, backup). docs/hub.md says how."
    )


def find_proxy(folder: Path, tell: Callable[[str], None]) -> list[str]:
    """The command of configurable-http-proxy; installed below `folder` by npm if need be.

    Raises:
        EcoleError: Node.js is missing, or npm failed.
    """
    installed = shutil.which(_PROXY)
    if installed:
        return [installed]
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        raise EcoleError(
            "JupyterHub's proxy needs Node.js and npm: install them (Debian, Ubuntu: "
            "`apt install nodejs npm`), then start again"
        )
    program = folder / "node_modules" / _PROXY / "bin" / _PROXY
    if not program.exists():
        tell(f"installing {_PROXY} by npm, once")
        folder.mkdir(parents=True, exist_ok=True)
        for name in ("package.json", "package-lock.json"):
            shutil.copyfile(_HERE / "proxy" / name, folder / name)
        done = subprocess.run(
            [npm, "ci", "--prefix", str(folder), "--no-audit", "--no-fund", "--silent"],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode or not program.exists():
            said = (done.stderr or done.stdout).strip()[-500:]
            raise EcoleError(f"npm could not install {_PROXY}: {said}; start again when mended")
    return [node, str(program)]
