"""Open JupyterLab on a folder: its settings, its address, and what to do when it cannot start."""

import contextlib
import importlib.util
import json
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from autograder.authoring.translation import Lang
from autograder.errors import EcoleError
from autograder.learning.browser import browser_command, has_browser, on_wsl, open_address
from autograder.learning.words import say
from autograder.learning.workspace import Workspace

_NEEDED = ("jupyterlab", "ipykernel", "jupyter_server", "health_datasets")
_LANGUAGE_PACK = "jupyterlab_language_pack_fr_FR"
_START_SECONDS = 90
_STOP_SECONDS = 8
_LOG = ".ecole/jupyter.log"
_REASON_LINES = 5
_NBGRADER = (
    "formgrader",
    "validate_assignment",
    "assignment_list",
    "course_list",
)
_OFFLINE = (
    # nothing is asked of the network: no news, no look for updates, no list of extensions
    "--LabApp.news_url=",
    "--LabApp.check_for_updates_class=jupyterlab.handlers.announcements.NeverCheckForUpdate",
    "--LabApp.extension_manager=readonly",
)


def open_lab(workspace: Workspace, page: str, tell: Callable[[str], None]) -> int:
    """Open JupyterLab on the workspace's welcome page and stay until it ends.

    Args:
        page: what to open first, relative to the workspace.
        tell: prints a line.

    Returns:
        JupyterLab's exit status; 0 at once where it runs on this workspace already.

    Raises:
        EcoleError: the installation is incomplete, or JupyterLab did not start.
    """
    lang = workspace.lang
    _require(lang)
    place = f"lab/tree/{quote(page)}"
    running = running_server(workspace.root)
    if running is not None:
        address = f"{_reachable(running)}{place}?token={running['token']}"
        tell(say(lang, fr="JupyterLab tourne déjà ici :", en="JupyterLab already runs here:"))
        tell(f"  {address}")
        open_address(address)
        return 0
    if lang == "fr" and importlib.util.find_spec(_LANGUAGE_PACK) is None:
        tell(
            "JupyterLab s'ouvrira en anglais : le paquet jupyterlab-language-pack-fr-FR manque ; "
            "`make setup` l'installe."
        )
    return _serve(workspace, place, tell)


def replace_with_lab(root: Path, settings: Path) -> None:
    """Become JupyterLab on a folder, with one more folder of settings; does not return."""
    os.environ.update(lab_environment(settings))
    os.chdir(root)
    os.execv(sys.executable, [sys.executable, "-m", "jupyterlab", *_options(root)])


def lab_environment(settings: Path) -> dict[str, str]:
    """The environment of JupyterLab: our settings first, `ecole` in PATH, Windows' browser."""
    environment = dict(os.environ)
    others = environment.get("JUPYTER_CONFIG_PATH")
    environment["JUPYTER_CONFIG_PATH"] = os.pathsep.join(filter(None, [str(settings), others]))
    commands = str(Path(sys.executable).parent)
    paths = environment.get("PATH", os.defpath).split(os.pathsep)
    environment["PATH"] = os.pathsep.join([commands, *(each for each in paths if each != commands)])
    browser = browser_command()
    if browser:
        environment["BROWSER"] = browser
    return environment


def write_settings(workspace: Workspace) -> Path:
    """Write the defaults of a learner's JupyterLab; one's own settings win over them."""
    files: Mapping[str, Any] = {
        "labconfig/default_setting_overrides.json": {
            "@jupyterlab/translation-extension:plugin": {
                "locale": say(workspace.lang, fr="fr_FR", en="en")
            },
            "@jupyterlab/docmanager-extension:plugin": {
                "defaultViewers": {"markdown": "Markdown Preview"}
            },
            "@jupyterlab/apputils-extension:notification": {
                "checkForUpdates": False,
                "fetchNews": "false",
            },
        },
        # buttons for a class; a learner alone has `ecole try`
        "labconfig/page_config.json": {"disabledExtensions": {"@jupyter/nbgrader": True}},
        "jupyter_server_config.d/nbgrader.json": {
            "ServerApp": {
                "jpserver_extensions": {
                    f"nbgrader.server_extensions.{name}": False for name in _NBGRADER
                }
            }
        },
    }
    for relative, content in files.items():
        workspace.put(f".ecole/jupyter/{relative}", json.dumps(content, indent=1).encode())
    return workspace.root / ".ecole" / "jupyter"


def running_server(root: Path) -> dict[str, Any] | None:
    """The Jupyter server that runs on a folder already, as Jupyter describes it."""
    from jupyter_server.serverapp import list_running_servers

    for server in list_running_servers():
        if Path(server.get("root_dir", "")).resolve() == root and not server.get("password"):
            return dict(server)
    return None


