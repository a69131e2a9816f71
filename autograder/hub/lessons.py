"""The week's lessons appear by themselves in the students' homes; a changed file stays theirs.

A read-only folder of the machine and a copy at each start of the student's server, and every ten
minutes: no Git in a student's home, no conflict to solve, no network (nbgitpuller needs both, and
lessons here are built from masters, not kept as notebooks in a repository).
"""

import asyncio
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from autograder.authoring.translation import Lang
from autograder.errors import EcoleError
from autograder.hub.roles import FOLDER, LANGUAGE
from autograder.learning.delivery import built_lessons, deliver
from autograder.learning.workspace import Workspace

_EVERY_SECONDS = 600
_LESSON_BYTES = 20_000_000


def write_lessons(folder: Path, lang: Lang, weeks: int | None) -> None:
    """Write the lessons of one language, without solutions, and their data cards, for all to read.

    Args:
        weeks: those of the weeks 1 to this one; None: all.
    """
    folder.mkdir(parents=True, exist_ok=True)
    fresh = built_lessons(lang, weeks)
    workspace = Workspace(folder, lang)
    for relative, data in fresh.items():
        if workspace.read(relative, _LESSON_BYTES) != data:
            workspace.put(relative, data)
    for path in folder.rglob("*"):
        if path.is_file() and path.relative_to(folder).as_posix() not in fresh:
            path.unlink()
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)


def deliver_lessons(folder: Path, home: Path, lang: Lang) -> list[str]:
    """Copy new and newer lessons and cards into a home; what the student changed is left.

    Returns:
        the paths written, relative to the home.
    """
    files = {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
    done = deliver(home, lang, files)
    return [*done.written, *done.beside]


def _jupyter_server_extension_points() -> list[Mapping[str, str]]:
    return [{"module": "autograder.hub.lessons"}]


def _load_jupyter_server_extension(server: Any) -> None:
    """Deliver now, then every ten minutes, beside the server's work."""
    source = os.environ.get(FOLDER)
    lang: Lang = "fr" if os.environ.get(LANGUAGE) == "fr" else "en"
    if source is None:
        return
    home = Path(server.root_dir).resolve()

    async def keep_delivering() -> None:
        while True:
            try:
                await asyncio.to_thread(deliver_lessons, Path(source), home, lang)
            except (EcoleError, OSError) as error:
                server.log.warning("lessons were not delivered: %s", error)
            await asyncio.sleep(_EVERY_SECONDS)

    server.io_loop.add_callback(keep_delivering)
