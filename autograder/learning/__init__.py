"""The self-learner's day: a workspace, JupyterLab on it, trials of assignments, one's progress.

In a notebook of the workspace:

    from autograder.learning import try_assignment
    try_assignment("w02")
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from autograder.learning.delivery import Delivery, prepare_workspace
    from autograder.learning.trial import Trial, try_assignment
    from autograder.learning.welcome import write_welcome
    from autograder.learning.workspace import Workspace, find_workspace

_HOMES = {
    "Delivery": "delivery",
    "prepare_workspace": "delivery",
    "Trial": "trial",
    "try_assignment": "trial",
    "write_welcome": "welcome",
    "Workspace": "workspace",
    "find_workspace": "workspace",
}

__all__ = [
    "Delivery",
    "Trial",
    "Workspace",
    "find_workspace",
    "prepare_workspace",
    "try_assignment",
    "write_welcome",
]


def __getattr__(name: str) -> Any:
    # imported when first used: grading is a second of imports that preparing seldom needs
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
