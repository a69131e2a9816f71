"""The roles of a hub, and what the server of each finds in its environment.

Apart from `settings`, which needs nbgrader: JupyterHub's own environment may have none.
"""

from pathlib import Path
from typing import Literal

Role = Literal["student", "instructor", "course"]
"""student, instructor: a person's own server · course: the one that instructors share."""

FOLDER = "ECOLE_LESSONS"
"""The variable that names the folder of a course's lessons."""
LANGUAGE = "ECOLE_LANG"
"""The variable that names the course's language."""


def environment(folder: Path, python: Path) -> dict[str, str]:
    """What the server of a role finds in its environment.

    Args:
        python: its interpreter.
    """
    return {
        "JUPYTER_CONFIG_PATH": str(folder),
        "PATH": f"{python.parent}:/usr/local/bin:/usr/bin:/bin",
        # the accounts have no login shell: JupyterLab's terminal needs one
        "SHELL": "/bin/bash",
    }