def _require(lang: Lang) -> None:
    missing = [name for name in _NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        raise EcoleError(
            say(
                lang,
                fr=f"l'installation est incomplète (il manque {', '.join(missing)}) : dans le "
                "dossier du dépôt, lancez `make setup`, qui reprend où elle s'est arrêtée",
                en=f"the installation is incomplete ({', '.join(missing)} missing): in the "
                "repository's folder, run `make setup`, which resumes where it stopped",
            )
        )


def _options(root: Path) -> list[str]:
    options = [f"--ServerApp.root_dir={root}", *_OFFLINE]
    if os.geteuid() == 0:  # a container: Jupyter would refuse to start
        options.append("--allow-root")
    return options


def _serve(workspace: Workspace, place: str, tell: Callable[[str], None]) -> int:
    lang = workspace.lang
    command = [
        sys.executable,
        "-m",
        "jupyterlab",
        *_options(workspace.root),
        f"--LabApp.default_url=/{place}",
        # the tabs of this workspace, not those of another JupyterLab of the same user
        f"--LabApp.workspaces_dir={workspace.root / '.ecole' / 'jupyter' / 'workspaces'}",
        "--ServerApp.answer_yes=True",  # one Ctrl+C is enough
    ]
    if not has_browser():
        command.append("--no-browser")
    if on_wsl() or Path("/snap").is_dir():
        # neither Windows' browser nor a snap's can read the file that Jupyter shows it
        command.append("--ServerApp.use_redirect_file=False")
    environment = lab_environment(write_settings(workspace))
    # known beforehand, so that the address can be told in the learner's language
    environment.setdefault("JUPYTER_TOKEN", secrets.token_hex(24))
    log = workspace.put(_LOG, b"")
    with log.open("wb") as said:
        # Jupyter's own lines would bury the address; its terminals look whether stdout is one
        child = subprocess.Popen(command, cwd=workspace.root, env=environment, stderr=said)
    previous = signal.signal(signal.SIGTERM, lambda *_: child.terminate())
    try:
        server = _started(child)
        if server is not None:
            _tell_address(f"{_reachable(server)}{place}?token={server['token']}", tell, lang)
        return _status(child, log if server is None else None, lang)
    finally:
        signal.signal(signal.SIGTERM, previous)


def _started(child: "subprocess.Popen[bytes]") -> dict[str, Any] | None:
    """The server once it listens; None where it ended before, or takes very long."""
    from jupyter_server.serverapp import list_running_servers

    deadline = time.monotonic() + _START_SECONDS
    while child.poll() is None and time.monotonic() < deadline:
        for server in list_running_servers():
            if server["pid"] == child.pid:
                return dict(server)
        time.sleep(0.2)
    return None


def _tell_address(address: str, tell: Callable[[str], None], lang: Lang) -> None:
    if not has_browser():
        tell(
            say(
                lang,
                fr="Pas de navigateur ici : ouvrez vous-même cette adresse.",
                en="No browser here: open this address yourself.",
            )
        )
    tell(f"JupyterLab{say(lang, fr=' ', en='')}: {address}")
    tell(say(lang, fr="Pour arrêter : Ctrl+C ici.", en="To stop: Ctrl+C here."))


def _status(child: "subprocess.Popen[bytes]", log: Path | None, lang: Lang) -> int:
    """Wait for JupyterLab's end; its log says why it never began."""
    try:
        status = child.wait()
    except KeyboardInterrupt:
        status = _stop(child)
    if status > 0 and log is not None:
        lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        reason = "\n".join(f"    {line[:200]}" for line in lines[-_REASON_LINES:])
        raise EcoleError(
            say(
                lang,
                fr="JupyterLab n'a pas démarré. Si aucun port n'est libre, fermez les autres "
                "JupyterLab (`jupyter server list` les montre) ; si un module manque, lancez "
                f"`make setup` dans le dossier du dépôt. Ce qu'il dit ({log}) :\n{reason}",
                en="JupyterLab did not start. If no port is free, close the other JupyterLabs "
                "(`jupyter server list` shows them); if a module is missing, run `make setup` in "
                f"the repository's folder. What it says ({log}):\n{reason}",
            )
        )
    return max(status, 0)


def _stop(child: "subprocess.Popen[bytes]") -> int:
    """Let JupyterLab end by the Ctrl+C that reached it too; ask it to where none did."""
    for ask in (lambda: None, child.terminate, child.kill):
        with contextlib.suppress(KeyboardInterrupt):  # pressed again: go on to what is firmer
            ask()
            with contextlib.suppress(subprocess.TimeoutExpired):
                return child.wait(_STOP_SECONDS)
    return child.wait()


def _reachable(server: Mapping[str, Any]) -> str:
    """The server's address, as a browser on this machine reaches it."""
    return str(server["url"]).replace("://0.0.0.0:", "://localhost:")
