"""JupyterHub's configuration, made of a hub's plan.

`ecole hub` loads it by `jupyterhub_config.py`; a school's own `jupyterhub_config.py` may call
`configure(c, "/srv/ecole")` and then set what is its own: authentication, TLS, spawner.
"""

import json
import os
import secrets
import socket
import sys
from pathlib import Path
from typing import Any

from autograder.hub.layout import Hub, open_hub
from autograder.hub.lessons import FOLDER, LANGUAGE
from autograder.hub.settings import Role, environment

_ADMIN_PASSWORD_BYTES = 24
_USER_PASSWORD_BYTES = 9


def configure(c: Any, directory: Path | str) -> Hub:
    """Set up JupyterHub for the courses of a hub's folder.

    Args:
        c: JupyterHub's configuration, from `get_config()`.
        directory: the hub's folder, prepared by `ecole hub`.

    Raises:
        EcoleError: `hub.yml` is missing or faulty.
    """
    hub = open_hub(directory)
    _own_files(c, hub)
    _people(c, hub)
    _servers(c, hub)
    _courses(c, hub)
    return hub


def own_ports(hub: Hub) -> dict[str, int]:
    """The ports of the hub's parts, chosen free once and kept.

    The students' servers know the hub by its port: after a crash it must be the same.
    """
    file = hub.own / "ports.json"
    known: dict[str, int] = json.loads(file.read_text()) if file.is_file() else {}
    missing = [name for name in ("hub", "proxy", *hub.plan.courses) if name not in known]
    if missing:
        sockets = {name: socket.create_server(("127.0.0.1", 0)) for name in missing}
        known |= {name: each.getsockname()[1] for name, each in sockets.items()}
        for each in sockets.values():
            each.close()
        file.write_text(json.dumps(known))
    return known


def course_address(course: str) -> str:
    """Where the shared JupyterLab of a course's instructors is, below the hub's address."""
    return f"/services/{course}/lab"


def _own_files(c: Any, hub: Hub) -> None:
    c.JupyterHub.cookie_secret_file = str(hub.own / "cookie_secret")
    c.JupyterHub.db_url = f"sqlite:///{hub.own / 'jupyterhub.sqlite'}"
    ports = own_ports(hub)
    c.JupyterHub.hub_port = ports["hub"]
    c.ConfigurableHTTPProxy.api_url = f"http://127.0.0.1:{ports['proxy']}"
    c.ConfigurableHTTPProxy.pid_file = str(hub.own / "proxy.pid")


def _people(c: Any, hub: Hub) -> None:
    """Who logs in, and how: accounts of this machine, or two shared passwords."""
    c.Authenticator.allowed_users = set(hub.plan.people)
    c.Authenticator.any_allow_config = True
    if hub.accounts:
        c.JupyterHub.authenticator_class = "pam"
        c.PAMAuthenticator.open_sessions = False
        return
    c.JupyterHub.authenticator_class = "shared-password"
    c.Authenticator.admin_users = set(hub.plan.instructors)
    student, instructor = shared_passwords(hub)
    c.SharedPasswordAuthenticator.user_password = student
    c.SharedPasswordAuthenticator.admin_password = instructor


def shared_passwords(hub: Hub) -> tuple[str, str]:
    """The students' and the instructors' password, where nobody has an account."""
    if not hub.passwords.is_file():
        descriptor = os.open(hub.passwords, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(f"students {secrets.token_urlsafe(_USER_PASSWORD_BYTES)}\n")
            file.write(f"instructors {secrets.token_urlsafe(_ADMIN_PASSWORD_BYTES)}\n")
    words = dict(line.split() for line in hub.passwords.read_text().splitlines())
    return words["students"], words["instructors"]


def _servers(c: Any, hub: Hub) -> None:
    """Each person's own server, with the settings of their role and course."""
    c.JupyterHub.spawner_class = "localprocess" if hub.accounts else "simple"
    c.Spawner.cmd = [sys.executable, "-m", "jupyterhub.singleuser"]
    c.Spawner.default_url = "/lab"
    c.Spawner.http_timeout = 60
    if not hub.accounts:
        c.SimpleLocalProcessSpawner.home_dir_template = str(hub.root / "homes" / "{username}")

    def give_settings(spawner: Any) -> None:
        name = spawner.user.name
        course = hub.plan.students.get(name) or hub.plan.instructors[name][0]
        role: Role = "student" if name in hub.plan.students else "instructor"
        mine = "" if hub.accounts or role == "instructor" else name
        spawner.notebook_dir = str(hub.home(name))
        spawner.environment = environment(hub.settings(course, role, mine))
        if role == "student":
            spawner.environment[FOLDER] = str(hub.lessons(course))
            spawner.environment[LANGUAGE] = hub.plan.courses[course].lang

    c.Spawner.pre_spawn_hook = give_settings

    def first_page(handler: Any) -> str:
        """An instructor of one course goes to its shared JupyterLab."""
        user = handler.current_user
        courses = hub.plan.instructors.get(user.name, []) if user else []
        if len(courses) == 1:
            return course_address(courses[0])
        return "/hub/home" if courses else "/hub/spawn"

    c.JupyterHub.default_url = first_page


def _courses(c: Any, hub: Hub) -> None:
    """For each course: its instructors' group, their shared server, the grading service."""
    c.JupyterHub.load_groups = {}
    c.JupyterHub.load_roles = []
    c.JupyterHub.services = []
    ports = own_ports(hub)
    for name, course in hub.plan.courses.items():
        instructors = f"{name}-instructors"
        c.JupyterHub.load_groups[instructors] = {"users": list(course.instructors)}
        c.JupyterHub.load_roles.append(
            {
                "name": instructors,
                "groups": [instructors],
                "scopes": [f"access:services!service={name}"],
            }
        )
        settings = environment(hub.settings(name, "course"))
        if not hub.accounts:
            settings["HOME"] = str(hub.home(name))
        common = {"user": name} if hub.accounts else {}
        c.JupyterHub.services += [
            common
            | {
                "name": name,
                "url": f"http://127.0.0.1:{ports[name]}",
                "command": _tied("jupyterhub.singleuser", f"--ServerApp.root_dir={hub.home(name)}"),
                "cwd": str(hub.course(name)),
                "environment": settings | {"JUPYTERHUB_DEFAULT_URL": "/lab"},
                "oauth_no_confirm": True,
            },
            common
            | {
                "name": f"{name}-grading",
                "command": _tied("autograder", "grade", "--watch", "--course", "."),
                "cwd": str(hub.course(name)),
                "environment": settings,
                "display": False,
            },
        ]


def _tied(module: str, *arguments: str) -> list[str]:
    """A command that ends with the hub, even when the hub is killed: its port is free again."""
    return [sys.executable, "-m", "autograder.hub.tied", module, *arguments]
