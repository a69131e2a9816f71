"""`ecole learn` opens JupyterLab: in the learner's language, once, and says what goes wrong."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from autograder.authoring.masters import REPOSITORY
from autograder.errors import EcoleError
from autograder.learning import Workspace, browser, lab

SERVER_SECONDS = 120


@pytest.fixture
def home(delivered_workspace: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(delivered_workspace, tmp_path / "home"))


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """An ordinary user's environment, without a browser, apart from this machine's Jupyter."""
    ours = ("BROWSER", "DISPLAY", "WAYLAND_DISPLAY", "JUPYTER_TOKEN", "JUPYTER_CONFIG_PATH")
    kept = {name: value for name, value in os.environ.items() if name not in ours}
    paths = [str(REPOSITORY), str(REPOSITORY / "datasets"), kept.get("PYTHONPATH", "")]
    return kept | {
        "HOME": str(tmp_path),
        "JUPYTER_RUNTIME_DIR": str(tmp_path / "runtime"),
        "JUPYTER_CONFIG_DIR": str(tmp_path / "config"),
        "PYTHONPATH": os.pathsep.join(filter(None, paths)),
        "PYTHONUNBUFFERED": "1",
    }


def learn(home: Path, environment: dict[str, str]) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "autograder", "learn", str(home)],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


@pytest.fixture
def running(home: Path, environment: dict[str, str]) -> Iterator[str]:
    """JupyterLab on a workspace, as a learner starts it: what was printed up to its address."""
    process = learn(home, environment)
    assert process.stdout is not None
    lines = []
    try:
        for line in process.stdout:
            lines.append(line)
            if "Ctrl+C" in line:
                break
        yield "".join(lines)
        os.killpg(process.pid, signal.SIGINT)  # Ctrl+C in a terminal
        assert process.wait(SERVER_SECONDS) == 0
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        process.stdout.close()


def test_jupyterlab_opens_in_the_learner_s_language(
    running: str, home: Path, tmp_path: Path, environment: dict[str, str]
) -> None:
    assert "Pas de navigateur ici" in running
    address = re.search(r"http://\S+/lab/tree/Bienvenue\.md\?token=\w+", running)
    assert address, running
    base, _, token = address[0].partition("lab/tree/Bienvenue.md?token=")

    def get(path: str) -> str:
        request = urllib.request.Request(base + path, headers={"Authorization": f"token {token}"})
        with urllib.request.urlopen(request, timeout=SERVER_SECONDS) as answer:
            return str(answer.read().decode())

    locale = json.loads(get("lab/api/settings/@jupyterlab/translation-extension:plugin"))
    assert locale["schema"]["properties"]["locale"]["default"] == "fr_FR"
    assert "Fichier" in get("lab/api/translations/fr_FR")
    page = get("lab/tree/Bienvenue.md")
    assert json.loads(re.search(r'id="jupyter-config-data"[^>]*>(.*?)</script>', page, re.S)[1])[  # type: ignore[index]
        "disabledExtensions"
    ] == ["@jupyter/nbgrader"]
    with pytest.raises(urllib.error.HTTPError, match="404"):
        get("formgrader")
    again = learn(home, environment)
    said, _ = again.communicate(timeout=SERVER_SECONDS)
    assert again.returncode == 0 and "tourne déjà" in said and address[0] in said
    assert not (tmp_path / "config").exists() or not list((tmp_path / "config").iterdir())


def test_a_taken_port_says_what_to_do(
    home: Path, tmp_path: Path, environment: dict[str, str]
) -> None:
    with socket.socket() as taken:
        taken.bind(("localhost", 0))
        taken.listen()
        port = taken.getsockname()[1]
        config = tmp_path / "config"
        config.mkdir()
        settings = {"ServerApp": {"ip": "127.0.0.1", "port": port, "port_retries": 0}}
        (config / "jupyter_server_config.json").write_text(json.dumps(settings))
        process = learn(home, environment)
        said, _ = process.communicate(timeout=SERVER_SECONDS)
    assert process.returncode == 1 and "Traceback" not in said
    assert "jupyter server list" in said and str(port) in said


def test_half_an_installation_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    find = lab.importlib.util.find_spec
    monkeypatch.setattr(
        lab.importlib.util, "find_spec", lambda name: None if name == "jupyterlab" else find(name)
    )
    with pytest.raises(EcoleError, match=r"il manque jupyterlab.*make setup"):
        lab.open_lab(Workspace(tmp_path, "fr"), "Bienvenue.md", print)


def test_jupyterlab_s_terminals_find_ecole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    monkeypatch.setenv("JUPYTER_CONFIG_PATH", "/mine")
    environment = lab.lab_environment(tmp_path)
    assert environment["PATH"].split(":")[0] == str(Path(sys.executable).parent)
    assert environment["JUPYTER_CONFIG_PATH"] == f"{tmp_path}:/mine"


def test_windows_browser_is_reached_from_wsl(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = tmp_path / "opened"
    (tmp_path / "explorer.exe").write_text(
        f'#!/bin/sh\nprintf "%s\\n" "$1" >> "{opened}"\nexit 1\n'
    )
    (tmp_path / "wslpath").write_text("#!/bin/sh\nprintf '%s%s' '\\\\wsl$\\Ubuntu' \"$2\"\n")
    for program in ("explorer.exe", "wslpath"):
        (tmp_path / program).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.delenv("BROWSER", raising=False)
    monkeypatch.setenv("WSL_DISTRO_NAME", "Ubuntu")
    assert browser.has_browser()
    browser.open_address("http://localhost:8888/lab?token=1")
    browser.open_page(tmp_path / "page.html")
    assert opened.read_text().splitlines() == [
        "http://localhost:8888/lab?token=1",
        f"\\\\wsl$\\Ubuntu{tmp_path}/page.html",
    ]


def test_no_browser_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("BROWSER", "DISPLAY", "WAYLAND_DISPLAY", "WSL_DISTRO_NAME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(browser.sys, "platform", "linux")
    monkeypatch.setattr(browser, "on_wsl", lambda: False)
    assert not browser.has_browser() and not browser.open_address("http://localhost")
