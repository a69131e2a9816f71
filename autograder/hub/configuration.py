"""JupyterHub's configuration, made of a hub's plan.

`ecole hub` loads it by `jupyterhub_config.py`; a school's own `jupyterhub_config.py` may call
`configure(c, "/srv/ecole")` and then set what is its own: authentication, TLS, spawner.
Nothing here needs more than JupyterHub itself brings: The Littlest JupyterHub and Kubernetes keep
JupyterHub and the course's libraries in two environments.
"""

import json
import os
import secrets
import socket
import sys
from pathlib import Path
from typing import Any

from autograder.hub.kubernetes import configure_pods
from autograder.hub.paths import Hub, open_hub
from autograder.hub.roles import environment

_ADMIN_PASSWORD_BYTES = 24
_USER_PASSWORD_BYTES = 9


def configure(c: Any, directory: Path | str, python: Path | str = sys.executable) -> Hub:
    """Set up JupyterHub for the courses of a hub's folder.

    What the platform of `hub.yml` decides itself stays as it is: The Littlest JupyterHub's and
    the chart's sign-in, spawner, proxy, data base and services. Lists are only extended: in a
    file of `jupyterhub_config.d` a new list would replace the one that was there.

    Args:
        c: JupyterHub's configuration, from `get_config()`.
        directory: the hub's folder, prepared by `ecole hub`.
        python: the interpreter of the servers, where it is not JupyterHub's own.

    Raises:
        EcoleError: `hub.yml` is missing or faulty.
    """
    hub = open_hub(directory, python)
    _people(c, hub)
    if hub.plan.platform == "kubernetes":
        configure_pods(c, hub)
        return hub
    if hub.plan.platform == "ecole":
        _own_files(c, hub)
        _sign_in(c, hub)
        _spawner(c, hub)
    _settings(c, hub)
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
    """Who may log in, where they arrive, which courses' shared servers they may open."""
    c.Authenticator.allowed_users = set(hub.plan.people)
    # else all who ever came may come back, taken out of hub.yml or not
    c.Authenticator.allow_existing_users = False
    # a person of that name would get the course's account
    if isinstance(c.Authenticator.blocked_users, list):  # YAML of the chart
        c.Authenticator.blocked_users = set(c.Authenticator.blocked_users)
    c.Authenticator.blocked_users.update(set(hub.plan.courses))
    # a role's list of users is exact at each start; a group keeps those who left the course
    c.JupyterHub.load_roles.extend(
        [
            {
                "name": f"{name}-instructors",
                "users": list(course.instructors),
                "scopes": [f"access:services!service={name}"],
            }
            for name, course in hub.plan.courses.items()
        ]
    )

    def first_page(handler: Any) -> str:
        """An instructor of one course goes to its shared JupyterLab."""
        user = handler.current_user
        courses = hub.plan.instructors.get(user.name, []) if user else []
        if len(courses) == 1:
            # courses have a domain of their own where there are subdomains
            return str(handler.services[courses[0]].host) + course_address(courses[0])
        return "/hub/home" if courses else "/hub/spawn"

    c.JupyterHub.default_url = first_page


def _sign_in(c: Any, hub: Hub) -> None:
    """Accounts of this machine, or two shared passwords."""
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


def _spawner(c: Any, hub: Hub) -> None:
    """Each person's own server, a process of this machine."""
    c.JupyterHub.spawner_class = "localprocess" if hub.accounts else "simple"
    c.Spawner.cmd = [str(hub.python), "-m", "jupyterhub.singleuser"]
    c.Spawner.default_url = "/lab"
    c.Spawner.http_timeout = 60
    c.Spawner.notebook_dir = str(hub.root / "homes" / "{username}")
    if not hub.accounts:
        c.SimpleLocalProcessSpawner.home_dir_template = str(hub.root / "homes" / "{username}")


def _settings(c: Any, hub: Hub) -> None:
    """Each person's server finds the settings of their role and course."""

    def give_settings(spawner: Any) -> None:
        spawner.environment = {**spawner.environment, **hub.environment_of(spawner.user.name)}

    c.Spawner.pre_spawn_hook = give_settings


def _courses(c: Any, hub: Hub) -> None:
    """For each course: its instructors' shared server, the grading service."""
    ports = own_ports(hub)
    for name in hub.plan.courses:
        settings = environment(hub.settings(name, "course"), hub.python)
        if not hub.accounts:
            settings["HOME"] = str(hub.home(name))
        common = {"user": hub.plan.account(name)} if hub.accounts else {}
        root = f"--ServerApp.root_dir={hub.home(name)}"
        c.JupyterHub.services.extend(
            [
                common
                | {
                    "name": name,
                    "url": f"http://127.0.0.1:{ports[name]}",
                    "command": _tied(hub, "jupyterhub.singleuser", root),
                    "cwd": str(hub.course(name)),
                    "environment": settings | {"JUPYTERHUB_DEFAULT_URL": "/lab"},
                    "oauth_no_confirm": True,
                },
                common
                | {
                    "name": f"{name}-grading",
                    "command": _tied(hub, "autograder", "grade", "--watch", "--course", "."),
                    "cwd": str(hub.course(name)),
                    "environment": settings,
                    "display": False,
                },
            ]
        )


def _tied(hub: Hub, module: str, *arguments: str) -> list[str]:
    """A command that ends with the hub, even when the hub is killed: its port is free again."""
    return [str(hub.python), "-m", "autograder.hub.tied", module, *arguments]
