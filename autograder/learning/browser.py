"""Is there a browser here, and how is a page shown in it?"""

import os
import shutil
import subprocess
import sys
import webbrowser
from pathlib import Path

# what Python would start inside the terminal, over the learner's own screen
_TEXT_BROWSERS = ("www-browser", "links", "elinks", "lynx", "w3m")


def on_wsl() -> bool:
    """Is this Linux inside Windows?"""
    if os.environ.get("WSL_DISTRO_NAME"):
        return True
    try:
        return "microsoft" in Path("/proc/sys/kernel/osrelease").read_text().lower()
    except OSError:
        return False


def browser_command() -> str | None:
    """What to set BROWSER to, where Windows' browser has to be reached from WSL."""
    if not on_wsl() or os.environ.get("BROWSER"):
        return None
    for program in ("wslview", "explorer.exe"):
        if shutil.which(program):
            return f"{program} %s"
    return None


def has_browser() -> bool:
    """Can a page be shown in a window?"""
    if os.environ.get("BROWSER") or browser_command():
        return True
    if sys.platform == "darwin":
        return not os.environ.get("SSH_CONNECTION")
    if not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        return False
    try:
        return getattr(webbrowser.get(), "basename", "") not in _TEXT_BROWSERS
    except webbrowser.Error:
        return False


def open_address(address: str) -> bool:
    """Show an address in the browser; False where that cannot be."""
    if not has_browser():
        return False
    try:
        return webbrowser.get(browser_command()).open(address)
    except (webbrowser.Error, OSError):
        return False


def open_page(path: Path) -> bool:
    """Show a file in the browser; False where that cannot be."""
    return open_address(_address(path))


def _address(path: Path) -> str:
    """A file's address; as Windows names it, where its browser shows it."""
    if browser_command() and shutil.which("wslpath"):
        done = subprocess.run(
            ["wslpath", "-w", str(path)], capture_output=True, text=True, check=False
        )
        if done.returncode == 0:
            return done.stdout.strip()
    return path.as_uri()
