"""What Jupyter and nbgrader find on JUPYTER_CONFIG_PATH: a folder for each role of a course.

Each thing is set in one place: here what the hub decides (exchange, extensions, language), in the
cohort's own `nbgrader_config.py` what the course decides.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from autograder.authoring.translation import Lang
from autograder.hub.exchange import Traits
from autograder.hub.roles import Role

_SERVER_EXTENSIONS = ("assignment_list", "course_list", "formgrader", "validate_assignment")
_LAB_PLUGINS = (
    "assignment-list",
    "course-list",
    "create-assignment",
    "formgrader",
    "menu",
    "validate-assignment",
)
_HAS_SERVER: Mapping[Role, tuple[str, ...]] = {
    "student": ("assignment_list", "validate_assignment"),
    "instructor": (),
    "course": ("formgrader", "validate_assignment"),
}
_HAS_LAB: Mapping[Role, tuple[str, ...]] = {
    "student": ("assignment-list", "menu", "validate-assignment"),
    "instructor": (),
    "course": ("create-assignment", "formgrader", "menu", "validate-assignment"),
}
_OURS: Mapping[Role, tuple[str, ...]] = {
    "student": ("autograder.hub.server", "autograder.hub.lessons"),
    "instructor": (),
    "course": (),
}

# it opens a port by which anyone on the machine executes code as its user
_DEBUGGER = "@jupyterlab/debugger-extension"

# what JSON cannot say: classes
_CLASSES = """\
from autograder.grading.validate import PREPROCESSORS

c = get_config()  # noqa: F821
c.Validator.preprocessors = PREPROCESSORS
"""


def write_settings(
    folder: Path, role: Role, lang: Lang, exchange: Traits, course: str, student: str | None = None
) -> None:
    """Write the settings of one role below `folder`; what is there is replaced.

    Args:
        exchange: what `exchange_traits` gives.
        student: nbgrader's name for who works there: the Unix account need not have it.
    """
    files: dict[str, Any] = {
        "labconfig/default_setting_overrides.json": _lab_defaults(lang),
        "labconfig/page_config.json": {
            "disabledExtensions": {
                f"@jupyter/nbgrader:{name}": name not in _HAS_LAB[role] for name in _LAB_PLUGINS
            }
            | {_DEBUGGER: True}
        },
        "jupyter_server_config.json": _server(role),
        "nbgrader_config.json": _nbgrader(role, lang, exchange, course, student),
    }
    for relative, content in files.items():
        path = folder / relative
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    if role != "instructor":
        (folder / "nbgrader_config.py").write_text(_CLASSES, encoding="utf-8")


def _lab_defaults(lang: Lang) -> dict[str, Any]:
    return {
        "@jupyterlab/translation-extension:plugin": {"locale": "fr_FR" if lang == "fr" else "en"},
        "@jupyterlab/docmanager-extension:plugin": {
            "defaultViewers": {"markdown": "Markdown Preview"}
        },
        # nothing is asked of the network: no news, no look for updates
        "@jupyterlab/apputils-extension:notification": {
            "checkForUpdates": False,
            "fetchNews": "false",
        },
    }


def _server(role: Role) -> dict[str, Any]:
    extensions = {
        f"nbgrader.server_extensions.{name}": name in _HAS_SERVER[role]
        for name in _SERVER_EXTENSIONS
    } | dict.fromkeys(_OURS[role], True)
    return {
        "ServerApp": {
            "jpserver_extensions": extensions,
            # formgrader is a page in a frame of JupyterLab's own page
            "tornado_settings": {"headers": {"Content-Security-Policy": "frame-ancestors 'self'"}},
        },
        # the whole machine reaches a kernel's ports; without this, whoever connects hears it
        "MappingKernelManager": {"transport_encryption": "required"},
        "LabApp": {
            "news_url": "",
            "check_for_updates_class": "jupyterlab.handlers.announcements.NeverCheckForUpdate",
            "extension_manager": "readonly",
        },
    }


def _nbgrader(
    role: Role, lang: Lang, exchange: Traits, course: str, student: str | None
) -> dict[str, Any]:
    if role == "instructor":
        return {}
    found: dict[str, Any] = {
        **exchange,
        "CourseDirectory": {"course_id": course},
        "Cohort": {"lang": lang},
    }
    if student is not None:
        found["CourseDirectory"]["student_id"] = student
    return found
